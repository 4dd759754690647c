"""Attention across two rows (Vaswani et al. 2017): positions of one ask those of the other."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.nn.linear import Linear
from hornbook.nn.scaled_dot_product import attend

__all__ = ["CrossAttention"]


class CrossAttention(torch.nn.Module):
    """Queries from one row, keys and values from another, as a decoder asks an encoder.

    Args:
        n_embd: size C of the asking positions' vectors, and of the result's.
        n_context: size of the asked positions' vectors.
        n_head: number of heads; each has C / n_head features.
        bias: whether the linear layers have biases.
        generator: of the random start.

    Shapes: x and y (B, T, C), context (B, S, n_context).
    """

    def __init__(
        self,
        n_embd: int,
        n_context: int,
        n_head: int,
        *,
        bias: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_head = n_head
        self.query = Linear(n_embd, n_embd, bias, generator=generator)
        self.key_value = Linear(n_context, 2 * n_embd, bias, generator=generator)
        self.projection = Linear(n_embd, n_embd, bias, generator=generator)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """y alone."""
        return self.vjp(x, context)[0]

    def vjp(
        self, x: Tensor, context: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        """y, and the way from its gradient to those of x and of the context."""
        h = self.n_head
        q, q_backward = self.query.vjp(x)
        kv, kv_backward = self.key_value.vjp(context)
        k, v = kv.chunk(2, -1)
        y, attend_backward = attend(heads(q, h), heads(k, h), heads(v, h), None)
        y, project_backward = self.projection.vjp(unheads(y, h))

        def backward(dy: Tensor) -> tuple[Tensor, Tensor]:
            dq, dk, dv = attend_backward(heads(project_backward(dy), h))
            dkv = torch.cat([unheads(dk, h), unheads(dv, h)], -1)
            return q_backward(unheads(dq, h)), kv_backward(dkv)

        return y, backward


def heads(x: Tensor, n_head: int) -> Tensor:
    """(B, T, C) to (B·H, T, C/H)."""
    b, t, c = x.shape
    return x.reshape(b, t, n_head, c // n_head).transpose(1, 2).reshape(b * n_head, t, -1)


def unheads(x: Tensor, n_head: int) -> Tensor:
    """(B·H, T, D) back to (B, T, H·D)."""
    n, t, size = x.shape
    return x.view(n // n_head, n_head, t, size).transpose(1, 2).reshape(-1, t, n_head * size)
