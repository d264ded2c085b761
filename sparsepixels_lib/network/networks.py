"""The published networks by name: one identity from building to tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..numerics.whole import pair
from .graph import input_reduce_of, is_sparse
from .models import ARCHITECTURES, PATCHED, network_name, sparse_cnn, standard_cnn
from .reduce import SELECTIONS
from .reference import PATH, PUBLISHED, check_shipped, load_weights, published_outputs, reference_scores

keras = tf.keras


@dataclass(frozen=True)
class Network:
    """A network of a data set: `dataset`, `bits` (8 or 16), and the slots `n_active`; None: the standard CNN.

    Two sets of weights of each published one ship: `reference`, trained here on what ships, and `published`, the
    authors'. Those that choose their pixels, by a `selection` or in a `patch` (see `InputReduce`), are ours: `chosen`
    lists those with reference weights. As text it is its label, "sparse N=20, 8 bit".
    """

    dataset: str
    bits: int
    n_active: int | None = None
    selection: str = "raster"
    patch: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.patch is not None:
            object.__setattr__(self, "patch", pair(self.patch, "patch"))
        if self.n_active is None and (self.selection, self.patch) != ("raster", None):
            raise ValueError("The standard CNN, with n_active=None, sees all pixels: it has no selection and no patch.")

    @property
    def name(self) -> str:
        """What its Keras model is called: "microboone_sparse_n20_8bit"."""
        return network_name(self.dataset, self.bits, self.n_active, self.selection, self.patch)

    @property
    def family(self) -> str:
        """The label without N and bits: "sparse", "sparse adaptive, 3 x 3 patches", "standard"."""
        chosen = f" {self.selection}" if self.selection != "raster" else ""
        patches = f", {self.patch[0]} x {self.patch[1]} patches" if self.patch else ""
        return "standard" if self.n_active is None else f"sparse{chosen}{patches}"

    @property
    def kind(self) -> str:
        """The label without the bits: "sparse N=20", "sparse N=8 adaptive, 3 x 3 patches", "standard"."""
        return self.family.replace("sparse", f"sparse N={self.n_active}", 1)

    @property
    def label(self) -> str:
        return f"{self.kind}, {self.bits} bit"

    def __str__(self) -> str:
        return self.label

    def build(self, *, levels: Sequence[float] | None = None, seed: int = 0) -> keras.Model:
        """The Keras model with new weights; raises ValueError as `sparse_cnn` and `standard_cnn`.

        `levels`: of the selection "adaptive"; None: those of the reference network, where one ships.
        """
        if self.n_active is None:
            if levels is not None:
                raise ValueError(f"levels={levels!r} belong to selection='adaptive': the standard CNN sees all pixels.")
            return standard_cnn(self.dataset, self.bits, seed=seed)
        if levels is None and self.selection == "adaptive":
            levels = reference_scores().get(self.name, {}).get("levels")
        chosen = self.selection, levels, self.patch
        return sparse_cnn(self.dataset, self.bits, self.n_active, *chosen, seed=seed)

    def reference(self) -> keras.Model:
        """The Keras model with our weights that ship. Raises ValueError for a network of which none are shipped."""
        return self._with_weights(PATH)

    def published(self) -> keras.Model:
        """The Keras model with the authors' weights, see `published_model`. Raises ValueError for one not published."""
        return self._with_weights(PUBLISHED)

    def _with_weights(self, path: Path) -> keras.Model:
        if self.selection == "adaptive":  # its levels ship with its weights
            check_shipped(self.name, path)
        model = self.build()
        check_shipped(self.name, path)
        load_weights(model, path)
        return model

    def reference_score(self) -> float:
        """AUC (MicroBooNE) or accuracy of the shipped weights on the test split of what ships, for the two physics data
        sets synthetic. Raises KeyError for a network of which none are shipped."""
        return reference_scores()[self.name]["score"]

    @classmethod
    def of(cls, model: keras.Model) -> Network | None:
        """The identity of a model, by its name and slots; None for a network of one's own."""
        how = ()
        if is_sparse(model):
            reduce = input_reduce_of(model)
            how = reduce.n_active, reduce.selection, reduce.patch
        known = [cls(dataset, bits, *how) for dataset in ARCHITECTURES for bits in (8, 16)]
        return next((network for network in known if network.name == model.name), None)

    @classmethod
    def shipped(cls) -> list[Network]:
        """All with reference weights: every data set, 8 and 16 bits, N of 8, 12, 16, 20 and the standard CNN."""
        known = reference_scores()
        found = [cls(name, bits, n) for name in ARCHITECTURES for bits in (8, 16) for n in (8, 12, 16, 20, None)]
        return [network for network in found if network.name in known]

    @classmethod
    def chosen(cls) -> list[Network]:
        """All with reference weights that choose their pixels: see `measure.study("selection")`."""
        known = reference_scores()
        every = product(ARCHITECTURES, (8, 16), (8, 20), SELECTIONS, (False, True))
        found = [cls(name, bits, n, how, PATCHED[name].patch if patch else None) for name, bits, n, how, patch in every]
        shipped = cls.shipped()
        return [network for network in found if network.name in known and network not in shipped]


def reference_model(
    dataset: str,
    bits: int,
    n_active: int | None,
    selection: str = "raster",
    patch: tuple[int, int] | int | None = None,
) -> keras.Model:
    """The network of `models.sparse_cnn`, or with `n_active` None of `models.standard_cnn`, with its shipped weights.

    There are `n_active` 8, 12, 16, 20 and None for each data set at 8 and 16 bits, and some that choose their pixels:
    `Network.chosen()` lists them. Raises ValueError for others.
    """
    return Network(dataset, bits, n_active, selection, patch).reference()


def published_model(dataset: str, bits: int, n_active: int | None) -> keras.Model:
    """The authors' own trained network in our layers, with `n_active` None their standard CNN.

    Its weights, trained on the real data, are those of Ho Fung Tsoi's public repository of SparsePixels (arXiv
    2512.06208; MIT, copyright 2026 Ho Fung Tsoi), number for number. There are `n_active` 8, 12, 16, 20 and None for
    each data set at 8 and 16 bits; raises ValueError for others. The model is called as its `Network`, and so is the
    reference model: projects and tables of the two go in two folders.
    """
    return Network(dataset, bits, n_active).published()


def published_predictions(dataset: str, bits: int, n_active: int | None) -> np.ndarray:
    """What the authors' Keras gives for the images of `load(dataset, "sample")`: (100, classes) float32 in [0, 1].

    After the sigmoid (MicroBooNE, 1 class: the signal) or softmax; source, arguments and errors as `published_model`.
    Of the 100 decisions of that network at least 96 are these. It differs in two things: it quantizes the image, which
    the authors' Keras reads in float32, and always adds the bias, which their sparse convolution leaves out where its
    weighted sum is exactly 0.
    """
    return published_outputs(Network(dataset, bits, n_active).name)
