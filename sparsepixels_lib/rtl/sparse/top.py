"""The text of a generated top module as it grows: nets, instances, and the cycle in which each layer has finished."""

from __future__ import annotations

from ..names import Names
from ..verilog import TOP_PORTS

_HEAD = "// {top}: a sparse CNN. Generated; the operations are in the other files of this folder.\n"
_BODY = """\
  logic [{end}:0] go;  // go[k]: k cycles after the input reduction was done
  always_ff @(posedge clk) go[{end}:1] <= rst ? '0 : go[{end}-1:0];
{body}
  assign layer_valid = {{{valid}}};
  assign out_valid = go[{end}];
  assign out_data = {data};
endmodule
"""


class Top:
    """Body of a top module. `groups` {layer: group of the published reports}, `modules`: what it instantiates."""

    def __init__(self):
        self.body: list[str] = []
        self.modules: set[str] = set()
        self.groups: dict[str, str] = {}
        self._valid: list[str] = []
        self._names = Names("go")

    def declare(self, **nets: int) -> None:
        """Nets {name: bits}. Raises ValueError for a name that cannot be, here and for instances."""
        self._names.claim(*nets)
        self.body += [
            f"  logic [{bits}-1:0] {net};\n" if bits > 1 else f"  logic {net};\n" for net, bits in nets.items()
        ]

    def instance(
        self, module: str, name: str, parameters: dict, ports: dict, group: str = "", valid: str = "", *, clock=True
    ) -> None:
        """An instance of a module of hls/rtl. With a `group` it is a layer, which has finished an event when the
        expression `valid` is true."""
        self._names.claim(name)
        self.modules.add(module)
        given = ",\n".join(f"    .{key}({value})" for key, value in parameters.items())
        connected = ({"clk": "clk"} if clock else {}) | ports
        text = ", ".join(f".{port}" if port == net else f".{port}({net})" for port, net in connected.items())
        self.body.append(f"  {module} #(\n{given}\n  ) {name} (\n    {text});\n")
        if group:
            self.groups[name] = group
            self._valid.append(valid)

    def registers(self, copies: dict[str, str], when: str = "") -> None:
        """Registers {net: expression}, loaded in every cycle, or where `when` is true."""
        lines = "".join(f"    {net} <= {value};\n" for net, value in copies.items())
        self.body.append(f"  always_ff @(posedge clk){f' if ({when})' if when else ''} begin\n{lines}  end\n")

    def unused(self, name: str, *nets: str) -> None:
        """Say that bits are not used, which Verilator's -Wall wants to hear."""
        self._names.claim(f"{name}_unused")
        self.body.append(f"  logic {name}_unused;\n  assign {name}_unused = ^{{{', '.join(nets)}}};\n")

    def render(self, top: str, *, in_bits: int, out_bits: int, end: int, data: str) -> str:
        """The module, whose result is the net `data`, `end` cycles after the input reduction was done."""
        valid = ", ".join(reversed(self._valid))
        return (_HEAD + TOP_PORTS + _BODY).format(
            top=top, in_bits=in_bits, out_bits=out_bits, layers=len(self._valid), end=max(end, 1),
            body="".join(self.body), valid=valid, data=data,
        )  # fmt: skip
