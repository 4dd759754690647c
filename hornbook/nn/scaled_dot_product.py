"""softmax(q kᵀ / sqrt(D)) v: what attention computes once it has queries, keys and values."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.compute.batched_products import as_multiplied, batched_product, rows_first
from hornbook.nn.dropout import kept
from hornbook.nn.fused_attention import fused, is_fusible

__all__ = [
    "AttendBackward",
    "attend",
    "attend_causally",
    "attention_weights",
    "lots_of",
    "queries_at_once",
]

ROW_BYTES = 256  # of scores for each key, which say how many queries are taken at a time
# Bytes of a query's weights: where they are more, none are kept, so that memory grows with the
# length of a row and not with its square.
LONG = 2048
SHORT = 15  # keys: rows shorter than a vector register go through torch.softmax one by one

TINY = 1e-30  # of a sum of powers, below which what it adds up may have lost digits

AttendBackward = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    dropout: float = 0.0,
    *,
    frugal: bool = False,
) -> tuple[Tensor, AttendBackward]:
    """softmax(q kᵀ / sqrt(D) + mask) v, as torch's scaled_dot_product_attention.

    Args:
        q: queries, shape (..., T, D); as a rule (B, H, T, D), of each head of each row.
        k: keys, shape (..., S, D).
        v: values, shape (..., S, D).
        mask: added to the scores, of a shape that goes with (..., T, S): -inf where a query must
            not see a key.
        dropout: share of the weights that is dropped.
        frugal: whether to compute the weights again on the backward pass rather than keep them.

    Returns:
        The result, shape (..., T, D), and the way from its gradient to those of q, k and v. Of four
        dimensions they lie in memory as (B, T, H, D) where products can write them so.
    """
    if mask is None and is_fusible(q):
        return fused(q, k, v, causal=False, dropout=dropout)
    scale = 1 / math.sqrt(q.shape[-1])
    seed = int(torch.randint(2**62, ())) if dropout and frugal else None
    q, k, v = as_multiplied(q, k, v)

    def weigh() -> tuple[Tensor, Tensor, Tensor | None]:
        """The weights (..., T, S), what is left of them after dropout, and its mask."""
        weights = attention_weights(q, k, mask)
        if not dropout:
            return weights, weights, None
        same = None if seed is None else torch.Generator(q.device).manual_seed(seed)
        mask_kept = kept(weights, dropout, same)
        return weights, weights * mask_kept, mask_kept

    first = weigh()
    y = batched_product(first[1], v, rows=True)
    held = None if frugal else first

    def backward(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weights, used, mask_kept = held or weigh()
        (dy,) = as_multiplied(dy.to(y.dtype))
        dv = batched_product(used.transpose(-1, -2), dy, rows=True)
        dweights = batched_product(dy, v.transpose(-1, -2))
        if mask_kept is not None:
            dweights.mul_(mask_kept)
        # Of softmax: dscores = weights · (dweights - Σ weights · dweights).
        if weights.shape[-1] <= SHORT:
            dscores = dweights.mul_(weights)
            dscores.addcmul_(weights, row_sums(dscores), value=-1)
        else:
            # The sum over keys is that of y · dy over features, far shorter (Dao et al. 2022).
            dscores = dweights.sub_((dy * y).sum(-1, keepdim=True)).mul_(weights)
        # The scale is left for the two products' results, which are shorter.
        dq = batched_product(dscores, k, rows=True).mul_(scale)
        dk = batched_product(dscores.transpose(-1, -2), q, rows=True).mul_(scale)
        return dq, dk, dv

    return y, backward


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ / sqrt(D) + mask): how much of each key's value goes to each query.

    Args:
        q, k, mask: as `attend`.

    Returns:
        Shape (..., T, S); at least 0, the sum over keys 1.
    """
    scale = 1 / math.sqrt(q.shape[-1])
    q, k = as_multiplied(q, k)
    scores = batched_product(q, k.transpose(-1, -2))
    return softmax(scores.mul_(scale) if mask is None else torch.add(mask, scores, alpha=scale))


def attend_causally(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor,
    window: int | None,
    dropout: float = 0.0,
) -> tuple[Tensor, AttendBackward]:
    """`attend` where no query sees what comes after it, some queries at a time.

    Each lot of queries meets only the keys that one of them may see, so that of a long row half of
    the products are never made, and what is in hand at a time stays in the processor's cache.

    Args:
        q, k, v: shape (..., T, D).
        mask: shape (T, T), -inf where a query must not see a key.
        window: how far back a query sees, itself included; None: to the row's start.
        dropout: share of the weights that is dropped.
    """
    length = q.shape[-2]
    if (window is None or window >= length) and is_fusible(q):
        return fused(q, k, v, causal=True, dropout=dropout)
    lots = lots_of(length, window, q.element_size())
    if len(lots) <= 1:
        return attend(q, k, v, mask, dropout)
    results: list[Tensor] = []
    parts: list[tuple[slice, slice, AttendBackward]] = []
    for lot, keys in lots:
        queries, seen = slice(lot.start, lot.stop), slice(keys.start, keys.stop)
        y, backward = attend(
            q[..., queries, :], k[..., seen, :], v[..., seen, :], mask[queries, seen], dropout,
            frugal=length * q.element_size() > LONG,
        )  # fmt: skip
        results.append(y)
        parts.append((queries, seen, backward))

    def backward_all(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        dq, dk, dv = (rows_first(q.shape, q) for _ in range(3))
        dk.zero_(), dv.zero_()
        for queries, seen, backward in parts:
            dq[..., queries, :], dk_part, dv_part = backward(dy[..., queries, :])
            dk[..., seen, :] += dk_part  # a key is seen by many queries
            dv[..., seen, :] += dv_part
        return dq, dk, dv

    return torch.cat(results, -2), backward_all


def lots_of(length: int, window: int | None, element_size: int) -> list[tuple[range, range]]:
    """Which queries of a causal row are taken together, and the keys that they meet.

    Args:
        length: T of the row.
        window: as in `attend_causally`.
        element_size: bytes of a number.
    """
    at_once = queries_at_once(element_size)
    if length <= at_once:
        return [(range(length), range(length))]
    return [
        (
            range(begin, end := min(begin + at_once, length)),
            range(0 if window is None else max(0, begin + 1 - window), end),
        )
        for begin in range(0, length, at_once)
    ]


def queries_at_once(element_size: int) -> int:
    """How many queries of a long causal row are taken together, by the bytes of a number."""
    return ROW_BYTES // element_size


def softmax(scores: Tensor) -> Tensor:
    """exp(x) / Σ exp(x) over the last dimension, of short rows all at once."""
    if scores.shape[-1] > SHORT:
        return torch.softmax(scores, -1)
    if scores.device.type == "cpu" and not torch.is_grad_enabled():
        powers = torch.exp(scores)
        sums = row_sums(powers)
        low, high = map(float, sums.aminmax())
        if low > TINY and high < math.inf:
            return powers.div_(sums)
    # Any number may be taken off, for it cancels; the largest, where a power would be too large or
    # all of a row too small to be told from 0. To look for it costs as much as the powers.
    top = scores.amax(-1, keepdim=True).detach()
    powers = torch.exp(scores - top)
    return powers / powers.sum(-1, keepdim=True)


def row_sums(x: Tensor) -> Tensor:
    """Sums over the last dimension, which is kept: of short rows a product takes a third of the
    time of torch's sum.
    """
    return torch.matmul(x, x.new_ones(x.shape[-1], 1))
