"""Where each token stands, as waves of many lengths (Vaswani et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer

__all__ = ["SinusoidalPositions"]


class SinusoidalPositions(Layer):
    """x[t] + scale · table[t], where the table is known for every position and nothing is learned.

        table[t, 2i]     = sin(t / base^(2i / C))
        table[t, 2i + 1] = cos(t / base^(2i / C))

    Args:
        n_embd: C, even.
        scale: factor on the waves, whose mean square is 1/2.
        base: the longest wave is 2π · base positions.

    Shapes: x and y (B, T, C).

    Raises:
        ValueError: if C is odd.
    """

    def __init__(self, n_embd: int, *, scale: float = 1.0, base: float = 10_000.0) -> None:
        super().__init__()
        if n_embd % 2:
            raise ValueError(f"n_embd must be even, a sine and a cosine each; it is {n_embd}")
        self.n_embd, self.scale, self.base = n_embd, scale, base
        self.waves: dict[tuple[object, ...], Tensor] = {}

    def table(self, length: int, like: Tensor) -> Tensor:
        """The waves of the first positions, at least `length` of them, times the scale."""
        key = (like.dtype, like.device)
        if key not in self.waves or len(self.waves[key]) < length:
            # Kept for autograd too, which can do nothing with what inference mode makes.
            with torch.inference_mode(False):
                pairs = torch.arange(0, self.n_embd, 2, dtype=torch.float64)
                # To the next power of two, so that stepping does not make it at each step.
                places = torch.arange(1 << (length - 1).bit_length(), dtype=torch.float64)
                angle = torch.outer(places, self.base ** (-pairs / self.n_embd))
                both = torch.stack([angle.sin(), angle.cos()], 2).flatten(1).mul_(self.scale)
                self.waves[key] = both.to(like.device, like.dtype)
        return self.waves[key]

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        return x + self.table(x.shape[1], x)[: x.shape[1]], raised

    def advance(self, x: Tensor, state: int | None) -> tuple[Tensor, int]:
        """One more position; what is remembered is how many there were."""
        at = state or 0
        return x + self.table(at + 1, x)[at], at + 1

    def begin(self, x: Tensor) -> tuple[Tensor, int]:
        """A row from its start."""
        return self.forward(x), x.shape[1]

    def pick(self, state: int, places: Tensor) -> int:
        """All rows stand at the same position."""
        return state
