"""The lecture on backpropagation by hand: its net, trained without autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, loss_on
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.experiments.reproduce.mlp import LECTURE_MLP, SPREAD, TENTH

__all__ = ["BACKPROP", "BY_HAND"]

BY_HAND: Mapping[str, Any] = {**LECTURE_MLP, "bias_before_norm": True, "norm_momentum": 0.001}


def by_hand(bench: Bench) -> dict[str, float]:
    """The lecture's training, with each layer's own backward pass."""
    run = bench.train(
        "by-hand", bench.text("makemore-names"), "mlp", BY_HAND,
        {**LECTURE_SGD, "gradients": "hand", "steps": bench.steps(200_000, 20_000)},
    )  # fmt: skip
    return {
        "parameters": float(run.model.n_parameters),
        "train loss": loss_on(run, "train"),
        "dev loss": loss_on(run, "dev"),
    }


BACKPROP = (
    Reproduction(
        "backprop", "backprop", "The MLP by hand, 12,297 parameters",
        "`mlp` with biases before BatchNorm, gradients by hand, SGD at 0.1 and 0.01, batches of "
        "32, 200,000 steps", by_hand,
        (
            LectureFigure("parameters", "12,297", about(12_297, 0, "a count"), digits=0),
            LectureFigure("train loss", "2.0705", about(2.0705, 0.015, SPREAD), Tolerance(
                2.0705 - 0.015, 2.0705 + 0.15, f"{TENTH}: worse by up to 0.15")),
            LectureFigure("dev loss", "2.1099", about(2.1099, 0.015, SPREAD), Tolerance(
                2.1099 - 0.015, 2.1099 + 0.15, f"{TENTH}: worse by up to 0.15")),
        ),
        minutes=(0.6, 6), quick="20,000 steps",
    ),
)  # fmt: skip
