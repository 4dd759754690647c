"""What a model and a corpus ask of a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """What a model needs to know of a tokenizer."""

    size: int
    "Number V of ids."
    boundary: bool
    "Whether id 0 is the boundary between things."
    start: int
    "The id that fills a context before anything was read."
