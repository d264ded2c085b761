"""A sparse network as SystemVerilog: a schedule of cycles known beforehand."""
