"""The slider's pictures, captions and links; and that a notebook keeps them."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import HTML
from ipywidgets.embed import dependency_state
from PIL import Image

from sparsepixels_lib.plots import slider as explore
from sparsepixels_lib.plots import source

# Five active pixels, in raster order 2, 4, 8, 1, 5: 20 in all.
TOY = np.zeros((6, 7, 1), np.float32)
TOY[[0, 1, 1, 3, 5], [2, 0, 3, 5, 1], 0] = [2, 4, 8, 1, 5]
OTHER = np.zeros((6, 7, 1), np.float32)
OTHER[2, 2:4, 0] = 3


def picture(frame: HTML) -> np.ndarray:
    png = base64.b64decode(re.search(r"base64,([^\"]*)", frame.value)[1])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def links(explorer: explore.MaskExplorer) -> set[tuple[str, str, str, str]]:
    """The links that are saved with the widget: what works without a kernel."""
    states = [model["state"] for model in dependency_state([explorer]).values() if model["model_name"] == "LinkModel"]
    name = {"IPY_MODEL_" + widget.model_id: key for key, widget in parts(explorer).items()}
    return {(name[s["source"][0]], s["source"][1], name[s["target"][0]], s["target"][1]) for s in states}


def parts(explorer):
    *_, controls, outer, _ = explorer.children
    found = {"slider": explorer.slider, "play": controls.children[1]}
    if explorer.event is None:
        return found | {"stack": outer}
    return found | {"event": explorer.event, "outer": outer, "stack 0": outer.children[0], "stack 1": outer.children[1]}


def test_every_frame_has_its_caption_as_text_and_as_alternative_text():
    (frames,) = explore.mask_explorer(TOY[None]).frames["first N"]
    captions = [re.search("<figcaption>(.*)</figcaption>", frame.value)[1] for frame in frames]
    assert captions == [
        "kept 0 of 5 active pixels, 0 % of the charge",
        "kept 1 of 5 active pixels, 10 % of the charge",
        "kept 2 of 5 active pixels, 30 % of the charge",
        "kept 3 of 5 active pixels, 70 % of the charge",
        "kept 4 of 5 active pixels, 75 % of the charge",
        "kept 5 of 5 active pixels, 100 % of the charge",
    ]
    assert all(f'alt="{caption}"' in frame.value for frame, caption in zip(frames, captions, strict=True))


def test_kept_pixels_are_coloured_dropped_ones_grey_and_the_rest_background():
    shown = picture(explore.mask_explorer(TOY[None]).frames["first N"][0][3])
    assert shown.shape == (6, 7, 3)
    grey, background = [0x9C, 0x9C, 0xA1], [0xF3, 0xF3, 0xF3]
    assert shown[3, 5].tolist() == shown[5, 1].tolist() == grey
    for kept in [(0, 2), (1, 0), (1, 3)]:
        assert np.ptp(shown[kept]) > 40  # no grey
    assert (shown == background).all(axis=-1).sum() == 6 * 7 - 5


def test_colours_follow_the_charge_on_one_scale_for_all_images():
    explorer = explore.mask_explorer(np.stack([TOY, OTHER]))
    toy, other = picture(explorer.frames["first N"][0][5]), picture(explorer.frames["first N"][1][5])
    darkness = [-toy[place].sum() for place in [(3, 5), (0, 2), (1, 0), (5, 1), (1, 3)]]  # charges 1, 2, 4, 5, 8
    assert darkness == sorted(darkness) and len(set(darkness)) == 5
    assert -toy[0, 2].sum() < -other[2, 2].sum() < -toy[1, 0].sum()  # 2 < 3 < 4


def test_pictures_keep_their_proportions():
    assert 'width="378" height="324"' in explore.mask_explorer(TOY[None]).frames["first N"][0][1].value


def test_the_slider_shows_frame_n_without_a_kernel():
    explorer = explore.mask_explorer(TOY[None])
    assert links(explorer) == {("slider", "value", "stack", "selected_index"), ("play", "value", "slider", "value")}
    assert parts(explorer)["stack"].children == tuple(explorer.frames["first N"][0])
    assert (explorer.slider.min, explorer.slider.max) == (1, 5)
    assert explorer.slider.value == parts(explorer)["stack"].selected_index == parts(explorer)["play"].value


def test_several_images_share_the_slider_and_are_chosen_without_a_kernel():
    explorer = explore.mask_explorer(np.stack([TOY, OTHER]), labels=["signal", "background"])
    assert links(explorer) == {
        ("play", "value", "slider", "value"),
        ("slider", "value", "stack 0", "selected_index"),
        ("slider", "value", "stack 1", "selected_index"),
        ("event", "index", "outer", "selected_index"),
    }
    assert explorer.event.options == ("signal", "background")
    assert [len(frames) for frames in explorer.frames["first N"]] == [6, 6]
    assert len(set(explorer.frames["first N"][1])) == 3  # N = 0, 1, 2; beyond, nothing changes


def test_the_slider_ends_at_the_fullest_image_but_not_beyond_40():
    assert explore.mask_explorer(np.stack([OTHER, TOY])).slider.max == 5
    assert explore.mask_explorer(np.ones((1, 7, 7))).slider.max == 40
    assert explore.mask_explorer(np.ones((1, 7, 7)), n_max=45).slider.max == 45


def test_an_empty_image_among_others_says_so():
    explorer = explore.mask_explorer(np.stack([TOY, 0 * TOY]))
    assert "no active pixel: none is above 0" in explorer.frames["first N"][1][5].value
    assert (picture(explorer.frames["first N"][1][5]) == 0xF3).all()


@pytest.mark.parametrize("images", [TOY[None] * 10, (TOY[None] * 10).astype(np.uint8), TOY[None, ..., 0] > 0])
def test_bytes_and_yes_no_pixels_are_explored_like_floats(images):
    (frames,) = explore.mask_explorer(images).frames["first N"]
    assert "kept 5 of 5 active pixels, 100 % of the charge" in frames[5].value


def test_a_notebook_keeps_the_widget_and_a_still_picture():
    explorer = explore.mask_explorer(TOY[None])
    bundle = explorer._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    still = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert still.format == "PNG" and min(still.size) > 300


def test_labels_and_units_are_text_not_html():
    explorer = explore.mask_explorer(TOY[None], unit="<b>ADC</b>")
    assert "&lt;b&gt;ADC" in explorer.children[-1].value


@pytest.mark.parametrize(
    ("images", "options", "match"),
    [
        (TOY, {}, r"\(B, H, W, C\).*got \(6, 7, 1\)"),
        (TOY[..., 0], {}, r"\(B, H, W, C\).*got \(6, 7\)"),
        (TOY[None][:0], {}, "not empty"),
        (np.repeat(TOY[None], 25, axis=0), {}, "25 images are too many"),
        (TOY[None] * np.nan, {}, "NaN"),
        (TOY[None], {"threshold": 8}, "threshold 8: the largest value is 8"),
        (TOY[None], {"threshold": -1}, "threshold=-1"),
        (TOY[None], {"threshold": np.nan}, "threshold=nan"),
        (TOY[None], {"n_max": 0}, "n_max=0"),
        (TOY[None], {"n_max": 43}, "n_max=43.*42 pixels"),
        (TOY[None], {"labels": ["a", "b"]}, "1 images, but 2 labels"),
    ],
)
def test_what_cannot_be_explored_is_refused(images, options, match):
    with pytest.raises(ValueError, match=match):
        explore.mask_explorer(images, **options)


def test_the_images_are_left_as_they_were():
    images = TOY[None].copy()
    explore.mask_explorer(images)
    np.testing.assert_array_equal(images, TOY[None])


def test_show_source_prints_python_and_highlights_it():
    shown = source.show_source(source.show_source)
    assert str(shown).startswith("def show_source(thing: Any)")
    assert '<span class="k">def</span>' in shown._repr_html_()


def test_a_folded_figure_is_a_picture_behind_its_title_and_pyplot_has_done_with_it():
    figure, ax = plt.subplots(figsize=(1, 1))
    shown = source.folded_figure("the jets & more", figure)
    html = shown._repr_html_()
    assert re.search(
        r"<details[^>]*><summary[^>]*>the jets &amp; more</summary><img alt=\"the jets &amp; more\" ", html
    )
    assert base64.b64decode(re.search(r"base64,([^\"]*)", html)[1]) == shown._repr_png_()
    assert Image.open(io.BytesIO(shown._repr_png_())).size == tuple(figure.get_size_inches() * figure.dpi)
    assert not plt.fignum_exists(figure.number)


def test_show_source_reads_a_header_as_cpp(tmp_path):
    (tmp_path / "op.h").write_text("template <class T> T relu(T x) { return x; } // π\n", encoding="utf-8")
    shown = source.show_source(tmp_path / "op.h")
    assert str(shown) == "template <class T> T relu(T x) { return x; } // π\n"
    assert '<span class="k">template</span>' in shown._repr_html_()
    with pytest.raises(FileNotFoundError, match="no.h"):
        source.show_source(tmp_path / "no.h")


def test_other_ways_to_choose_are_offered_and_work_without_a_kernel():
    ways = {
        "first N": {},
        "by level": {"selection": "adaptive", "levels": (0.0, 4.5)},
        "largest": {"selection": "largest"},
    }
    explorer = explore.mask_explorer(np.stack([TOY, OTHER]), choices=ways)
    assert explorer.choice.options == tuple(ways) and list(explorer.frames) == list(ways)
    coloured = {}
    for way, frames in explorer.frames.items():
        shown = picture(frames[0][2]).astype(int)
        coloured[way] = {(int(y), int(x)) for y, x in zip(*np.nonzero(np.ptp(shown, axis=-1) > 40), strict=True)}
    assert coloured["first N"] == {(0, 2), (1, 0)}
    assert coloured["by level"] == coloured["largest"] == {(1, 3), (5, 1)}  # the charges 8 and 5
    assert "kept 2 of 5 active pixels, 65 % of the charge" in explorer.frames["largest"][0][2].value
    outer = explorer.children[-2]
    states = [model["state"] for model in dependency_state([explorer]).values() if model["model_name"] == "LinkModel"]
    ends = {(state["source"][0], state["target"][0]) for state in states}
    assert (f"IPY_MODEL_{explorer.choice.model_id}", f"IPY_MODEL_{outer.model_id}") in ends
    assert len(ends) == 1 + 1 + 3 + 6  # play, choice, event a way, slider a way and image
