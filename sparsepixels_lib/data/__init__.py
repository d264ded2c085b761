"""Data sets as arrays: the three that ship, the chains that make their images sparse, and what N keeps of them."""
