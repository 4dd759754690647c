"""Batches of clicks, each beside items that its user has not clicked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Interactions
from hornbook.training.batches import ArrayBatch, ArrayBatches

__all__ = ["ClickBatches"]

DRAWS = 4  # of a negative at most: who has clicked nearly everything keeps one that they clicked


class ClickBatches(ArrayBatches):
    """An endless source of batches (users, items, negatives), in a new order each epoch.

    Negatives are drawn evenly from all items. Like the order they are a function of the seed and
    the number of the batch alone.

    Args:
        rows: clicks.
        items: how many there are.
        batch_size: clicks in a batch.
        negatives: n, for each click.
        seed: of the order and of the negatives.

    Shapes of a batch: users (B,), items (B,), negatives (B, n).
    """

    def __init__(
        self, rows: Interactions, items: int, *, batch_size: int, negatives: int, seed: int
    ) -> None:
        super().__init__(rows.users, rows.items, batch_size=batch_size, seed=seed)
        self.n_items, self.negatives = items, negatives
        self.clicked = np.unique(self.keys(rows.users, rows.items))

    def keys(
        self, users: npt.NDArray[np.int32], items: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int64]:
        """A number for each pair."""
        return users.astype(np.int64) * self.n_items + items

    def __next__(self) -> ArrayBatch:
        """The next batch."""
        random = np.random.default_rng([self.seed, self.cursor, 1])  # the order draws without the 1
        users, items = super().__next__()
        drawn = random.integers(0, self.n_items, (len(users), self.negatives), np.int32)
        for _ in range(DRAWS - 1):
            keys = self.keys(users[:, None], drawn)
            places = np.searchsorted(self.clicked, keys).clip(max=len(self.clicked) - 1)
            wrong = self.clicked[places] == keys
            if not wrong.any():
                break
            drawn[wrong] = random.integers(0, self.n_items, int(wrong.sum()), np.int32)
        return ArrayBatch((users, items, drawn))
