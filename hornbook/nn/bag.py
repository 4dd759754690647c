"""A bag of rows: the sum of those rows of a table that a list names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient

__all__ = ["Bag", "Lists"]


@dataclass(frozen=True)
class Lists:
    """Lists of ids, one behind the other: a sparse matrix of ones by its rows (CSR).

    Shapes: starts (R + 1,), ids (N,); list r is `ids[starts[r] : starts[r + 1]]`.
    """

    starts: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> Tensor:
        """How long each is, shape (R,)."""
        return self.starts.diff()

    def take(self, rows: Tensor) -> Lists:
        """Some of them, one behind the other.

        Args:
            rows: shape (B,).
        """
        begin, counts = self.starts[rows], self.counts[rows]
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        # Place n of the result, in list b, is n - starts[b] after that list's beginning.
        shift = torch.repeat_interleave(begin - starts[:-1], counts)
        return Lists(starts, self.ids[shift + torch.arange(len(shift), device=shift.device)])

    def sums(self, table: Tensor) -> Tensor:
        """For each list the sum of the rows that it names, shape (R, C).

        Args:
            table: shape (V, C).
        """
        return F.embedding_bag(self.ids, table, self.starts[:-1], mode="sum")


class Bag(Layer):
    """y[b] = Σ weight[j] over the j in list b.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: length C of a row.
        std: standard deviation of the random start.
        generator: of the random start.

    Shapes: y (lists, C), weight (num_embeddings, C).
    """

    input_axes: ClassVar[Mapping[str, int]] = {"weight": 0}
    output_axes: ClassVar[Mapping[str, int]] = {"weight": 1}

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        std: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        weight = torch.empty(num_embeddings, embedding_dim)
        self.weight = torch.nn.Parameter(weight.normal_(0, std, generator=generator))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The sums over lists of one length, and the backward pass; ids have no gradient.

        Args:
            x: ids, shape (lists, length).
        """
        starts = torch.arange(x.shape[0] + 1, device=x.device) * x.shape[1]
        return self.lists_vjp(Lists(starts, x.reshape(-1)))

    def lists_vjp(self, lists: Lists, turned: Lists | None = None) -> tuple[Tensor, Backward]:
        """The sums over lists of any length, and the backward pass.

        Args:
            lists: of ids.
            turned: for each row of the table the lists that name it, where that is known: the
                gradients are then sums over lists too, several times as fast as adding one by one.
        """
        weight = self.weight

        def backward(dy: Tensor) -> Tensor:
            if not wants_gradient(weight):
                return dy
            if turned is not None:
                grad_of(weight).add_(turned.sums(dy.to(weight.dtype)))
            else:
                of = torch.repeat_interleave(
                    torch.arange(len(lists), device=dy.device), lists.counts
                )
                grad_of(weight).index_add_(0, lists.ids, dy.to(weight.dtype)[of])
            return dy

        return lists.sums(weight), backward
