"""Several embeddings side by side: a table for each of some ids of different kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hornbook.nn.embedding import Embedding
from hornbook.nn.layer import Backward, Layer

__all__ = ["Embeddings"]


class Embeddings(Layer):
    """Each id of a row as a vector from its own table, one behind the other (fast.ai, lesson 3).

    Tables of one length are kept as one, in which the ids of each begin where the last one's end:
    a look-up costs as much for ten of them as for one.

    Args:
        sizes: rows and length of each table.
        sparse: from how many numbers in a table on an update changes the touched rows alone.
        generator: of the random start, uniform in ±2 / (length + 1), as in the lesson.

    Attributes:
        lengths: of all vectors, in the order of y.

    Shapes: ids (B, N) for N tables, y (B, sum of the lengths): the vectors of tables of one length
    stand together, in the order of the tables; lengths in the order in which they first occur.
    """

    order: Tensor
    starts: Tensor

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        *,
        sparse: int = 2**63,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        groups: dict[tuple[int, bool], list[int]] = {}
        for place, (rows, length) in enumerate(sizes):
            groups.setdefault((length, rows * length >= sparse), []).append(place)
        made, starts = [], torch.zeros(len(sizes), dtype=torch.int64)
        self.where: dict[int, tuple[int, int, int]] = {}  # table, first row, rows
        for number, ((length, large), places) in enumerate(groups.items()):
            total = 0
            for place in places:
                self.where[place] = (number, total, sizes[place][0])
                starts[place] = total
                total += sizes[place][0]
            table = Embedding(total, length, sparse=large, generator=generator)
            bound = 2 / (length + 1)
            with torch.no_grad():
                table.weight.uniform_(-bound, bound, generator=generator)
            made.append(table)
        order = [place for places in groups.values() for place in places]
        self.counts = [len(places) for places in groups.values()]
        self.lengths = [length for (length, _), places in groups.items() for _ in places]
        self.widths = [length * len(places) for (length, _), places in groups.items()]
        self.parts = torch.nn.ModuleList(made)
        self.chain = tuple(made)
        self.register_buffer("order", torch.tensor(order, dtype=torch.int64), persistent=False)
        self.register_buffer("starts", starts[self.order], persistent=False)

    def rows_of(self, place: int) -> Tensor:
        """The vectors of one table, shape (rows, length): a view of the parameter."""
        number, first, rows = self.where[place]
        return self.chain[number].weight[first : first + rows]

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass; ids have no gradient, so dy itself is returned for them."""
        # Ids of a table in one piece: their columns are moved as rows, which torch does three
        # times as fast, and are not copied once more by each look-up and on the way back.
        moved = x.t().index_select(0, self.order) + self.starts.unsqueeze(1)  # (N, B)
        found: list[tuple[Tensor, Any]] = []
        for table, ids in zip(self.chain, moved.split_with_sizes(self.counts), strict=True):
            y, back = table.vjp(ids.t().contiguous())  # (B, K, length)
            found.append((y.flatten(1), back))

        def backward(dy: Tensor) -> Tensor:
            parts = dy.split_with_sizes(self.widths, 1)
            for (_, back), part in zip(found, parts, strict=True):
                back(part)
            return dy

        return torch.cat([y for y, _ in found], 1), backward
