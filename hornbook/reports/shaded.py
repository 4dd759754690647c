"""A text whose parts are shaded, for a terminal that has colours."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Shaded"]


@dataclass(frozen=True)
class Shaded:
    """Parts of a text, each darker the more it has of something."""

    title: str
    "What the shades say, before the text."
    parts: tuple[tuple[str, float], ...]
    "Each with its shade, from 0 (none) to 1."
