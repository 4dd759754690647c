"""The lecture on backpropagation by hand: its net, trained without autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, size_and_losses
from hornbook.experiments.reproduce.figures import Reproduction
from hornbook.experiments.reproduce.mlp import LECTURE_MLP
from hornbook.experiments.reproduce.names import QUICK_STEPS, figures_of_names

__all__ = ["BACKPROP", "BY_HAND"]

BY_HAND: Mapping[str, Any] = {**LECTURE_MLP, "bias_before_norm": True, "norm_momentum": 0.001}


def by_hand(bench: Bench) -> dict[str, float]:
    """The lecture's training, with each layer's own backward pass."""
    run = bench.train(
        "by-hand", bench.text("makemore-names"), "mlp", BY_HAND,
        {**LECTURE_SGD, "gradients": "hand", "steps": bench.steps(200_000, QUICK_STEPS)},
    )  # fmt: skip
    return size_and_losses(run)


BACKPROP = (
    Reproduction(
        "backprop", "backprop", "The MLP by hand, 12,297 parameters",
        "`mlp` with biases before BatchNorm, gradients by hand, SGD at 0.1 and 0.01, batches of "
        "32, 200,000 steps", by_hand,
        figures_of_names("backprop", 12_297, 2.0705, 2.1099),
        minutes=(0.5, 4), quick="20,000 steps",
    ),
)  # fmt: skip
