"""The standard CNN as streaming SystemVerilog: line buffers, one pixel a cycle, constant weights.

hls/rtl/stream holds the operations and `layers` their parameters; here they are put together. The numbers
are those of `exact_predict`.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hls4ml.model.graph import ModelGraph

from ...network.graph import pixel_format
from ..names import Names, top_name
from ..project import RtlProject, clear_project, copy_modules
from ..steps import steps
from ..verilog import TOP_PORTS
from .layers import Instance, instances

MULTIPLYING = "stream_conv2d", "stream_dense"
PERIOD = 5.0  # ns: there is a register behind every adder and every multiplier, and none within a quantizer


def emit_standard(hls_model: ModelGraph, folder: Path, design) -> RtlProject:
    """Write the streaming RTL of a standard CNN, converted by `convert`, into `folder`/rtl.

    One pixel (all its channels) a beat and, for the published networks, a cycle. `design.multipliers`: "lut", and
    "auto", make constant weights adders of their canonical signed digits and put no DSP anywhere, "dsp" gives every
    nonzero weight of a convolution, and every unit of a dense layer computed at once, a DSP.
    Raises ValueError for layers and names that have no streaming module, and what `clear_project` raises.
    """
    model = hls_model.keras_model
    top = top_name(model.name)
    pixel, shape = pixel_format(model), model.input_shape[1:]
    units = instances(steps(hls_model), pixel, shape, lambda name: design.of("multipliers", name) == "dsp")
    if design.interface != "image":
        raise ValueError(f"interface={design.interface!r}: a standard CNN takes a pixel a beat")
    if design.period < PERIOD:
        raise ValueError(f"period={design.period:g}: the registers of a standard CNN stand for {PERIOD:g} ns or more")
    design.check_layers({"pixels": set(), "multipliers": {unit.name for unit in units if unit.module in MULTIPLYING}})
    names = Names("unused")
    for unit in units:
        names.claim(*(f"{unit.name}{suffix}" for suffix in ("", "_token", "_data", "_weights")))
    logits, pace = units[-1].out, units[0].out.interval

    sources = clear_project(folder)
    modules = {top: _top(units, top)}
    for unit in units[1:]:
        modules |= _modules(unit, top)
    for name, text in modules.items():
        (sources / f"{name}.sv").write_text(text)
    copy_modules({unit.module for unit in units}, sources)
    return RtlProject(
        folder=folder,
        top=top,
        layers={unit.name: unit.group for unit in units},
        image_shape=tuple(shape),
        pixel=pixel,
        interface="pixels",
        beat=shape[2],
        beats=shape[0] * shape[1],
        logits=logits.values,
        logit=logits.codes.fixed(),
        ii=shape[0] * shape[1] * pace,
        period=float(design.period),
        about=f"Network `{model.name}`, a standard CNN, converted by hls4ml; multipliers: {design.multipliers}.",
    )


_HEAD = """// {top}: a standard CNN, one pixel a beat.
// The layers pass tokens {{last, first, flush, valid}} beside their data: see stream_input.sv.
"""
_BODY = """\
{wires}
  stream_input #({feed}) feed (
    .clk(clk), .rst(rst), .in_valid(in_valid), .in_ready(in_ready), .in_data(in_data), .done(out_valid),
    .out_token(feed_token), .out_data(feed_data));
{units}
  logic unused;
  assign unused = ^{last}_token[2:1];
  assign layer_valid = {{{done}}};
  assign out_valid = {last}_token[0];
  assign out_data = {last}_data;
endmodule
"""

_UNIT = """  {top}_{name} {name} (
    .clk(clk), .rst(rst), .in_token({before}_token), .in_data({before}_data),
    .out_token({name}_token), .out_data({name}_data));
"""

_LAYER = """// Layer {name} ({group}): its numbers; the operation is in {module}.sv.
module {top}_{name} (
  input  logic clk,
  input  logic rst,
  input  logic [3:0] in_token,
  input  logic [{source}-1:0] in_data,
  output logic [3:0] out_token,
  output logic [{out}-1:0] out_data
);
{rom}  {module} #(
{parameters}
  ) unit (
    .clk(clk), .rst(rst), .in_token(in_token), .in_data(in_data),{rom_ports} .out_token(out_token), .out_data(out_data)
  );
endmodule
"""

_USE_ROM = """  logic [{address}-1:0] address;
  logic [{row}-1:0] weights;
  {name} rom (.clk(clk), .address(address), .weights(weights));
"""

_ROM = """// Weights of layer {layer}: row (phases * input + phase) holds the units of that phase, the first in the
// lowest bits. Read in one cycle.
module {name} (
  input  logic clk,
  input  logic [{address}-1:0] address,
  output logic [{row}-1:0] weights
);
  always_ff @(posedge clk)
    case (address)
{rows}      default: weights <= '0;
    endcase
endmodule
"""


def _top(units: list[Instance], top: str) -> str:
    return (_HEAD + TOP_PORTS + _BODY).format(
        top=top,
        in_bits=units[0].source.width,
        out_bits=units[-1].out.width,
        layers=len(units),
        last=units[-1].name,
        feed=", ".join(f".{key}({value})" for key, value in units[0].parameters.items()),
        wires="".join(f"  logic [3:0] {u.name}_token;\n  logic [{u.out.width}-1:0] {u.name}_data;\n" for u in units),
        units="".join(_UNIT.format(top=top, name=u.name, before=v.name) for v, u in pairwise(units)),
        done=", ".join(f"{u.name}_token[3] && {u.name}_token[0]" for u in reversed(units)),
    )


def _modules(unit: Instance, top: str) -> dict[str, str]:
    """The layer's own module, by name, and for a dense layer the ROM with its weights."""
    modules, rom = {}, ""
    if unit.weights:
        name, address = f"{top}_{unit.name}_weights", len(unit.weights).bit_length()
        rows = "".join(
            f"      {address}'d{k}: weights <= {unit.row_bits}'h{row:x};\n" for k, row in enumerate(unit.weights)
        )
        modules[name] = _ROM.format(layer=unit.name, name=name, address=address, row=unit.row_bits, rows=rows)
        rom = _USE_ROM.format(name=name, address=address, row=unit.row_bits)
    modules[f"{top}_{unit.name}"] = _LAYER.format(
        top=top,
        name=unit.name,
        group=unit.group,
        module=unit.module,
        source=unit.source.width,
        out=unit.out.width,
        parameters=",\n".join(f"    .{key}({value})" for key, value in unit.parameters.items()),
        rom=rom,
        rom_ports=" .address(address), .weights(weights)," if rom else "",
    )
    return modules
