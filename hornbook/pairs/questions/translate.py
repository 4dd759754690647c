"""The question for the text that belongs to a source."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.errors import QuestionError, SettingsError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.evaluation import NOTHING
from hornbook.pairs.models.contract import SequenceModel, Written
from hornbook.pairs.questions.given import Asked, GivenTexts, asked_in_parts, texts_given
from hornbook.records import JSONObject
from hornbook.rendering import figure, many, one_line
from hornbook.reports import Table
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.tasks.csv_lines import csv_lines

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.runs import Run

__all__ = ["AnswerText", "TranslateQuestion", "TranslateSettings", "Translated"]

COLUMNS = ("source", "rank", "answer", "ln_p", "ln_p_per_token", "ended")


@dataclass(frozen=True)
class TranslateSettings(Decoding, GivenTexts):
    """What is asked about, and how answers are found."""

    csv: bool = False
    "Print a table as CSV, a row for each answer, with its probability."


@dataclass(frozen=True)
class AnswerText:
    """One answer to a source."""

    text: str
    ln_p: float
    "The natural logarithm of its probability; NaN where the model has none."
    tokens: int
    "How many it has; its end is one, if it came to it."
    ended: bool
    "Whether it came to its end; else it was cut off."

    @property
    def ln_p_per_token(self) -> float:
        """The mean of ln p."""
        return self.ln_p / max(1, self.tokens)

    def as_dict(self) -> JSONObject:
        """By name; null where there is no probability."""
        there = math.isfinite(self.ln_p)
        return {
            "answer": self.text,
            "ln_p": self.ln_p if there else None,
            "ln_p_per_token": self.ln_p_per_token if there else None,
            "tokens": self.tokens,
            "ended": self.ended,
        }


@dataclass(frozen=True)
class Translated:
    """What a run says to a source.

    Attributes:
        source: as it was read, without white space around it.
        answers: the best first; none where the source is an empty line or could not be read.
        why: why it could not be read.
    """

    source: str
    answers: tuple[AnswerText, ...]
    why: str = ""

    @property
    def text(self) -> str:
        """The best answer; empty if there is none."""
        return self.answers[0].text if self.answers else ""

    def as_dict(self) -> JSONObject:
        """The source and its answers."""
        found: JSONObject = {"source": self.source, "answers": [o.as_dict() for o in self.answers]}
        return {**found, "why": self.why} if self.why else found


class TranslateQuestion(Question):
    """The text that belongs to a source."""

    description = (
        "Say what belongs to each TEXT: its translation, or whatever the run has learned to say.\n"
        "\n"
        "By default it is found greedily, token by token. Beam search follows several beginnings "
        "at a time and finds better answers; more than one can be shown, with the natural "
        "logarithm of their probability, whole and per token. They can be drawn as well. In place "
        "of TEXT a file can be given, or - for standard input: each line is a source, and gets a "
        "line of its own, however long the file is. White space around a source is not read."
    )
    examples = (
        Action("translate", ("runs/dates", "3 May 1987", "June 5, 2001")),
        Action("translate", ("runs/dates", "dates.txt")),
    )
    options = TranslateSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> Translated | list[Translated]:
        """What a run says: `run.translate("cat").text`, or of several texts a list.

            run.translate(["cat", "dog"], method="beam", n=3)

        Raises:
            SettingsError: if there is no text, or a setting does not fit.
            UnknownTokenError: if a text has a character that the run does not know.
            DataError: if one is longer than the model reads.
        """
        texts, one = texts_given("translate", given)
        settings = TranslateSettings.from_dict({"texts": texts, **options})
        answer = TranslateAnswer(run, settings, typed=True)
        found = list(answer.translated())
        return found[0] if one else found

    def answer(self, run: Run, options: TranslateSettings) -> Answer:
        """Each source after the other."""
        return TranslateAnswer(run, options)


class TranslateAnswer(Answer):
    """What a run says to sources, some at a time.

    Args:
        run: finished.
        settings: of the question.
        typed: whether the texts are sources even where one is the name of a file.

    Raises:
        QuestionError: if the run says labels.
        SettingsError: if its model has no other answers than one.
    """

    def __init__(self, run: Run, settings: TranslateSettings, *, typed: bool = False) -> None:
        self.run, self.settings, self.typed = run, settings, typed
        self.data: PairData = run.data
        self.model: Any = run.model
        self.count = self.cut = self.empty = 0
        self.odd: list[str] = []
        if self.data.labels:
            raise QuestionError(
                f"{run.path} says one of {many(len(self.data.labels), 'label')}, not a text.",
                hint="Ask for the label:",
                action=Action("classify", (str(run.path), *settings.texts[:1])),
            )
        if settings.method != "greedy" and not isinstance(self.model, SequenceModel):
            raise SettingsError(
                f"`method` has no effect here: {run.family} has no probabilities, and one answer.",
                hint="Leave `method` out, or ask a net.",
                setting="method",
            )

    def translated(self) -> Iterator[Translated]:
        """Each source with its answers.

        Raises:
            HornbookError: if a text is empty or cannot be read.
        """
        for part in asked_in_parts(self.run, self.settings, self.model.longest, self.typed):
            yield from self.part(part)

    @pinned()
    def part(self, part: Sequence[Asked]) -> list[Translated]:
        """Some sources, answered together."""
        sources = [one.ids for one in part if one.ids is not None]
        more = {"first": self.count} if isinstance(self.model, SequenceModel) else {}
        answers = iter(self.model.answers(sources, self.settings, **more) if sources else ())
        self.count += len(sources)
        found = []
        for one in part:
            said = () if one.ids is None else tuple(map(self.told, next(answers)))
            self.cut += any(not answer.ended for answer in said)
            self.empty += not one.text
            self.odd += [one.why] if one.why else []
            found.append(Translated(one.text, said, one.why))
        return found

    def told(self, one: Written) -> AnswerText:
        """An answer as text."""
        text = self.data.writing.decode(one.ids)
        return AnswerText(text, one.score, len(one.ids) + one.ended, one.ended)

    def __iter__(self) -> Iterator[Row]:
        for at, one in enumerate(self.translated()):
            yield TranslatedRow(one, self.settings, first=at == 0)

    def remarks(self) -> Sequence[str | Action]:
        """Lines without an answer, and answers without an end."""
        told: list[str | Action] = []
        if not self.typed and self.settings.file not in (None, "-"):
            told.append(f"{many(self.count, 'line')} of the file {self.settings.file}.")
        if self.empty:
            told.append(f"{many(self.empty, 'line')} without text, answered by an empty line.")
        if self.odd:
            told.append(
                f"{many(len(self.odd), 'line')} without an answer, for they cannot be read. The "
                f"first: {self.odd[0]}"
            )
        if self.cut:
            told.append(
                f"{many(self.cut, 'source')} with an answer that was cut off: it did not come to "
                "an end within the longest that is allowed (`longest`)."
            )
        return told


@dataclass(frozen=True)
class TranslatedRow(Row):
    """A source and its answers."""

    found: Translated
    settings: TranslateSettings
    first: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """The answer in a line; of several a table, below their source; or lines of CSV."""
        if self.settings.csv:
            yield "".join(self.lines())
        elif self.settings.n == 1:
            yield f"{one_line(self.found.text, len(self.found.text))}\n"
        else:
            yield f"{one_line(self.found.source, len(self.found.source))}\n"
            rows = tuple(
                (
                    one_line(one.text, len(one.text)) or NOTHING,
                    figure(one.ln_p),
                    figure(one.ln_p_per_token),
                )
                for one in self.found.answers
            )
            if rows:
                yield Table(("answer", "ln p", "per token"), rows)

    def lines(self) -> Iterator[str]:
        """A line of CSV for each answer; one with no answer where there is none."""
        line = csv_lines()
        if self.first:
            yield line(COLUMNS)
        for rank, one in enumerate(self.found.answers, 1):
            values = one.as_dict()
            figures = ["" if (v := values[name]) is None else f"{v:.6g}" for name in COLUMNS[3:5]]
            ended = "yes" if one.ended else "no"
            yield line((self.found.source, str(rank), one.text, *figures, ended))
        if not self.found.answers:
            yield line((self.found.source, *[""] * (len(COLUMNS) - 1)))

    def as_dict(self) -> JSONObject:
        """The source and its answers."""
        return self.found.as_dict()
