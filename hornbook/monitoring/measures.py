"""Statistics of one tensor of activations, gradients or weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hornbook.monitoring.record import Distribution, Histogram
from hornbook.nn import Layer, ReLU, SquaredReLU, Tanh
from hornbook.nn.recurrent import Recurrent

__all__ = ["distribution", "histogram", "idle", "rounded", "sampled", "saturation"]

ENOUGH = 2**12  # values that are enough to estimate the spread of a tensor
BINS = 40
FLAT = 0.97  # |tanh| above which its slope is below 6 %, the lecture's threshold


def mark(layer: Layer) -> float | None:
    """The |output| beyond which a layer is saturated; 0: when it is zero; None: never."""
    if isinstance(layer, ReLU | SquaredReLU) or getattr(layer, "nonlinearity", "") == "relu":
        return 0.0
    return FLAT if isinstance(layer, Tanh | Recurrent) else None


def sampled(x: Tensor) -> Tensor:
    """Rows (N, C) of x (..., C) in float32, evenly subsampled if there are more than enough."""
    rows = x.detach().reshape(-1, x.shape[-1]) if x.dim() else x.detach().reshape(1, 1)
    return rows[:: max(1, rows.numel() // ENOUGH)].float()


def distribution(x: Tensor) -> Distribution:
    """Mean, standard deviation and histogram."""
    std, mean = torch.std_mean(x, correction=0)
    return Distribution(rounded(float(mean)), rounded(float(std)), histogram(x))


def histogram(x: Tensor) -> Histogram:
    """Counts of the finite values in `BINS` bins of equal width."""
    flat = x.flatten()
    low, high = (float(end) for end in torch.aminmax(flat))
    if not math.isfinite(low + high):
        flat = flat[flat.isfinite()]
        if not len(flat):
            return Histogram(0.0, 0.0, ())
        low, high = (float(end) for end in torch.aminmax(flat))
    if low == high:
        return Histogram(low, high, (len(flat),))
    # A GPU would count in any order and warns of it where others keep one; these are few numbers.
    counts = torch.histc(flat.cpu(), BINS, low, high).int().tolist()
    return Histogram(rounded(low), rounded(high), tuple(counts))


def saturation(layer: Layer, y: Tensor) -> float | None:
    """Share of a nonlinearity's outputs that are saturated; None for other layers."""
    beyond = mark(layer)
    if beyond is None:
        return None
    flat = y.abs() > beyond if beyond else y == 0
    return float(flat.float().mean())


def idle(layer: Layer, y: Tensor) -> float | None:
    """Share of a nonlinearity's units that are saturated for every row of a batch.

    Args:
        layer: the layer.
        y: all of its outputs, shape (..., units): a unit that is active once is not dead.
    """
    beyond = mark(layer)
    if beyond is None:
        return None
    rows = y.detach().reshape(-1, y.shape[-1])
    never = rows.abs().amin(0) > beyond if beyond else rows.amax(0) <= 0
    return float(never.float().mean())


def rounded(value: float) -> float:
    """A value rounded to five significant digits, as records store it."""
    return float(f"{value:.5g}")
