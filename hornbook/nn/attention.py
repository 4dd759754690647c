"""Attention (Vaswani et al. 2017): each position gathers from others what its query asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hornbook.compute.products import lowered
from hornbook.nn.layer import Backward, Layer, Shape
from hornbook.nn.linear import Linear
from hornbook.nn.rmsnorm import rms_normalise
from hornbook.nn.rotary import Rotary
from hornbook.nn.scaled_dot_product import (
    attend,
    attend_causally,
    attention_weights,
    lots_of,
)

__all__ = ["Cache", "CrossAttention", "SelfAttention"]

EPS = 1e-6


@dataclass
class Cache:
    """What attention remembers from step to step: the keys and values of what it read.

    Time comes first, so that a new position is written in one piece, and sums over positions run
    along all heads of all rows at once.

    Attributes:
        keys, values: shape (room, B, n_head, head_size); `room` grows by doubling up to the
            window, and then the oldest is written over.
        count: positions read so far.
    """

    keys: Tensor
    values: Tensor
    count: int

    def pick(self, places: Tensor) -> Cache:
        """The keys and values of some rows."""
        keys, values = (x.index_select(1, places) for x in (self.keys, self.values))
        return Cache(keys, values, self.count)


class SelfAttention(Layer):
    """One or more heads that each look at all positions (or those before) of the same row.

    Args:
        n_embd: size C of a position's vector.
        n_head: number of heads; each has C / n_head features.
        causal: whether a position sees only itself and those before (a decoder) or all (an
            encoder).
        window: how far back a causal position sees, itself included; None: to the row's start.
        bias: whether the linear layers have biases.
        projection: whether a last linear layer mixes the heads.
        qk_norm: normalise queries and keys, so that no score can grow without bound.
        rotary: turns queries and keys by their positions.
        dropout: share of the attention weights dropped in training.
        generator: of the random start.

    Shapes: x and y (B, T, C).
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        causal: bool = True,
        window: int | None = None,
        bias: bool = False,
        projection: bool = True,
        qk_norm: bool = False,
        rotary: Rotary | None = None,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_head, self.causal, self.window = n_head, causal, window
        self.qk_norm, self.rotary, self.dropout = qk_norm, rotary, dropout
        self.qkv = Linear(n_embd, 3 * n_embd, bias, generator=generator)
        self.projection = Linear(n_embd, n_embd, bias, generator=generator) if projection else None
        self.masks: dict[tuple[object, ...], Tensor] = {}

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        return self.read(x)[:2]

    def read(self, x: Tensor) -> tuple[Tensor, Backward, Tensor, Tensor]:
        """y, the backward pass, and the keys and values of all positions, (B·H, T, D)."""
        b, t, c = x.shape
        h = self.n_head
        q, k, v, split_backward = self.split(x)
        dropout = self.dropout if self.training else 0.0
        if self.causal:
            mask = self.mask(t, q)
            y, attend_backward = attend_causally(q, k, v, mask, self.window, dropout)
        else:
            y, attend_backward = attend(q, k, v, None, dropout)
        y = y.view(b, h, t, c // h).transpose(1, 2).reshape(b, t, c)
        project_backward: Backward | None = None
        if self.projection is not None:
            y, project_backward = self.projection.vjp(y)

        def backward(dy: Tensor) -> Tensor:
            if project_backward is not None:
                dy = project_backward(dy)
            dheads = dy.view(b, t, h, c // h).transpose(1, 2).reshape(b * h, t, c // h)
            return split_backward(*attend_backward(dheads))

        return y, backward, k, v

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Queries times keys and weights times values, for the pairs of positions that meet.

        Of a long causal row not all do: see `attend_causally`.
        """
        batch, time, channels = given
        met = time * time
        if self.causal:
            lots = lots_of(time, self.window, self.qkv.weight.element_size())
            met = sum(len(queries) * len(keys) for queries, keys in lots)
        return 2 * batch * met * channels

    def weights(self, x: Tensor) -> Tensor:
        """How much of each position's value goes to each: what `read` multiplies values with.

        No weight is dropped, in training neither.

        Args:
            x: shape (B, T, C).

        Returns:
            Shape (B, H, T, T), [row, head, asking position, asked position]; the last sums to 1.
        """
        q, k, _, _ = self.split(x)
        t = x.shape[1]
        mask = self.mask(t, q) if self.causal else None
        return attention_weights(q, k, mask).view(len(x), self.n_head, t, t)

    def split(
        self, x: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Callable[[Tensor, Tensor, Tensor], Tensor]]:
        """The heads' queries, keys and values, each (B·H, T, D), and the backward pass.

        Queries and keys are normalised and rotated.
        """
        b, t, c = x.shape
        h = self.n_head
        qkv, qkv_backward = self.qkv.vjp(x)  # (B, T, 3C)
        # One copy brings the heads to the front: (3, B, T, H, D) to (3, B·H, T, D).
        split = qkv.view(b, t, 3, h, c // h).permute(2, 0, 3, 1, 4).reshape(3, b * h, t, c // h)
        qk, turn_backward = self.turned(split[:2], 0)

        def backward(dq: Tensor, dk: Tensor, dv: Tensor) -> Tensor:
            dqk = turn_backward(torch.stack([dq, dk]))
            dqkv = torch.empty(b, t, 3, h, c // h, dtype=dqk.dtype, device=dqk.device)
            heads_last = (0, 2, 1, 3)
            dqkv[:, :, 0].copy_(dqk[0].view(b, h, t, -1).permute(heads_last))
            dqkv[:, :, 1].copy_(dqk[1].view(b, h, t, -1).permute(heads_last))
            dqkv[:, :, 2].copy_(dv.view(b, h, t, -1).permute(heads_last))
            return qkv_backward(dqkv.view(b, t, 3 * c))

        return lowered(qk[0]), lowered(qk[1]), lowered(split[2]), backward

    def turned(self, qk: Tensor, begin: int) -> tuple[Tensor, Backward]:
        """Queries and keys (..., T, D) normalised and turned, as far as that is wanted."""
        ways_back: list[Backward] = []
        if self.qk_norm:
            qk, backward = rms_normalise(qk, EPS)
            ways_back.append(backward)
        if self.rotary is not None:
            qk, backward = self.rotary.vjp(qk, begin)
            ways_back.append(backward)

        def backward_all(dqk: Tensor) -> Tensor:
            for backward in reversed(ways_back):
                dqk = backward(dqk)
            return dqk

        return qk, backward_all

    def mask(self, length: int, like: Tensor) -> Tensor:
        """What is added to the scores (T, T): -inf where a position must not look."""
        key = (like.dtype, like.device)
        if key not in self.masks or len(self.masks[key]) < length:
            # Kept for autograd too, which can do nothing with what inference mode makes.
            with torch.inference_mode(False):
                ones = torch.ones(length, length, dtype=torch.bool, device=like.device)
                hidden = ones.triu(1)
                if self.window is not None:
                    hidden |= ones.tril(-self.window)
                zeros = torch.zeros(length, length, dtype=like.dtype, device=like.device)
                self.masks[key] = zeros.masked_fill_(hidden, -math.inf)
        # A shorter row's is the corner of a longer one's: one is kept, not one for each length.
        return self.masks[key][:length, :length]

    def advance(self, x: Tensor, state: Cache | None) -> tuple[Tensor, Cache]:
        """One more position of each row, x of shape (B, C), beside the cached ones.

        Raises:
            ValueError: if the attention is not causal: earlier positions would have to change.
        """
        if not self.causal:
            raise ValueError("only causal attention can be run step by step; causal is False")
        b, c = x.shape
        h, size = self.n_head, c // self.n_head
        split = self.qkv(x).view(b, 3, h, 1, size)
        at = state.count if state is not None else 0
        qk = self.turned(split[:, :2], at)[0].squeeze(3)  # (B, 2, H, D)
        cache = self.write(state, qk[:, 1], split[:, 2, :, 0], at)
        seen = min(at + 1, len(cache.keys))
        # As sums of products, for there is one query: (S, B, H, D) to (S, B, H) and back.
        scores = (cache.keys[:seen] * (qk[:, 0] / math.sqrt(size))).sum(3)
        weights = torch.softmax(scores, 0)
        y = (cache.values[:seen] * weights.unsqueeze(3)).sum(0).view(b, c)
        if self.projection is not None:
            y = self.projection(y)
        return y, cache

    def begin(self, x: Tensor) -> tuple[Tensor, Cache]:
        """A row from its start, x of shape (B, T, C).

        Raises:
            ValueError: if the attention is not causal.
        """
        if not self.causal:
            raise ValueError("only causal attention can be run step by step; causal is False")
        b, t, _ = x.shape
        y, _, *read = self.read(x)
        keys, values = (
            part.view(b, self.n_head, t, -1).permute(2, 0, 1, 3).contiguous() for part in read
        )  # (B·H, T, D) to (T, B, H, D)
        if self.window is not None and t > self.window:  # as the ring has it
            keys, values = (part[-self.window :].roll(t, 0) for part in (keys, values))
        return y, Cache(keys, values, t)

    def write(self, state: Cache | None, key: Tensor, value: Tensor, at: int) -> Cache:
        """The cache with one more position's key and value (B, H, D)."""
        if state is None:
            state = Cache(key.new_empty(0, *key.shape), value.new_empty(0, *value.shape), 0)
        keys, values, room = state.keys, state.values, len(state.keys)
        if at >= room and (self.window is None or room < self.window):
            more = max(8, room)
            if self.window is not None:
                more = min(more, self.window - room)
            keys = torch.cat([keys, key.new_empty(more, *key.shape)])
            values = torch.cat([values, value.new_empty(more, *value.shape)])
            room += more
        # With rotary positions the order of the cache says nothing, so it may be a ring.
        keys[at % room] = key
        values[at % room] = value
        return Cache(keys, values, at + 1)

    def pick(self, state: Cache, places: Tensor) -> Cache:
        """The cache of some rows."""
        return state.pick(places)


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
