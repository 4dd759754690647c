"""The two recurrent cells that fast.ai's lesson 6 writes as a loop, before it takes torch's own.

Both put a nonlinearity between the input and the state; they differ in how the two meet.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, times
from hornbook.nn.layer import grad_of, wants_gradient
from hornbook.nn.recurrent import (
    MINUS_ONE,
    Cell,
    GatedCell,
    StateBackward,
    one_minus_square,
    owned,
    step_product,
    tanh,
    uniform,
)
from hornbook.nn.rnn import roll_back, unroll

__all__ = ["AddedRNN", "ConcatenatedRNN"]


class AddedRNN(GatedCell):
    """a = relu(W_ih x + b_ih); h' = tanh(W_hh (h + a) + b_hh): the lesson's CharLoopModel.

    One matrix for the state and for what is new.

    Args:
        input_size: C.
        hidden_size: H.
        generator: of the random start, torch.nn.Linear's.

    Shapes: x (B, T, C), y (B, T, H), state (B, H), weight_ih (H, C), weight_hh (H, H).
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, generator=generator)
        self.weight_ih = uniform(hidden_size, input_size, fan=input_size, generator=generator)
        self.bias_ih = uniform(hidden_size, fan=input_size, generator=generator)

    def project(self, x: Tensor) -> Tensor:
        """a: (..., C) to (..., H)."""
        return torch.relu(linear(x, self.weight_ih, self.bias_ih)).to(self.weight_ih.dtype)

    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """h' from h."""
        pre = linear(gi + state[0], self.weight_hh, self.bias_hh)
        return (tanh(pre.to(gi.dtype)),)

    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, time first."""
        weight = self.weight_hh
        a = self.project(xs)
        # W (h + a) is W h + W a, of which only W h must wait for its step.
        hs = unroll(linear(a, weight, self.bias_hh).to(a.dtype), state, weight, "tanh")

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            dpre, dstate = roll_back(dy, dlast, hs, weight, "tanh", began=began)
            rows = dpre.flatten(0, 1)  # (T·B, H)
            if wants_gradient(weight):
                add_product(grad_of(weight), rows, (hs[:-1] + a).flatten(0, 1))
            if wants_gradient(self.bias_hh):
                grad_of(self.bias_hh).add_(rows.sum(0))
            da = times(rows, weight).to(a.dtype).mul_(a.flatten(0, 1).sign())
            if wants_gradient(self.weight_ih):
                add_product(grad_of(self.weight_ih), da, xs.flatten(0, 1))
            if wants_gradient(self.bias_ih):
                grad_of(self.bias_ih).add_(da.sum(0))
            return times(da, self.weight_ih).to(xs.dtype).view_as(xs), dstate

        return hs[1:], hs[-1], backward


class ConcatenatedRNN(Cell):
    """a = relu(W_in [h, x] + b_in); h' = tanh(W_hh a + b_hh): the lesson's CharLoopConcatModel.

    State and input side by side, so that what is new is not lost in what is old.

    Args:
        input_size: C.
        hidden_size: H.
        generator: of the random start, torch.nn.Linear's.

    Shapes: x (B, T, C), y (B, T, H), state (B, H), weight_in (H, H + C), weight_hh (H, H).
    """

    decayed = frozenset({"weight_in", "weight_hh"})

    def __init__(
        self, input_size: int, hidden_size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(input_size, hidden_size)
        fan = hidden_size + input_size
        self.weight_in = uniform(hidden_size, fan, fan=fan, generator=generator)
        self.bias_in = uniform(hidden_size, fan=fan, generator=generator)
        self.weight_hh = uniform(hidden_size, hidden_size, fan=hidden_size, generator=generator)
        self.bias_hh = uniform(hidden_size, fan=hidden_size, generator=generator)

    def project(self, x: Tensor) -> Tensor:
        """The input's share of W_in [h, x] + b_in: (..., C) to (..., H)."""
        share = linear(x, self.weight_in[:, self.hidden_size :], self.bias_in)
        return share.to(self.weight_in.dtype)

    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """h' from h."""
        a = torch.relu(gi + linear(state[0], self.weight_in[:, : self.hidden_size]))
        return (tanh(linear(a, self.weight_hh, self.bias_hh).to(gi.dtype)),)

    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, time first."""
        size, weight = self.hidden_size, self.weight_hh
        weight_h, weight_x = self.weight_in[:, :size], self.weight_in[:, size:]
        steps, batch, _ = xs.shape
        a = self.project(xs)
        hs = a.new_empty(steps + 1, batch, size)
        hs[0] = state
        slots = hs.unbind(0)
        h = slots[0]
        inward, outward = step_product(weight_h, batch), step_product(weight, batch, 2)
        doubled = self.bias_hh * 2
        for at, out in zip(a.unbind(0), slots[1:], strict=True):
            inner = inward(at, h, at).relu_()
            h = outward(doubled, inner, out).sigmoid_()  # tanh x = 2σ(2x) − 1
            torch.add(MINUS_ONE, h, alpha=2, out=h)

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            # dpre = dh' (1 − h'²);  da = dpre W_hh where a > 0;  dh = dy + da W_h.
            slope = one_minus_square(hs[1:]).unbind(0)
            open_ = a.sign()  # of a = relu(...): 1 where it let through
            da = torch.empty_like(a)
            dpre = owned(dy, a.dtype)  # a state's gradient, until it becomes its dpre
            if dlast is not None:
                dpre[-1] += dlast
            gradients, inner, gates = dpre.unbind(0), da.unbind(0), open_.unbind(0)
            out_of = step_product(weight.t(), batch)
            back_in = step_product(weight_h.t(), batch)
            nothing = torch.zeros_like(gradients[0])
            for t in range(steps - 1, -1, -1):
                out_of(nothing, gradients[t].mul_(slope[t]), inner[t]).mul_(gates[t])
                if t:
                    back_in(gradients[t - 1], inner[t], gradients[t - 1])
            dstate = back_in(nothing, inner[0], torch.empty_like(nothing)) if began else None
            rows, inside = dpre.flatten(0, 1), da.flatten(0, 1)  # (T·B, H)
            if wants_gradient(weight):
                add_product(grad_of(weight), rows, a.flatten(0, 1))
            if wants_gradient(self.bias_hh):
                grad_of(self.bias_hh).add_(rows.sum(0))
            if wants_gradient(self.weight_in):
                read = torch.cat([hs[:-1], xs.to(a.dtype)], 2).flatten(0, 1)
                add_product(grad_of(self.weight_in), inside, read)
            if wants_gradient(self.bias_in):
                grad_of(self.bias_in).add_(inside.sum(0))
            return times(inside, weight_x).to(xs.dtype).view_as(xs), dstate

        return hs[1:], hs[-1], backward
