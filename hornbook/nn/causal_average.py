"""The average of all that came before: what attention is when nothing is worth more than the rest.

Each position should know its past. The plainest way is to give it the mean of what stands at all
positions up to its own, a bag of words. The lecture's "mathematical trick in self-attention"
writes that mean in three ways, each a step from a loop to attention.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hornbook.nn.layer import Backward, Layer, Shape

__all__ = ["AverageForm", "CausalAverage", "Past"]

AverageForm = Literal["loop", "product", "softmax"]


@dataclass(frozen=True)
class Past:
    """What an average remembers between steps."""

    total: Tensor
    "Sum over the positions so far, shape (B, C)."
    count: int
    "Number of those positions, the same in all rows."


class CausalAverage(Layer):
    """y[t] = mean of x[0], ..., x[t], in one of three forms that are equal but for rounding.

    loop:    a mean at a time, over a longer and longer past.
    product: A x, where row t of A is 1/(t+1) up to column t and 0 beyond: the mean as a weighted
             sum, and all of them as one matrix product.
    softmax: the same A, made as softmax of a matrix of scores that are all 0, but -inf where a
             column is in the future. This is attention (`scaled_dot_product_attention` with a
             query of zeros) whose scores are all equal; let x decide the scores, and positions
             choose whom they listen to.

    dL/dx[s] is the sum of dL/dy[t] / (t+1) over t ≥ s, that is Aᵀ dL/dy: position s spoke to all
    that came after it, so its gradient is gathered backwards in time.

    Args:
        form: see above.

    Shapes: x and y (B, T, C).
    """

    def __init__(self, form: AverageForm = "product") -> None:
        super().__init__()
        self.form = form

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        if self.form == "loop":
            return averaged_in_a_loop(x)
        weights = self.matrix(x)

        def backward(dy: Tensor) -> Tensor:
            return weights.t() @ dy

        return weights @ x, backward  # (T, T) @ (B, T, C)

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Of A and the rows; a loop divides instead."""
        return 0 if self.form == "loop" else math.prod(gives) * given[1]

    def matrix(self, x: Tensor) -> Tensor:
        """The A of the class, shape (T, T), for x of shape (B, T, C)."""
        past = torch.ones(x.shape[1], x.shape[1], dtype=x.dtype, device=x.device).tril()
        if self.form == "softmax":
            scores = torch.zeros_like(past).masked_fill(past == 0, -torch.inf)
            return torch.softmax(scores, 1)
        return past / past.sum(1, keepdim=True)

    def weights(self, x: Tensor) -> Tensor:
        """A of each row, as of attention with a single head: shape (B, 1, T, T)."""
        return self.matrix(x).expand(len(x), 1, -1, -1)

    def advance(self, x: Tensor, state: Past | None) -> tuple[Tensor, Past]:
        """One more position, shape (B, C): of its past a running sum is all that the mean needs."""
        total, count = (x, 1) if state is None else (state.total + x, state.count + 1)
        return total / count, Past(total, count)

    def begin(self, x: Tensor) -> tuple[Tensor, Past]:
        """A row from its start, shape (B, T, C)."""
        return self.forward(x), Past(x.sum(1), x.shape[1])

    def pick(self, state: Past, places: Tensor) -> Past:
        """The sums of some rows."""
        return Past(state.total[places], state.count)


def averaged_in_a_loop(x: Tensor) -> tuple[Tensor, Backward]:
    """The means of x (B, T, C) one after another, and the backward pass in reverse order."""
    length = x.shape[1]
    y = torch.stack([x[:, : t + 1].mean(1) for t in range(length)], 1)

    def backward(dy: Tensor) -> Tensor:
        dx = torch.empty_like(dy)
        later = torch.zeros_like(dy[:, 0])  # what the positions from t on have to say to t
        for t in reversed(range(length)):
            later = later + dy[:, t] / (t + 1)
            dx[:, t] = later
        return dx

    return y, backward
