"""Whole numbers of the hardware: fixed-point formats, and the exact sums of constants times codes."""
