"""Batch normalisation (Ioffe and Szegedy 2015)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.errors import TrainingError
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient

__all__ = ["BatchNorm1d"]


class BatchNorm1d(Layer):
    """(x - mean) / sqrt(var + eps) · γ + β over everything but the channels.

    Unlike torch.nn.BatchNorm1d, a third dimension is time and the channels stay last, (N, L, C),
    as the lecture on the WaveNet wants it; and the variance is the unbiased one, in training and
    in the running statistics alike, as in the lectures. `unbiased=False` gives torch's rule: the
    biased variance in training, the unbiased one in the running statistics.

    Args:
        num_features: number C of channels.
        eps: added to the variance.
        momentum: weight of the newest batch in the running statistics.
        unbiased: see above.
        positions: places of a third dimension that have statistics of their own: above 1, x is
            (N, positions, C), and each place is normalised apart, over N alone. That is the bug of
            the lecture on the WaveNet, a mean over dimension 0 only, kept to be looked at.

    `calibrate_batchnorm` measures the statistics after training, in place of the running ones.

    Shapes: x and y (N, C) or (N, L, C); weight, bias (C,); running_mean, running_var (C,), with
    more positions (positions, C).
    """

    running_mean: Tensor
    running_var: Tensor
    input_axes = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), 0)
    output_axes = input_axes
    featurewise = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        unbiased: bool = True,
        positions: int = 1,
    ) -> None:
        super().__init__()
        self.positions = positions
        self.eps, self.momentum, self.unbiased = eps, momentum, unbiased
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        measured = (num_features,) if positions == 1 else (positions, num_features)
        self.register_buffer("running_mean", torch.zeros(measured))
        self.register_buffer("running_var", torch.ones(measured))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Raises:
            TrainingError: in training, on a single row: it equals its own mean.
            ValueError: if the shape is not one of those above.
        """
        channels, positions = self.weight.shape[0], self.positions
        rows = self.rows(raised(x))  # (N·L, C), or (N, positions · C)
        weight: Tensor = self.weight
        bias: Tensor = self.bias
        if positions > 1:  # all positions share them
            weight, bias = weight.repeat(positions), bias.repeat(positions)
        n = rows.shape[0]
        training = self.training
        if training:
            if n < 2:
                raise TrainingError(
                    "BatchNorm cannot train on a batch of one row: a single row has no variance.",
                    hint="Give it at least 2 rows: a larger `batch_size`, a smaller `accumulate` "
                    "(which splits each batch), more data, or no BatchNorm.",
                )
            centred, biased = self.statistics(rows)
            freedom = n - 1 if self.unbiased else n
            scale = torch.rsqrt(biased * (n / freedom) + self.eps)
        else:
            centred = rows - self.running_mean.view(-1)
            scale = torch.rsqrt(self.running_var.view(-1) + self.eps)
        # The normalised rows are centred · scale; they are never made, for each pass over a batch
        # costs as much as the arithmetic. Factors of (C,) are multiplied with each other first.
        factor = weight * scale
        y = torch.addcmul(bias, centred, factor).view_as(x)

        def backward(dy: Tensor) -> Tensor:
            d = dy.reshape(rows.shape)
            dbias, dweight = d.sum(0), (d * centred).sum(0) * scale
            for parameter, gradient in ((self.bias, dbias), (self.weight, dweight)):
                if wants_gradient(parameter):
                    if positions > 1:
                        gradient = gradient.view(positions, channels).sum(0)
                    grad_of(parameter).add_(gradient)
            if not training:
                return (d * factor).view_as(x)
            # dx = factor · (d - mean of d - normalised · dweight / (n - 1)): a row moves
            # itself, the mean, and the variance; the divisors are the two statistics' own.
            dx = torch.addcmul(factor * dbias * (-1 / n), d, factor)
            dx.addcmul_(centred, factor * scale * dweight, value=-1 / freedom)
            return dx.view_as(x)

        return y, backward

    def rows(self, x: Tensor) -> Tensor:
        """What is normalised, a column for each mean: (N·L, C), or (N, positions · C).

        Raises:
            ValueError: if x has another number of channels, or of positions where these count.
        """
        channels, positions = self.weight.shape[0], self.positions
        if positions == 1 and x.shape[-1] == channels:
            return x.reshape(-1, channels)
        if positions > 1 and x.shape[1:] == (positions, channels):
            return x.reshape(-1, positions * channels)
        wanted = f"(N, {channels}) or (N, L, {channels})"
        if positions > 1:
            wanted = f"(N, {positions}, {channels})"
        raise ValueError(f"expected {wanted}, got {(*x.shape,)}")

    def statistics(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (n, C) less their mean, and their biased variance (C,); the running ones follow."""
        running_mean, running_var = self.running_mean.view(-1), self.running_var.view(-1)
        if rows.device.type == "cpu" and not torch.is_grad_enabled():
            # torch's kernel of just that, which autograd cannot differentiate.
            mean, biased = torch.batch_norm_update_stats(
                rows, running_mean, running_var, self.momentum
            )
            return rows - mean, biased
        n = rows.shape[0]
        mean = rows.sum(0) / n
        # torch.var gives the same, ten times slower on a CPU (see EXPERIMENTS.md).
        centred = rows - mean
        biased = (centred * centred).sum(0) / n
        running_mean.lerp_(mean.detach(), self.momentum)
        running_var.lerp_(biased.detach() * (n / (n - 1)), self.momentum)
        return centred, biased
