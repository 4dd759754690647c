"""What a model remembers while it reads on, token by token.

A memory holds nothing itself. What is remembered of a number of places side by side is a state,
which `start` makes, `step` replaces by another, and `select` takes some places from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Ids", "Memory", "WindowMemory"]

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]

M = TypeVar("M", contravariant=True)


class Memory(ABC, Generic[M]):
    """A way to remember, for models of a kind M.

    The model is an argument of every method: it has its memory as a part, and if that had the model
    in turn, neither would be freed before the garbage collector came by.
    """

    @abstractmethod
    def start(self, model: M, ids: Ids) -> tuple[Floats, Any]:
        """Read rows from their start, all positions at once.

        Args:
            model: that reads.
            ids: shape (B, T), T at least 1.

        Returns:
            Logits of what comes next, shape (B, V), and the state after the last position.
        """

    @abstractmethod
    def step(self, model: M, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """Read one more token in each place, shape (B,); logits (B, V) and the new state."""

    @abstractmethod
    def select(self, model: M, state: Any, places: Ids) -> Any:
        """The state of some of the places only, in the order given."""

    def moves(self, state: Any) -> bool:
        """Whether `select` moves what is remembered, and does not only note which places remain."""
        return True


class Looking(Protocol):
    """A model that looks through windows."""

    def next_logits(self, contexts: Ids) -> Floats:
        """Logits of shape (N, V) for contexts of shape (N, T), the newest token last."""
        ...


@dataclass(frozen=True)
class WindowMemory(Memory[Looking]):
    """Remembers the last few tokens and nothing else: a state is contexts (B, block_size)."""

    block_size: int
    start_id: int
    "Token id that fills the window before anything was read."

    def start(self, model: Looking, ids: Ids) -> tuple[Floats, Ids]:
        """Look through the window that the rows end in."""
        empty = np.full((len(ids), self.block_size), self.start_id, dtype=np.int64)
        window = np.concatenate([empty, ids], axis=1)[:, ids.shape[1] :]
        return model.next_logits(window), window

    def step(self, model: Looking, ids: Ids, state: Ids) -> tuple[Floats, Ids]:
        """Move the window on by one token and look through it."""
        window = np.concatenate([state, ids[:, None]], axis=1)[:, 1:]
        return model.next_logits(window), window

    def select(self, model: Looking, state: Ids, places: Ids) -> Ids:
        """The windows of some places."""
        return state[places]
