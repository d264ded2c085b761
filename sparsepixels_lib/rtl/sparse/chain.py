"""A sparse network as a chain of steps, read off hls4ml's ModelGraph: what has RTL, and what follows on what."""

from __future__ import annotations

from dataclasses import dataclass

from hls4ml.model.graph import ModelGraph
from hls4ml.model.layers import Activation, Dense, Input, Layer, Softmax

from ...cpp import nodes as hls_layers
from ...numerics.codes import Codes
from .layers import grid

KINDS = {
    hls_layers.InputReduceNode: "reduce",
    hls_layers.QConv2DSparseNode: "conv",
    hls_layers.AveragePooling2DSparseNode: "pool",
    hls_layers.MaxPooling2DSparseNode: "pool",
    hls_layers.SparseFlattenNode: "flatten",
    Activation: "activation",
    Dense: "dense",
}
EXACT = {"RND_CONV"}, {"SAT", "SAT_SYM"}


@dataclass(frozen=True)
class Step:
    """A node as it is emitted: "reduce", "conv", "pool", "activation", "dense", or

    "average": an average pooling that the dense layer behind the flattening does by the way, and "head": that layer.
    `grid_after`: the format of the activation that follows at once; `collected`: what comes next, apart from
    activations, needs all slots at once.
    """

    kind: str
    name: str
    node: Layer
    grid_after: Codes | None
    collected: bool


def chain(hls_model: ModelGraph) -> list[Step]:
    """The steps from the input reduction to the logits. Raises ValueError, by name, for what has no RTL."""
    nodes = [node for node in hls_model.get_layers() if not isinstance(node, Input)]
    if isinstance(nodes[-1], Softmax) or nodes[-1].get_attr("activation") == "sigmoid":  # left to the host
        nodes.pop()
    found: list[tuple[str, str, Layer]] = []
    data = hash = None
    for node in nodes:
        kind = next(
            (name for cls, name in KINDS.items() if isinstance(node, cls) and not isinstance(node, Softmax)), None
        )
        if kind is None:
            raise ValueError(f"{node.name!r} ({type(node).__name__}) has no RTL in a sparse network.")
        if found and (node.inputs[0] != data or len(node.inputs) > 1 and node.inputs[1] != hash):
            raise ValueError(f"{node.name!r} does not take what the layer before it gives: only a chain has RTL.")
        data, hash = node.outputs[0], node.outputs[1] if len(node.outputs) > 1 else hash
        if kind == "activation":
            _check_rounding(node)
        if kind == "activation" and found[-1][0] == "flatten":
            found.insert(-1, (kind, node.name, node))  # it leaves the zeros of the flattened image zeros
        else:
            found.append((kind, node.name, node))
        if kind == "dense" and _modes(node) != ["TRN", "WRAP"]:  # hls4ml has merged the activation into the dense layer
            _check_rounding(node)
            found.append(("activation", f"{node.name}_activation", node))
    return _steps(found)


def _steps(found: list[tuple[str, str, Layer]]) -> list[Step]:
    kinds = [kind for kind, _, _ in found]
    if kinds[0] != "reduce" or kinds.count("flatten") != 1 or kinds.count("reduce") != 1:
        raise ValueError("RTL of a sparse network begins with one InputReduce and has one SparseFlatten.")
    at = kinds.index("flatten")
    if kinds[at + 1 : at + 2] != ["dense"] or "dense" in kinds[:at] or {"conv", "pool"} & set(kinds[at:]):
        raise ValueError(f"{found[at][1]!r}: a dense layer must follow the flattening, and only dense layers then.")
    kinds[at + 1] = "head"
    before = found[at - 1][2]
    if isinstance(before, hls_layers.AveragePooling2DSparseNode) and not before.get_attr("rounded_precision"):
        kinds[at - 1] = "average"
    del kinds[at], found[at]
    steps = []
    for k, (kind, (_, name, node)) in enumerate(zip(kinds, found, strict=True)):
        after = kinds[k + 1] if k + 1 < len(kinds) else ""
        following = next((later for later in kinds[k + 1 :] if later != "activation"), "")
        grid_after = grid(found[k + 1][2].get_output_variable().type.precision) if after == "activation" else None
        steps.append(Step(kind, name, node, grid_after, following in ("conv", "pool")))
    return steps


def _modes(node: Layer) -> list[str]:
    precision = node.get_output_variable().type.precision
    return [str(getattr(precision, mode, "")).split(".")[-1] for mode in ("rounding_mode", "saturation_mode")]


def _check_rounding(node: Layer) -> None:
    if any(mode not in known for mode, known in zip(_modes(node), EXACT, strict=True)):
        precision = node.get_output_variable().type.precision
        raise ValueError(f"{node.name!r}: the RTL rounds half to even and saturates, not as {precision}.")
