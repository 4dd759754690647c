"""The question whether a run that writes repeats targets of its training data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from hornbook.actions import Action
from hornbook.errors import QuestionError, RunError
from hornbook.pairs.evaluation import said_on
from hornbook.records import JSON, JSONObject, as_json
from hornbook.rendering import many, one_line
from hornbook.reports import Table
from hornbook.settings import Bounds, Settings
from hornbook.statistics import Interval, difference_interval
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.text.closeness import Close, nearest_examples
from hornbook.text.memorising import LITTLE
from hornbook.text.memorising_told import close_rows

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["Repeated", "Repeating", "RepeatingQuestion"]

ASKED = 300  # held-out sources, where nothing else is said
SHOWN, LONG = 10, 40  # answers, and characters of each


@dataclass(frozen=True)
class Repeating(Settings):
    """Answers to hold against the targets of train."""

    n: Annotated[int, Bounds(0, 10**7)] = 0
    "How many held-out sources to ask about (0: 300, or all if there are fewer)."


@dataclass(frozen=True)
class Wrong:
    """A target of train that was said to a source to which it does not belong."""

    source: str
    said: str
    right: str
    of: str
    "The source in train that it belongs to."


@dataclass(frozen=True)
class Repeated:
    """How often a model says targets of train where they are not right."""

    verdict: Literal["none", "little", "memorised"]
    """none: answers are targets of train no oftener than right answers are. little, memorised: they
    are, by less than a tenth of the answers, or by more."""
    sources: int
    answers: Close
    "How close what was said is to the targets of train."
    right: Close
    "How close the right answers are to them."
    apart: float
    "Share of the answers that are targets of train, less that of the right ones."
    interval: Interval | None
    "Of that difference, over sources; None of a single one."
    wrong: tuple[Wrong, ...]
    "Targets of train that were said where they are not right."

    def as_dict(self) -> dict[str, JSON]:
        """All of it for machines."""
        found: dict[str, JSON] = as_json(self)
        return found


def repeated(run: Run, n: int = 0) -> Repeated:
    """Hold answers to held-out sources against the targets of train, beside the right answers.

    A right answer may be a target of train, too: many dates are written alike. So it is the
    difference, source by source, that tells.

    Args:
        run: on pairs.
        n: sources to ask about (0: 300, or all).

    Raises:
        QuestionError: if the run says labels.
        RunError: if it has no data, or nothing was held out.
    """
    data = run.data
    if data.labels:
        raise QuestionError(
            f"{run.path} says one of {many(len(data.labels), 'label')}: none of them is new.",
            hint="Ask a run that writes texts.",
        )
    if not data.kept:
        raise RunError(
            f"Novelty is measured against the pairs that {run.path} was trained on, and it no "
            "longer has them.",
            hint="Copy the folder data/ from the original run.",
        )
    split = next((name for name in ("dev", "test") if data.sizes.get(name)), "")
    if not split:
        raise RunError(
            f"Nothing was held out of the training of {run.path}, so there is no source that it "
            "has not seen.",
            hint="Train with a dev split.",
        )
    said = said_on(run.model, data, split, n or ASKED)
    train = data.side("train")
    targets = tuple(map(data.writing.as_read, train.targets))
    known = dict(zip(targets, train.sources, strict=True))
    right = [one[0] for one in said.right]
    ours, theirs = (np.array([one in known for one in some], float) for some in (said.said, right))
    interval = difference_interval(ours, theirs)
    apart = float((ours - theirs).mean())
    low = interval.low if interval is not None else 0.0
    return Repeated(
        "none" if low <= 0 else "memorised" if apart >= LITTLE else "little",
        len(said.sources),
        Close.of(nearest_examples(said.said, targets)),
        Close.of(nearest_examples(right, targets)),
        apart,
        interval,
        tuple(
            Wrong(source, answer, wanted[0], known[answer])
            for source, answer, wanted in zip(said.sources, said.said, said.right, strict=True)
            if answer in known and answer not in wanted
        ),
    )


class RepeatingQuestion(Question):
    """Whether what a run says stands in train."""

    description = (
        "Tell whether RUN says targets of its training data where they are not right.\n\n"
        "It is asked about held-out sources. How often its answers are targets of train stands "
        "beside how often the right answers are; what is more than that, and more than chance, is "
        "repeated from memory."
    )
    examples = (
        Action("novelty", ("runs/dates",)),
        Action("novelty", ("runs/dates",), {"n": 50}),
    )
    options = Repeating

    def ask(self, run: Run, *given: Repeating, **options: Any) -> Repeated:
        """What was found: `run.novelty(n=50).verdict`.

        Raises:
            QuestionError, RunError: if it cannot be had.
        """
        settings: Repeating = self.settled(given, options)
        return repeated(run, settings.n)

    def answer(self, run: Run, options: Repeating) -> Answer:
        """Figures, a verdict, and what shows it."""
        return RepeatingAnswer(self.ask(run, options))


class RepeatingAnswer(Answer):
    """One table, the verdict, and the answers that are targets of train and wrong."""

    def __init__(self, found: Repeated) -> None:
        self.found = found

    def __iter__(self) -> Iterator[Row]:
        yield RepeatingRow(self.found)

    def remarks(self) -> Sequence[str | Action]:
        """What helps."""
        if self.found.verdict == "none":
            return ()
        return ("More pairs, or a net in the place of what looks up or takes the nearest source.",)


@dataclass(frozen=True)
class RepeatingRow(Row):
    """All that was found."""

    found: Repeated

    def shown(self) -> Iterator[str | Table | Beside]:
        """Figures, verdict, evidence."""
        found = self.found
        rows = tuple(close_rows(found.answers, found.right))
        yield Table(("", "answers", "right answers"), rows)
        yield f"\n{told(found)}\n"
        if found.wrong:
            yield "\n"
            cells = ((one.source, one.said, one.of, one.right) for one in found.wrong[:SHOWN])
            table = tuple(tuple(one_line(cell, LONG) for cell in row) for row in cells)
            heads = ("source", "said: a target of train", "it belongs to", "right")
            yield Table(heads, table, left=4)

    def as_dict(self) -> JSONObject:
        """All of it."""
        return {**self.found.as_dict(), "told": told(self.found)}


def told(found: Repeated) -> str:
    """The verdict, and what it rests on."""
    between = ""
    if found.interval is not None:
        between = f" ({found.interval.low:+.1%} to {found.interval.high:+.1%})"
    rests = (
        f"{found.answers.copies:.1%} of its answers to {many(found.sources, 'held-out source')} "
        f"are targets of train, and {found.right.copies:.1%} of the right ones: a difference of "
        f"{found.apart:+.1%}{between}."
    )
    first = {
        "none": "No sign that it repeats targets of its training data.",
        "little": "It repeats some targets of its training data where they are not right.",
        "memorised": "It repeats targets of its training data where they are not right.",
    }[found.verdict]
    return f"{first} {rests}"
