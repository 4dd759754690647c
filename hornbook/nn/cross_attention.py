"""Attention across two rows (Vaswani et al. 2017): positions of one ask those of the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hornbook.compute.products import lowered
from hornbook.nn.layer import Backward, Shape
from hornbook.nn.linear import Linear
from hornbook.nn.padding import Padding
from hornbook.nn.rmsnorm import rms_normalise
from hornbook.nn.scaled_dot_product import attend, attention_weights

__all__ = ["CrossAttention", "KeysAndValues"]

EPS = 1e-6


@dataclass(frozen=True)
class KeysAndValues:
    """Of the asked rows, made once for all the steps in which they are asked.

    As in `Cache`, positions come first, so that sums over them run along all heads of all rows.

    Attributes:
        keys, values: shape (S, B, H, D).
        hidden: added to the scores, -inf at padding, shape (S, B, 1); None: there is none.
    """

    keys: Tensor
    values: Tensor
    hidden: Tensor | None

    def pick(self, places: Tensor) -> KeysAndValues:
        """Those of some rows."""
        keys, values = (x.index_select(1, places) for x in (self.keys, self.values))
        hidden = None if self.hidden is None else self.hidden.index_select(1, places)
        return KeysAndValues(keys, values, hidden)


class CrossAttention(torch.nn.Module):
    """Queries from one row, keys and values from another, as a decoder asks an encoder.

    Args:
        n_embd: size C of the asking positions' vectors, and of the result's.
        n_context: size of the asked positions' vectors.
        n_head: number of heads; each has C / n_head features.
        bias: whether the linear layers have biases.
        qk_norm: normalise queries and keys, so that no score can grow without bound.
        dropout: share of the attention weights dropped in training.
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
        qk_norm: bool = False,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_head, self.qk_norm, self.dropout = n_head, qk_norm, dropout
        self.query = Linear(n_embd, n_embd, bias, generator=generator)
        self.key_value = Linear(n_context, 2 * n_embd, bias, generator=generator)
        self.projection = Linear(n_embd, n_embd, bias, generator=generator)

    def forward(self, x: Tensor, context: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, context, padding)[0]

    def vjp(
        self, x: Tensor, context: Tensor, padding: Padding | None = None
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        """y, and the way from its gradient to those of x and of the context.

        Args:
            x: shape (B, T, C).
            context: shape (B, S, n_context).
            padding: positions of the context that are not to be seen.
        """
        h = self.n_head
        q, q_backward = self.queries(x)
        k, v, kv_backward = self.asked(context)
        hidden = None if padding is None else padding.scores(h, q)
        y, attend_backward = attend(q, k, v, hidden, self.dropout if self.training else 0.0)
        y, project_backward = self.projection.vjp(unheads(y, h))

        def backward(dy: Tensor) -> tuple[Tensor, Tensor]:
            dq, dk, dv = attend_backward(heads(project_backward(dy), h))
            return q_backward(dq), kv_backward(dk, dv)

        return y, backward

    def multiplications_asking(self, given: Shape, asked: Shape) -> int:
        """Queries (B, T, C) times keys of (B, S, n_context), and weights times values."""
        return 2 * math.prod(given) * asked[1]

    def weights(self, x: Tensor, context: Tensor, padding: Padding | None = None) -> Tensor:
        """How much of each value goes to each asking position: what `vjp` multiplies values with.

        No weight is dropped, in training neither.

        Returns:
            Shape (B, H, T, S), [row, head, asking position, asked position]; the last sums to 1.
        """
        q, k = self.queries(x)[0], self.asked(context)[0]
        hidden = None if padding is None else padding.scores(self.n_head, q)
        found = attention_weights(q, k, hidden)
        return found.view(len(x), self.n_head, *found.shape[1:])

    def queries(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The heads' queries (B·H, T, D), and the backward pass."""
        h = self.n_head
        q, linear_backward = self.query.vjp(x)
        q, norm_backward = self.normalised(heads(q, h))
        return lowered(q), lambda dq: linear_backward(unheads(norm_backward(dq), h))

    def asked(self, context: Tensor) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], Tensor]]:
        """The heads' keys and values, each (B·H, S, D), and the backward pass."""
        b, s, _ = context.shape
        h = self.n_head
        kv, linear_backward = self.key_value.vjp(context)  # (B, S, 2C)
        # One copy brings the heads to the front: (2, B, S, H, D) to (2, B·H, S, D).
        split = kv.view(b, s, 2, h, -1).permute(2, 0, 3, 1, 4).reshape(2, b * h, s, -1)
        k, norm_backward = self.normalised(split[0])

        def backward(dk: Tensor, dv: Tensor) -> Tensor:
            dk = norm_backward(dk)
            dkv = torch.empty(b, s, 2, h, dk.shape[2], dtype=dk.dtype, device=dk.device)
            dkv[:, :, 0].copy_(dk.view(b, h, s, -1).transpose(1, 2))
            dkv[:, :, 1].copy_(dv.view(b, h, s, -1).transpose(1, 2))
            return linear_backward(dkv.view(b, s, -1))

        return lowered(k), lowered(split[1]), backward

    def normalised(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Queries or keys at one length, if that is wanted."""
        return rms_normalise(x, EPS) if self.qk_norm else (x, lambda dx: dx)

    def begin(self, context: Tensor, padding: Padding | None = None) -> KeysAndValues:
        """What `advance` asks: keys and values, made of the context once.

        Args:
            context: shape (B, S, n_context).
            padding: positions of it that are not to be seen.
        """
        b, h = len(context), self.n_head
        keys, values = (
            part.view(b, h, part.shape[1], -1).permute(2, 0, 1, 3).contiguous()
            for part in self.asked(context)[:2]
        )  # (B·H, S, D) to (S, B, H, D)
        if padding is None:
            return KeysAndValues(keys, values, None)
        zeros = torch.zeros(padding.real.shape, dtype=keys.dtype, device=keys.device)
        hidden = zeros.masked_fill_(~padding.real, -math.inf)
        return KeysAndValues(keys, values, hidden.t().unsqueeze(2).contiguous())

    def advance(self, x: Tensor, state: KeysAndValues) -> Tensor:
        """What one position of each row is told, x and y of shape (B, C)."""
        q = self.queries(x.unsqueeze(1))[0].view(len(x), self.n_head, -1)  # (B, H, D)
        # As sums of products, for there is one query: (S, B, H, D) to (S, B, H) and back.
        scores = (state.keys * (q / math.sqrt(q.shape[2]))).sum(-1)
        if state.hidden is not None:
            scores = scores + state.hidden
        weights = torch.softmax(scores, 0)
        y: Tensor = self.projection((state.values * weights.unsqueeze(-1)).sum(0).view(x.shape))
        return y


def heads(x: Tensor, n_head: int) -> Tensor:
    """(B, T, C) to (B·H, T, C/H)."""
    b, t, c = x.shape
    return x.reshape(b, t, n_head, c // n_head).transpose(1, 2).reshape(b * n_head, t, -1)


def unheads(x: Tensor, n_head: int) -> Tensor:
    """(B·H, T, D) back to (B, T, H·D)."""
    n, t, size = x.shape
    return x.view(n // n_head, n_head, t, size).transpose(1, 2).reshape(-1, t, n_head * size)
