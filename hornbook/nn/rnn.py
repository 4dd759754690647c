"""The plain recurrent layer (Elman 1990), and its start from the identity (Le et al. 2015)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from hornbook.compute.products import linear
from hornbook.nn.recurrent import (
    MINUS_ONE,
    GatedCell,
    StateBackward,
    one_minus_square,
    owned,
    step_product,
    tanh,
)

__all__ = ["RNN"]


class RNN(GatedCell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), as torch.nn.RNN of one layer.

    Args:
        input_size: C.
        hidden_size: H.
        nonlinearity: tanh or relu.
        identity: if not 0, weight_hh starts as the identity times this and the biases as zeros, so
            that a state at first keeps what it knows (Le, Jaitly and Hinton 2015, with relu).
        generator: of the random start.

    Shapes: x (B, T, C), y (B, T, H), state (B, H); see `GatedCell`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        identity: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, generator=generator)
        self.nonlinearity = nonlinearity
        if identity:
            with torch.no_grad():
                self.weight_hh.copy_(identity * torch.eye(hidden_size))
                self.bias_ih.zero_()
                self.bias_hh.zero_()

    def project(self, x: Tensor) -> Tensor:
        """W_ih x + b_ih + b_hh: (..., C) to (..., H)."""
        return linear(x, self.weight_ih, self.bias_ih + self.bias_hh).to(self.weight_ih.dtype)

    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """h' from h."""
        pre = gi + linear(state[0], self.weight_hh)
        return (tanh(pre) if self.nonlinearity == "tanh" else torch.relu(pre),)

    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, time first."""
        weight = self.weight_hh
        hs = unroll(self.project(xs), state, weight, self.nonlinearity)

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            dpre, dstate = roll_back(dy, dlast, hs, weight, self.nonlinearity, began=began)
            self.add_hidden(dpre, hs[:-1])
            return self.add_input(dpre, xs), dstate

        return hs[1:], hs[-1], backward


def unroll(gi: Tensor, state: Tensor, weight: Tensor, nonlinearity: str) -> Tensor:
    """The loop h' = f(gi + W h).

    Args:
        gi: shape (T, B, H); is overwritten.
        state: h before the first step, shape (B, H).
        weight: W, shape (H, H).
        nonlinearity: f, tanh or relu.

    Returns:
        h before the first step and after each, shape (T + 1, B, H).
    """
    steps, batch, _ = gi.shape
    hs = gi.new_empty(steps + 1, *gi.shape[1:])
    hs[0] = state
    slots = hs.unbind(0)
    h = slots[0]
    if nonlinearity == "relu":
        product = step_product(weight, batch)
        for g, out in zip(gi.unbind(0), slots[1:], strict=True):
            h = product(g, h, out).relu_()
        return hs
    # tanh x = 2σ(2x) − 1; the inner 2 is in the product, the rest in one operation.
    product = step_product(weight, batch, 2)
    for g, out in zip(gi.mul_(2).unbind(0), slots[1:], strict=True):
        h = product(g, h, out).sigmoid_()
        torch.add(MINUS_ONE, h, alpha=2, out=h)
    return hs


def roll_back(
    dy: Tensor,
    dlast: Tensor | None,
    hs: Tensor,
    weight: Tensor,
    nonlinearity: str,
    *,
    began: bool,
) -> tuple[Tensor, Tensor | None]:
    """The backward pass through `unroll`.

    With dh' the gradient of a state, from its own output and from the next step:

        dpre = dh' · f'(pre)                f' = 1 − h'² for tanh, h' > 0 for relu
        dh   = dy + dpre W

    Args:
        dy: gradient of each step's output, shape (T, B, H).
        dlast: gradient of the last state, shape (B, H).
        hs: what `unroll` gave.
        weight: W.
        nonlinearity: f.
        began: whether the gradient of the first state is wanted.

    Returns:
        dpre of shape (T, B, H), which is dgi, and the gradient of the first state.
    """
    after = hs[1:]
    squashed = nonlinearity == "tanh"
    slope = one_minus_square(after) if squashed else after > 0
    dpre = owned(dy, hs.dtype)  # a state's gradient, until it becomes its dpre
    if dlast is not None:
        dpre[-1] += dlast
    product = step_product(weight.t(), dy.shape[1])
    gradients, slopes = dpre.unbind(0), slope.unbind(0)
    for t in range(len(gradients) - 1, 0, -1):
        product(gradients[t - 1], gradients[t].mul_(slopes[t]), gradients[t - 1])
    first = gradients[0].mul_(slopes[0])
    if not began:
        return dpre, None
    return dpre, product(torch.zeros_like(first), first, torch.empty_like(first))
