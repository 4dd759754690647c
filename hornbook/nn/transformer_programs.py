"""What is planned for the layers of transformers: see `hornbook.nn.programs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hornbook.kernels.program import NONE, Kind, attention_room
from hornbook.nn.activations import GELU, SquaredReLU, SwiGLU, TanhGELU
from hornbook.nn.attention import EPS, SelfAttention
from hornbook.nn.dropout import threshold
from hornbook.nn.layer import Layer
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.positions import LearnedPositions
from hornbook.nn.program_builder import Builder, Unsuited
from hornbook.nn.residual import Residual
from hornbook.nn.rmsnorm import RMSNorm
from hornbook.nn.scaled_dot_product import LONG, queries_at_once
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap

__all__ = ["PLANS"]


def sequential(b: Builder, layer: Sequential) -> None:
    """Its layers, one after the other."""
    for one in layer.chain:
        b.plan(one)


def learned_positions(b: Builder, layer: LearnedPositions) -> None:
    """Beside its input."""
    features = by_rows(b, layer)
    if b.longest > len(layer.weight):
        raise Unsuited("its rows are longer than its table of positions")
    y = b.room(b.shape[0] * features)
    b.add(Kind.POSITIONS, features, y=y, weight=b.place(layer.weight))
    b.in_place = True


def residual(b: Builder, layer: Residual) -> None:
    """A branch, what is in it, and the sum, in the place of what that gives if it may.

    No kernel that leaves its output to be written over changes that output's gradient, so the
    branch finds there what the sum was given.
    """
    at, begin, shape = b.at, len(b.operations), b.shape
    b.in_place, b.read = False, None
    b.plan(layer.layer)
    if b.shape != shape:
        raise Unsuited("its layers do not fit each other")
    y = b.at if b.in_place else b.room(shape[0] * shape[1])
    b.add(Kind.ADD, shape[1], y=y, other=at)
    b.insert(begin, Kind.BRANCH, shape[1], at, other=y)
    b.in_place = True


def layer_norm(b: Builder, layer: LayerNorm) -> None:
    """Beside its input; it keeps the mean and the scale of each row."""
    rows, features = b.shape
    b.add(
        Kind.LAYER_NORM, features, kept=b.room(2 * rows), y=b.room(rows * features),
        weight=b.place(layer.weight), bias=b.place(layer.bias), numbers=(layer.eps, 0.0),
    )  # fmt: skip
    b.in_place = True


def rms_norm(b: Builder, layer: RMSNorm) -> None:
    """Beside its input; it keeps the scale of each row."""
    rows, features = b.shape
    b.add(
        Kind.RMS_NORM, features, kept=b.room(rows), y=b.room(rows * features),
        weight=b.place(layer.weight), numbers=(layer.eps, 0.0),
    )  # fmt: skip
    b.in_place = True


def attention(b: Builder, layer: SelfAttention) -> None:
    """Queries, keys and values; these turned, if that is wanted; attention; the projection."""
    channels, heads = by_rows(b, layer), layer.n_head
    size, turned = channels // heads, heads + layer.n_kv_head
    if not layer.causal:
        raise Unsuited("its attention is not causal")
    number = layer.qkv.weight.element_size()
    if layer.dropout and b.longest * number > LONG:
        raise Unsuited("its attention drops weights of long rows")
    table = NONE
    if layer.rotary is not None:
        table = b.angles(layer.rotary.size, layer.rotary.base)
    b.plan(layer.qkv)
    if layer.qk_norm or table >= 0:
        kept = b.room(b.shape[0] * turned) if layer.qk_norm else NONE
        b.add(
            Kind.TURN, b.shape[1], kept=kept, own=turned, of_state=(size, NONE), other=table,
            numbers=(EPS, 0.0),
        )  # fmt: skip
    least, grown = threshold(layer.dropout) if layer.dropout else (0, 0.0)
    b.add(
        Kind.ATTENTION, channels, y=b.room(b.shape[0] * channels),
        kept=b.room(attention_room(b.shape[0], b.longest, heads, size)), own=heads,
        of_state=(layer.window or NONE, queries_at_once(number)), other=least,
        drawn=min(least, 1), numbers=(grown, 0.0),
    )  # fmt: skip
    b.in_place = False  # its way back looks at its output
    if layer.projection is not None:
        b.plan(layer.projection)


def nonlinear(kind: Kind) -> Callable[[Builder, Layer], None]:
    """One whose slope takes the place of its input."""

    def plan(b: Builder, layer: Layer) -> None:
        rows, features = b.own_input(layer)
        out = features // 2 if kind == Kind.SWIGLU else features
        b.add(kind, out, y=b.room(rows * out))

    return plan


def soft_cap(b: Builder, layer: SoftCap) -> None:
    """In place: its gradient hangs on its output alone."""
    b.add(Kind.SOFT_CAP, b.own_input(layer)[1], numbers=(layer.cap, 1 / layer.cap))
    b.in_place = False


def by_rows(b: Builder, layer: Layer) -> int:
    """The features of an input whose positions are row by row, and all there."""
    if b.by_time or b.shape[0] != b.positions or not b.operations:
        raise b.misplaced(layer)
    return b.shape[1]


PLANS: Mapping[type[Layer], Callable[[Builder, Any], None]] = {
    GELU: nonlinear(Kind.GELU),
    LayerNorm: layer_norm,
    LearnedPositions: learned_positions,
    RMSNorm: rms_norm,
    Residual: residual,
    SelfAttention: attention,
    Sequential: sequential,
    SoftCap: soft_cap,
    SquaredReLU: nonlinear(Kind.SQUARED_RELU),
    SwiGLU: nonlinear(Kind.SWIGLU),
    TanhGELU: nonlinear(Kind.TANH_GELU),
}
"What is planned for each of them."
