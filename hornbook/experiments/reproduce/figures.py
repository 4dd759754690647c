"""What a lecture says, how far from it is still the same, and what was measured here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hornbook.rendering import figure

if TYPE_CHECKING:
    from hornbook.experiments.reproduce.bench import Bench

__all__ = [
    "LectureFigure",
    "NotRunError",
    "Reproduced",
    "Reproduction",
    "Tolerance",
    "Verdict",
    "about",
    "as_the_loop",
    "judged",
]

Verdict = Literal["within", "outside", "not run"]


class NotRunError(Exception):
    """A figure cannot be repeated here, and why; no mistake, and it ends nothing else.

    Args:
        message: the reason.
        hint: what it takes.
        measured: what was measured instead, by figure: shown, and not judged.
    """

    def __init__(
        self, message: str, *, hint: str = "", measured: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
        self.measured = dict(measured or {})


@dataclass(frozen=True)
class Tolerance:
    """The values that count as the lecture's."""

    low: float
    high: float
    "Both ends belong to it; two infinite ends ask for infinity."
    why: str
    "Where it comes from."

    def holds(self, value: float) -> bool:
        """Whether a value is one of them; what is not a number is not."""
        return self.low <= value <= self.high

    def in_words(self, digits: int) -> str:
        """The ends, as a person reads them."""
        if self.low == self.high:
            return "exactly" if math.isfinite(self.low) else "infinite"
        if self.low == 0 and self.high < 10**-digits:
            return f"at most {self.high:g}"
        if math.isinf(self.high):
            return f"at least {figure(self.low, digits)}"
        if math.isinf(self.low):
            return f"at most {figure(self.high, digits)}"
        return f"{figure(self.low, digits)} to {figure(self.high, digits)}"


def about(value: float, tolerance: float, why: str) -> Tolerance:
    """All within a distance of a value."""
    return Tolerance(value - tolerance, value + tolerance, why)


def as_the_loop(mean: float, spread: float, least: float, where: str) -> Tolerance:
    """What counts as the same as a lecture's own loop in plain PyTorch, in the quick form.

    Args:
        mean: of its losses over seeds.
        spread: their standard deviation; three of them are allowed.
        least: allowed in any case.
        where: after how many steps, and what measures it.
    """
    return about(
        mean, max(least, 3 * spread),
        f"the lecture's own loop in plain PyTorch comes to {mean:.4f} ± {spread:.4f} {where}: "
        f"three standard deviations, or {least:g} if that is more",
    )  # fmt: skip


@dataclass(frozen=True)
class LectureFigure:
    """One figure of a lecture."""

    name: str
    "As `dev loss`."
    said: str
    "The lecture's value, in its digits or in its words."
    full: Tolerance
    quick: Tolerance | None = None
    "Of the quick form, where that is another: about the lecture's loop of as many steps."
    source: str = "lecture"
    "Who says so: the lecture or lesson; `recomputed`, `arithmetic`."
    digits: int = 4
    "Places behind the point that are shown."

    def tolerance(self, *, full: bool) -> Tolerance:
        """The one that counts in a form."""
        return self.full if full or self.quick is None else self.quick


@dataclass(frozen=True)
class Reproduction:
    """An experiment of a lecture, and the figures that it gives."""

    name: str
    "Of its run directory; unique."
    lecture: str
    title: str
    how: str
    "How it is measured here, with the settings that matter."
    measure: Callable[[Bench], Mapping[str, float]]
    "Gives a value for each figure, by its name."
    figures: tuple[LectureFigure, ...]
    minutes: tuple[float, float] = (0.1, 0.1)
    "What the quick and the full form take on two cores, about."
    quick: str = ""
    "What the quick form leaves out; empty if it is the full one."
    kept: bool = True
    "Whether what takes its time are trainings, which are kept as runs."

    def cost(self, *, full: bool) -> float:
        """Minutes, about."""
        return self.minutes[1 if full else 0]


@dataclass(frozen=True)
class Reproduced:
    """What came of one figure."""

    lecture: str
    experiment: str
    title: str
    figure: str
    said: str
    source: str
    low: float
    high: float
    why: str
    "Where the tolerance comes from."
    how: str
    verdict: Verdict
    value: float | None
    "None where nothing was measured."
    reason: str
    "Why it was not run; empty if it was."
    seconds: float
    "Of the training and the measurement, once for all figures of the experiment."
    full: bool
    digits: int = field(default=4)
    failed: bool = False
    "Whether it was not run because something failed: a disk is full, a download breaks off."

    @property
    def tolerance(self) -> Tolerance:
        """The range again."""
        return Tolerance(self.low, self.high, self.why)


def judged(
    one: Reproduction,
    measured: Mapping[str, float],
    *,
    full: bool,
    seconds: float,
    reason: str = "",
    failed: bool = False,
) -> list[Reproduced]:
    """A verdict for each figure of an experiment.

    Args:
        one: the experiment.
        measured: values by figure; with a reason they are shown and not judged.
        full: which form was run.
        seconds: that it took.
        reason: why it was not run.
        failed: whether that is because something failed.
    """
    rows = []
    for held in one.figures:
        tolerance, value = held.tolerance(full=full), measured.get(held.name)
        verdict: Verdict = "not run"
        if not reason:
            assert value is not None, f"{one.name} measures no {held.name}"
            verdict = "within" if tolerance.holds(value) else "outside"
        how = one.how if full or not one.quick else f"{one.how}; in the quick form {one.quick}"
        rows.append(
            Reproduced(
                one.lecture, one.name, one.title, held.name, held.said, held.source, tolerance.low,
                tolerance.high, tolerance.why, how, verdict, value, reason, seconds, full,
                held.digits, failed,
            )
        )  # fmt: skip
    return rows
