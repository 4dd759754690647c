"""The question for the words that are nearest to a word, or to a sum of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from hornbook.actions import Action
from hornbook.errors import DataError
from hornbook.settings import Bounds, Given, Settings
from hornbook.tasks import Answer, Question
from hornbook.tasks.questions import Listed
from hornbook.words.nearest import Near, nearest_to

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["NearestQuestion", "NearestSettings"]


@dataclass(frozen=True)
class NearestSettings(Settings):
    """To which words, and how many."""

    words: Annotated[tuple[str, ...], Given("WORD")]
    "A word, or several whose vectors are added."
    minus: tuple[str, ...] = ()
    "Words whose vectors are taken away."
    n: Annotated[int, Bounds(1, 100_000)] = 10
    "Number of words."
    least: Annotated[int, Bounds(0, 10**9)] = 0
    "Only words that stand at least so often in train."


class NearestQuestion(Question):
    """The words that are nearest."""

    description = (
        "List the words whose vectors are nearest to that of WORD: words that stand among the same "
        "neighbours.\n"
        "\n"
        "Of several words the vectors are added, and those of the words in `minus` taken away: "
        "king and woman without man should come near queen. Each vector counts at length 1, and "
        "the words given are left out. The figure is the cosine: 1 is the same direction, 0 "
        "nothing in common."
    )
    examples = (
        Action("nearest", ("runs/plays", "king")),
        Action("nearest", ("runs/plays", "king", "woman"), {"minus": ("man",)}),
    )
    options = NearestSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> list[Near]:
        """The words: `run.nearest("king", "woman", minus=["man"])`.

        Raises:
            DataError: if one of them is not known.
            SettingsError: if no word was given.
        """
        if given and all(isinstance(one, str) for one in given):
            options, given = {"words": list(given), **options}, ()
        return self.found(run, self.settled(given, options))

    def answer(self, run: Run, options: NearestSettings) -> Answer:
        """The words, as one table."""
        return Listed([near.as_dict() for near in self.found(run, options)])

    def found(self, run: Run, settings: NearestSettings) -> list[Near]:
        """The words that are nearest."""
        data = run.data
        plus, minus = (
            [data.number(word) for word in words] for words in (settings.words, settings.minus)
        )
        if not plus:
            raise DataError("No word was given.", hint="Give one of the text.")
        if sorted(plus) == sorted(minus):
            raise DataError(
                "The words cancel out: the same ones are added and taken away.",
                hint="Take away others than those added.",
                setting="minus",
            )
        return nearest_to(run.model, data, plus, minus, settings.n, settings.least)
