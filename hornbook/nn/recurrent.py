"""What recurrent layers share: a state carried from step to step, and backpropagation through time.

A recurrent layer reads a row token by token; what it knows of the past is its state. The state of
every layer here, and of a stack of them, is one tensor of shape (B, S) with a row for each place of
the batch, which is as easy to carry on, to pick rows from and to keep in a file as it looks. Its
first H columns are the layer's output h; an LSTM's cell state stands behind them.

Backpropagation through time, by hand: the gradient of a state is what its own output was asked for
and what the next step asks of it, so the backward pass is a loop too. All that does not depend on
that loop is done for all steps at once, before it (the factors from a state's gradient to its
gates') or after it (the gradients of weights and inputs, each one large product).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from hornbook.compute.products import ONEDNN, ONEDNN_FROM, add_product, linear, lowered, times
from hornbook.nn.layer import Backward, Layer, Shape, grad_of, wants_gradient

__all__ = ["Cell", "GatedCell", "Recurrent", "StateBackward"]

MINUS_ONE = torch.tensor(-1.0, device="cpu")  # not where the importer makes its tensors


class StateBackward(Protocol):
    """The backward pass of a row that began from a state."""

    def __call__(self, dy: Tensor, dlast: Tensor | None = None, /) -> tuple[Tensor, Tensor | None]:
        """Add the parameters' gradients, and give the input's and the first state's.

        Args:
            dy: gradient of the outputs, shape (B, T, H).
            dlast: gradient of the last state, shape (B, S); zero if left out.

        Returns:
            dx of shape (B, T, C), and the gradient of the state that the row began from, of shape
            (B, S); None if it began from zeros.
        """
        ...


class Recurrent(Layer):
    """A layer that reads rows from left to right: x (B, T, C) to y (B, T, H).

    Attributes:
        input_size: C.
        hidden_size: H.
        state_size: S, numbers to remember of each row.
    """

    input_size: int
    hidden_size: int
    state_size: int

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, from a state of zeros."""
        y, _, backward = self.vjp_from(x)
        return y, lambda dy: backward(dy)[0]

    @abstractmethod
    def vjp_from(
        self, x: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """y, the state after the last token, and the backward pass, from a state (B, S)."""

    @abstractmethod
    def advance(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One more position: x (B, C) and a state (B, S) to h (B, H) and the new state."""

    def begin(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """A row from its start: x (B, T, C) to y (B, T, H) and the state after its end."""
        y, last, _ = self.vjp_from(x)
        return y, last.clone()  # by itself, for it may be a part of what holds every step

    def pick(self, state: Tensor, places: Tensor) -> Tensor:
        """The states of some rows, in the order given."""
        return state[places]


class Cell(Recurrent):
    """One recurrent layer; what a step does is the subclass's business.

    A subclass says it twice: `recur` is the equation as a textbook has it, for autograd and for
    sampling; `vjp_by_hand` is the fast way for a whole row, which writes in place what autograd
    would have to keep, and knows its own derivative. The tests hold them against each other.

    Args:
        input_size: C.
        hidden_size: H.

    Shapes: x (B, T, C), y (B, T, H); weight_hh multiplies the state.
    """

    parts: ClassVar[int] = 1  # of the state, H columns each
    weight_hh: torch.nn.Parameter

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.state_size = self.parts * hidden_size

    @abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """What a step takes from its input, for all steps at once: (..., C) to (..., G·H)."""

    @abstractmethod
    def recur(self, gi: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """One step: what `project` gave, (B, ...), and the parts of the state to its new parts."""

    @abstractmethod
    def vjp_by_hand(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """As `vjp_from`, for xs (T, B, C); y is (T, B, H), and dy and dx are so too.

        `began` says whether the state's gradient is wanted.
        """

    def vjp_from(
        self, x: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """y, the state after the last token, and the backward pass."""
        start = self.zeros(x) if state is None else state
        xs = time_major(x)
        if torch.is_grad_enabled():
            return self.vjp_watched(xs, start, began=state is not None)
        y, last, backward = self.vjp_by_hand(xs, start, began=state is not None)

        def batch_major(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            dx, dstate = backward(dy.transpose(0, 1), dlast)
            return dx.transpose(0, 1), dstate

        return y.transpose(0, 1), last, batch_major

    def vjp_watched(
        self, xs: Tensor, state: Tensor, *, began: bool
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """The same where autograd watches: nothing is written in place."""
        parts: tuple[Tensor, ...] = state.chunk(self.parts, 1)
        hs = []
        for gi in self.project(xs).unbind(0):
            parts = self.recur(gi, parts)
            hs.append(parts[0])

        def backward(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            # Autograd has its own way; who wants this one after all has it made now.
            with torch.no_grad():
                _, _, by_hand = self.vjp_by_hand(xs.detach(), state.detach(), began=began)
                dx, dstate = by_hand(dy.transpose(0, 1), dlast)
            return dx.transpose(0, 1), dstate

        # Time first in memory, as by hand: dropout draws its numbers in the order of memory.
        return torch.stack(hs).transpose(0, 1), joined(parts), backward

    def advance(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One more position: x (B, C) and a state (B, S) to h (B, H) and the new state."""
        state = self.zeros(x) if state is None else state
        parts = self.recur(self.project(x), state.chunk(self.parts, 1))
        return parts[0], joined(parts)

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """At every step each number of every matrix is used once."""
        matrices = sum(p.numel() for p in self.parameters(recurse=False) if p.dim() == 2)
        return math.prod(given[:-1]) * matrices

    def zeros(self, x: Tensor) -> Tensor:
        """The state before the first token."""
        return self.weight_hh.new_zeros(x.shape[0], self.state_size)


class GatedCell(Cell):
    """A layer with the four parameters of torch's.

    Args:
        input_size: C.
        hidden_size: H.
        generator: of the random start, torch's: uniform in ±1/sqrt(H).

    Shapes: with G gates, in torch's order, weight_ih (G·H, C), weight_hh (G·H, H), bias_ih and
    bias_hh (G·H,).
    """

    decayed = frozenset({"weight_ih", "weight_hh"})
    gates: ClassVar[int] = 1

    def __init__(
        self, input_size: int, hidden_size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(input_size, hidden_size)
        rows = self.gates * hidden_size
        self.weight_ih = uniform(rows, input_size, fan=hidden_size, generator=generator)
        self.weight_hh = uniform(rows, hidden_size, fan=hidden_size, generator=generator)
        self.bias_ih = uniform(rows, fan=hidden_size, generator=generator)
        self.bias_hh = uniform(rows, fan=hidden_size, generator=generator)

    def add_hidden(self, dgh: Tensor, before: Tensor) -> None:
        """Add the gradients of what multiplies the state, one product over all steps.

        Args:
            dgh: gradient of W_hh h + b_hh, shape (T, B, G·H).
            before: the h that each step began from, shape (T, B, H).
        """
        rows = dgh.flatten(0, 1)  # (T·B, G·H)
        if wants_gradient(self.weight_hh):
            add_product(grad_of(self.weight_hh), rows, before.flatten(0, 1))
        if wants_gradient(self.bias_hh):
            grad_of(self.bias_hh).add_(rows.sum(0))

    def add_input(self, dgi: Tensor, xs: Tensor) -> Tensor:
        """Add the gradients of what multiplies the input, one product over all steps, and give dx.

        Args:
            dgi: gradient of W_ih x + b_ih, shape (T, B, G·H).
            xs: the inputs, shape (T, B, C).
        """
        rows = dgi.flatten(0, 1)
        if wants_gradient(self.weight_ih):
            add_product(grad_of(self.weight_ih), rows, xs.flatten(0, 1))
        if wants_gradient(self.bias_ih):
            grad_of(self.bias_ih).add_(rows.sum(0))
        return times(rows, self.weight_ih).to(xs.dtype).view_as(xs)


def uniform(*shape: int, fan: int, generator: torch.Generator | None) -> torch.nn.Parameter:
    """A parameter uniform in ±1/sqrt(fan)."""
    bound = fan**-0.5
    return torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound, generator=generator))


def time_major(x: Tensor) -> Tensor:
    """(B, T, C) as (T, B, C), each step's rows together; free for what a layer here returned."""
    return x.transpose(0, 1).contiguous()


def owned(dy: Tensor, dtype: torch.dtype) -> Tensor:
    """A copy of (T, B, H) to write into, each step's rows together."""
    return dy.to(dtype, memory_format=torch.contiguous_format, copy=True)


def one_minus_square(h: Tensor) -> Tensor:
    """1 − h², the derivative of tanh where it is h, in one pass."""
    # The 1 stands where h does: of a number beside a GPU's tensor this operation wants nothing.
    return torch.addcmul(h.new_ones(()), h, h, value=-1)


def joined(parts: tuple[Tensor, ...]) -> Tensor:
    """The parts of a state side by side, (B, S)."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def tanh(x: Tensor) -> Tensor:
    """tanh x as 2σ(2x) − 1, as `hornbook.nn.Tanh`."""
    return torch.rsub((x * 2).sigmoid(), -1, alpha=-2)


def step_product(
    weight: Tensor, rows: int, scale: float = 1
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The product of every step of a loop, by the library that is the fastest at its size.

    Args:
        weight: shape (M, K); may be a transposed view.
        rows: B.
        scale: a factor on the product.

    Returns:
        A function of base (B, M), h (B, K) and out (B, M), which may be the base itself:
        out = base + scale · h Wᵀ, in float32 under autocast too.
    """
    low = lowered(weight)
    large = weight.dtype is torch.float32 and rows * weight.numel() >= ONEDNN_FROM
    if low is weight and not (large and ONEDNN is not None and weight.device.type == "cpu"):
        turned = weight.t()
        return lambda base, h, out: torch.addmm(base, h, turned, alpha=scale, out=out)
    return lambda base, h, out: torch.add(base, linear(h, low), alpha=scale, out=out)
