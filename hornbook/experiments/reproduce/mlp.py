"""The lecture on the MLP: 3 letters of context, 10-d embeddings, 200 tanh units, and its rate."""

from __future__ import annotations

import random
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, size_and_losses
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.experiments.reproduce.names import QUICK_STEPS, figures_of_names
from hornbook.inspection.rate import draw_rate
from hornbook.runs import find_rate
from hornbook.runs.prepare import Prepared
from hornbook.storage import write_bytes
from hornbook.training.finder import FinderSettings

__all__ = ["LECTURE_MLP", "MLP", "UNSOUND"]

LECTURE_MLP: Mapping[str, Any] = {
    "block_size": 3, "n_embd": 10, "n_hidden": (200,), "activation": "tanh"
}  # fmt: skip
UNSOUND: Mapping[str, Any] = {
    **LECTURE_MLP, "norm": "none", "init": "normal", "gain": 1.0, "output_gain": 1.0,
}  # fmt: skip
"All numbers from a normal distribution of standard deviation 1, as the lecture first has them."
LOOP = (
    "three standard deviations of the mean of four trainings, 0.006 each: one training from these "
    "numbers differs from another by 0.011 (eight seeds here)"
)
SHUFFLES = 4
"""How often this part's notebook has run the cell that shuffles the names, each time from where the
last had left them; all later parts shuffle them once."""
SEEDS = 4  # of which the mean counts


def names_of_this_part(bench: Bench) -> Prepared:
    """The names in the order from which one shuffle more makes the split of this part."""
    names = bench.dataset("makemore-names").read_text(encoding="utf-8").splitlines()
    for _ in range(SHUFFLES - 1):
        random.Random(42).shuffle(names)
    path = bench.folder / f"names-shuffled-{SHUFFLES - 1}.txt"
    write_bytes(path, "".join(f"{name}\n" for name in names).encode())
    return bench.load(path, "text")


def net(bench: Bench) -> dict[str, float]:
    """The lecture's last training, the mean of several."""
    data = names_of_this_part(bench)
    runs = bench.train_seeds(
        "mlp-normal", data, "mlp", UNSOUND,
        {**LECTURE_SGD, "steps": bench.steps(200_000, QUICK_STEPS)}, SEEDS,
    )  # fmt: skip
    streams = {split: runs[0].data.stream(split) for split in ("train", "dev")}
    each = [size_and_losses(run) for run in runs]
    return {
        **{f"predictions in {split}": float(len(one)) for split, one in streams.items()},
        **{name: fmean(one[name] for one in each) for name in each[0]},
    }


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
        minutes=(0.2, 0.2), kept=False,
    ),
    Reproduction(
        "mlp", "mlp", "The MLP of 11,897 parameters",
        "`mlp` from normal weights, SGD at 0.1 and 0.01, batches of 32, 200,000 steps, on the "
        "split of this lecture's notebook, which shuffles the names four times; the mean of four "
        "seeds", net,
        (
            *(
                LectureFigure(f"predictions in {split}", f"{said:,}", about(said, 0, "a count"),
                              digits=0)
                for split, said in (("train", 182_441), ("dev", 22_902))
            ),
            *figures_of_names("mlp", 11_897, 2.1260, 2.1701, tolerance=0.018, why=LOOP),
        ),
        minutes=(0.3, 3), quick="20,000 steps",
    ),
)  # fmt: skip
