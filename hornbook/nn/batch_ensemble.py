"""Many nets in one: layers that share their weights, and what each head has of its own.

BatchEnsemble (Wen et al. 2020, arXiv 2002.06715), as TabM uses it (Gorishniy et al. 2025, arXiv
2410.24210). Head k reads its own view of the same row, and all views pass through one matrix.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from hornbook.compute.products import add_product, add_products, linear, times
from hornbook.nn.layer import Backward, Layer, Shape, grad_of, wants_gradient

__all__ = ["BatchEnsemble", "Fork", "HeadLinear"]


class BatchEnsemble(Layer):
    """y_k = s_k ∘ (W (r_k ∘ x_k)) + b_k for each head k, with one W for all heads.

    Args:
        heads: how many heads K there are.
        in_features: size of the input's last dimension.
        out_features: size of the output's last dimension.
        start: of r: `signs`, 1 or -1 at random, so that heads begin apart; or `ones`. s begins at
            1, and b at the same numbers for all heads.
        generator: of the random start.

    Shapes: x (B, K, in_features), or (B, in_features) if all heads read the same; y (B, K,
    out_features); weight (out_features, in_features), r (K, in_features), s and bias (K,
    out_features).
    """

    decayed = frozenset({"weight"})
    input_axes: ClassVar[Mapping[str, int]] = {"weight": 1, "r": 1}
    output_axes: ClassVar[Mapping[str, int]] = {"weight": 0, "s": 1, "bias": 1}

    def __init__(
        self,
        heads: int,
        in_features: int,
        out_features: int,
        *,
        start: Literal["signs", "ones"] = "ones",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(out_features, in_features)
        self.weight = torch.nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
        r = torch.ones(heads, in_features)
        if start == "signs":
            r = signs(heads, in_features, generator)
        self.r, self.s = torch.nn.Parameter(r), torch.nn.Parameter(torch.ones(heads, out_features))
        bias = torch.empty(out_features).uniform_(-bound, bound, generator=generator)
        self.bias = torch.nn.Parameter(bias.repeat(heads, 1))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        weight, r, s, bias = self.weight, self.r, self.s, self.bias
        one = x.dim() == 2  # (B, in)
        views = (x.unsqueeze(1) if one else x) * r  # (B, K, in)
        z = linear(views.flatten(0, 1), weight).view(-1, *s.shape)  # (B, K, out)
        y = torch.addcmul(bias, z, s)

        def backward(dy: Tensor) -> Tensor:
            if wants_gradient(bias):
                grad_of(bias).add_(dy.sum(0))
            if wants_gradient(s):
                grad_of(s).add_((dy * z).sum(0))
            d = (dy * s).flatten(0, 1)  # (B·K, out)
            if wants_gradient(weight):
                add_product(grad_of(weight), d, views.flatten(0, 1))
            dviews = times(d, weight).view_as(views)
            if one:  # Σ over the batch of x ∘ dview, and over heads of r ∘ dview
                if wants_gradient(r):
                    grad_of(r).add_((dviews * x.unsqueeze(1)).sum(0))
                return dviews.mul_(r).sum(1)
            if wants_gradient(r):
                grad_of(r).add_((dviews * x).sum(0))
            return dviews.mul_(r)

        return y, backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Of the product with W; r and s multiply single numbers."""
        return math.prod(gives) * self.weight.shape[1]


class Fork(Layer):
    """y_k = s_k ∘ x + b_k for each head k: many views of the same row.

    Before it, one product serves all heads. s begins as 1 or -1 at random, so that behind a
    nonlinearity each head sees its own half of every feature; b begins at 0.

    Args:
        heads: how many heads K there are.
        features: size of the last dimension.
        generator: of the random start.

    Shapes: x (B, features), y (B, K, features), s and bias (K, features).
    """

    input_axes: ClassVar[Mapping[str, int]] = {"s": 1, "bias": 1}
    output_axes = input_axes
    featurewise = True

    def __init__(
        self, heads: int, features: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.s = torch.nn.Parameter(signs(heads, features, generator))
        self.bias = torch.nn.Parameter(torch.zeros(heads, features))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        s, bias = self.s, self.bias
        y = torch.addcmul(bias, x.unsqueeze(1), s)

        def backward(dy: Tensor) -> Tensor:
            if wants_gradient(bias):
                grad_of(bias).add_(dy.sum(0))
            # Not as products: torch's of very many tiny matrices copies each of them.
            if wants_gradient(s):
                grad_of(s).add_((dy * x.unsqueeze(1)).sum(0))
            return (dy * s).sum(1)

        return y, backward


def signs(heads: int, features: int, generator: torch.Generator | None) -> Tensor:
    """1 or -1 at random for each head and feature; 1 where there is one head."""
    if heads == 1:
        return torch.ones(1, features)
    drawn = torch.empty(heads, features).random_(0, 2, generator=generator)
    return drawn.mul_(2).sub_(1)


class HeadLinear(Layer):
    """y_k = W_k x_k + b_k: a linear layer of its own for each head.

    Args:
        heads: how many heads K there are.
        in_features: size of the input's last dimension.
        out_features: size of the output's last dimension.
        generator: of the random start, as torch.nn.Linear's.

    Shapes: x (B, K, in_features), y (B, K, out_features), weight (K, in_features, out_features),
    bias (K, out_features).
    """

    decayed = frozenset({"weight"})
    input_axes: ClassVar[Mapping[str, int]] = {"weight": 1}
    output_axes: ClassVar[Mapping[str, int]] = {"weight": 2, "bias": 1}

    def __init__(
        self,
        heads: int,
        in_features: int,
        out_features: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(heads, in_features, out_features)
        self.weight = torch.nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
        bias = torch.empty(heads, out_features).uniform_(-bound, bound, generator=generator)
        self.bias = torch.nn.Parameter(bias)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        weight, bias = self.weight, self.bias
        rows = x.transpose(0, 1)  # (K, B, in)
        y = torch.baddbmm(bias[:, None], rows, weight)  # (K, B, out)

        def backward(dy: Tensor) -> Tensor:
            d = dy.transpose(0, 1)  # (K, B, out)
            if wants_gradient(weight):
                add_products(grad_of(weight), rows, d)
            if wants_gradient(bias):
                grad_of(bias).add_(d.sum(1))
            return torch.bmm(d, weight.transpose(1, 2)).transpose(0, 1)

        return y.transpose(0, 1), backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Each result is a sum over the features of its head."""
        return math.prod(gives) * self.weight.shape[1]
