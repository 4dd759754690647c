"""Several embeddings side by side: a table for each of some ids of different kinds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hornbook.nn.embedding import Embedding
from hornbook.nn.layer import Backward, Layer

__all__ = ["Embeddings"]


class Embeddings(Layer):
    """Each id of a row as a vector from its own table, one behind the other (fast.ai, lesson 3).

    Args:
        sizes: rows and length of each table.
        sparse: from how many numbers in a table on an update changes the touched rows alone.
        generator: of the random start, uniform in ±2 / (length + 1), as in the lesson.

    Shapes: ids (B, N) for N tables, y (B, sum of the lengths).
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        *,
        sparse: int = 2**63,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.lengths = [length for _, length in sizes]
        made = []
        for rows, length in sizes:
            table = Embedding(rows, length, sparse=rows * length >= sparse, generator=generator)
            bound = 2 / (length + 1)
            with torch.no_grad():
                table.weight.uniform_(-bound, bound, generator=generator)
            made.append(table)
        self.parts = torch.nn.ModuleList(made)
        self.chain = tuple(made)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass; ids have no gradient, so dy itself is returned for them."""
        found = [table.vjp(ids) for table, ids in zip(self.chain, x.unbind(1), strict=True)]

        def backward(dy: Tensor) -> Tensor:
            parts = dy.split_with_sizes(self.lengths, 1)
            for (_, back), part in zip(found, parts, strict=True):
                back(part)
            return dy

        return torch.cat([y for y, _ in found], 1), backward
