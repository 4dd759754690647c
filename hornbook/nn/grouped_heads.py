"""Heads of queries that share heads of keys and values (Ainslie et al. 2023)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.nn.layer import Backward
from hornbook.nn.linear import Linear

__all__ = ["shared", "shared_heads_vjp"]


def shared_heads_vjp(
    x: Tensor,
    qkv: Linear,
    n_head: int,
    n_kv_head: int,
    turn: Callable[[Tensor], tuple[Tensor, Backward | None]],
) -> tuple[Tensor, Tensor, Tensor, Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """Queries of all heads, with the keys and values that each shares, and the backward pass.

    Args:
        x: shape (B, T, C).
        qkv: makes queries, keys and values of each position, (B, T, (H + 2K)·D).
        n_head: H, a multiple of K.
        n_kv_head: K.
        turn: what is done to queries and keys, (B, H + K, T, D), before they meet.

    Returns:
        Queries, keys and values, each (B, H, T, D), and the way from their gradients to that of x.
    """
    b, t, c = x.shape
    h, kv, group, size = n_head, n_kv_head, n_head // n_kv_head, c // n_head
    made, made_backward = qkv.vjp(x)
    heads = made.view(b, t, h + 2 * kv, size).transpose(1, 2)  # (B, H + 2K, T, D)
    qk, turn_backward = turn(heads[:, : h + kv])

    def repeated(part: Tensor) -> Tensor:
        """(B, K, T, D) to (B, H, T, D), each as often as it is shared."""
        return part.unsqueeze(2).expand(b, kv, group, t, size).reshape(b, h, t, size)

    def backward(dq: Tensor, dk: Tensor, dv: Tensor) -> Tensor:
        # What is used by several gets the sum of their gradients.
        dk, dv = (d.reshape(b, kv, group, t, size).sum(2) for d in (dk, dv))
        dqk = torch.cat([dq, dk], 1)
        if turn_backward is not None:
            dqk = turn_backward(dqk)
        dmade = torch.empty(b, t, h + 2 * kv, size, dtype=dqk.dtype, device=dqk.device)
        dmade[:, :, : h + kv].copy_(dqk.transpose(1, 2))
        dmade[:, :, h + kv :].copy_(dv.transpose(1, 2))
        return made_backward(dmade.view(b, t, -1))

    return qk[:, :h], repeated(qk[:, h:]), repeated(heads[:, h + kv :]), backward


def shared(part: Tensor, n_kv_head: int) -> Tensor:
    """Of what each head met the first of each group: (B, H, T, D) to (B, K, T, D)."""
    return part[:, :: part.shape[1] // n_kv_head]
