"""Piecewise linear embeddings of numbers (Gorishniy et al. 2022, arXiv 2203.05556)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.compute.products import add_products
from hornbook.nn.layer import Backward, Layer, Shape, grad_of, wants_gradient

__all__ = ["PiecewiseLinear", "quantile_edges"]


def quantile_edges(values: npt.NDArray[np.float32], bins: int) -> list[npt.NDArray[np.float32]]:
    """Edges of bins that hold about as many values each, of each column.

    Args:
        values: shape (n, N), finite.
        bins: of a column, at most; equal quantiles make one edge.

    Returns:
        Of each column the edges, rising, two at least.
    """
    found = []
    shares = np.linspace(0, 1, bins + 1)
    for column in values.T:
        edges = np.unique(np.quantile(column, shares).astype(np.float32))
        found.append(edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1], np.float32))
    return found


class PiecewiseLinear(Layer):
    """Each number as a vector that changes linearly within each of its bins.

    A number is encoded by how much of each bin lies below it, (x - left) / (right - left) within 0
    and 1; these shares are multiplied with a matrix of the number's own. So a curve is learned for
    each feature of the vector, constant beyond the outer edges: what lies beyond them in a later
    file is read as the edge. In the paper the outer bins go on for ever.

    Args:
        numbers: how many numbers N a row has.
        bins: at most so many of each.
        size: length D of a number's vector.
        generator: of the random start.

    Attributes:
        edges: shape (N, bins + 1), rising; of a number with fewer bins the last edge repeats. Set
            it with `set_edges`; until then the bins are of equal width, from -3 to 3.

    Shapes: x (B, N), y (B, N·D), weight (N, bins, D), bias (N, D).
    """

    edges: Tensor
    decayed: ClassVar[frozenset[str]] = frozenset()
    input_axes: ClassVar[Mapping[str, int]] = {"weight": 0, "bias": 0, "edges": 0}

    def __init__(
        self, numbers: int, bins: int, size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.bins, self.size = bins, size
        weight = torch.empty(numbers, bins, size)
        self.weight = torch.nn.Parameter(weight.normal_(0, bins**-0.5, generator=generator))
        self.bias = torch.nn.Parameter(torch.zeros(numbers, size))
        self.register_buffer("edges", torch.linspace(-3, 3, bins + 1).repeat(numbers, 1))

    def set_edges(self, edges: Sequence[npt.NDArray[np.float32]]) -> None:
        """Take the edges of the bins.

        Args:
            edges: of each number, rising, two at least and `bins` + 1 at most.

        Raises:
            ValueError: if they are not such.
        """
        kept = self.edges.new_empty(self.edges.shape)
        if len(edges) != len(kept):
            raise ValueError(f"expected edges of {len(kept)} numbers, got {len(edges)}")
        for row, own in zip(kept, edges, strict=True):
            if not 2 <= len(own) <= self.bins + 1 or not (np.diff(own) > 0).all():
                raise ValueError(f"expected 2 to {self.bins + 1} rising edges, got {len(own)}")
            row[: len(own)] = torch.from_numpy(own)
            row[len(own) :] = float(own[-1])
        self.edges.copy_(kept)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, for x of shape (B, N)."""
        weight, bias, edges = self.weight, self.bias, self.edges
        left, width = edges[:, None, :-1], edges.diff(dim=1)[:, None]  # (N, 1, bins)
        slope = torch.where(width > 0, 1 / width, 0.0)  # of bins that are none
        moved = (x.t()[:, :, None] - left).mul_(slope)  # (N, B, bins)
        shares = moved.clamp(0, 1)
        y = torch.baddbmm(bias[:, None], shares, weight)  # (N, B, D)

        def backward(dy: Tensor) -> Tensor:
            d = dy.view(len(dy), -1, self.size).transpose(0, 1)  # (N, B, D)
            if wants_gradient(weight):
                add_products(grad_of(weight), shares, d)
            if wants_gradient(bias):
                grad_of(bias).add_(d.sum(1))
            inside = (moved >= 0) & (moved <= 1)  # as the derivative of clamp
            dshares = torch.bmm(d, weight.transpose(1, 2))  # (N, B, bins)
            return (dshares * slope * inside).sum(2).t()

        return y.transpose(0, 1).flatten(1), backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Each result is a sum over the bins of its number."""
        return math.prod(gives) * self.bins
