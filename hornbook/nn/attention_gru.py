"""A recurrent decoder that looks at an encoder's row at each step (Bahdanau, Cho, Bengio 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, raised, times
from hornbook.nn.additive_attention import AdditiveAttention, AskedRows, weighed
from hornbook.nn.gru import GRU
from hornbook.nn.layer import Backward, Shape, grad_of, wants_gradient
from hornbook.nn.padding import Padding
from hornbook.nn.recurrent import MINUS_ONE, owned, time_major

__all__ = ["AttentionGRU", "AttentionGRUState", "Told", "ToldBackward"]


class Told(NamedTuple):
    """What the decoder gives at each position.

    Attributes:
        states: its state after the position, shape (B, T, H).
        contexts: what it was told of the memory there, shape (B, T, M).
    """

    states: Tensor
    contexts: Tensor


class ToldBackward(Protocol):
    """The backward pass."""

    def __call__(self, dstates: Tensor, dcontexts: Tensor, /) -> tuple[Tensor, Tensor, Tensor]:
        """Add the parameters' gradients, and give those of x, of the memory and of the state.

        Args:
            dstates: shape (B, T, H).
            dcontexts: shape (B, T, M).

        Returns:
            dx (B, T, C), dmemory (B, S, M), and of the state at the start (B, H).
        """
        ...


@dataclass(frozen=True)
class AttentionGRUState:
    """What is remembered from step to step.

    Attributes:
        h: shape (B, H).
        asked: the memory, made ready to be asked.
    """

    h: Tensor
    asked: AskedRows

    def pick(self, places: Tensor) -> AttentionGRUState:
        """That of some rows."""
        return AttentionGRUState(self.h.index_select(0, places), self.asked.pick(places))


class AttentionGRU(torch.nn.Module):
    """A GRU whose state asks the memory before each step, and whose input is what it was told, too.

        c_t = attention(h_(t−1), memory)
        h_t = GRU([x_t; c_t], h_(t−1))

    Args:
        input_size: C.
        n_context: M, size of the memory's vectors.
        hidden_size: H.
        attention_size: A, units with which state and memory are matched.
        generator: of the random start.

    Shapes: x (B, T, C), memory (B, S, M).
    """

    def __init__(
        self,
        input_size: int,
        n_context: int,
        hidden_size: int,
        attention_size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.attention = AdditiveAttention(
            hidden_size, n_context, attention_size, generator=generator
        )
        self.cell = GRU(input_size + n_context, hidden_size, generator=generator)

    def forward(
        self, x: Tensor, memory: Tensor, state: Tensor, padding: Padding | None = None
    ) -> Told:
        """What it gives, without the backward pass."""
        return self.vjp(x, memory, state, padding)[0]

    def vjp(
        self, x: Tensor, memory: Tensor, state: Tensor, padding: Padding | None = None
    ) -> tuple[Told, ToldBackward]:
        """What it gives and the backward pass.

        Args:
            x: shape (B, T, C).
            memory: shape (B, S, M).
            state: before the first position, shape (B, H).
            padding: positions of the memory that are not to be seen.
        """
        memory, state = raised(memory), raised(state)
        if torch.is_grad_enabled():
            return self.vjp_watched(x, memory, state, padding)
        return self.vjp_by_hand(x, memory, state, padding)

    def multiplications_asking(self, given: Shape, asked: Shape) -> int:
        """For each of x (B, T, C): the GRU's matrices, and matches and weights with (B, S, M)."""
        matrices = self.cell.weight_ih.numel() + self.cell.weight_hh.numel()
        rows = asked[1] * (len(self.attention.weight) + asked[2])
        return given[0] * given[1] * (matrices + rows)

    def vjp_watched(
        self, x: Tensor, memory: Tensor, state: Tensor, padding: Padding | None
    ) -> tuple[Told, ToldBackward]:
        """By the equations, step by step: where autograd watches nothing is written in place."""
        carried = self.begin(memory, state, padding)
        told = []
        for column in x.unbind(1):
            one, carried = self.advance(column, carried)
            told.append(one)
        states, contexts = (torch.stack(part, 1) for part in zip(*told, strict=True))

        def backward(dstates: Tensor, dcontexts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            # Autograd has its own way; who wants this one after all has it made now.
            with torch.no_grad():
                _, by_hand = self.vjp_by_hand(x.detach(), memory.detach(), state.detach(), padding)
                return by_hand(dstates, dcontexts)

        return Told(states, contexts), backward

    def begin(
        self, memory: Tensor, state: Tensor, padding: Padding | None = None
    ) -> AttentionGRUState:
        """The state before the first position, with the memory made ready once."""
        return AttentionGRUState(state, self.attention.begin(memory, padding))

    def advance(self, x: Tensor, state: AttentionGRUState) -> tuple[Told, AttentionGRUState]:
        """One more position, x (B, C): the new h (B, H) and what was told (B, M), and the state."""
        told, _ = self.attention.ask(state.h, state.asked)
        gi = self.cell.project(torch.cat([x, told], 1))
        (h,) = self.cell.recur(gi, (state.h,))
        return Told(h, told), AttentionGRUState(h, state.asked)

    def vjp_by_hand(
        self, x: Tensor, memory: Tensor, state: Tensor, padding: Padding | None
    ) -> tuple[Told, ToldBackward]:
        """Backpropagation through time; all that does not hang on the loop is done outside it."""
        cell, match = self.cell, self.attention
        c, size, units = self.input_size, cell.hidden_size, len(match.weight)
        xs = time_major(x)
        steps, batch, _ = xs.shape
        keys, keys_backward = match.key.vjp(memory)
        hidden = None if padding is None else padding.scores(keys).squeeze(1)
        doubled = raised(keys) * 2
        w_in, w_told = cell.weight_ih[:, :c].contiguous(), cell.weight_ih[:, c:].contiguous()
        # A state is multiplied by one matrix: what it asks, doubled, stands before its gates.
        w_state = torch.cat([2 * match.query.weight, cell.weight_hh])  # (A + 3H, H)
        b_state = torch.cat([cell.bias_hh.new_zeros(units), cell.bias_hh])
        gi = linear(xs, w_in, cell.bias_ih).to(w_in.dtype)
        asks = gi.new_empty(steps, batch, units + 3 * size)
        s = gi.new_empty(steps, *keys.shape)  # σ of the match, (T, B, S, A)
        weights = gi.new_empty(steps, *keys.shape[:2])
        told = gi.new_empty(steps, batch, memory.shape[2])
        hs = gi.new_empty(steps + 1, batch, size)
        hs[0] = state
        turned, turned_told, twice = w_state.t(), w_told.t(), 2 * match.weight
        with in_full(xs):
            for t in range(steps):
                h, ask, gates = hs[t], asks[t], gi[t]
                torch.addmm(b_state, h, turned, out=ask)
                torch.add(doubled, ask[:, :units].unsqueeze(1), out=s[t]).sigmoid_()
                weights[t] = weighed(s[t] @ twice, hidden)
                torch.bmm(weights[t].unsqueeze(1), memory, out=told[t].unsqueeze(1))
                gates.addmm_(told[t], turned_told)
                rz = gates[:, : 2 * size].add_(ask[:, units : units + 2 * size]).sigmoid_()
                n = gates[:, 2 * size :].addcmul_(rz[:, :size], ask[:, units + 2 * size :])
                torch.add(MINUS_ONE, n.mul_(2).sigmoid_(), alpha=2, out=n)
                torch.lerp(n, h, rz[:, size:], out=hs[t + 1])
        kept = Kept(xs, memory, s, weights, told, hs, gi, asks[..., units + 2 * size :])

        def backward(dstates: Tensor, dcontexts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return self.backward(kept, w_in, w_told, keys_backward, dstates, dcontexts)

        return Told(hs[1:].transpose(0, 1), told.transpose(0, 1)), backward

    def backward(
        self,
        kept: Kept,
        w_in: Tensor,
        w_told: Tensor,
        keys_backward: Backward,
        dstates: Tensor,
        dcontexts: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """From the gradients of what was given to those of all that it came from.

        Of a step, with dh' the gradient of its new state, as in `GRU` (U = (1 − z)(1 − n²)):

            dn = dh' · U,  dr = dn · (W_hn h + b_hn) r (1 − r),  dz = dh' · (h − n) z (1 − z)
            dc = dy_c + (dr, dz, dn) W_told             of what was told
            de = w · (dc · m_s − Σ w (dc · m_s))        of the scores
            da = de · 2v · σ (1 − σ)                    of what σ is taken of
            dh = dh' · z + (Σ_s da, dr, dz, dn · r) W_state
        """
        cell, match = self.cell, self.attention
        xs, memory, s, weights, told, hs, gates, gh_n = kept
        size, units, twice = cell.hidden_size, len(match.weight), 2 * match.weight
        before = hs[:-1]
        r, z, n = gates.chunk(3, 2)
        dgi = torch.empty_like(gates)  # factors of dh' first, and then gradients in their place
        dr, dz, dn = dgi.chunk(3, 2)
        torch.mul(1 - z, torch.addcmul(torch.ones_like(n), n, n, value=-1), out=dn)
        torch.mul(dn, gh_n * r * (1 - r), out=dr)
        torch.mul(before - n, z * (1 - z), out=dz)
        w_back = torch.cat([(2 * twice).unsqueeze(1) * match.query.weight, cell.weight_hh])
        dasks = gates.new_empty(*gates.shape[:2], units + 3 * size)
        dscores, dkeys = torch.empty_like(weights), torch.zeros_like(s[0])
        dhs = owned(dstates.transpose(0, 1), hs.dtype)
        dtold = owned(dcontexts.transpose(0, 1), hs.dtype)
        dstart = torch.zeros_like(hs[0])
        with in_full(xs):
            for t in range(len(xs) - 1, -1, -1):
                dh, dask, dc = dhs[t], dasks[t], dtold[t]
                dgi[t].view(-1, 3, size).mul_(dh.unsqueeze(1))
                dask[:, units : units + 2 * size] = dgi[t, :, : 2 * size]
                torch.mul(dn[t], r[t], out=dask[:, units + 2 * size :])
                dc.addmm_(dgi[t], w_told)
                dweights = torch.bmm(memory, dc.unsqueeze(2)).squeeze(2)
                total = (dc * told[t]).sum(1, keepdim=True)
                de = torch.mul(dweights.sub_(total), weights[t], out=dscores[t])
                da = torch.addcmul(s[t], s[t], s[t], value=-1).mul_(de.unsqueeze(2))
                dkeys += da
                torch.sum(da, 1, out=dask[:, :units])
                earlier = dhs[t - 1] if t else dstart
                earlier.addcmul_(dh, z[t]).addmm_(dask, w_back)
        dasked = dasks[..., :units] * twice
        if wants_gradient(match.weight):
            flat = dscores.view(1, -1) @ s.view(-1, units)  # (1, T·B·S) times (T·B·S, A)
            grad_of(match.weight).add_(flat[0], alpha=2)
        if wants_gradient(match.query.weight):
            add_product(grad_of(match.query.weight), 2 * dasked.flatten(0, 1), before.flatten(0, 1))
        cell.add_hidden(dasks[..., units:], before)
        rows = dgi.flatten(0, 1)
        if wants_gradient(cell.weight_ih):
            given = torch.cat([xs, told], 2).flatten(0, 1)
            add_product(grad_of(cell.weight_ih), rows, given)
        if wants_gradient(cell.bias_ih):
            grad_of(cell.bias_ih).add_(rows.sum(0))
        dx = times(rows, w_in).view_as(xs).transpose(0, 1)
        dmemory = torch.bmm(weights.permute(1, 2, 0), dtold.transpose(0, 1))
        return dx, dmemory + keys_backward(dkeys.mul_(2 * twice)), dstart


class Kept(NamedTuple):
    """What the backward pass needs of the steps; time comes first."""

    xs: Tensor
    memory: Tensor
    s: Tensor
    "σ of the match, (T, B, S, A)."
    weights: Tensor
    "(T, B, S)."
    told: Tensor
    "(T, B, M)."
    hs: Tensor
    "The states, the one at the start among them, (T + 1, B, H)."
    gates: Tensor
    "r, z and n, (T, B, 3H)."
    gh_n: Tensor
    "W_hn h + b_hn, (T, B, H)."


def in_full(x: Tensor) -> torch.autocast:
    """A context in which the steps' small products keep the precision of their tensors.

    What is written in place does not change it, and of such sizes none is faster in a lower one.
    """
    return torch.autocast(x.device.type, enabled=False)
