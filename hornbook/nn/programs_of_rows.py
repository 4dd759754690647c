"""Plans of layers that read along whole rows: see `hornbook.nn.programs`."""

from __future__ import annotations

from hornbook.kernels.program import Kind, Trees
from hornbook.nn.causal_average import CausalAverage
from hornbook.nn.conv import CausalConv1d
from hornbook.nn.gated import GatedStack
from hornbook.nn.layer import Layer
from hornbook.nn.program_builder import Builder

__all__ = ["causal_average", "causal_conv", "gated_stack", "join"]


def join(b: Builder, trees: Trees) -> None:
    """A node's children are brought together, each computed once."""
    rows, features = b.shape[0], b.shape[1] * trees.fan
    b.add(
        Kind.JOIN, features, y=b.room(rows * features), own=b.level + 1, other=trees.span
    )  # fmt: skip
    b.level, b.in_place = b.level + 1, True


def causal_conv(b: Builder, layer: CausalConv1d, *, added: bool = False) -> None:
    """Its taps, and their product.

    Args:
        b: what has been planned.
        layer: the convolution.
        added: whether what it looks at has a gradient already, which its own is added to.
    """
    features = whole_rows(b, layer)[1] * layer.kernel_size
    y = b.room(b.shape[0] * features)
    b.add(Kind.TAPS, features, y=y, own=layer.dilation, other=int(added))
    b.linear(layer)


def gated_stack(b: Builder, layer: GatedStack) -> None:
    """The residual stream and the sum of skips have a place each, from the first block to the last.

    Way back: a block's sum gives the stream its gradient, then its taps add theirs.
    """
    rows = whole_rows(b, layer)[0]
    stream, total = b.at, None
    for block in layer.chain:
        channels, given = b.shape[1], stream
        causal_conv(b, block.conv, added=bool(block.channels))
        hidden = b.shape[1] // 2
        b.add(Kind.GATE, hidden, y=b.room(rows * hidden))
        b.in_place = False
        b.plan(block.dropout)
        b.linear(block.out)
        skipped = b.shape[1] - block.channels
        first = total is None
        total = b.room(rows * skipped) if total is None else total
        if first and block.channels:
            stream = b.room(rows * channels)
        b.add(
            Kind.SKIP, block.channels, y=stream, kept=total, own=int(first), other=given
        )  # fmt: skip
    assert total is not None
    b.shape, b.at, b.in_place = (rows, skipped), total, True


def causal_average(b: Builder, layer: CausalAverage) -> None:
    """In any of its forms, which are equal but for rounding."""
    rows, features = whole_rows(b, layer)
    b.add(Kind.AVERAGE, features, y=b.room(rows * features))
    b.in_place = True


def whole_rows(b: Builder, layer: Layer) -> tuple[int, int]:
    """The shape of an input that stands in rows, one after the other."""
    if not b.of_rows or b.trees is not None or b.by_time or not b.operations:
        raise b.misplaced(layer)
    return b.shape
