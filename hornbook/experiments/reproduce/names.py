"""What the lectures say of their nets of names, and what their own loops come to in the quick form.

A tenth of the steps does not reach a lecture's figure. What it does reach is known all the same:
the lecture's own loop in plain PyTorch, with as many steps. `python -m benchmarks.lecture_loop
names.txt` trains it with four seeds for each net, on the lecture's split, and prints `QUICK`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hornbook.experiments.reproduce.figures import LectureFigure, Tolerance, about, as_the_loop

__all__ = ["QUICK", "QUICK_STEPS", "SPREAD", "Loop", "figures_of_names"]

QUICK_STEPS = 20_000
"Of the lectures' 200,000; the rate falls at the same share of them."
SPREAD = (
    "three standard deviations, 0.005 each, of the lecturer's own five trainings of the net with "
    "BatchNorm (2.1048, 2.1057, 2.105, 2.1099, 2.1162)"
)
TOLERANCE = 0.015
"Of the losses in the full form, by `SPREAD`."


@dataclass(frozen=True)
class Loop:
    """Mean and standard deviation of the losses of a lecture's loop over four seeds."""

    train: tuple[float, float]
    dev: tuple[float, float]

    def tolerance(self, split: str) -> Tolerance:
        """About the mean on a split."""
        where = f"after {QUICK_STEPS:,} steps (four seeds, benchmarks.lecture_loop)"
        return as_the_loop(*(self.train if split == "train" else self.dev), TOLERANCE, where)


QUICK: Mapping[str, Loop] = {
    "mlp": Loop((2.2964, 0.0185), (2.3152, 0.0154)),
    "batchnorm": Loop((2.1880, 0.0006), (2.1997, 0.0017)),
    "backprop": Loop((2.1894, 0.0012), (2.2006, 0.0020)),
    "flat-3": Loop((2.1563, 0.0018), (2.1725, 0.0019)),
    "flat-8": Loop((2.0783, 0.0038), (2.1110, 0.0033)),
    "tree-bug": Loop((2.0864, 0.0024), (2.1115, 0.0025)),
    "tree": Loop((2.0661, 0.0033), (2.0982, 0.0031)),
    "tree-large": Loop((1.9917, 0.0014), (2.0430, 0.0017)),
}
"As the command above printed them; by the names of the experiments."


def figures_of_names(
    name: str, parameters: int, train: float, dev: float, *, digits: int = 4,
    tolerance: float = TOLERANCE, why: str = SPREAD,
) -> tuple[LectureFigure, ...]:  # fmt: skip
    """What a lecture says of a net of names: how many parameters, and its losses.

    Args:
        name: in `QUICK`.
        parameters: how many it has.
        train: its loss there.
        dev: its loss there.
        digits: of the losses, as the lecture gives them.
        tolerance: of the losses in the full form.
        why: where it comes from.
    """
    losses = (
        LectureFigure(
            f"{split} loss", f"{said:.{digits}f}", about(said, tolerance, why),
            QUICK[name].tolerance(split),
        )
        for split, said in (("train", train), ("dev", dev))
    )  # fmt: skip
    count = about(parameters, 0, "a count")
    return (LectureFigure("parameters", f"{parameters:,}", count, digits=0), *losses)
