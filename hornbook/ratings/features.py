"""What is known of items beside their ratings: genres, categories, tags."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Features"]


@dataclass(frozen=True)
class Features:
    """Names, and which of them each item has."""

    names: tuple[str, ...]
    "Genres, for example, by number."
    of: tuple[tuple[int, ...], ...]
    "For each item the numbers of its names, in the order of the file; may be empty."

    def of_item(self, item: int) -> tuple[str, ...]:
        """The names of one item."""
        return tuple(self.names[number] for number in self.of[item])
