"""The embedding, a table with a row for each token, and the one-hot product that it replaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.large_pages import in_large_pages
from hornbook.compute.sparse import sparse_rows
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient

__all__ = ["Embedding", "OneHot"]


class Embedding(Layer):
    """Rows of a table by id, as torch.nn.Embedding.

    It is the product of one-hot vectors and the table, without the product: `one_hot(ids) @ W`
    picks the same rows.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: length C of a row.
        sparse: make the gradient of the weight a sparse tensor of the rows that were picked, for
            a table so large that a batch picks few of its rows; as torch.nn.Embedding's.
        generator: of the random start, a standard normal.

    Shapes: ids (...), y (..., C), weight (num_embeddings, C).
    """

    input_axes: ClassVar[Mapping[str, int]] = {"weight": 0}
    output_axes: ClassVar[Mapping[str, int]] = {"weight": 1}

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        sparse: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if sparse:
            self.tables = frozenset({"weight"})
        empty = in_large_pages if sparse else torch.empty
        weight = empty(num_embeddings, embedding_dim)
        self.weight = torch.nn.Parameter(weight.normal_(generator=generator))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Rows and the backward pass; ids have no gradient, so dy itself is returned for them."""
        weight, sparse = self.weight, bool(self.tables)

        def backward(dy: Tensor) -> Tensor:
            if not wants_gradient(weight):
                return dy
            # A row that was picked k times gets the sum of k gradients.
            rows = dy.reshape(-1, weight.shape[1]).to(weight.dtype)
            if sparse:
                add_rows(weight, x.reshape(-1), rows)
            else:
                grad_of(weight).index_add_(0, x.reshape(-1), rows)
            return dy

        return F.embedding(x, weight, sparse=sparse), backward


def add_rows(parameter: Tensor, ids: Tensor, rows: Tensor) -> None:
    """Add gradients of some rows to a parameter's, which is a sparse tensor.

    Args:
        parameter: shape (R, C).
        ids: numbers of the rows, shape (K,); one may come more than once.
        rows: their gradients, shape (K, C).
    """
    grad = sparse_rows(ids.long(), rows, parameter.shape)  # (R, C), of K rows
    parameter.grad = grad if parameter.grad is None else parameter.grad + grad


class OneHot(Layer):
    """Ids as vectors of zeros and a single one: what the lecture's first net reads.

    Args:
        num_classes: length V of a vector.

    Shapes: ids (...), y (..., V).
    """

    like: Tensor
    featurewise = True  # a feature for each id

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.register_buffer("like", torch.ones(()), persistent=False)  # holds dtype and device

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The vectors, and the backward pass, which ends here: dy itself."""
        return F.one_hot(x, self.num_classes).to(self.like.dtype), lambda dy: dy
