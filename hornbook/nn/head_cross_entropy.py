"""The last product and the cross-entropy of what it gives, without all logits at once.

Of N predictions among V tokens the logits are N·V numbers, and three tensors of that size are made
on the way to their gradient: for 12 rows of 1,024 tokens and GPT-2's 50,257 of them 2.5 GB each.
Here they are made for some predictions at a time, and what is kept of them is what the backward
pass gives: gradients of the input, (N, C), and of the weight, (V, C). Of each lot the logits are
made and used a stretch of the vocabulary at a time, so that no product or sum needs a second tensor
of the size of all of them, nor one of the size of the weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, lowered, raised, times
from hornbook.nn.eight_bit_linear import EightBitLinear
from hornbook.nn.layer import Layer, grad_of, wants_gradient
from hornbook.nn.linear import Linear
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap

__all__ = ["Headed", "body_and_end", "head_cross_entropy_vjp", "headed"]

# Predictions: of fewer, adding to the gradient of the weight costs more than products do; of more,
# their logits take more memory.
AT_ONCE = 352
TOKENS = 4096  # whose logits, and what is made of them, stay in the processor's cache


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
    at_once: int = AT_ONCE,
) -> tuple[Tensor, Callable[[], Tensor]]:
    """The mean of -ln softmax(z)[target], where z = x Wᵀ + b, perhaps bent to c · tanh(z / c).

    The gradients are computed on the way there, a third less work than to make the logits again on
    the way back. The layer's doors stay closed: an observer does not see it.

    Args:
        head: of weight (V, C), and perhaps of bias (V,).
        x: shape (..., C).
        targets: ids, shape (...).
        softcap: c; 0: logits are not bent.
        ignore_index: a target that is no target; None says that there are none.
        at_once: predictions whose logits are made at a time.

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
    fresh = torch.empty_like if len(rows) else torch.zeros_like
    dweight = fresh(weight) if wants_gradient(weight) else None
    dbias = torch.zeros_like(bias) if wants_gradient(bias) else None
    low = lowered(weight.detach())
    width = TOKENS if x.device.type == "cpu" else len(weight)
    stretches = [slice(begin, begin + width) for begin in range(0, len(weight), width)]
    for at in range(0, len(rows), at_once):
        part, place = rows[at : at + at_once], wanted[at : at + at_once].unsqueeze(1)
        share = part.new_full(place.shape, 1 / max(count, 1), dtype=total.dtype)
        if real is not None:
            share = share * real[at : at + at_once].unsqueeze(1)  # of each position in the mean
        made = [
            Stretch(low[one], None if bias is None else bias[one], part, place - one.start, softcap)
            for one in stretches
        ]
        top = torch.stack([one.top for one in made]).amax(0)
        powers = sum(one.powers * (one.top - top).exp() for one in made)
        assert isinstance(powers, Tensor)
        at_target = torch.stack([one.at_target for one in made]).sum(0)
        total += ((top + powers.log() - at_target) * share).sum()
        inward = dx[at : at + at_once].zero_()
        for one, stretch in zip(stretches, made, strict=True):
            d = stretch.gradient(share, (stretch.top - top).exp().mul_(share / powers))
            inward += times(d, low[one])
            if dweight is not None and at:
                add_product(dweight[one], d, part)
            elif dweight is not None:  # the first fills it, which saves making it zero
                dweight[one] = times(d.t(), part)
            if dbias is not None:
                dbias[one] += d.sum(0)

    def backward() -> Tensor:
        if dweight is not None:
            grad_of(weight).add_(dweight)
        if bias is not None and dbias is not None:
            grad_of(bias).add_(dbias)
        return dx.view_as(x)

    return total if count else total * torch.nan, backward


class Stretch:
    """The logits of some predictions for a stretch of the vocabulary, V' tokens of V.

    Args:
        weight: shape (V', C), in the precision of products.
        bias: shape (V',).
        x: shape (n, C).
        place: of each target in the stretch, shape (n, 1); outside of 0 to V' it is elsewhere.
        softcap: c; 0: logits are not bent.

    Attributes:
        top: the largest logit, shape (n, 1).
        powers: Σ exp(logit - top), shape (n, 1).
        at_target: the logit of the target; 0 where that is elsewhere, shape (n, 1).
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, x: Tensor, place: Tensor, softcap: float
    ) -> None:
        z = linear(x, weight, bias)  # (n, V')
        self.dtype, logits = z.dtype, raised(z)
        self.slope: Tensor | None = None
        if softcap:
            bent = torch.tanh(logits / softcap)
            self.slope = 1 - bent.square()  # tanh' = 1 - tanh²
            logits = bent.mul_(softcap)
        self.inside = (place >= 0) & (place < len(weight))
        self.place = place.clamp(0, len(weight) - 1)
        self.at_target = logits.gather(1, self.place) * self.inside
        self.top = logits.amax(1, keepdim=True)
        self.exponentials = logits.sub_(self.top).exp_()
        self.powers = self.exponentials.sum(1, keepdim=True)

    def gradient(self, share: Tensor, factor: Tensor) -> Tensor:
        """(softmax - onehot) · share, in the precision of products; what was kept is let go.

        Args:
            share: of each position in the mean, shape (n, 1).
            factor: that makes the exponentials softmax · share, shape (n, 1).
        """
        d = self.exponentials.mul_(factor)
        d.scatter_add_(1, self.place, -share * self.inside)
        if self.slope is not None:
            d.mul_(self.slope)
        del self.exponentials
        self.slope = None
        return d.to(self.dtype)
