"""Rows of unequal lengths in one tensor: which positions are a row's own, and which fill it up."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Padding"]


class Padding:
    """Positions behind the ends of rows, which nothing may see.

    A layer that looks at whole rows takes it beside x: attention hides the positions, a recurrent
    layer that reads from the right begins before them, an average leaves them out. So each row
    gives what it gives alone. What stands at padding comes out as anything finite, and its gradient
    is zero if nothing asks for it.

    Rows of equal length have no padding, and None takes its place: see `of`.

    Args:
        lengths: of the rows, shape (B,), each from 1 to `size`.
        size: S, positions of the tensor.

    Attributes:
        real: whether a position is the row's own, shape (B, S).
    """

    def __init__(self, lengths: Tensor, size: int) -> None:
        self.lengths, self.size = lengths, size
        self.places = torch.arange(size, device=lengths.device)
        self.real = self.places < lengths.unsqueeze(1)
        self.hidden: dict[torch.dtype, Tensor] = {}
        self.order: Tensor | None = None

    @classmethod
    def of(cls, lengths: Tensor | None, size: int) -> Padding | None:
        """The padding of rows of some lengths, or None if they are as long as the tensor.

        Args:
            lengths: shape (B,); None: all are `size`.
            size: S.

        Raises:
            ValueError: if a length is below 1 or above `size`.
        """
        if lengths is None:
            return None
        shortest, longest = lengths.aminmax()
        low, high = int(shortest), int(longest)
        if low < 1 or high > size:
            raise ValueError(
                f"lengths must be from 1 to the tensor's {size} positions; "
                f"they are from {low} to {high}"
            )
        return None if low == size else cls(lengths, size)

    def scores(self, like: Tensor) -> Tensor:
        """What is added to the scores of keys, -inf at padding, shape (B, 1, S).

        Args:
            like: whose precision it has.
        """
        if like.dtype not in self.hidden:  # each layer of an encoder asks for the same
            zeros = torch.zeros(self.real.shape, dtype=like.dtype, device=like.device)
            self.hidden[like.dtype] = zeros.masked_fill_(~self.real, -math.inf).unsqueeze(1)
        return self.hidden[like.dtype]

    def turned(self, x: Tensor) -> Tensor:
        """Each row from its end to its start, shape (B, S, C); padding stays behind it.

        Turned twice, rows are as they were, so the gradient is turned the same way.
        """
        if self.order is None:
            ends = self.lengths.unsqueeze(1)
            self.order = torch.where(self.real, ends - 1 - self.places, self.places)
        return x.gather(1, self.order.unsqueeze(2).expand(-1, -1, x.shape[2]))
