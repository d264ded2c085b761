"""How few bits are enough for eight well chosen pixels: an adaptive network with N = 8, its formats narrowed.

    python -m data_scripts.few_bits TABLE.csv [--bits 4 5 6 7 8] [--seeds 3]

adds a row to TABLE.csv for each number of bits of weights and biases, quantized_bits(b, 1), of activations,
quantized_relu(b, 2), and of both; the others keep 8 bits, and so does the input. Data, levels and training are those of
the reference network. Rows that are there, of the same data, are not made again, and every finished epoch is kept
beside the table: interrupted, the same command goes on.
"""

import argparse
from pathlib import Path

import sparsepixels_lib as sp

from .common.tables import is_there, write_row
from .reference_weights import SETTINGS, levels, load_split, score_of

COLUMNS = ["dataset", "n_active", "weights", "activations", "seed", "score", "error", "epochs", "source"]
NETWORK = sp.Network("microboone", 8, 8, "adaptive")
keras = sp.models.keras


def study(table: str | Path, bits: list[int] | None = None, seeds: int = 3) -> Path:
    """Fill `table` (CSV with COLUMNS; `weights`, `activations`: bits) and return its path. Raises as `sp.fit`."""
    table, test = Path(table), load_split(NETWORK.dataset, "test", None)
    narrow = bits or [8, 7, 6, 5, 4]
    pairs = dict.fromkeys([*((b, b) for b in narrow), *((b, 8) for b in narrow), *((8, b) for b in narrow)])
    for seed in range(seeds):
        for weights, activations in pairs:
            row = [NETWORK.dataset, NETWORK.n_active, weights, activations, seed]
            if is_there(table, row, test.source):
                continue
            model = narrowed(NETWORK.build(levels=levels(NETWORK), seed=seed), weights, activations)
            train, val = load_split(NETWORK.dataset, "train", None), load_split(NETWORK.dataset, "val", None)
            epochs = SETTINGS[NETWORK.dataset][1]
            history = sp.fit(model, train, val, epochs=epochs, seed=seed, cache=table.parent / "training")
            score = score_of(test, sp.exact_predict(model, test.images))
            write_row(
                table, COLUMNS, [*row, f"{score.value:.4f}", f"{score.error:.4f}", len(history["loss"]), test.source]
            )
    return table


def narrowed(model: keras.Model, weights: int, activations: int) -> keras.Model:
    """The same network with the same initial weights and formats of so many bits."""
    kinds = {f"{kind}_quantizer": f"quantized_bits({weights},1,alpha=1)" for kind in ("kernel", "bias")}

    def clone(layer):
        config = layer.get_config()
        config |= {key: value for key, value in kinds.items() if key in config}
        if type(layer) is sp.models.QActivation:
            config["activation"] = f"quantized_relu({activations},2)"
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=clone)
    twin.set_weights(model.get_weights())
    return twin


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m data_scripts.few_bits", description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--bits", type=int, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    try:
        print(study(**vars(options)))
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
