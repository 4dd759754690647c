"""Recurrent layers one on another, and two that read against each other."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.nn.dropout import Dropout
from hornbook.nn.layer import Backward, Layer
from hornbook.nn.padding import Padding
from hornbook.nn.recurrent import Recurrent, StateBackward, joined

__all__ = ["Bidirectional", "BidirectionalStack", "LastPosition", "RecurrentStack"]


class RecurrentStack(Recurrent):
    """Several recurrent layers, each reading what the one below it put out.

    Args:
        layers: from the bottom to the top.
        dropout: share of what one layer hands to the next that is dropped in training, drawn
            again at each step (Zaremba et al. 2014); what a layer hands to itself is not touched.

    Shapes: x (B, T, C) to y (B, T, H of the top); the state is the layers' own, side by side.
    """

    def __init__(self, *layers: Recurrent, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        self.chain = layers
        self.dropout = Dropout(dropout)
        self.input_size, self.hidden_size = layers[0].input_size, layers[-1].hidden_size
        self.sizes = [layer.state_size for layer in layers]
        self.state_size = sum(self.sizes)

    def parts(self, state: Tensor | None) -> list[Tensor] | list[None]:
        """The state of each layer."""
        if state is None:
            return [None] * len(self.sizes)
        return list(torch.split(state, self.sizes, 1))

    def vjp_from(
        self, x: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor, StateBackward]:
        """y, the states after the last token, and the backward pass."""
        lasts: list[Tensor] = []
        ways_back: list[StateBackward] = []
        masks: list[Backward] = []
        for layer, own in zip(self.chain, self.parts(state), strict=True):
            if lasts:
                x, mask = self.dropout.vjp(x)
                masks.append(mask)
            x, last, backward = layer.vjp_from(x, own)
            lasts.append(last)
            ways_back.append(backward)

        def backward_all(dy: Tensor, dlast: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            own = self.parts(dlast)
            dstates: list[Tensor] = []
            for at in range(len(ways_back) - 1, -1, -1):
                dy, dstate = ways_back[at](dy, own[at])
                if dstate is not None:
                    dstates.insert(0, dstate)
                if at:
                    dy = masks[at - 1](dy)
            return dy, joined(tuple(dstates)) if dstates else None

        return x, joined(tuple(lasts)), backward_all

    def advance(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One more position: x (B, C) and a state (B, S) to h (B, H) and the new state."""
        states: list[Tensor] = []
        for layer, own in zip(self.chain, self.parts(state), strict=True):
            if states:
                x = self.dropout(x)
            x, new = layer.advance(x, own)
            states.append(new)
        return x, joined(tuple(states))


class Bidirectional(Layer):
    """One layer reads from the left, one from the right, and each position has both results.

    For rows that are known to their end: it is not a layer of a model that predicts what comes
    next. (Schuster and Paliwal 1997; `bidirectional=True` in torch.)

    Args:
        onward: reads from the left.
        homeward: reads from the right.

    Shapes: x (B, T, C) to y (B, T, H of the one + H of the other).
    """

    def __init__(self, onward: Recurrent, homeward: Recurrent) -> None:
        super().__init__()
        self.onward, self.homeward = onward, homeward

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, padding)[0]

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: shape (B, T, C).
            padding: positions behind the ends of rows; from the right a row is read from its own
                end. What comes out at them says nothing.
        """
        turned = flipped if padding is None else padding.turned
        left, left_backward = self.onward.vjp(x)
        right, right_backward = self.homeward.vjp(turned(x))
        sizes = [left.shape[2], right.shape[2]]

        def backward(dy: Tensor) -> Tensor:
            dleft, dright = torch.split(dy, sizes, 2)
            return left_backward(dleft) + turned(right_backward(turned(dright)))

        return torch.cat([left, turned(right)], 2), backward


class BidirectionalStack(Layer):
    """Layers that read both ways, one on another: a recurrent encoder.

    Args:
        layers: from the bottom to the top.
        dropout: share of what one layer hands to the next that is dropped in training.

    Shapes: x (B, T, C) to y (B, T, H), where H is twice that of the top layer's directions.
    """

    def __init__(self, *layers: Bidirectional, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        self.chain = layers
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, padding)[0]

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass; `padding` as in `Bidirectional.vjp`."""
        ways_back: list[Backward] = []
        for at, layer in enumerate(self.chain):
            if at:
                x, mask = self.dropout.vjp(x)
                ways_back.append(mask)
            x, backward = layer.vjp(x, padding)
            ways_back.append(backward)

        def backward_all(dy: Tensor) -> Tensor:
            for backward in reversed(ways_back):
                dy = backward(dy)
            return dy

        return x, backward_all


def flipped(x: Tensor) -> Tensor:
    """(B, T, C) from the end to the start."""
    return x.flip(1)


class LastPosition(Layer):
    """The last position of each row, (B, T, H) to (B, H): all that a window has to tell."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        shape = x.shape

        def backward(dy: Tensor) -> Tensor:
            dx = dy.new_zeros(shape)
            dx[:, -1] = dy
            return dx

        return x[:, -1], backward
