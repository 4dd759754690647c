"""Where each token stands, as a vector that is learned and added to what the token is."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient

__all__ = ["LearnedPositions"]


class LearnedPositions(Layer):
    """x[t] + table[t]: a learned embedding of each position, as GPT-2's.

    Sums and averages over positions forget the order of what they add; this is how a model that
    is made of them can know it. Each position has a row of its own, so there are none beyond
    the last: a longer row is an error.

    Args:
        block_size: rows of the table, the longest input.
        n_embd: length C of a row.
        std: standard deviation of the initial weights. 1 is that of the tokens' `Embedding`; GPT-2
            uses 0.02 for both.
        generator: of the initial weights.

    Shapes: x and y (B, T, C) with T at most block_size, weight (block_size, C).
    """

    def __init__(
        self,
        block_size: int,
        n_embd: int,
        *,
        std: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        weight = torch.empty(block_size, n_embd)
        self.weight = torch.nn.Parameter(weight.normal_(0, std, generator=generator))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Raises:
            ValueError: if the row is longer than the table.
        """
        weight, length = self.weight, x.shape[1]
        if length > weight.shape[0]:
            raise ValueError(f"a row has {length} positions; at most {weight.shape[0]} can be used")

        def backward(dy: Tensor) -> Tensor:
            dy = raised(dy)
            # The table is broadcast over the batch; rows of positions that were not read get 0.
            if wants_gradient(weight):
                grad_of(weight)[:length].add_(dy.sum(0))
            return dy

        return x + weight[:length], backward

    def advance(self, x: Tensor, state: int | None) -> tuple[Tensor, int]:
        """One more position; what is remembered is how many there were."""
        at = state or 0
        return x + self.weight[at], at + 1

    def begin(self, x: Tensor) -> tuple[Tensor, int]:
        """A row from its start."""
        return self.forward(x), x.shape[1]

    def pick(self, state: int, places: Tensor) -> int:
        """All rows stand at the same position."""
        return state
