"""A table for a terminal, a page or a notebook."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """A table of strings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    "Each has as many cells as `heads`."
    left: int = 1
    "Number of left-aligned columns; the others are right-aligned."
    marked: int | None = None
    "Index of the row to highlight."
    beyond: int = 0
    "Further rows, for which there is no room; machines are told of all."
