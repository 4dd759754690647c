"""The WaveNet's gated blocks with residual and skip connections (van den Oord et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.nn.conv import CausalConv1d
from hornbook.nn.dropout import Dropout
from hornbook.nn.layer import Backward, Layer
from hornbook.nn.linear import Linear

__all__ = ["GatedBlock", "GatedStack"]

# From dL/d(x + ...) and dL/dskip to dL/dx; a last block has no first.
BlockBackward = Callable[[Tensor | None, Tensor], Tensor]


class GatedBlock(torch.nn.Module):
    """z = tanh(W_f * x) ⊙ σ(W_g * x); x + R z goes on to the next block, S z to the output.

    One convolution makes both of tanh's and σ's inputs, and one 1x1 convolution (a linear layer at
    each position) both of what goes on and what is skipped to the output. A last block makes no
    residual, which nothing would read.

    Args:
        channels: size C of the residual stream.
        hidden: size H of z.
        skip: size S of what goes to the output.
        kernel_size: taps of the convolution.
        dilation: steps in time from one tap to the next.
        last: whether there is no next block.
        dropout: share of z that is dropped in training.
        generator: of the random start.

    Shapes: x (B, T, C), what goes on (B, T, C), what is skipped (B, T, S).
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        skip: int,
        kernel_size: int,
        dilation: int,
        *,
        last: bool = False,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.channels = 0 if last else channels  # of the residual
        self.conv = CausalConv1d(channels, 2 * hidden, kernel_size, dilation, generator=generator)
        self.dropout = Dropout(dropout)
        self.out = Linear(hidden, self.channels + skip, generator=generator)

    def vjp(self, x: Tensor) -> tuple[Tensor, Tensor, BlockBackward]:
        """What goes on (x itself from a last block), what is skipped, and the backward pass."""
        gates, conv_backward = self.conv.vjp(x)
        z, gate_backward = gate(gates)
        dropped, dropout_backward = self.dropout.vjp(z)
        out, out_backward = self.out.vjp(dropped)
        residual, skip = self.parts(x, out)

        def backward(dresidual: Tensor | None, dskip: Tensor) -> Tensor:
            # The residual passes its gradient on twice: as it is, and through the block.
            dout = dskip if dresidual is None else torch.cat([dresidual, dskip], -1)
            dx = conv_backward(gate_backward(dropout_backward(out_backward(dout))))
            return dx if dresidual is None else dx + dresidual

        return residual, skip, backward

    def advance(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """One more position, of shapes (B, C) and (B, S), and the convolution's queue."""
        gates, state = self.conv.advance(x, state)
        return *self.parts(x, self.out(self.dropout(gate(gates)[0]))), state

    def begin(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rows from their start, (B, T, C) and (B, T, S), and the convolution's queue."""
        gates, state = self.conv.begin(x)
        return *self.parts(x, self.out(self.dropout(gate(gates)[0]))), state

    def parts(self, x: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
        """What goes on and what is skipped."""
        residual, skip = out[..., : self.channels], out[..., self.channels :]
        return (x + residual if self.channels else x), skip


def gate(a: Tensor) -> tuple[Tensor, Backward]:
    """tanh(f) ⊙ σ(g) for f and g side by side, (..., 2H) to (..., H), and the backward pass."""
    f, g = a.chunk(2, -1)
    t = torch.rsub((f * 2).sigmoid(), -1, alpha=-2)  # tanh; see hornbook.nn.activations
    s = g.sigmoid()

    def backward(dz: Tensor) -> Tensor:
        dt, ds = dz * s, dz * t
        # tanh' = 1 - tanh², σ' = σ (1 - σ)
        return torch.cat([torch.addcmul(dt, dt * t, t, value=-1), ds * s * (1 - s)], -1)

    return t * s, backward


class GatedStack(Layer):
    """Gated blocks one after another: the sum of all that they skip to the output.

    Args:
        channels: size C of the residual stream.
        hidden: size of a block's z.
        skip: size S of the output.
        kernel_size: taps of each convolution.
        dilations: of each block, first to last.
        dropout: share of each z that is dropped in training.
        generator: of the random start.

    Shapes: x (B, T, C), y (B, T, S).
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        skip: int,
        kernel_size: int,
        dilations: tuple[int, ...],
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.chain = tuple(
            GatedBlock(
                channels,
                hidden,
                skip,
                kernel_size,
                dilation,
                last=number == len(dilations),
                dropout=dropout,
                generator=generator,
            )
            for number, dilation in enumerate(dilations, 1)
        )
        self.blocks = torch.nn.ModuleList(self.chain)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass through all blocks."""
        skips: list[Tensor] = []
        ways_back: list[BlockBackward] = []
        for block in self.chain:
            x, skip, backward = block.vjp(x)
            skips.append(skip)
            ways_back.append(backward)

        def backward_all(dy: Tensor) -> Tensor:
            # Every block gave dy its part; nothing reads what the last would hand on.
            dx = ways_back[-1](None, dy)
            for backward in reversed(ways_back[:-1]):
                dx = backward(dx, dy)
            return dx

        return total(skips), backward_all

    def advance(self, x: Tensor, state: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One more position: x (B, C) to y (B, S), each block's convolution with its queue."""
        skips: list[Tensor] = []
        queues: list[Tensor] = []
        for number, block in enumerate(self.chain):
            x, skip, queue = block.advance(x, state[number] if state else None)
            skips.append(skip)
            queues.append(queue)
        return total(skips), queues

    def begin(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """A row from its start: x (B, T, C) to y (B, T, S), through each block at once."""
        skips: list[Tensor] = []
        queues: list[Tensor] = []
        for block in self.chain:
            x, skip, queue = block.begin(x)
            skips.append(skip)
            queues.append(queue)
        return total(skips), queues

    def pick(self, state: list[Tensor], places: Tensor) -> list[Tensor]:
        """The queues of some rows."""
        return [queue.index_select(0, places) for queue in state]


def total(parts: list[Tensor]) -> Tensor:
    """The sum of some tensors."""
    y = parts[0]
    for part in parts[1:]:
        y = y + part
    return y
