"""Nonlinearities, each with its derivative in terms of what the forward pass kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer

__all__ = ["GELU", "ReLU", "SquaredReLU", "SwiGLU", "Tanh", "TanhGELU"]


class Tanh(Layer):
    """tanh x, elementwise.

    Computed as 2σ(2x) − 1, the same function: torch's vectorised sigmoid makes it about four times
    as fast as torch.tanh on a CPU (see EXPERIMENTS.md), and agrees with it to rounding.
    """

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        y = torch.rsub((x * 2).sigmoid(), -1, alpha=-2)

        def backward(dy: Tensor) -> Tensor:
            return torch.addcmul(dy, dy * y, y, value=-1)  # dy (1 - tanh²)

        return y, backward


class ReLU(Layer):
    """max(x, 0), elementwise; its derivative at 0 is 0, as torch's."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        y = torch.relu(x)
        return y, lambda dy: RELU_BACKWARD(dy, y, 0)


def relu_backward(dy: Tensor, y: Tensor, threshold: float) -> Tensor:
    """dy where y > threshold, which is 0: there sign(y) is 1, and 0 elsewhere.

    torch's comparisons take seven times as long.
    """
    return dy * y.sign()


def find_relu_backward() -> Callable[[Tensor, Tensor, float], Tensor]:
    """torch's kernel, which computes just that in one pass; the product where it is missing."""
    one = torch.ones(1, device="cpu")
    try:
        found: Callable[[Tensor, Tensor, float], Tensor] = torch.ops.aten.threshold_backward
        found(one, one, 0)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return relu_backward
    return found


RELU_BACKWARD = find_relu_backward()


class SquaredReLU(Layer):
    """max(x, 0)², elementwise (So et al. 2021)."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        positive = torch.relu(x)
        return positive * positive, lambda dy: dy.mul(positive).mul_(2)


class GELU(Layer):
    """x Φ(x) with Φ the normal distribution (Hendrycks and Gimpel 2016), as torch.nn.GELU."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        y = F.gelu(x)

        return y, lambda dy: GELU_BACKWARD(dy, x)


def gelu_backward(dy: Tensor, x: Tensor) -> Tensor:
    """dy times d(xΦ)/dx = Φ + x φ, with the normal density φ(x) = exp(-x²/2) / sqrt(2π)."""
    wide = raised(x)
    density = torch.exp(-0.5 * wide * wide) / math.sqrt(2 * math.pi)
    slope: Tensor = torch.special.ndtr(wide) + wide * density
    return dy * slope.to(x.dtype)


def find_gelu_backward() -> Callable[[Tensor, Tensor], Tensor]:
    """torch's kernel, which computes just that in one pass; the formula where it is missing."""
    one = torch.ones(1, device="cpu")
    try:
        found: Callable[[Tensor, Tensor], Tensor] = torch.ops.aten.gelu_backward
        found(one, one)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return gelu_backward
    return found


GELU_BACKWARD = find_gelu_backward()


class TanhGELU(Layer):
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as torch.nn.GELU(approximate="tanh").

    The approximation of `GELU` that GPT-2 was trained with; the two differ by 0.0005 at most.
    """

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        y = F.gelu(x, approximate="tanh")

        return y, lambda dy: TANH_GELU_BACKWARD(dy, x)


SCALE, CUBE = math.sqrt(2 / math.pi), 0.044715


def tanh_gelu_backward(dy: Tensor, x: Tensor) -> Tensor:
    """dy times dy/dx = (1 + t)/2 + x (1 - t²)/2 · s (1 + 3 c x²), for t = tanh(s (x + c x³))."""
    wide = raised(x)
    square = wide * wide
    t = torch.tanh(SCALE * wide * (1 + CUBE * square))
    slope = 0.5 * (1 + t) + 0.5 * wide * (1 - t * t) * SCALE * (1 + 3 * CUBE * square)
    return dy * slope.to(x.dtype)


def find_tanh_gelu_backward() -> Callable[[Tensor, Tensor], Tensor]:
    """torch's kernel, which computes just that in one pass; the formula where it is missing."""
    one = torch.ones(1, device="cpu")
    try:
        found = partial(torch.ops.aten.gelu_backward, approximate="tanh")
        found(one, one)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return tanh_gelu_backward
    return found


TANH_GELU_BACKWARD = find_tanh_gelu_backward()


class SwiGLU(Layer):
    """silu(a) · b for the two halves a and b of the last dimension (Shazeer 2020).

    Shapes: x (..., 2C), y (..., C).
    """

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        a, b = x.chunk(2, -1)
        gate = torch.sigmoid(a)
        silu = a * gate

        def backward(dy: Tensor) -> Tensor:
            # d(aσ) = σ + aσ(1 - σ)
            slope = torch.addcmul(gate, silu, 1 - gate)
            return torch.cat([dy * b * slope, dy * silu], -1)

        return silu * b, backward
