"""Labels that one text alone has: nothing that is learned of them can be met again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hornbook.errors import DataError
from hornbook.rendering import many

__all__ = ["Labelling", "refuse_lone"]


class Labelling(NamedTuple):
    """How labels are spread over texts, each text counted once with a label."""

    texts: int
    labels: int
    lone: int
    "Labels of one text only."

    @classmethod
    def of(
        cls, sources: Sequence[str], labels: Sequence[str], same: Callable[[str], str]
    ) -> Labelling:
        """Count.

        Args:
            sources: the texts.
            labels: of each.
            same: makes one of texts that read the same.
        """
        pairs = set(zip(map(same, sources), labels, strict=True))
        counts = Counter(label for _, label in pairs)
        return cls(len(pairs), len(counts), sum(n == 1 for n in counts.values()))

    @property
    def all_lone(self) -> bool:
        """Whether no label has a second text."""
        return self.lone == self.labels > 1

    @property
    def mostly_lone(self) -> bool:
        """Whether there are more labels than half the texts."""
        return 2 * self.labels > self.texts

    @property
    def told(self) -> str:
        """The figures, for people."""
        if self.all_lone:
            return f"each of {many(self.labels, 'label')} has one text only"
        return (
            f"there are {many(self.labels, 'different label')} for {many(self.texts, 'text')}; "
            f"{self.lone:,} of them have one text only"
        )


def refuse_lone(labelling: Labelling, where: str, column: str) -> str:
    """What to say of labels that hardly come again; nothing if they do.

    Args:
        labelling: how they are spread.
        where: the pairs came from, for messages.
        column: what the column of labels is called, for people.

    Raises:
        DataError: if no label comes again.
    """
    if labelling.all_lone:
        raise DataError(
            f"{where}: {labelling.told}, so none can be learned from others.",
            hint=f"To have {column} written as a text, set `target_column`; else give a column "
            "whose labels come again as `label_column`.",
            setting="label_column",
        )
    if labelling.mostly_lone:
        return f"{labelling.told}, which cannot be learned from others"
    return ""
