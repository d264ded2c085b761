# Out-of-context synthesis: vivado -mode batch -source vivado/synth.tcl [-tclargs PART]
cd [file join [file dirname [file normalize [info script]]] ..]
set part [expr {$argc > 0 ? [lindex $argv 0] : "@@part"}]
read_verilog -sv [lsort [glob rtl/*.sv]]
read_xdc -mode out_of_context constraints/clock.xdc
synth_design -top @@top -part $part -mode out_of_context -flatten_hierarchy none
report_utilization -hierarchical -file vivado/utilization.rpt
report_timing_summary -file vivado/timing.rpt
