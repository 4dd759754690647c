"""The lecture on the MLP: 3 letters of context, 10-d embeddings, 200 tanh units, and its rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, size_and_losses
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.inspection.rate import draw_rate
from hornbook.runs import find_rate
from hornbook.training.finder import FinderSettings

__all__ = ["LECTURE_MLP", "MLP", "SPREAD", "TENTH", "UNSOUND", "figures_of_names"]

LECTURE_MLP: Mapping[str, Any] = {
    "block_size": 3, "n_embd": 10, "n_hidden": (200,), "activation": "tanh"
}  # fmt: skip
UNSOUND: Mapping[str, Any] = {
    **LECTURE_MLP, "norm": "none", "init": "normal", "gain": 1.0, "output_gain": 1.0,
}  # fmt: skip
"All numbers from a normal distribution of standard deviation 1, as the lecture first has them."
SPREAD = (
    "three standard deviations, 0.005 each, of the lecturer's own five trainings of the net with "
    "BatchNorm (2.1048, 2.1057, 2.105, 2.1099, 2.1162)"
)
LOOP = (
    "three standard deviations, 0.006 each, of the lecture's own loop with other random numbers "
    "(2.1530, 2.1631, 2.1633, 2.1662, beside its 2.1682 and 2.1701; benchmarks.lecture_loop)"
)
TENTH = "a tenth of the steps"
COST = "what that cost when this was written, and 0.02"


def figures_of_names(
    parameters: int, dev: float, train: float = 0.0, *, digits: int = 4, tolerance: float = 0.015,
    why: str = SPREAD, worse: tuple[float, float],
) -> tuple[LectureFigure, ...]:  # fmt: skip
    """What a lecture says of a net of names.

    Args:
        parameters: how many it has.
        dev: its loss there.
        train: its loss there; 0 if the lecture does not say.
        digits: of the losses, as the lecture gives them.
        tolerance: of the losses in the full form.
        why: where it comes from.
        worse: by how much a tenth of the steps may be worse, on train and on dev.
    """
    losses = tuple(
        LectureFigure(
            f"{split} loss", f"{said:.{digits}f}", about(said, tolerance, why),
            Tolerance(said - tolerance, said + more, f"{TENTH}: worse by up to {more}, {COST}"),
        )
        for split, said, more in (("train", train, worse[0]), ("dev", dev, worse[1]))
        if said
    )  # fmt: skip
    count = LectureFigure(
        "parameters", f"{parameters:,}", about(parameters, 0, "a count"), digits=0
    )
    return (count, *losses)


def net(bench: Bench) -> dict[str, float]:
    """The lecture's last training."""
    run = bench.train(
        "mlp", bench.text("makemore-names"), "mlp", UNSOUND,
        {**LECTURE_SGD, "steps": bench.steps(200_000, 20_000)},
    )  # fmt: skip
    return size_and_losses(run)


def rate(bench: Bench) -> dict[str, float]:
    """The lecture's search: 1,000 steps while the exponent of the rate goes from -3 to 0."""
    small = {**UNSOUND, "n_embd": 2, "n_hidden": (100,)}
    how = {"optimizer": "sgd", "batch_size": 32, "weight_decay": 0.0, "seed": bench.seed}
    found = find_rate(
        str(bench.dataset("makemore-names")), model="mlp", settings=small, training=how,
        finder=FinderSettings(low=1e-3, high=1.0, points=1000), task="text",
    )  # fmt: skip
    draw_rate(found, bench.folder / "mlp-rate.png", "The lecture's MLP: loss as the rate rises")
    lowest = found.smoothed.index(min(found.smoothed))
    return {"rate of the lowest loss": found.rates[lowest]}


MLP = (
    Reproduction(
        "mlp-rate", "mlp", "The MLP's rate search",
        "`mlp` of 3,481 parameters, batches of 32, rates from 0.001 to 1; the curve is drawn in "
        "mlp-rate.png", rate,
        (LectureFigure("rate of the lowest loss", "near 0.1", Tolerance(
            0.05, 0.5, "the valley that the lecture reads off: exponents from -1.3 to -0.3"),
            digits=3),),
        minutes=(0.2, 0.2),
    ),
    Reproduction(
        "mlp", "mlp", "The MLP of 11,897 parameters",
        "`mlp` from normal weights, SGD at 0.1 and 0.01, batches of 32, 200,000 steps", net,
        figures_of_names(11_897, 2.1701, tolerance=0.018, why=LOOP, worse=(0, 0.17)),
        minutes=(0.3, 2), quick="20,000 steps",
    ),
)  # fmt: skip
