"""A standard CNN as SystemVerilog: a pixel a beat through line buffers."""
