"""What may be drawn next: nothing that is not text, and first what a prefix has left over.

The rest of a prefix (`Prompt.tail`) may be drawn as the tokens that it was or as others: any whose
bytes begin with it, or are the beginning of it. So a token that goes on beyond the end of the
prefix has the chance that the model gives it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Floats, Ids
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Guide"]

Mask = npt.NDArray[np.bool_]


class Guide:
    """Tells which ids are possible in each of some places.

    Args:
        tokenizer: of the ids.
        tail: what has to be drawn first, in every place.
        silent: ids that are never drawn.
    """

    def __init__(self, tokenizer: Tokenizer, tail: bytes, silent: frozenset[int]) -> None:
        self.tokenizer, self.tail = tokenizer, tail
        self.silent = np.array(sorted(silent), dtype=np.int64)
        self.known: dict[bytes, Mask] = {}
        self.left: dict[int, bytes] = {}

    def begin(self, count: int) -> None:
        """Begin as many places, by their numbers from 0."""
        self.left = dict.fromkeys(range(count), self.tail) if self.tail else {}

    def possible(self, left: bytes) -> Mask:
        """Whether each id may come where some bytes are left, shape (V,)."""
        if left not in self.known:
            found = [
                bool(piece) and (piece.startswith(left) or left.startswith(piece))
                for piece in self.tokenizer.pieces
            ]
            self.known[left] = np.array(found)
        return self.known[left]

    def masked(self, logits: Floats, places: Ids) -> Floats:
        """Logits with -inf for what is not possible.

        Args:
            logits: shape (B, V).
            places: the number of each row's place, shape (B,).
        """
        if not (self.silent.size or self.left):
            return logits
        logits = logits.copy()
        logits[:, self.silent] = -np.inf
        for row, place in enumerate(places.tolist()):
            if place in self.left:
                logits[row, ~self.possible(self.left[place])] = -np.inf
        return logits

    def drawn(self, ids: Ids, places: Ids) -> None:
        """Take note of what was drawn in some places; both have shape (B,)."""
        if not self.left:
            return
        for token, place in zip(ids.tolist(), places.tolist(), strict=True):
            if left := self.left.pop(place, b""):
                rest = left[len(self.tokenizer.pieces[token]) :]
                if rest:
                    self.left[place] = rest
