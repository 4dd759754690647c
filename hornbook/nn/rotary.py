"""Rotary positions (Su et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward

__all__ = ["Rotary"]

KEPT = 64  # tables of turns; the positions of a long sampling go by and do not come back


class Rotary(torch.nn.Module):
    """Turns each pair of neighbouring features by an angle that grows with the position.

    The product of a query turned by its position and a key turned by its own depends on the
    difference of the two alone, so attention sees how far apart they are, not where they stand.
    Pair i of D features turns by position / base^(2i / D) radians. As complex numbers: each pair
    is multiplied by exp(i · angle), and its gradient by the conjugate.

    Args:
        size: number D of features, even.
        base: the slowest pair turns about once in 2π · base positions.

    There is nothing to learn. Not a `Layer`: where a row begins is an argument.
    """

    def __init__(self, size: int, base: float = 10_000.0) -> None:
        super().__init__()
        self.size, self.base = size, base
        self.turns: dict[tuple[object, ...], Tensor] = {}

    def table(self, begin: int, length: int, like: Tensor) -> Tensor:
        """exp(i · angle) for some positions, shape (length, D / 2), complex."""
        key = (begin, length, like.dtype, like.device)
        if key not in self.turns:
            if len(self.turns) >= KEPT:
                self.turns.clear()
            kind = torch.view_as_complex(like[:0, :2]).dtype
            # Kept for autograd too, which can do nothing with what inference mode makes.
            with torch.inference_mode(False):
                pairs = torch.arange(0, self.size, 2, dtype=torch.float64)
                places = torch.arange(begin, begin + length, dtype=torch.float64)
                angle = torch.outer(places, self.base ** (-pairs / self.size))
                turn = torch.polar(torch.ones_like(angle), angle)
                self.turns[key] = turn.to(like.device, kind)
        return self.turns[key]

    def vjp(self, x: Tensor, begin: int = 0) -> tuple[Tensor, Backward]:
        """x of shape (..., T, D) turned from position `begin` on, and the backward pass.

        Lower precisions than float32 are raised to it.
        """
        x = raised(x)
        pairs = pair(x)
        turn = self.table(begin, x.shape[-2], torch.view_as_real(pairs).flatten(0, -2))

        def backward(dy: Tensor) -> Tensor:
            # The inverse of a rotation is the other way round.
            return torch.view_as_real(pair(dy.to(x.dtype)) * turn.conj()).flatten(-2)

        return torch.view_as_real(pairs * turn).flatten(-2), backward


def pair(x: Tensor) -> Tensor:
    """(..., D) real as (..., D / 2) complex."""
    return torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
