"""Programs that this package runs: Verilator, Yosys, and how a process is started and ended. Knows no layer."""
