# The period the registers were placed for, by a rule: nobody has closed timing on this project yet.
create_clock -name clk -period @@period_ns [get_ports clk]
