"""From a chain of layers to the operations by which compiled code reads one more token.

A layer has a line in `PLANS` if there are kernels for it. What it computes stays written once, in
its `vjp` and `advance`; a test holds the kernels to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from hornbook.kernels.decoding_plan import NONE, Decoded, DecodingKind
from hornbook.nn.activations import GELU, ReLU, SquaredReLU, SwiGLU, Tanh, TanhGELU
from hornbook.nn.attention import SelfAttention
from hornbook.nn.dropout import Dropout
from hornbook.nn.embedding import Embedding
from hornbook.nn.layer import Layer
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.linear import Linear
from hornbook.nn.observing import DOORS
from hornbook.nn.positions import LearnedPositions
from hornbook.nn.program_builder import Unsuited
from hornbook.nn.residual import Residual
from hornbook.nn.rmsnorm import RMSNorm
from hornbook.nn.rotary import Rotary
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap

__all__ = ["DecodingPlan", "Observed"]


class Observed(Unsuited):
    """There is none now, for someone looks at the layers."""


class DecodingPlan:
    """The operations of a chain, and what they work with.

    Args:
        layers: from ids to logits.

    Attributes:
        operations: one after the other.
        weights: what they multiply and add, by the numbers that operations have of them.
        attentions: the layers with a cache, by the same.
        width: numbers of a row's values.
        heads: the most that an attention has.
        classes: logits of a row.
        rotary: what turns queries and keys, if anything does.

    Raises:
        Unsuited: if there is no kernel for a layer; the text says why.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.operations: list[Decoded] = []
        self.weights: list[Tensor] = []
        self.attentions: list[SelfAttention] = []
        self.rotary: Rotary | None = None
        self.width = self.used = self.heads = 0
        self.at, self.features = 0, 0
        self.own = False  # whether the next layer may write over what stands at `at`
        for layer in layers:
            self.add(layer)
        if not self.operations or self.operations[0].kind is not DecodingKind.EMBEDDING:
            raise Unsuited("it does not read ids")
        self.classes = self.features

    @property
    def multiplications(self) -> int:
        """Of the products for one row."""
        products = (DecodingKind.DOTS, DecodingKind.PRODUCT)
        return sum(one.features * one.out for one in self.operations if one.kind in products)

    def add(self, layer: Layer) -> None:
        """One layer more."""
        plan = PLANS.get(type(layer))
        if any(door in vars(layer) for door in DOORS):
            raise Observed(f"its {type(layer).__name__} is observed")
        if plan is None:
            raise Unsuited(f"there is no kernel for {type(layer).__name__}")
        plan(self, layer)

    def room(self, features: int) -> int:
        """Where so many more values of a row begin."""
        at, self.used = self.used, self.used + features
        self.width = max(self.width, self.used)
        return at

    def weight(self, parameter: Tensor | None) -> int:
        """The number of a parameter among the weights."""
        if parameter is None:
            return NONE
        value = parameter.detach()
        if value.dtype is not torch.float32 or not value.is_cpu or not value.is_contiguous():
            raise Unsuited(f"its weights are {value.dtype} on {value.device}")
        self.weights.append(value)
        return len(self.weights) - 1

    def make(self, kind: DecodingKind, out: int, **more: Any) -> None:
        """An operation whose output is a new place."""
        y = self.room(out)
        self.operations.append(Decoded(kind, self.features, out, self.at, y, **more))
        self.at, self.features, self.own = y, out, True

    def change(self, kind: DecodingKind, **more: Any) -> None:
        """An operation that writes over its input, or over a copy of it."""
        if not self.own:
            self.make(DecodingKind.COPY, self.features)
        self.operations.append(
            Decoded(kind, self.features, self.features, self.at, self.at, **more)
        )

    def take(self, features: int, layer: Layer) -> None:
        """See that a layer is given what it was made for."""
        if features != self.features:
            raise Unsuited(f"its {type(layer).__name__} reads {features} of {self.features}")


def sequential(p: DecodingPlan, layer: Sequential) -> None:
    """One after the other."""
    for one in layer.chain:
        p.add(one)


def residual(p: DecodingPlan, layer: Residual) -> None:
    """A product at the end is added to the input; else what is made is."""
    if not p.own:
        p.make(DecodingKind.COPY, p.features)
    at, features, used, before = p.at, p.features, p.used, len(p.operations)
    p.own = False
    p.add(layer.layer)
    p.take(features, layer)
    if len(p.operations) > before and p.operations[-1].kind is DecodingKind.DOTS:
        one = p.operations.pop()
        p.operations.append(
            Decoded(one.kind, one.features, one.out, one.x, at, one.weight, one.bias, own=1)
        )
    else:
        p.operations.append(Decoded(DecodingKind.ADD, features, features, p.at, at))
    p.at, p.used, p.own = at, used, True


def embedding(p: DecodingPlan, layer: Embedding) -> None:
    """The first layer."""
    if p.operations:
        raise Unsuited("it reads ids in the middle")
    p.make(DecodingKind.EMBEDDING, layer.weight.shape[1], weight=p.weight(layer.weight))


def positions(p: DecodingPlan, layer: LearnedPositions) -> None:
    """The row of the table that the position has."""
    p.take(layer.weight.shape[1], layer)
    p.change(DecodingKind.POSITION, weight=p.weight(layer.weight))


def layer_norm(p: DecodingPlan, layer: LayerNorm) -> None:
    """Of each row."""
    p.take(len(layer.weight), layer)
    weight, bias = p.weight(layer.weight), p.weight(layer.bias)
    p.make(DecodingKind.LAYER_NORM, p.features, weight=weight, bias=bias, number=layer.eps)


def rms_norm(p: DecodingPlan, layer: RMSNorm) -> None:
    """Of each row."""
    weight = p.weight(layer.weight)
    p.make(DecodingKind.RMS_NORM, p.features, weight=weight, number=layer.eps)


def linear(p: DecodingPlan, layer: Linear) -> None:
    """By the weight as it lies; whoever reads many rows turns it."""
    out, features = layer.weight.shape
    p.take(features, layer)
    weight, bias = p.weight(layer.weight), p.weight(layer.bias)
    p.make(DecodingKind.DOTS, out, weight=weight, bias=bias)


def attention(p: DecodingPlan, layer: SelfAttention) -> None:
    """Queries, keys and values, what they gather, and the product that mixes the heads."""
    if not layer.causal:
        raise Unsuited("its attention sees what comes after")
    if layer.rotary is not None:
        p.rotary = p.rotary or layer.rotary
        if (layer.rotary.size, layer.rotary.base) != (p.rotary.size, p.rotary.base):
            raise Unsuited("its attentions turn differently")
    c, h, kv = p.features, layer.n_head, layer.n_kv_head
    p.add(layer.qkv)
    size, qkv = c // h, p.at
    p.take((h + 2 * kv) * size, layer)
    y = p.room(c)
    p.operations.append(
        Decoded(
            DecodingKind.ATTENTION, size, c, qkv, y, own=len(p.attentions), heads=h, kv_heads=kv,
            turns=int(layer.qk_norm) + 2 * (layer.rotary is not None),
        )
    )  # fmt: skip
    p.attentions.append(layer)
    p.heads = max(p.heads, h)
    p.at, p.features, p.own = y, c, True
    if layer.projection is not None:
        p.add(layer.projection)


def dropout(p: DecodingPlan, layer: Dropout) -> None:
    """Nothing, as a net is used."""


def swiglu(p: DecodingPlan, layer: SwiGLU) -> None:
    """Half as wide as its input."""
    p.make(DecodingKind.SWIGLU, p.features // 2)


def softcap(p: DecodingPlan, layer: SoftCap) -> None:
    """In place."""
    p.change(DecodingKind.TANH_CAP, number=layer.cap)


def in_place(kind: DecodingKind) -> Callable[[DecodingPlan, Layer], None]:
    """What plans a layer of single numbers."""
    return lambda p, layer: p.change(kind)


PLANS: Mapping[type[Layer], Callable[[DecodingPlan, Any], None]] = {
    Dropout: dropout,
    Embedding: embedding,
    GELU: in_place(DecodingKind.GELU),
    LayerNorm: layer_norm,
    LearnedPositions: positions,
    Linear: linear,
    RMSNorm: rms_norm,
    ReLU: in_place(DecodingKind.RELU),
    Residual: residual,
    SelfAttention: attention,
    Sequential: sequential,
    SoftCap: softcap,
    SquaredReLU: in_place(DecodingKind.SQUARED_RELU),
    SwiGLU: swiglu,
    Tanh: in_place(DecodingKind.TANH),
    TanhGELU: in_place(DecodingKind.TANH_GELU),
}
"What is planned for each layer that has kernels."
