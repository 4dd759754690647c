"""The lecture on the WaveNet: the flat nets, the tree, its BatchNorm bug, and more of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, size_and_losses
from hornbook.experiments.reproduce.figures import Reproduction
from hornbook.experiments.reproduce.mlp import LECTURE_MLP
from hornbook.experiments.reproduce.names import QUICK_STEPS, figures_of_names

__all__ = ["WAVENET"]

GAIN = 1.0  # of the hidden layers: this lecture's `Linear` has no 5/3
FLAT: Mapping[str, Any] = {**LECTURE_MLP, "gain": GAIN}
TREE: Mapping[str, Any] = {
    "form": "tree", "block_size": 8, "n_embd": 10, "n_hidden": 68, "gain": GAIN,
}  # fmt: skip
LARGE: Mapping[str, Any] = {**TREE, "n_embd": 24, "n_hidden": 128}


def measured(
    name: str, family: str, settings: Mapping[str, Any]
) -> Callable[[Bench], dict[str, float]]:
    """A training of this lecture: the rate falls after three quarters."""

    def measure(bench: Bench) -> dict[str, float]:
        run = bench.train(
            name, bench.text("makemore-names"), family, settings,
            {**LECTURE_SGD, "decay_at": 0.75, "steps": bench.steps(200_000, QUICK_STEPS)},
        )  # fmt: skip
        return size_and_losses(run)

    return measure


def line(
    name: str, title: str, family: str, settings: Mapping[str, Any], parameters: int, train: float,
    dev: float, minutes: tuple[float, float], how: str,
) -> Reproduction:  # fmt: skip
    """A row of the lecture's log."""
    return Reproduction(
        name, "wavenet", title,
        f"{how}, SGD at 0.1 and, after three quarters, 0.01, batches of 32, 200,000 steps",
        measured(name, family, settings),
        figures_of_names(name, parameters, train, dev, digits=3),
        minutes=minutes, quick="20,000 steps",
    )  # fmt: skip


WAVENET = (
    line("flat-3", "The flat net, 3 letters", "mlp", FLAT, 12_097, 2.058, 2.105,
         (0.5, 4), "`mlp` with BatchNorm"),
    line("flat-8", "The flat net, 8 letters", "mlp", {**FLAT, "block_size": 8}, 22_097,
         1.918, 2.027, (0.5, 5), "`mlp` with BatchNorm"),
    line("tree-bug", "The tree, with the BatchNorm bug", "wavenet",
         {**TREE, "norm_by_position": True}, 22_397, 1.941, 2.029, (0.8, 8),
         "`wavenet` on windows, norm_by_position"),
    line("tree", "The tree, mended", "wavenet", TREE, 22_397, 1.912, 2.022, (0.8, 8),
         "`wavenet` on windows"),
    line("tree-large", "The tree, 24-d embeddings and 128 units", "wavenet", LARGE, 76_579, 1.769,
         1.993, (1.2, 12), "`wavenet` on windows"),
)  # fmt: skip
