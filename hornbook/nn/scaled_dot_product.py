"""softmax(q kᵀ / sqrt(D)) v: what attention computes once it has queries, keys and values."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.nn.dropout import kept
from hornbook.nn.fused_attention import fused, is_fusible

__all__ = ["AttendBackward", "attend", "attend_causally", "attention_weights", "lots_of"]

ROW_BYTES = 256  # of scores for each key, which say how many queries are taken at a time
# Bytes of a query's weights: where they are more, none are kept, so that memory grows with the
# length of a row and not with its square.
LONG = 2048
SHORT = 15  # keys: rows shorter than a vector register go through torch.softmax one by one


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
        q: queries, shape (N, T, D), one N for each head of each row.
        k: keys, shape (N, S, D).
        v: values, shape (N, S, D).
        mask: added to the scores, shape (T, S): -inf where a query must not see a key.
        dropout: share of the weights that is dropped.
        frugal: whether to compute the weights again on the backward pass rather than keep them.

    Returns:
        The result, shape (N, T, D), and the way from its gradient to those of q, k and v.
    """
    if mask is None and is_fusible(q):
        return fused(q, k, v, causal=False, dropout=dropout)
    scale, beside = 1 / math.sqrt(q.shape[2]), q.new_empty(())
    seed = int(torch.randint(2**62, ())) if dropout and frugal else None

    def weigh() -> tuple[Tensor, Tensor, Tensor | None]:
        """The weights (N, T, S), what is left of them after dropout, and its mask."""
        weights = attention_weights(q, k, mask)
        if not dropout:
            return weights, weights, None
        same = None if seed is None else torch.Generator(q.device).manual_seed(seed)
        mask_kept = kept(weights, dropout, same)
        return weights, weights * mask_kept, mask_kept

    first = weigh()
    y = torch.bmm(first[1], v.contiguous())
    held = None if frugal else first

    def backward(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weights, used, mask_kept = held or weigh()
        dy = dy.to(y.dtype)
        dv = torch.bmm(used.transpose(1, 2), dy)
        dweights = torch.bmm(dy, v.contiguous().transpose(1, 2))
        if mask_kept is not None:
            dweights.mul_(mask_kept)
        # Of softmax: dscores = weights · (dweights - Σ weights · dweights). The sum over keys is
        # that of y · dy over features, which is far shorter (Dao et al. 2022).
        total = (dy * y).sum(-1, keepdim=True)
        # The scale is left for the two products, whose results are shorter.
        dscores = dweights.sub_(total).mul_(weights)
        dq = torch.baddbmm(beside, dscores, k.contiguous(), beta=0, alpha=scale)
        dk = torch.baddbmm(beside, dscores.transpose(1, 2), q, beta=0, alpha=scale)
        return dq, dk, dv

    return y, backward


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ / sqrt(D) + mask): how much of each key's value goes to each query.

    Args:
        q, k, mask: as `attend`.

    Returns:
        Shape (N, T, S); at least 0, the sum over keys 1.
    """
    # A part of longer rows is copied: the product would do so, number by number, once transposed.
    scale, keys = 1 / math.sqrt(q.shape[2]), k.contiguous().transpose(1, 2)
    if mask is None:
        return softmax(torch.bmm(q, keys).mul_(scale))
    added = mask.expand(len(q), q.shape[1], k.shape[1])
    return softmax(torch.baddbmm(added, q, keys, alpha=scale))


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
        q, k, v: shape (N, T, D).
        mask: shape (T, T), -inf where a query must not see a key.
        window: how far back a query sees, itself included; None: to the row's start.
        dropout: share of the weights that is dropped.
    """
    length = q.shape[1]
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
            q[:, queries], k[:, seen], v[:, seen], mask[queries, seen], dropout,
            frugal=length * q.element_size() > LONG,
        )  # fmt: skip
        results.append(y)
        parts.append((queries, seen, backward))

    def backward_all(dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for queries, seen, backward in parts:
            dq[:, queries], dk_part, dv_part = backward(dy[:, queries])
            dk[:, seen] += dk_part  # a key is seen by many queries
            dv[:, seen] += dv_part
        return dq, dk, dv

    return torch.cat(results, 1), backward_all


def lots_of(length: int, window: int | None, element_size: int) -> list[tuple[range, range]]:
    """Which queries of a causal row are taken together, and the keys that they meet.

    Args:
        length: T of the row.
        window: as in `attend_causally`.
        element_size: bytes of a number.
    """
    at_once = ROW_BYTES // element_size
    if length <= at_once:
        return [(range(length), range(length))]
    return [
        (
            range(begin, end := min(begin + at_once, length)),
            range(0 if window is None else max(0, begin + 1 - window), end),
        )
        for begin in range(0, length, at_once)
    ]


def softmax(scores: Tensor) -> Tensor:
    """exp(x) / Σ exp(x) over the last dimension, of short rows all at once."""
    if scores.shape[-1] > SHORT:
        return torch.softmax(scores, -1)
    top = scores.amax(-1, keepdim=True).detach()  # any number may be taken off: it cancels
    powers = torch.exp(scores - top)
    return powers / powers.sum(-1, keepdim=True)
