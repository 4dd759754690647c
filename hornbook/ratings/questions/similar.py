"""The question for the items that are most like one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.ratings.questions.ranking import Ranked, RankedItems, best_of, nothing_left
from hornbook.settings import Bounds, Given, Settings
from hornbook.tasks import Question

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["SimilarQuestion", "SimilarSettings"]


@dataclass(frozen=True)
class SimilarSettings(Settings):
    """Of which item, and how many."""

    item: Annotated[str, Given("ITEM")]
    "Title or id of an item; a part of the title will do."
    n: Annotated[int, Bounds(1, 100_000)] = 10
    "Number of items."
    rated_by: Annotated[int, Bounds(0, 10**9)] = 5
    "Only items that at least so many users have rated: of others too little is known."


class SimilarQuestion(Question):
    """The items that are most like one."""

    description = (
        "List the items that are most like ITEM, as the model has learned it from who rated what.\n"
        "\n"
        "The figure is the model's own: the cosine between the vectors of two items, or the weight "
        "of one item for another."
    )
    examples = (
        Action("similar", ("runs/films", "toy story")),
        Action("similar", ("runs/films", "toy story"), {"n": 5, "rated_by": 50}),
    )
    options = SimilarSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> list[Ranked]:
        """The items: `run.similar("Alien", n=5)`.

        Raises:
            DataError: if the title fits no item, or several.
            SettingsError: if the model has nothing to tell items apart by.
        """
        if [*map(type, given)] in ([str], [int]):
            options, given = {"item": str(next(iter(given))), **options}, ()
        return self.found(run, self.settled(given, options))[1]

    def answer(self, run: Run, options: SimilarSettings) -> RankedItems:
        """The items, as one table."""
        title, ranked = self.found(run, options)
        said = [f"Like {title}."]
        if not ranked:
            said.append(nothing_left(run.data, options.rated_by, "There is no other item."))
        return RankedItems(ranked, said, rates=False)

    def found(self, run: Run, settings: SimilarSettings) -> tuple[str, list[Ranked]]:
        """The title of the item, and those that are like it."""
        data = run.data
        item = data.item_number(settings.item)
        left_out = np.zeros(len(data.items), bool)
        left_out[item] = True
        if settings.rated_by:
            left_out |= data.raters < settings.rated_by
        alike = np.asarray(run.model.alike(item), np.float64)
        return data.title(item), best_of(data, alike, settings.n, left_out)
