"""Low-rank adaptation of linear layers: LoRA (Hu et al. 2021).

A layer that was trained keeps its weight; beside it a product of two thin matrices learns what is
to change. Of GPT-2's 124 million numbers that leaves well under one in a hundred to train.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, lowered, times
from hornbook.nn.dropout import kept
from hornbook.nn.layer import Backward, Shape, grad_of, wants_gradient
from hornbook.nn.linear import Linear

__all__ = ["ADAPTERS", "LoRALinear", "is_adapter", "merge_lora", "only_adapters"]

REST = "*=0"  # is frozen
ADAPTERS = ("lora_a", "lora_b")
"The names of a layer's own parameters beside those of `Linear`."


class LoRALinear(Linear):
    """y = x Wᵀ + b + (α / r) x Aᵀ Bᵀ, of which A and B are meant to learn, and W and b to stay.

    B begins at zero, so that at first the layer computes what `Linear` does, with W and b under the
    same names. Who trains it says what is frozen; nothing is spent on what is.

    Args:
        in_features: size of the input's last dimension.
        out_features: size of the output's last dimension.
        bias: whether there is a b.
        rank: r, the rows of A.
        alpha: α; with another rank the same α asks for about the same learning rate.
        dropout: share of the numbers that A reads that is dropped in training.
        generator: of the random start; that of A is uniform in ±1/sqrt(in_features), as loralib's.

    Shapes: x (..., in_features), y (..., out_features), weight (out_features, in_features),
    lora_a (rank, in_features), lora_b (out_features, rank).
    """

    input_axes: ClassVar[Mapping[str, int]] = {**Linear.input_axes, "lora_a": 1}
    output_axes: ClassVar[Mapping[str, int]] = {**Linear.output_axes, "lora_b": 0}
    lora_a: torch.nn.Parameter | None
    lora_b: torch.nn.Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rank: int,
        alpha: float,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_features, out_features, bias, generator=generator)
        self.scale, self.dropout = alpha / rank, dropout
        drawn = torch.empty(rank, in_features)
        bound = in_features**-0.5
        self.lora_a = torch.nn.Parameter(drawn.uniform_(-bound, bound, generator=generator))
        self.lora_b = torch.nn.Parameter(torch.zeros(out_features, rank))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, for x of shape (..., in_features)."""
        y, base_backward = super().vjp(x)
        a, b, scale = self.lora_a, self.lora_b, self.scale
        if a is None or b is None:  # merged
            return y, base_backward
        mask = kept(x, self.dropout) if self.training and self.dropout else None
        read = x if mask is None else x * mask
        thin = linear(read, a) * scale  # (..., r)
        y = add_low_rank(y, thin, b)

        def backward(dy: Tensor) -> Tensor:
            d = dy.flatten(0, -2)  # (N, out)
            dthin = times(d, b).mul_(scale)  # (N, r)
            if wants_gradient(b):
                # (r, out) turned: a product that gives few columns takes twice the time.
                grad_of(b).add_(times(thin.flatten(0, -2).t(), d).t())
            if wants_gradient(a):
                add_product(grad_of(a), dthin, read.flatten(0, -2))
            dx = base_backward(dy)
            if mask is None:
                return add_low_rank(dx, dthin.view(*x.shape[:-1], -1), a.t())
            return dx + times(dthin, a).view_as(x) * mask

        return y, backward

    def merge(self) -> None:
        """W becomes W + (α / r) B A, and A and B are forgotten: the same layer, as fast as any."""
        if self.lora_a is not None and self.lora_b is not None:
            with torch.no_grad():
                self.weight.addmm_(self.lora_b, self.lora_a, alpha=self.scale)
        self.lora_a = self.lora_b = None
        # To all who ask what kind of layer it is, exports for one, it is an ordinary one now.
        self.__class__ = Linear  # type: ignore[assignment]

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Those of `Linear`, and of x Aᵀ and of what it gives times Bᵀ."""
        found = super().multiplications(given, gives)
        if self.lora_a is None:
            return found
        rows = found // self.weight.numel()
        return found + rows * len(self.lora_a) * sum(self.weight.shape)


def add_low_rank(y: Tensor, thin: Tensor, wide: Tensor) -> Tensor:
    """y + thin wideᵀ, in the place of y where autograd does not need that.

    Args:
        y: shape (..., M); nobody else's.
        thin: shape (..., r).
        wide: shape (M, r).
    """
    if torch.is_grad_enabled() or not y.is_contiguous():
        return y + linear(thin, wide).to(y.dtype)
    factors = (lowered(part) for part in (thin.flatten(0, -2), wide.t()))
    y.view(-1, y.shape[-1]).addmm_(*(part.to(y.dtype) for part in factors))
    return y


def is_adapter(name: str) -> bool:
    """Whether a parameter of a net, by its name, is an A or a B."""
    return name.rpartition(".")[2] in ADAPTERS


def only_adapters(rates: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Rates as `TrainingSettings` takes them, by which what they say nothing of is frozen, but for
    adapters.

    Args:
        rates: that were asked for.
        also: names of layers' parameters that are trained as adapters are.
    """
    if rates and rates[-1] == REST:
        return rates
    return (*rates, *(f"*.{name}=1" for name in (*ADAPTERS, *also)), REST)


def merge_lora(net: torch.nn.Module) -> None:
    """Merge the adapters of all layers of a net, where it has any."""
    for layer in net.modules():
        if isinstance(layer, LoRALinear):
            layer.merge()
