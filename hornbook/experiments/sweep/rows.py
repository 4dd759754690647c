"""The trials of a sweep for people: a row for each, and which is the best."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hornbook.ranges import word
from hornbook.records import JSON
from hornbook.training.measures import Measure

__all__ = ["State", "Trial", "best_of", "in_order", "trials_csv"]

State = Literal["finished", "pruned", "refused", "running"]


@dataclass(frozen=True)
class Trial:
    """A trial."""

    number: int
    state: State
    values: Mapping[str, Any]
    "Of the settings that are varied."
    dev: float | None = None
    "The deciding measure on dev; of one that was pruned, the last that was measured."
    seconds: float | None = None
    parameters: int | None = None
    steps: int | None = None
    why: str = ""
    "Why it was refused."
    run: str = ""
    "Its run directory."
    id: str = ""
    "Of the run; empty if it is not finished."
    host: str = ""
    curve: tuple[tuple[int, float], ...] = ()
    "Evaluations, by their place from 1, with what was measured on dev."
    together: bool = False
    "Whether it was trained together with others, which shared its time."

    @property
    def finished(self) -> bool:
        """Whether its figure is that of a whole training."""
        return self.state == "finished"

    def is_of(self, values: Mapping[str, Any]) -> bool:
        """Whether it has these settings."""
        return all(name in values and values[name] == held for name, held in self.values.items())

    def as_dict(self) -> dict[str, JSON]:
        """The trial by name."""
        return {
            "trial": self.number,
            "state": self.state,
            "settings": dict(self.values),
            "dev": self.dev,
            "seconds": self.seconds,
            "parameters": self.parameters,
            "steps": self.steps,
            "why": self.why,
            "run": self.run,
            "host": self.host,
            "together": self.together,
            "curve": [list(one) for one in self.curve],
        }


def best_of(trials: Iterable[Trial], measure: Measure) -> Trial | None:
    """The best that is finished; of two alike the earlier one."""
    best: Trial | None = None
    for one in trials:
        if one.state != "finished" or one.dev is None:
            continue
        if best is None or best.dev is None or measure.is_better(one.dev, best.dev):
            best = one
    return best


def in_order(trials: Sequence[Trial], measure: Measure) -> list[Trial]:
    """The finished ones from the best to the worst, then the others by their numbers."""
    sign = 1 if measure.best == "lowest" else -1

    def place(one: Trial) -> tuple[bool, float, int]:
        finished = one.state == "finished" and one.dev is not None
        return (not finished, sign * (one.dev or 0.0) if finished else 0.0, one.number)

    return sorted(trials, key=place)


def trials_csv(trials: Sequence[Trial], names: Sequence[str]) -> str:
    """All trials as CSV, a row each.

    Args:
        trials: in their order.
        names: of the settings that are varied.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    about = ("dev", "seconds", "together", "parameters", "steps", "why", "run", "host")
    writer.writerow(["trial", "state", *names, *about])
    for one in trials:
        told = (getattr(one, name) for name in about)
        values = (word(one.values[name]) for name in names)
        cells = ("" if cell is None else cell for cell in told)
        writer.writerow([one.number, one.state, *values, *cells])
    return text.getvalue()
