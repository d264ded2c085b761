# Out-of-context place and route at the clock of constraints/clock.xdc, @@period ns:
# vivado -mode batch -source vivado/place_and_route.tcl [-tclargs PART]
cd [file join [file dirname [file normalize [info script]]] ..]
set part [expr {$argc > 0 ? [lindex $argv 0] : "@@part"}]
# Reports stand beside the sources they are of: neither outlives the other.
file delete -force vivado/rtl {*}[glob -nocomplain vivado/post_*.rpt]
file copy rtl vivado/rtl
read_verilog -sv [lsort [glob vivado/rtl/*.sv]]
read_xdc -mode out_of_context constraints/clock.xdc
synth_design -top @@top -part $part -mode out_of_context
report_timing_summary -file vivado/post_synth_timing.rpt
report_utilization -file vivado/post_synth_util.rpt
opt_design
place_design
phys_opt_design
route_design
report_timing_summary -file vivado/post_route_timing.rpt
report_utilization -file vivado/post_route_util.rpt
