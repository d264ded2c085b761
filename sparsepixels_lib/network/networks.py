"""The published networks by name: one identity from building to tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from .graph import input_reduce_of, is_sparse
from .models import ARCHITECTURES, network_name, sparse_cnn, standard_cnn
from .reference import load_weights, reference_scores

keras = tf.keras


@dataclass(frozen=True)
class Network:
    """A published architecture: `dataset`, `bits` (8 or 16), and the slots `n_active`; None: the standard CNN.

    As text it is its label, "sparse N=20, 8 bit".
    """

    dataset: str
    bits: int
    n_active: int | None = None

    @property
    def name(self) -> str:
        """What its Keras model is called: "microboone_sparse_n20_8bit"."""
        return network_name(self.dataset, self.bits, self.n_active)

    @property
    def kind(self) -> str:
        """The label without the bits: "sparse N=20", "standard"."""
        return "standard" if self.n_active is None else f"sparse N={self.n_active}"

    @property
    def label(self) -> str:
        return f"{self.kind}, {self.bits} bit"

    def __str__(self) -> str:
        return self.label

    def build(self, *, seed: int = 0) -> keras.Model:
        """The Keras model with new weights; raises ValueError as `sparse_cnn` and `standard_cnn`."""
        if self.n_active is None:
            return standard_cnn(self.dataset, self.bits, seed=seed)
        return sparse_cnn(self.dataset, self.bits, self.n_active, seed=seed)

    def reference(self) -> keras.Model:
        """The Keras model with the weights that ship. Raises ValueError for a network of which none are shipped."""
        model = self.build()
        load_weights(model)
        return model

    def reference_score(self) -> float:
        """AUC (MicroBooNE) or accuracy of the shipped weights on the test split of what ships, for the two physics data
        sets synthetic. Raises KeyError for a network of which none are shipped."""
        return reference_scores()[self.name]["score"]

    @classmethod
    def of(cls, model: keras.Model) -> Network | None:
        """The identity of a model, by its name and slots; None for a network of one's own."""
        n_active = input_reduce_of(model).n_active if is_sparse(model) else None
        known = [cls(dataset, bits, n_active) for dataset in ARCHITECTURES for bits in (8, 16)]
        return next((network for network in known if network.name == model.name), None)

    @classmethod
    def shipped(cls) -> list[Network]:
        """All with reference weights: every data set, 8 and 16 bits, N of 8, 12, 16, 20 and the standard CNN."""
        known = reference_scores()
        found = [cls(name, bits, n) for name in ARCHITECTURES for bits in (8, 16) for n in (8, 12, 16, 20, None)]
        return [network for network in found if network.name in known]


def reference_model(dataset: str, bits: int, n_active: int | None) -> keras.Model:
    """The network of `models.sparse_cnn`, or with `n_active` None of `models.standard_cnn`, with its shipped weights.

    There are `n_active` 8, 12, 16, 20 and None for each data set at 8 and 16 bits. Raises ValueError for others.
    """
    return Network(dataset, bits, n_active).reference()
