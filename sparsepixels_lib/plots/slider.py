"""The N_active slider in a notebook. Needs ipywidgets (the extra `notebooks`).

The slider shows pictures that were drawn beforehand and is linked to them in the browser, so it needs no kernel and
does not lag.
"""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from ipywidgets import HTML, Dropdown, HBox, IntSlider, Layout, Play, Stack, VBox, Widget, jslink
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from ..measure.baselines import kept_pixels
from .pixels import BACKGROUND, PIXELS, caption_of, rank_image, show_active
from .style import GREY

SIZE = 384  # width or height of a picture on the screen, in CSS pixels
FONT = "13px/1.6 sans-serif"
PALETTE = np.vstack([to_rgb(BACKGROUND), to_rgb(GREY), PIXELS(np.linspace(0.05, 1, 254))[:, :3]])


class MaskExplorer(VBox):
    """What `mask_explorer` returns: the widgets `slider`, `event` (None for one image) and `choice` (None for one way
    to choose), `frames`, and a still `png`.

    `frames[how][i][N]` (HTML) is image i with the N pixels kept that `how` chooses. Where widgets do not work (GitHub,
    Markdown) a notebook shows the still.
    """

    def __init__(self, frames: dict[str, list[list[HTML]]], labels: Sequence[str], legend: str, png: bytes) -> None:
        n_max = len(next(iter(frames.values()))[0]) - 1
        self.frames, self.png = frames, png
        self.slider = IntSlider(min(8, n_max), 1, n_max, description="N_active", layout=Layout(width="330px"))
        play = Play(value=self.slider.value, min=1, max=n_max, interval=250)
        jslink((play, "value"), (self.slider, "value"))
        self.event = Dropdown(options=list(labels), index=0, description="image") if len(labels) > 1 else None
        self.choice = Dropdown(options=list(frames), index=0, description="keep") if len(frames) > 1 else None
        picture = _stacked(self.choice, [self._events(images) for images in frames.values()])
        rows = [self.event, self.choice, HBox([self.slider, play]), picture, HTML(legend)]
        super().__init__([row for row in rows if row is not None])

    def _events(self, images: list[list[HTML]]) -> Widget:
        stacks = [Stack(of_image, selected_index=self.slider.value) for of_image in images]
        for stack in stacks:
            jslink((self.slider, "value"), (stack, "selected_index"))
        return _stacked(self.event, stacks)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return super()._repr_mimebundle_(**kwargs) | {"image/png": b64encode(self.png).decode()}


def _stacked(chooser: Dropdown | None, widgets: list[Widget]) -> Widget:
    """The one of `widgets` that `chooser` says; where there is none, the only one."""
    if chooser is None:
        return widgets[0]
    outer = Stack(widgets, selected_index=0)
    jslink((chooser, "index"), (outer, "selected_index"))
    return outer


def mask_explorer(
    images: np.ndarray,
    *,
    threshold: float = 0,
    n_max: int | None = None,
    labels: Sequence[str] | None = None,
    unit: str = "charge",
    source: str = "",
    choices: Mapping[str, Mapping[str, Any]] | None = None,
) -> MaskExplorer:
    """A slider over N_active: which pixels of an image the input reduction keeps. It works without a kernel.

    `images` (B, H, W) or (B, H, W, C), up to 24 of them to choose from, with `labels` (B,). A pixel is active if
    channel 0 is above `threshold` (>= 0). Kept pixels are coloured by their charge (channel 0, in `unit`, logarithmic),
    dropped ones grey. The slider goes from 1 to `n_max`, by default the active pixels of the fullest image, at most 40.
    `source` says below where the images come from. `choices` {name: `selection` and `levels` of `measure.kept_pixels`}
    offers other ways to choose than the first N in raster order.

    Raises ValueError for another rank, no images or too many, NaN or infinite pixels, a negative threshold, one that no
    pixel is above, an `n_max` below 1 or above H * W, and another number of labels; and as `measure.kept_pixels`.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or 0 in images.shape or (images.ndim == 3 and images.shape[-1] == 1):
        raise ValueError(f"images must be (B, H, W) or (B, H, W, C), not empty (one: images[:1]); got {images.shape}")
    if len(images) > 24:
        raise ValueError(f"{len(images)} images are too many to choose from: give at most 24, for instance images[:8]")
    labels = [f"image {i + 1}" for i in range(len(images))] if labels is None else [str(label) for label in labels]
    if len(labels) != len(images):
        raise ValueError(f"{len(images)} images, but {len(labels)} labels: give one label an image")
    if not 0 <= threshold < np.inf:
        raise ValueError(f"threshold={threshold:g}: must be a number from 0 on")
    images = (images[..., 0] if images.ndim == 4 else images).astype(float)
    ranks = [rank_image(image, threshold) for image in images]
    charge = images[np.array(ranks) > 0]
    if charge.size == 0:
        raise ValueError(f"no pixel is above the threshold {threshold:g}: the largest value is {images.max():g}")
    if n_max is None:
        n_max = min(40, max(int(rank.max()) for rank in ranks))
    if not 1 <= n_max <= images[0].size:
        raise ValueError(f"n_max={n_max}: an image has {images[0].size} pixels, so N goes from 1 to {images[0].size}")

    low, high = np.log(charge.min()), np.log(charge.max())
    first = HTML()
    looks = {"style": first.style, "layout": first.layout}  # shared: one each would be most of a saved notebook
    low_charge, active = charge.min(), np.array(ranks) > 0
    # Where nothing is active the logarithm is of the smallest charge, and not shown.
    height = (np.log(np.where(active, images, low_charge)) - low) / max(high - low, 1e-9)
    colors = 2 + np.rint(253 * height).astype(np.uint8)
    choices = {"first N": {}} if choices is None else choices
    if not isinstance(choices, Mapping) or not choices or not all(map(_is_choice, choices.values())):
        raise ValueError(f"choices={choices!r}: {{name: {{'selection': ..., 'levels': ...}}}} of kept_pixels is needed")
    frames = {}
    for name, chosen in choices.items():
        kept = [kept_pixels(images[..., None], n, threshold, **chosen)[..., 0] > 0 for n in range(1, n_max + 1)]
        kept = [np.zeros_like(active), *kept]
        pictures = np.where(active, np.where(kept, colors, 1), 0).astype(np.uint8)  # (n_max + 1, B, H, W)
        frames[name] = [
            [
                HTML(_picture(pictures[n, i], _caption(images[i], active[i], kept[n][i], threshold)), **looks)
                for n in range(min(n_max, ranks[i].max()) + 1)
            ]
            for i in range(len(images))
        ]
        for of_image in frames[name]:
            of_image += of_image[-1:] * (n_max + 1 - len(of_image))
    fullest = max(range(len(images)), key=lambda i: ranks[i].max())
    return MaskExplorer(
        frames,
        labels,
        _legend(charge.min(), charge.max(), unit, source),
        _still(images[fullest], min(8, n_max), threshold, source, next(iter(choices.values()))),
    )


def _is_choice(chosen: object) -> bool:
    return isinstance(chosen, Mapping) and {"selection", "levels"} >= chosen.keys()


def _caption(charge: np.ndarray, active: np.ndarray, kept: np.ndarray, threshold: float) -> str:
    return caption_of(charge, active, kept) if active.any() else f"no active pixel: none is above {threshold:g}"


def _picture(pixels: np.ndarray, text: str) -> str:
    """Figure with caption and alternative text; `pixels` (H, W) are indices into PALETTE."""
    height, width = pixels.shape
    scale = max(1, SIZE // max(height, width))
    image, file = Image.fromarray(pixels).convert("P"), io.BytesIO()
    image.putpalette((255 * PALETTE).round().astype(np.uint8).tobytes())
    image.save(file, "png")
    url, text = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}", escape(text)
    size = f'width="{scale * width}" height="{scale * height}"'
    return (
        f'<figure style="margin: 4px; font: {FONT}"><img src="{url}" alt="{text}" {size} '
        f'style="image-rendering: pixelated; border: 1px solid {GREY}"><figcaption>{text}</figcaption></figure>'
    )


def _legend(low: float, high: float, unit: str, source: str) -> str:
    """Colour scale of the kept pixels and the grey of the dropped ones; the source of the images."""
    colors = ", ".join(to_hex(color) for color in PALETTE[2::42])
    box = "display: inline-block; height: 0.8em; margin: 0 4px; background:"
    scale = f'<span style="width: 8em; {box} linear-gradient(to right, {colors})"></span>'
    grey = f'<span style="width: 0.8em; {box} {GREY}"></span>'
    text = f"kept: {low:.3g}{scale}{high:.3g} {escape(unit)}, log scale; dropped: {grey}"
    text += f"<br>{escape(source)}" if source else ""
    return f'<span style="font: {FONT}">{text}</span>'


def _still(image: np.ndarray, n_active: int, threshold: float, source: str, chosen: Mapping[str, Any]) -> bytes:
    figure, file = Figure(figsize=(4, 4.3), layout="constrained"), io.BytesIO()
    show_active(figure.subplots(), image, n_active, threshold, **chosen)
    figure.supxlabel(source, size=7, wrap=True)
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()
