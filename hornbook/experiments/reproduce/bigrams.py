"""The lecture on bigrams: counting, the net that equals counting, and the keepdim bug."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hornbook.experiments.reproduce.bench import Bench, loss_on
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.runs import Run

__all__ = ["BIGRAMS"]

Floats = npt.NDArray[np.float64]
ROUNDING = "counting has no chance in it: half a unit of the last digit"
INFINITE = Tolerance(math.inf, math.inf, "a pair that never occurs has probability 0")
ALL = {"split": "100/0"}


def counted(bench: Bench, smoothing: str, **split: str) -> Run:
    """Pairs, counted."""
    where = "all" if split else "split"
    return bench.train(
        f"bigrams-{smoothing}-{where}",
        bench.text("makemore-names", **split),
        "ngram",
        {"order": 2, "smoothing": smoothing},
    )


def counting(bench: Bench) -> dict[str, float]:
    """All names, without smoothing and with one added count."""
    none, one = counted(bench, "mle", **ALL), counted(bench, "add", **ALL)
    return {
        "pairs": float(none.model.N.sum()),
        "loss, no smoothing": loss_on(none, "train"),
        "loss, one added": loss_on(one, "train"),
        "andrejq, no smoothing": none.score("andrejq").nats_per_token,
        "andrejq, one added": one.score("andrejq").nats_per_token,
    }


def on_the_split(bench: Bench) -> dict[str, float]:
    """The lecture's split, one added count."""
    run = counted(bench, "add")
    return {f"{split} loss": loss_on(run, split) for split in ("train", "dev", "test")}


def guess(bench: Bench) -> dict[str, float]:
    """The net before its first step: all logits are 0."""
    run = bench.train(
        "bigrams-even", bench.text("makemore-names", **ALL), "bigram", {}, {"steps": 0}
    )
    return {"loss": loss_on(run, "train")}


def by_gradient(bench: Bench) -> dict[str, float]:
    """One layer, the whole list in each batch, a rate of 50, as the lecture; from even logits."""
    run = bench.train(
        "bigrams-net",
        bench.text("makemore-names", **ALL),
        "bigram",
        {},
        {
            "steps": 300, "optimizer": "sgd", "learning_rate": 50.0, "schedule": "constant",
            "batch_size": 40_000, "weight_decay": 0.0,
        },
    )  # fmt: skip
    loss = loss_on(run, "train")
    return {"loss": loss, "above counting": loss - loss_on(counted(bench, "mle", **ALL), "train")}


def keepdim(bench: Bench) -> dict[str, float]:
    """P /= P.sum(1, keepdim=True), and without keepdim: each column is divided, not each row.

    The sums of a row and of its column are the same, since every token is entered as often as it is
    left: the loss of the wrong table, which is not a distribution, comes out right. What it would
    make shows it: `torch.multinomial` scales each row to sum to 1.
    """
    counts = counted(bench, "add", **ALL).model.N
    added: Floats = counts + 1.0
    right, wrong = added / added.sum(1, keepdims=True), added / added.sum(1)
    found = {}
    for name, table in (("with keepdim", right), ("without", wrong)):
        found[f"rows sum to 1 within, {name}"] = float(np.abs(table.sum(1) - 1).max())
        found[f"loss, {name}"] = mean_loss(counts, table)
    found["loss of what is sampled, without"] = mean_loss(counts, wrong / wrong.sum(1)[:, None])
    return found


def mean_loss(counts: npt.NDArray[np.int64], table: Floats) -> float:
    """-ln of the table's entries, over all pairs that were counted."""
    return float(-(counts * np.log(table)).sum() / counts.sum())


BIGRAMS = (
    Reproduction(
        "bigrams-counting", "bigrams", "Counting pairs in all names",
        "`ngram` of order 2, split 100/0", counting,
        (
            LectureFigure("pairs", "228,146", about(228_146, 0, "a count"), digits=0),
            LectureFigure("loss, no smoothing", "2.45401", about(2.45401, 5e-6, ROUNDING),
                          source="recomputed", digits=5),
            LectureFigure("loss, one added", "2.45458", about(2.45458, 5e-6, ROUNDING),
                          source="recomputed", digits=5),
            LectureFigure("andrejq, no smoothing", "infinite", INFINITE),
            LectureFigure("andrejq, one added", "3.48340", about(3.48340, 5e-6, ROUNDING),
                          source="recomputed", digits=5),
        ),
    ),
    Reproduction(
        "bigrams-split", "bigrams", "The same on the lectures' split",
        "`ngram` of order 2, one added count", on_the_split,
        tuple(
            LectureFigure(f"{split} loss", str(said), about(said, 5e-6, ROUNDING),
                          source="recomputed", digits=5)
            for split, said in (("train", 2.45484), ("dev", 2.45326), ("test", 2.45839))
        ),
    ),
    Reproduction(
        "bigrams-guess", "bigrams", "A uniform guess at 27 characters",
        "`bigram` before its first step", guess,
        (LectureFigure("loss", "ln 27 = 3.29584", about(math.log(27), 5e-6,
                       "arithmetic, in float32"), source="arithmetic", digits=5),),
    ),
    Reproduction(
        "bigrams-net", "bigrams", "The one-layer net that equals counting",
        "`bigram`, all names in each batch, SGD at 50, 300 steps", by_gradient,
        (
            LectureFigure("loss", "about 2.46", about(2.46, 0.01, "the lecture's digits")),
            LectureFigure("above counting", "on the way to 0", Tolerance(0.0, 0.01,
                          "never below the counts' loss, and as near as the lecture's digits")),
        ),
        minutes=(0.5, 0.5),
    ),
    Reproduction(
        "bigrams-keepdim", "bigrams", "The keepdim bug: the wrong axis is normalised",
        "the counts of `ngram`, divided by their sums with and without keepdim", keepdim,
        (
            LectureFigure("rows sum to 1 within, with keepdim", "yes",
                          Tolerance(0.0, 1e-12, "rounding in float64"), digits=6),
            LectureFigure("rows sum to 1 within, without", "no",
                          Tolerance(0.01, math.inf, "far above rounding")),
            LectureFigure("loss, with keepdim", "2.45458", about(2.45458, 5e-6, ROUNDING),
                          source="recomputed", digits=5),
            LectureFigure("loss, without", "not told", about(2.45458, 5e-6,
                          "arithmetic: rows and columns have the same sums, so that the loss hides "
                          "the bug"), source="arithmetic", digits=5),
            LectureFigure("loss of what is sampled, without", "worse",
                          Tolerance(2.4646, math.inf, "above the right one by more than 0.01")),
        ),
    ),
)  # fmt: skip
