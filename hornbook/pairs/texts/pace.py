"""How many tokens a second a model reads and says."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.pairs.models.contract import SequenceModel, Shape
from hornbook.pairs.rows import Ids, Padded

__all__ = ["Timed"]


class Timed:
    """A model as a search asks it, that takes the time of its answers.

    On a GPU the encoder may still compute when it has answered: its time is then the decoder's.

    Args:
        model: which is asked.

    Attributes:
        read_tokens: of sources, their ends counted, without padding.
        said_tokens: that the decoder was asked for, in all places.
    """

    def __init__(self, model: SequenceModel) -> None:
        self.model, self.shape = model, model.shape
        self.read_tokens = self.said_tokens = 0
        self.read_seconds = self.said_seconds = 0.0

    shape: Shape

    @property
    def longest(self) -> int | None:
        """Most tokens that it can read."""
        return self.model.longest

    def read(self, sources: Padded) -> Any:
        """The model's, timed."""
        began = time.perf_counter()
        state = self.model.read(sources)
        self.read_seconds += time.perf_counter() - began
        self.read_tokens += int(sources.lengths.sum())
        return state

    def step(self, ids: Ids, state: Any) -> tuple[npt.NDArray[np.floating[Any]], Any]:
        """The model's, timed."""
        began = time.perf_counter()
        found = self.model.step(ids, state)
        self.said_seconds += time.perf_counter() - began
        self.said_tokens += len(ids)
        return found

    def select(self, state: Any, places: Ids) -> Any:
        """The model's, timed as a part of saying."""
        began = time.perf_counter()
        found = self.model.select(state, places)
        self.said_seconds += time.perf_counter() - began
        return found

    def told(self) -> str:
        """Tokens a second of both, in words."""
        read = self.read_tokens / max(self.read_seconds, 1e-9)
        said = self.said_tokens / max(self.said_seconds, 1e-9)
        return f"encoder {amount_of(read)}, decoder {amount_of(said)} tokens per second"


def amount_of(rate: float) -> str:
    """A rate in two digits that tell something: a clock gives no more."""
    return f"{float(f'{rate:.2g}'):,.0f}"
