"""The dilated causal convolution, the sliding linear layer of the WaveNet."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward
from hornbook.nn.linear import Linear

__all__ = ["CausalConv1d", "push"]


class CausalConv1d(Linear):
    """y[t] = b + Σₖ Wₖ x[t - (K-1-k)·dilation], channels last, zeros before the row.

    It is the linear layer of `FlattenConsecutive(K)` slid over a row: the same weight, of K blocks
    side by side, the oldest tap's first. torch.nn.Conv1d keeps it as (out, in, K), channels first:

        weight.view(out_channels, K, in_channels).transpose(1, 2)

    Args:
        in_channels: size of the input's last dimension.
        out_channels: size of the output's last dimension.
        kernel_size: number K of taps.
        dilation: steps in time from one tap to the next.
        bias: whether there is a b.
        generator: of the random start, uniform in ±1/sqrt(K·in_channels), torch's too.

    Shapes: x (B, T, in_channels), y (B, T, out_channels), weight (out_channels, K·in_channels).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int = 1,
        bias: bool = True,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(kernel_size * in_channels, out_channels, bias, generator=generator)
        self.in_channels, self.kernel_size, self.dilation = in_channels, kernel_size, dilation

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass; one product for all taps is faster in training than one each."""
        batch, time, channels = x.shape
        taps = x.new_zeros(batch, time, self.kernel_size, channels)
        for k, shift in self.shifts(time):
            taps[:, shift:, k] = x[:, : time - shift]
        y, product_backward = super().vjp(taps.flatten(2))  # (B, T, K·C)

        def backward(dy: Tensor) -> Tensor:
            dtaps = raised(product_backward(dy)).view_as(taps)
            dx = dtaps.new_zeros(x.shape)
            for k, shift in self.shifts(time):
                dx[:, : time - shift] += dtaps[:, shift:, k]
            return dx

        return y, backward

    def shifts(self, time: int) -> list[tuple[int, int]]:
        """Each tap that reaches into a row of this length, and how far back it looks."""
        last = self.kernel_size - 1
        shifts = [(k, (last - k) * self.dilation) for k in range(self.kernel_size)]
        return [(k, shift) for k, shift in shifts if shift < time]

    def advance(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """One more position: x (B, in_channels) to y (B, out_channels).

        What is remembered is the queue of the last (K-1)·dilation inputs, at first zeros.
        """
        taps, state = push(self.silence(x) if state is None else state, x, self.dilation)
        return super().vjp(taps)[0], state

    def begin(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """A row from its start: x (B, T, in_channels) to y (B, T, out_channels), and the queue."""
        return self.forward(x), torch.cat([self.silence(x), x], 1)[:, x.shape[1] :]

    def silence(self, x: Tensor) -> Tensor:
        """The queue before a row, for x of shape (B, ...)."""
        return x.new_zeros(len(x), (self.kernel_size - 1) * self.dilation, self.in_channels)

    def pick(self, state: Tensor, places: Tensor) -> Tensor:
        """The queues of some rows."""
        return state.index_select(0, places)


def push(queue: Tensor, x: Tensor, dilation: int) -> tuple[Tensor, Tensor]:
    """One step of a convolution's queue, as the fast WaveNet keeps it (Le Paine et al. 2016).

    Args:
        queue: the last (K-1)·dilation inputs, the oldest first, shape (B, (K-1)·dilation, C).
        x: the newest input, shape (B, C).
        dilation: steps in time from one tap to the next.

    Returns:
        The taps side by side, oldest first, shape (B, K·C), and the queue of the next step.
    """
    taps = torch.cat([queue[:, ::dilation].flatten(1), x], 1)
    return taps, torch.cat([queue[:, 1:], x.unsqueeze(1)], 1) if queue.shape[1] else queue
