"""The last product and the cross-entropy of what it gives, without all logits at once.

Of N predictions among V tokens the logits are N·V numbers, and three tensors of that size are made
on the way to their gradient: for 12 rows of 1,024 tokens and GPT-2's 50,257 of them 2.5 GB each.
Here they are made for some predictions at a time, and what is kept of them is what the backward
pass gives: gradients of the input, (N, C), and of the weight, (V, C).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, raised, times
from hornbook.nn.eight_bit_linear import EightBitLinear
from hornbook.nn.layer import Layer, grad_of
from hornbook.nn.linear import Linear
from hornbook.nn.sequential import Sequential
from hornbook.nn.softcap import SoftCap

__all__ = ["Headed", "body_and_end", "head_cross_entropy_vjp", "headed"]

AT_ONCE = (
    512  # predictions; of fewer, adding to the gradient of the weight costs more than products
)


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
    dweight = torch.zeros_like(weight)
    dbias = None if bias is None else torch.zeros_like(bias)
    for at in range(0, len(rows), at_once):
        part = rows[at : at + at_once]  # (n, C)
        column = wanted[at : at + at_once].unsqueeze(1)
        z = linear(part, weight, bias)  # (n, V)
        logits = raised(z)
        if softcap:
            logits = torch.tanh(logits / softcap).mul_(softcap)
        logp = torch.log_softmax(logits, 1)
        share = torch.full_like(logp[:, :1], 1 / max(count, 1))  # of each position in the mean
        if real is not None:
            inside = real[at : at + at_once].unsqueeze(1)
            column, share = column * inside, share * inside
        total -= (logp.gather(1, column) * share).sum()
        # dL/dlogits = (softmax - onehot) / n, and nothing where a position is ignored.
        d = logp.exp_().scatter_add_(1, column, torch.full_like(share, -1.0)).mul_(share)
        if softcap:
            d.mul_(1 - (logits / softcap).square_())  # tanh' = 1 - tanh²
        d = d.to(z.dtype)
        dx[at : at + at_once] = times(d, weight)
        add_product(dweight, d, part)
        if dbias is not None:
            dbias += d.sum(0)

    def backward() -> Tensor:
        grad_of(weight).add_(dweight)
        if bias is not None and dbias is not None:
            grad_of(bias).add_(dbias)
        return dx.view_as(x)

    return total if count else total * torch.nan, backward
