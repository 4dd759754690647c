"""Attention (Vaswani et al. 2017): each position gathers from others what its query asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from hornbook.compute.products import lowered
from hornbook.nn.attention_cache import Cache
from hornbook.nn.grouped_heads import shared, shared_heads_vjp
from hornbook.nn.layer import Backward, Layer, Shape
from hornbook.nn.linear import Linear
from hornbook.nn.padding import Padding
from hornbook.nn.rmsnorm import rms_normalise
from hornbook.nn.rotary import Rotary
from hornbook.nn.scaled_dot_product import (
    attend,
    attend_causally,
    attention_weights,
    lots_of,
)

__all__ = ["SelfAttention"]

EPS = 1e-6
# Masks that some layer has: of 12 layers with 1,024 positions each its own would be 50 MB.
SHARED: WeakValueDictionary[tuple[object, ...], Tensor] = WeakValueDictionary()


class SelfAttention(Layer):
    """One or more heads that each look at all positions (or those before) of the same row.

    Args:
        n_embd: size C of a position's vector.
        n_head: number of heads; each has C / n_head features.
        n_kv_head: number of heads of keys and values, each for n_head / n_kv_head heads of queries
            that follow each other (Ainslie et al. 2023); None: as many as heads.
        causal: whether a position sees only itself and those before (a decoder) or all (an
            encoder).
        window: how far back a causal position sees, itself included; None: to the row's start.
        bias: whether the linear layers have biases.
        projection: whether a last linear layer mixes the heads.
        qk_norm: normalise queries and keys, so that no score can grow without bound.
        rotary: turns queries and keys by their positions.
        dropout: share of the attention weights dropped in training.
        linear: makes its linear layers: `Linear`, or what else takes the same arguments.
        generator: of the random start.

    Shapes: x and y (B, T, C).

    Raises:
        ValueError: if the heads of queries cannot share those of keys evenly.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        n_kv_head: int | None = None,
        causal: bool = True,
        window: int | None = None,
        bias: bool = False,
        projection: bool = True,
        qk_norm: bool = False,
        rotary: Rotary | None = None,
        dropout: float = 0.0,
        linear: Callable[..., Linear] = Linear,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_head, self.n_kv_head = n_head, n_head if n_kv_head is None else n_kv_head
        self.causal, self.window = causal, window
        self.qk_norm, self.rotary, self.dropout = qk_norm, rotary, dropout
        if n_head % self.n_kv_head:
            raise ValueError(f"n_head must be a multiple of n_kv_head, {n_kv_head}; it is {n_head}")
        # Queries of all heads, then keys, then values.
        rows = (n_head + 2 * self.n_kv_head) * (n_embd // n_head)
        self.qkv = linear(n_embd, rows, bias, generator=generator)
        self.projection = linear(n_embd, n_embd, bias, generator=generator) if projection else None
        self.masks: dict[tuple[object, ...], Tensor] = {}

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, padding)[0]

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: shape (B, T, C).
            padding: positions that are not to be seen, of an encoder's rows; what comes out at them
                says nothing. Behind causal rows padding is never seen.
        """
        return self.read(x, padding)[:2]

    def read(
        self, x: Tensor, padding: Padding | None = None
    ) -> tuple[Tensor, Backward, Tensor, Tensor]:
        """y, the backward pass, and the keys and values that each head met, (B, H, T, D)."""
        b, t, c = x.shape
        h = self.n_head
        q, k, v, split_backward = self.split(x)
        dropout = self.dropout if self.training else 0.0
        if self.causal:
            mask = self.mask(t, q)
            y, attend_backward = attend_causally(q, k, v, mask, self.window, dropout)
        else:
            hidden = None if padding is None else padding.scores(q).unsqueeze(1)
            y, attend_backward = attend(q, k, v, hidden, dropout)
        y = y.transpose(1, 2).reshape(b, t, c)
        project_backward: Backward | None = None
        if self.projection is not None:
            y, project_backward = self.projection.vjp(y)

        def backward(dy: Tensor) -> Tensor:
            if project_backward is not None:
                dy = project_backward(dy)
            return split_backward(*attend_backward(dy.view(b, t, h, c // h).transpose(1, 2)))

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

    def weights(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """How much of each position's value goes to each: what `read` multiplies values with.

        No weight is dropped, in training neither.

        Args:
            x: shape (B, T, C).
            padding: as in `vjp`.

        Returns:
            Shape (B, H, T, T), [row, head, asking position, asked position]; the last sums to 1.
        """
        q, k, _, _ = self.split(x)
        t = x.shape[1]
        hidden = None if padding is None else padding.scores(q).unsqueeze(1)
        mask = self.mask(t, q) if self.causal else hidden
        return attention_weights(q, k, mask)

    def split(
        self, x: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Callable[[Tensor, Tensor, Tensor], Tensor]]:
        """The heads' queries, keys and values, each (B, H, T, D), and the backward pass.

        Queries and keys are normalised and rotated; heads that share keys and values have the same.
        """
        if self.n_kv_head < self.n_head:
            q, k, v, shared_backward = shared_heads_vjp(
                x, self.qkv, self.n_head, self.n_kv_head, lambda qk: self.turned(qk, 0)
            )
            return lowered(q), lowered(k), lowered(v), shared_backward
        b, t, c = x.shape
        h = self.n_head
        qkv, qkv_backward = self.qkv.vjp(x)  # (B, T, 3C)
        split = qkv.view(b, t, 3, h, c // h).permute(2, 0, 3, 1, 4)  # (3, B, H, T, D)
        qk, turn_backward = self.turned(split[:2], 0)

        def backward(dq: Tensor, dk: Tensor, dv: Tensor) -> Tensor:
            parts = [d.transpose(1, 2) for d in (dq, dk, dv)]  # (B, T, H, D)
            if turn_backward is not None:
                dqk = torch.stack(parts[:2], 2).permute(2, 0, 3, 1, 4)  # (2, B, H, T, D)
                parts[:2] = turn_backward(dqk).transpose(2, 3).unbind(0)
            return qkv_backward(torch.cat([part.reshape(b, t, c) for part in parts], 2))

        return lowered(qk[0]), lowered(qk[1]), lowered(split[2]), backward

    def turned(self, qk: Tensor, begin: int) -> tuple[Tensor, Backward | None]:
        """Queries and keys (..., T, D) normalised and turned, as far as that is wanted.

        Where it is not, they are as they were, and there is no backward pass.
        """
        ways_back: list[Backward] = []
        if self.qk_norm:
            qk, backward = rms_normalise(qk, EPS)
            ways_back.append(backward)
        if self.rotary is not None:
            qk, backward = self.rotary.vjp(qk, begin)
            ways_back.append(backward)
        if not ways_back:
            return qk, None

        def backward_all(dqk: Tensor) -> Tensor:
            for backward in reversed(ways_back):
                dqk = backward(dqk)
            return dqk

        return qk, backward_all

    def mask(self, length: int, like: Tensor) -> Tensor:
        """What is added to the scores (T, T): -inf where a position must not look."""
        key = (like.dtype, like.device)
        if key not in self.masks or len(self.masks[key]) < length:
            others = SHARED.get((self.window, *key))
            if others is not None and len(others) >= length:
                self.masks[key] = others
                return others[:length, :length]
            # Kept for autograd too, which can do nothing with what inference mode makes.
            with torch.inference_mode(False):
                ones = torch.ones(length, length, dtype=torch.bool, device=like.device)
                hidden = ones.triu(1)
                if self.window is not None:
                    hidden |= ones.tril(-self.window)
                zeros = torch.zeros(length, length, dtype=like.dtype, device=like.device)
                self.masks[key] = zeros.masked_fill_(hidden, -math.inf)
            SHARED[self.window, *key] = self.masks[key]
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
        h, kv, size = self.n_head, self.n_kv_head, c // self.n_head
        split = self.qkv(x).view(b, h + 2 * kv, 1, size)
        at = state.count if state is not None else 0
        qk = self.turned(split[:, : h + kv], at)[0].squeeze(2)  # (B, H + K, D)
        cache = self.write(state, qk[:, h:], split[:, h + kv :, 0], at)
        seen = min(at + 1, len(cache.keys))
        q, keys, values = qk[:, :h], cache.keys[:seen], cache.values[:seen]
        if kv < h:  # (B, H, D) to (B, K, H/K, D), each group beside the keys that it shares
            q, keys, values = (
                q.reshape(b, kv, h // kv, size),
                keys.unsqueeze(3),
                values.unsqueeze(3),
            )
        # As sums of products, for there is one query: (S, B, H, D) to (S, B, H) and back.
        scores = (keys * (q / math.sqrt(size))).sum(-1)
        weights = torch.softmax(scores, 0)
        y = (values * weights.unsqueeze(-1)).sum(0).view(b, c)
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
        t = x.shape[1]
        y, _, *read = self.read(x)
        keys, values = (
            shared(part, self.n_kv_head).permute(2, 0, 1, 3).contiguous() for part in read
        )  # (B, H, T, D) to (T, B, K, D)
        if self.window is not None and t > self.window:  # as the ring has it
            keys, values = (part[-self.window :].roll(t, 0) for part in (keys, values))
        return y, Cache(keys, values, t)

    def write(self, state: Cache | None, key: Tensor, value: Tensor, at: int) -> Cache:
        """The cache with one more position's key and value (B, K, D)."""
        if state is None:
            state = Cache(key.new_empty(0, *key.shape), value.new_empty(0, *value.shape), 0)
        keys, values, room = state.keys, state.values, self.room_for(at + 1, len(state.keys))
        if (more := room - len(keys)) > 0:
            keys = torch.cat([keys, key.new_empty(more, *key.shape)])
            values = torch.cat([values, value.new_empty(more, *value.shape)])
        # With rotary positions the order of the cache says nothing, so it may be a ring.
        keys[at % room] = key
        values[at % room] = value
        return Cache(keys, values, at + 1)

    def room_for(self, count: int, room: int) -> int:
        """How many positions a cache should have room for that has to hold so many and has some.

        Twice as many as before, up to the window, beyond which the oldest is written over.
        """
        if count > room and (self.window is None or room < self.window):
            room += max(8, room)
            if self.window is not None:
                room = min(room, self.window)
        return room

    def pick(self, state: Cache, places: Tensor) -> Cache:
        """The cache of some rows."""
        return state.pick(places)
