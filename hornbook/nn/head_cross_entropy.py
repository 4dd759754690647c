"""The last product and the cross-entropy of what it gives, without all logits at once.

Of N predictions among V tokens the logits are N·V numbers, and three tensors of that size are made
on the way to their gradient: for 12 rows of 1,024 tokens and GPT-2's 50,257 of them 2.5 GB each.
Here they are made for some predictions at a time, and what is kept of them is what the backward
pass gives: gradients of the input, (N, C), and of the weight, (V, C). Of each lot logits are made a
stretch of the vocabulary at a time, in the precision of products, and are read and written over in
pieces that stay in the processor's cache: once for the sum of their exponentials, and once, when
the sums of all stretches are known, for their gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hornbook.compute.products import (
    add_product,
    linear,
    lowered,
    put_product,
    raised,
    times,
)
from hornbook.nn.eight_bit_linear import EightBitLinear
from hornbook.nn.layer import Layer, grad_of, take_room, wants_gradient
from hornbook.nn.linear import Linear
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap

__all__ = ["Headed", "body_and_end", "head_cross_entropy_vjp", "headed"]

# Bytes of one token's logits in a lot. Of shorter lots, adding to the gradient of the weight costs
# more than products do; longer ones take more memory.
LOT_BYTES = 2048
TOKENS = 4096  # in a stretch
PIECE = 2**17  # logits that stay in the processor's cache, in float32
# Columns of a product on a GPU: of rows of 50,257 numbers of two bytes its fast kernels cannot read
# several at once, and others take three times as long.
EVEN = 8


class Headed(NamedTuple):
    """A net of layers one after the other, cut before the last product."""

    body: tuple[Layer, ...]
    head: Linear
    softcap: float
    "What bends the product (0: nothing)."
    end: tuple[Layer, ...]
    "The layers of both."


def headed(net: Layer) -> Headed | None:
    """A net, cut before its last product; None if it does not end in one."""
    if type(net) is not Sequential or not net.chain:  # others may go their own ways
        return None
    at, softcap = head_of(net.chain)
    head = net.chain[at] if at >= 0 else None
    if type(head) is not Linear:
        return None
    return Headed(net.chain[:at], head, softcap, net.chain[at:])


def head_of(chain: tuple[Layer, ...]) -> tuple[int, float]:
    """Where in a chain the last product would be (-1: nowhere), and what bends it (0: nothing)."""
    last = chain[-1]
    softcap = last.cap if isinstance(last, SoftCap) else 0.0
    return len(chain) - (2 if softcap else 1), softcap


def body_and_end(net: Layer) -> tuple[tuple[Layer, ...], tuple[Layer, ...]] | None:
    """The layers before the last product, whatever its weight is kept in, and those from it on."""
    if type(net) is not Sequential or not net.chain:
        return None
    at, _ = head_of(net.chain)
    if at < 0 or type(net.chain[at]) not in (Linear, EightBitLinear):
        return None
    return net.chain[:at], net.chain[at:]


def head_cross_entropy_vjp(
    head: Linear,
    x: Tensor,
    targets: Tensor,
    *,
    softcap: float = 0.0,
    ignore_index: int | None = None,
    at_once: int | None = None,
) -> tuple[Tensor, Callable[[], Tensor]]:
    """The mean of -ln softmax(z)[target], where z = x Wᵀ + b, perhaps bent to c · tanh(z / c).

    The gradients are computed on the way there, a third less work than to make the logits again on
    the way back. The layer's doors stay closed: an observer does not see it.

    Args:
        head: of weight (V, C), and perhaps of bias (V,).
        x: shape (..., C).
        targets: ids, shape (...).
        softcap: c; 0: logits are not bent.
        ignore_index: a target that is not a target; None says that there are none.
        at_once: predictions whose logits are there at a time; None: as many as are fast.

    Returns:
        The loss, in float32 at least, and the way to dloss/dx, of the shape of x, which adds the
        gradients of the layer. If every position is ignored the loss is NaN.
    """
    rows, wanted = x.reshape(-1, x.shape[-1]), targets.reshape(-1)  # (N, C), (N,)
    real = None if ignore_index is None else wanted != ignore_index
    count = len(wanted) if real is None else int(real.sum())
    weight, bias = head.weight, head.bias
    total = raised(x.new_zeros(()))
    dx = torch.empty_like(rows)
    dweight = first_room(weight, len(rows)) if wants_gradient(weight) else None
    dbias = torch.zeros_like(bias) if wants_gradient(bias) else None
    low, low_bias = even_rows(lowered(weight.detach())), None if bias is None else even_rows(bias)
    width = TOKENS if x.device.type == "cpu" else len(weight)
    begins = range(0, len(weight), width)
    # Of the vocabulary; and in `low`, where the last has the rows that were added too.
    stretches = [slice(begin, min(begin + width, len(weight))) for begin in begins]
    held = [slice(begin, begin + width) for begin in begins[:-1]] + [slice(begins[-1], len(low))]
    at_once = at_once or LOT_BYTES // low.element_size()
    for at in range(0, len(rows), at_once):
        lot = slice(at, at + at_once)
        part, place = lowered(rows[lot]), wanted[lot].unsqueeze(1)
        share = part.new_full(place.shape, 1 / max(count, 1), dtype=total.dtype)
        if real is not None:
            share = share * real[lot].unsqueeze(1)  # of each position in the mean
        made = [
            Stretch(
                low[rows_of],
                None if low_bias is None else low_bias[rows_of],
                part, place - one.start, one.stop - one.start, softcap,
            )
            for one, rows_of in zip(stretches, held, strict=True)
        ]  # fmt: skip
        level = torch.stack([one.level for one in made]).logsumexp(0)
        total += ((level - torch.stack([one.at_target for one in made]).sum(0)) * share).sum()
        inward = dx[lot].zero_()
        for one, rows_of, stretch in zip(stretches, held, made, strict=True):
            d = stretch.gradient(level, share)
            inward += times(d, low[rows_of])
            d = d[:, : one.stop - one.start]
            if dweight is not None:
                (add_product if at else put_product)(dweight[one], d, part)
            if dbias is not None:
                dbias[one] += d.sum(0)

    def backward() -> Tensor:
        if dweight is not None and weight.grad is None:
            weight.grad = dweight
        elif dweight is not None:
            grad_of(weight).add_(dweight)
        if bias is not None and dbias is not None:
            grad_of(bias).add_(dbias)
        return dx.view_as(x)

    return total if count else total * torch.nan, backward


def even_rows(weight: Tensor) -> Tensor:
    """A weight with as many rows as products on its device like, the last of them zeros.

    Args:
        weight: shape (V, ...).

    Returns:
        Shape (V'', ...); on a processor the weight itself.
    """
    missing = -len(weight) % evenness(weight.device)
    return torch.cat([weight, weight.new_zeros(missing, *weight.shape[1:])]) if missing else weight


def evenness(device: torch.device) -> int:
    """What the columns of a product on a device are to be a multiple of."""
    return 1 if device.type == "cpu" else EVEN


def first_room(weight: Tensor, rows: int) -> Tensor:
    """Where a weight's gradient is written: in its own place, unless one is there already."""
    room = take_room(weight) if weight.grad is None else torch.empty_like(weight)
    return room if rows else room.zero_()


class Stretch:
    """The logits of some predictions for a stretch of the vocabulary, V' tokens of V.

    Args:
        weight: shape (V', C), in the precision of products; or more rows, of no token.
        bias: of as many.
        x: shape (n, C).
        place: of each target in the stretch, shape (n, 1); outside of 0 to V' it is elsewhere.
        size: V'.
        softcap: c; 0: logits are not bent.

    Attributes:
        level: ln Σ exp(logit), shape (n, 1).
        at_target: the logit of the target; 0 where that is elsewhere, shape (n, 1).
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        x: Tensor,
        place: Tensor,
        size: int,
        softcap: float,
    ) -> None:
        self.whole, self.softcap = linear(x, weight, bias), softcap
        self.product = self.whole[:, :size]  # (n, V')
        self.inside = (place >= 0) & (place < size)
        self.place = place.clamp(0, size - 1)
        at_target = raised(self.product.gather(1, self.place))
        self.at_target = self.bent(at_target) * self.inside
        levels = []
        for piece in self.pieces(self.product):
            logits = self.bent(piece.to(at_target.dtype))
            # Of the largest, p = exp(top) / Σ exp(logit): torch's softmax is the fastest way to Σ.
            top, p = (of.amax(1, keepdim=True) for of in (logits, torch.softmax(logits, 1)))
            levels.append(top - p.log())
        self.level = torch.cat(levels)

    def pieces(self, of: Tensor) -> tuple[Tensor, ...]:
        """Rows of a tensor (n, ...), as many as have their logits in the processor's cache."""
        on_cpu = self.product.device.type == "cpu"
        return torch.split(of, max(1, PIECE // self.product.shape[1]) if on_cpu else len(of))

    def bent(self, product: Tensor) -> Tensor:
        """Logits: the product, bent if it is to be."""
        return torch.tanh(product / self.softcap) * self.softcap if self.softcap else product

    def gradient(self, level: Tensor, share: Tensor) -> Tensor:
        """(softmax - onehot) · share, in the precision of products and in the place of these.

        Args:
            level: ln Σ exp(logit) over all of the vocabulary, shape (n, 1).
            share: of each position in the mean, shape (n, 1).

        Returns:
            Shape (n, V'), or as many columns as the weight has rows.
        """
        factor, aimed = (self.level - level).exp_().mul_(share), share * self.inside
        for piece, place, scale, hit in zip(
            *map(self.pieces, (self.product, self.place, factor, aimed)), strict=True
        ):
            logits = self.bent(piece.to(level.dtype))
            d = torch.softmax(logits, 1).mul_(scale).scatter_add_(1, place, -hit)
            if self.softcap:
                d.mul_(1 - (logits / self.softcap).square_())  # tanh' = 1 - tanh²
            piece.copy_(d)
        self.whole[:, self.product.shape[1] :].zero_()
        return self.whole
