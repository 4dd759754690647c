"""What a run on words shows people: a sentence, neighbours of some words, something to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hornbook.actions import Action
from hornbook.reports import Table
from hornbook.words.nearest import nearest_to, some_words

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.words.data import WordsData
    from hornbook.words.models.contract import WordVectors

__all__ = ["introduction", "next_steps", "preview", "shown"]

WORDS, NEAR = 8, 5  # whose neighbours are shown, and how many
FREQUENT = 20  # times: rarer neighbours are left out of what is shown unasked


def introduction(run: Run) -> str:
    """What the model has learned, and from what, for a reader who does not know the field."""
    shape = run.data.shape
    return (
        f"This model has learned a vector for each of {shape.words:,} words from how they stand "
        f"beside each other in {run.record.data.name}, {shape.tokens:,} words long: words that "
        "are used alike lie near each other."
    )


def neighbours(model: WordVectors, data: WordsData, word: int, n: int) -> str:
    """The words nearest to one."""
    least = min(FREQUENT, int(data.counts[word]))
    return ", ".join(near.word for near in nearest_to(model, data, [word], n=n, least=least))


def preview(model: WordVectors, data: WordsData) -> Sequence[str]:
    """What a few words are near to, while the model is trained."""
    return [f"{data.words[at]}: {neighbours(model, data, at, 3)}" for at in some_words(data, 3)]


def shown(run: Run) -> Sequence[str | Table]:
    """The neighbours of some words, as a table."""
    rows = tuple(
        (run.data.words[at], neighbours(run.model, run.data, at, NEAR))
        for at in some_words(run.data, WORDS)
    )
    return (Table(("word", "nearest"), rows, left=2),)


def next_steps(run: Run) -> Sequence[Action]:
    """Ask for the neighbours of a word."""
    return [Action("nearest", (str(run.path), run.data.words[some_words(run.data, 1)[0]]))]
