"""From hls4ml's ModelGraph to SystemVerilog: sparse networks and standard ones."""
