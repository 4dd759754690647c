"""The question for the label of a text, with probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.errors import QuestionError
from hornbook.pairs.questions.given import Asked, GivenTexts, asked_in_parts, texts_given
from hornbook.records import JSONObject
from hornbook.rendering import many, one_line, probability
from hornbook.reports import Table
from hornbook.settings import Bounds
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.tasks.csv_lines import csv_lines

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.pairs.models.contract import Labeller
    from hornbook.runs import Run

__all__ = ["Classified", "ClassifyQuestion", "ClassifyTexts"]

SHOWN = 60  # characters of a text that cannot be read


@dataclass(frozen=True)
class ClassifyTexts(GivenTexts):
    """What is asked about, and how much is told."""

    n: Annotated[int, Bounds(1, 10**6)] = 3
    "Labels of each text, the most likely first; all of them if there are no more."
    csv: bool = False
    "Print a table as CSV, a row for each text, with its labels and their probabilities."


@dataclass(frozen=True)
class Classified:
    """The labels of a text.

    Attributes:
        text: as it was read, without white space around it.
        labels: the most likely first; none where the text is an empty line or could not be read.
        probabilities: of these; over all labels they sum to 1.
        why: why it could not be read.
    """

    text: str
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    why: str = ""

    @property
    def label(self) -> str:
        """The most likely one; empty if there is none."""
        return self.labels[0] if self.labels else ""

    def as_dict(self) -> JSONObject:
        """The text and its labels."""
        found: JSONObject = {
            "text": self.text,
            "labels": [
                {"label": label, "probability": chance}
                for label, chance in zip(self.labels, self.probabilities, strict=True)
            ],
        }
        return {**found, "why": self.why} if self.why else found


class ClassifyQuestion(Question):
    """The label of a text."""

    description = (
        "Tell which label each TEXT has, with probabilities, the most likely first.\n\n"
        "Probabilities come from the run's model, calibrated on its dev split where that helped: "
        "of texts that get 80 %, about 80 in 100 have the label, as long as they are like those "
        "of the data. In place of TEXT a file can be given, or - for standard input: each line is "
        "a text, however long the file is. White space around a text is not read."
    )
    examples = (
        Action("classify", ("runs/sex", "emma", "noah")),
        Action("classify", ("runs/sex", "names.txt"), {"csv": True}),
    )
    options = ClassifyTexts

    def ask(self, run: Run, *given: Any, **options: Any) -> Classified | list[Classified]:
        """The labels: `run.classify("emma").label`, or of several texts a list.

            run.classify(["emma", "noah"], n=2)

        Raises:
            SettingsError: if there is no text, or a setting does not fit.
            UnknownTokenError: if a text has a character that the run does not know.
            QuestionError: if the run says texts.
        """
        texts, one = texts_given("classify", given)
        settings = ClassifyTexts.from_dict({"texts": texts, **options})
        found = list(ClassifyAnswer(run, settings, typed=True).classified())
        return found[0] if one else found

    def answer(self, run: Run, options: ClassifyTexts) -> Answer:
        """Each text after the other."""
        return ClassifyAnswer(run, options)


class ClassifyAnswer(Answer):
    """The labels of texts, some at a time.

    Args:
        run: finished.
        settings: of the question.
        typed: whether the texts are asked about even where one is the name of a file.

    Raises:
        QuestionError: if the run says texts.
    """

    def __init__(self, run: Run, settings: ClassifyTexts, *, typed: bool = False) -> None:
        self.run, self.settings, self.typed = run, settings, typed
        self.data: PairData = run.data
        if not self.data.labels:
            raise QuestionError(
                f"{run.path} says texts ({self.data.columns[1]}), not one of some labels.",
                hint="Ask for the text:",
                action=Action("translate", (str(run.path), *settings.texts[:1])),
            )
        self.model: Labeller = run.model
        self.count = self.empty = 0
        self.odd: list[str] = []

    def classified(self) -> Iterator[Classified]:
        """Each text with its labels.

        Raises:
            HornbookError: if a text is empty or cannot be read.
        """
        for part in asked_in_parts(self.run, self.settings, self.model.longest, self.typed):
            yield from self.part(part)

    @pinned()
    def part(self, part: Sequence[Asked]) -> list[Classified]:
        """Some texts, read together."""
        sources = [one.ids for one in part if one.ids is not None]
        found_of = list(np.exp(self.model.log_probabilities(sources))) if sources else []
        rows = iter(found_of)
        self.count += len(sources)
        found = []
        for one in part:
            self.empty += not one.text
            self.odd += [one.why] if one.why else []
            if one.ids is None:
                found.append(Classified(one.text, (), (), one.why))
                continue
            row = next(rows)
            best = np.argsort(-row, kind="stable")[: self.settings.n]
            labels = tuple(self.data.labels[at] for at in best.tolist())
            found.append(Classified(one.text, labels, tuple(row[best].tolist())))
        return found

    def __iter__(self) -> Iterator[Row]:
        most = min(self.settings.n, len(self.data.labels))
        for at, one in enumerate(self.classified()):
            yield ClassifiedRow(one, self.settings.csv, most, first=at == 0)

    def remarks(self) -> Sequence[str | Action]:
        """Lines without a label."""
        told: list[str | Action] = []
        if not self.typed and self.settings.file not in (None, "-"):
            told.append(f"{many(self.count, 'line')} of the file {self.settings.file}.")
        if self.empty:
            told.append(f"{many(self.empty, 'line')} without text, and so without a label.")
        if self.odd:
            told.append(
                f"{many(len(self.odd), 'line')} without a label, for they cannot be read. The "
                f"first: {self.odd[0]}"
            )
        return told


@dataclass(frozen=True)
class ClassifiedRow(Row):
    """A text and its labels."""

    found: Classified
    csv: bool
    most: int
    "Labels that a text gets."
    first: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """The text and its labels in a line; or lines of CSV."""
        if self.csv:
            yield "".join(self.lines())
            return
        found = self.found
        told = ", ".join(
            f"{one_line(label, len(label))} {probability(chance)}"
            for label, chance in zip(found.labels, found.probabilities, strict=True)
        )
        shown = SHOWN if found.why else len(found.text)
        yield f"{one_line(found.text, shown)}: {told or 'no label'}\n"

    def lines(self) -> Iterator[str]:
        """A line of CSV, before the first the names of its columns."""
        line = csv_lines()
        if self.first:
            more = [f"{name}_{n}" for n in range(2, self.most + 1)
                    for name in ("label", "probability")]  # fmt: skip
            yield line(("text", "label", "probability", *more))
        cells = [
            cell
            for label, chance in zip(self.found.labels, self.found.probabilities, strict=True)
            for cell in (label, f"{chance:.6g}")
        ]
        yield line((self.found.text, *cells, *[""] * (2 * self.most - len(cells))))

    def as_dict(self) -> JSONObject:
        """The text and its labels."""
        return self.found.as_dict()
