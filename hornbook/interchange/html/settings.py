"""What can be chosen of a page to give away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hornbook.settings import Settings

__all__ = ["PageSettings"]


@dataclass(frozen=True)
class PageSettings(Settings):
    """The page."""

    title: str = ""
    "Title of the page; by default one that names the data."
    about: str = ""
    "A sentence or two by its maker, shown under the title."
    licence: str = ""
    "Licence of the page and its weights, shown at the end: a name, or a sentence."
    weights: Literal["auto", "int8", "float16", "float32"] = "auto"
    """Precision of a net's weights: 8 bits by row, 16 or 32 bits (auto: the smallest that costs
    less than 0.001 nats per token)."""
    with_novelty: bool = False
    """Mark samples that occur in the training data. The page then holds a Bloom filter of the
    training examples, which tells of any text whether it is one of them."""
