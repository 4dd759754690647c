"""Additive attention (Bahdanau, Cho, Bengio 2014): a small net says how well two vectors match."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hornbook.nn.layer import grad_of, wants_gradient
from hornbook.nn.linear import Linear
from hornbook.nn.padding import Padding

__all__ = ["AdditiveAttention", "AskedRows"]


@dataclass(frozen=True)
class AskedRows:
    """Rows that are asked, made ready once for all the steps in which they are.

    Attributes:
        keys: what they bring into the match, shape (B, S, A).
        values: the rows themselves, (B, S, M).
        hidden: added to the scores, -inf at padding, shape (B, S); None: there is none.
    """

    keys: Tensor
    values: Tensor
    hidden: Tensor | None

    def pick(self, places: Tensor) -> AskedRows:
        """Some of the rows."""
        keys, values = (x.index_select(0, places) for x in (self.keys, self.values))
        hidden = None if self.hidden is None else self.hidden.index_select(0, places)
        return AskedRows(keys, values, hidden)


class AdditiveAttention(torch.nn.Module):
    """Σ_s w_s m_s with w = softmax(v · tanh(W q + U m_s + b)): the query q asks all positions s.

    tanh a is 2σ(2a) − 1, and what is the same for all positions cancels in the softmax, so scores
    are 2 v · σ(2a).

    Args:
        n_query: size Q of the asking vectors.
        n_context: size M of the asked ones, and of what they tell.
        size: A, units of the small net.
        generator: of the random start.

    Shapes: x (B, T, Q), context (B, S, M), y (B, T, M); weight (A,).
    """

    def __init__(
        self,
        n_query: int,
        n_context: int,
        size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.query = Linear(n_query, size, bias=False, generator=generator)
        self.key = Linear(n_context, size, generator=generator)
        bound = 1 / math.sqrt(size)
        start = torch.empty(size).uniform_(-bound, bound, generator=generator)
        self.weight = torch.nn.Parameter(start)

    def forward(self, x: Tensor, context: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, context, padding)[0]

    def vjp(
        self, x: Tensor, context: Tensor, padding: Padding | None = None
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
        """y, and the way from its gradient to those of x and of the context.

        Args:
            x: shape (B, T, Q).
            context: shape (B, S, M).
            padding: positions of the context that are not to be seen.
        """
        weight = self.weight
        q, query_backward = self.query.vjp(x)
        k, key_backward = self.key.vjp(context)
        s = torch.sigmoid(2 * (q.unsqueeze(2) + k.unsqueeze(1)))  # (B, T, S, A)
        weights = weighed(s @ (2 * weight), hidden_of(padding, k, 1))  # (B, T, S)
        y = torch.bmm(weights, context)

        def backward(dy: Tensor) -> tuple[Tensor, Tensor]:
            dweights = torch.bmm(dy, context.transpose(1, 2))
            total = (dy * y).sum(2, keepdim=True)
            dscores = (dweights - total) * weights  # (B, T, S)
            if wants_gradient(weight):
                flat = dscores.reshape(1, -1) @ s.flatten(0, 2)  # (1, A)
                grad_of(weight).add_(flat[0], alpha=2)
            # σ' = σ (1 − σ), and its argument is doubled, as the weight is.
            ds = torch.addcmul(s, s, s, value=-1).mul_(dscores.unsqueeze(3)).mul_(4 * weight)
            dcontext = torch.bmm(weights.transpose(1, 2), dy)
            return query_backward(ds.sum(2)), key_backward(ds.sum(1)) + dcontext

        return y, backward

    def weights(self, x: Tensor, context: Tensor, padding: Padding | None = None) -> Tensor:
        """How much of each position is told: shape (B, T, S), the sum over the last is 1."""
        asked = self.begin(context, padding)
        found = [self.ask(column, asked)[1] for column in x.unbind(1)]
        return torch.stack(found, 1)

    def begin(self, context: Tensor, padding: Padding | None = None) -> AskedRows:
        """What `ask` asks, made of the context (B, S, M) once."""
        keys = self.key(context)
        return AskedRows(keys, context, hidden_of(padding, keys, 0))

    def ask(self, x: Tensor, asked: AskedRows) -> tuple[Tensor, Tensor]:
        """One query of each row, x (B, Q): what it is told, (B, M), and the weights, (B, S)."""
        s = torch.sigmoid(2 * (self.query(x).unsqueeze(1) + asked.keys))
        weights = weighed(s @ (2 * self.weight), asked.hidden)
        return torch.bmm(weights.unsqueeze(1), asked.values).squeeze(1), weights


def hidden_of(padding: Padding | None, like: Tensor, dim: int) -> Tensor | None:
    """What is added to scores (B, S), or with `dim` 1 to (B, T, S): -inf at padding."""
    if padding is None:
        return None
    return padding.scores(like).squeeze(1) if dim == 0 else padding.scores(like)


def weighed(scores: Tensor, hidden: Tensor | None) -> Tensor:
    """The softmax over the last dimension, of what is not hidden."""
    return torch.softmax(scores if hidden is None else scores + hidden, -1)
