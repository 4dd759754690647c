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
        q, q_backward = self.queries(x)
        k, v, kv_backward = self.asked(context)
        hidden = None if padding is None else padding.scores(q).unsqueeze(1)
        y, attend_backward = attend(q, k, v, hidden, self.dropout if self.training else 0.0)
        y, project_backward = self.projection.vjp(unheads(y))

        def backward(dy: Tensor) -> tuple[Tensor, Tensor]:
            dq, dk, dv = attend_backward(heads(project_backward(dy), self.n_head))
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
        hidden = None if padding is None else padding.scores(q).unsqueeze(1)
        return attention_weights(q, k, hidden)

    def queries(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The heads' queries (B, H, T, D), and the backward pass."""
        q, linear_backward = self.query.vjp(x)
        q, norm_backward = self.normalised(heads(q, self.n_head))
        return lowered(q), lambda dq: linear_backward(unheads(norm_backward(dq)))

    def asked(self, context: Tensor) -> tuple[Tensor, Tensor, Callable[[Tensor, Tensor], Tensor]]:
        """The heads' keys and values, each (B, H, S, D), and the backward pass."""
        made, linear_backward = self.key_value.vjp(context)  # (B, S, 2C)
        key, value = (heads(part, self.n_head) for part in made.chunk(2, 2))
        k, norm_backward = self.normalised(key)

        def backward(dk: Tensor, dv: Tensor) -> Tensor:
            return linear_backward(torch.cat([unheads(norm_backward(dk)), unheads(dv)], 2))

        return lowered(k), lowered(value), backward

    def normalised(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Queries or keys at one length, if that is wanted."""
        return rms_normalise(x, EPS) if self.qk_norm else (x, lambda dx: dx)

    def begin(self, context: Tensor, padding: Padding | None = None) -> KeysAndValues:
        """What `advance` asks: keys and values, made of the context once.

        Args:
            context: shape (B, S, n_context).
            padding: positions of it that are not to be seen.
        """
        keys, values = (
            part.permute(2, 0, 1, 3).contiguous() for part in self.asked(context)[:2]
        )  # (B, H, S, D) to (S, B, H, D)
        if padding is None:
            return KeysAndValues(keys, values, None)
        zeros = torch.zeros(padding.real.shape, dtype=keys.dtype, device=keys.device)
        hidden = zeros.masked_fill_(~padding.real, -math.inf)
        return KeysAndValues(keys, values, hidden.t().unsqueeze(2).contiguous())

    def advance(self, x: Tensor, state: KeysAndValues) -> Tensor:
        """What one position of each row is told, x and y of shape (B, C)."""
        q = self.queries(x.unsqueeze(1))[0].squeeze(2)  # (B, H, D)
        # As sums of products, for there is one query: (S, B, H, D) to (S, B, H) and back.
        scores = (state.keys * (q / math.sqrt(q.shape[2]))).sum(-1)
        if state.hidden is not None:
            scores = scores + state.hidden
        weights = torch.softmax(scores, 0)
        y: Tensor = self.projection((state.values * weights.unsqueeze(-1)).sum(0).view(x.shape))
        return y


def heads(x: Tensor, n_head: int) -> Tensor:
    """(B, T, C) as (B, H, T, C/H)."""
    b, t, c = x.shape
    return x.view(b, t, n_head, c // n_head).transpose(1, 2)


def unheads(x: Tensor) -> Tensor:
    """(B, H, T, D) as (B, T, H·D)."""
    return x.transpose(1, 2).flatten(2)
