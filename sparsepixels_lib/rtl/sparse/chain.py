"""The steps of a sparse network as stages of the hardware: what follows on what, and what is merged into what."""

from __future__ import annotations

from dataclasses import dataclass

from ...numerics.codes import Codes
from ..steps import Step

ON_SLOTS = ("conv", "depthwise", "pool")  # stages that read all slots and give a stream of beats


@dataclass(frozen=True)
class Stage:
    """A step as it is emitted: "reduce", one of ON_SLOTS, "activation", "dense", or

    "fused_average": an average pooling that the dense layer behind the flattening does by the way, and "flatten_dense":
    that layer. `grid_after`: the format of the activation that follows at once; `collected`: what comes next, apart
    from activations, needs all slots at once.
    """

    kind: str
    step: Step
    grid_after: Codes | None
    collected: bool

    @property
    def name(self) -> str:
        return self.step.name


def stages(steps: list[Step]) -> list[Stage]:
    """The stages from the input reduction to the logits. Raises ValueError, by name, for what has no RTL."""
    found = [(step.kind if step.kind not in ("average", "maximum") else "pool", step) for step in steps]
    for k in range(1, len(found)):
        if found[k][0] == "activation" and found[k - 1][0] == "flatten":  # it leaves the zeros of the image zeros
            found[k - 1], found[k] = found[k], found[k - 1]
    kinds, ordered = [kind for kind, _ in found], [step for _, step in found]
    if kinds[0] != "reduce" or kinds.count("flatten") != 1 or kinds.count("reduce") != 1:
        raise ValueError("RTL of a sparse network begins with one InputReduce and has one SparseFlatten.")
    at = kinds.index("flatten")
    if kinds[at + 1 : at + 2] != ["dense"] or "dense" in kinds[:at] or set(ON_SLOTS) & set(kinds[at:]):
        raise ValueError(f"{ordered[at].name!r}: a dense layer must follow the flattening, and only dense layers then.")
    kinds[at + 1] = "flatten_dense"
    if ordered[at - 1].kind == "average" and ordered[at - 1].grid is None:
        kinds[at - 1] = "fused_average"
    del kinds[at], ordered[at]
    found = []
    for k, (kind, step) in enumerate(zip(kinds, ordered, strict=True)):
        after = kinds[k + 1] if k + 1 < len(kinds) else ""
        following = next((later for later in kinds[k + 1 :] if later != "activation"), "")
        grid_after = ordered[k + 1].grid if after == "activation" else None
        found.append(Stage(kind, step, grid_after, following in ON_SLOTS))
    return found
