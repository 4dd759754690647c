"""Rows of cells under their heads, for a terminal, a page or a notebook."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    "Each as long as the heads."
    left: int = 1
    "Columns that are set left; the others are set right."
    marked: int | None = None
    "The row to highlight, from 0."
