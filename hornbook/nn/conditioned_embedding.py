"""The embedding of tokens to which that of what is given with them is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn.embedding import Embedding
from hornbook.nn.layer import Backward, grad_of, wants_gradient

__all__ = ["ConditionedEmbedding"]

START = 0.3  # standard deviation of values' rows: with a token's, 1, they would drown it at first


class ConditionedEmbedding(Embedding):
    """A row for the token, and one for each value that is given with it, added up.

    Tokens and values come as one number, x = token + num_embeddings · (v₁ + n₁ v₂ + n₁ n₂ v₃ + …).
    A value of 0 is not given, and adds nothing.

    Args:
        num_embeddings: tokens.
        embedding_dim: length C of a row.
        given: how many values each of K conditions has, 0 among them.
        generator: of the random start, normal: of tokens' rows with a standard deviation of 1, of
            values' with one of START.

    Shapes: x (...), y (..., C), weight (num_embeddings, C), values (sum of n - 1, C).
    """

    output_axes: ClassVar[Mapping[str, int]] = {"weight": 1, "values": 1}

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        given: Sequence[int],
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(num_embeddings, embedding_dim, generator=generator)
        self.given = tuple(given)
        values = torch.empty(sum(self.given) - len(self.given), embedding_dim)
        self.values = torch.nn.Parameter(values.normal_(0, START, generator=generator))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Sums of rows and the backward pass; ids have no gradient, so dy itself is returned."""
        size, values = len(self.weight), self.values
        y, to_tokens = super().vjp(x % size)
        rows = self.rows(x // size)  # (..., K)
        table = F.pad(values, (0, 0, 1, 0))  # a row of zeros for what is not given
        for row in rows.unbind(-1):
            y = y + F.embedding(row, table)

        def backward(dy: Tensor) -> Tensor:
            if wants_gradient(values):
                found = values.new_zeros(table.shape)
                flat = dy.reshape(-1, values.shape[1]).to(values.dtype)
                for row in rows.unbind(-1):
                    found.index_add_(0, row.reshape(-1), flat)
                grad_of(values).add_(found[1:])
            return to_tokens(dy)

        return y, backward

    def rows(self, combined: Tensor) -> Tensor:
        """The rows of some combinations of values (...): (..., K), 0 for what is not given."""
        found, before = [], 0
        for count in self.given:
            value = combined % count
            found.append(torch.where(value > 0, value + before, value))
            combined, before = combined // count, before + count - 1
        return torch.stack(found, -1)
