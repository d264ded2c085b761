# 5 ns (200 MHz) is an assumption: nobody has closed timing on this project yet.
create_clock -name clk -period 5.000 [get_ports clk]
