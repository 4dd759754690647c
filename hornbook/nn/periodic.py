"""Periodic embeddings of numbers (Gorishniy et al. 2022, arXiv 2203.05556)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from hornbook.compute.products import add_products
from hornbook.nn.layer import Backward, Layer, Shape, grad_of, wants_gradient

__all__ = ["Periodic"]

CLIP = 3.0  # what a number far away is squeezed towards


class Periodic(Layer):
    """Each number as itself, and beside it a vector of smooth curves of it.

    z = x / √(1 + (x / 3)²) keeps what is far away near; its curves are W cos 2π(f z + p) + b, with
    frequencies f, phases p and a matrix W of the number's own, all of them learned. Small
    frequencies at the start make flat curves, which bend where the data ask for it. The form is
    that of RealMLP (Holzmüller et al. 2024, arXiv 2407.04491), but for its last ReLU.

    Args:
        numbers: how many numbers N a row has, standardised.
        frequencies: K of each.
        size: length D of a number's curves.
        spread: standard deviation of the frequencies at the start.
        generator: of the random start.

    Shapes: x (B, N), y (B, N·(D + 1)): all z, then all curves; frequency and phase (N, K), weight
        (N, K, D), bias (N, D).
    """

    decayed: ClassVar[frozenset[str]] = frozenset()
    input_axes: ClassVar[Mapping[str, int]] = {"frequency": 0, "phase": 0, "weight": 0, "bias": 0}

    def __init__(
        self,
        numbers: int,
        frequencies: int,
        size: int,
        spread: float,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.frequencies, self.size = frequencies, size
        drawn = torch.empty(numbers, frequencies).normal_(0, spread, generator=generator)
        self.frequency = torch.nn.Parameter(drawn)
        drawn = torch.empty(numbers, frequencies).uniform_(-0.5, 0.5, generator=generator)
        self.phase = torch.nn.Parameter(drawn)
        weight = torch.empty(numbers, frequencies, size)
        self.weight = torch.nn.Parameter(weight.normal_(0, frequencies**-0.5, generator=generator))
        self.bias = torch.nn.Parameter(torch.zeros(numbers, size))

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, for x of shape (B, N)."""
        frequency, phase, weight, bias = self.frequency, self.phase, self.weight, self.bias
        shrunk = torch.rsqrt(1 + (x / CLIP).square())
        z = x * shrunk
        across = z.t()[:, :, None]  # (N, B, 1)
        angle = (across * frequency[:, None] + phase[:, None]).mul_(2 * math.pi)  # (N, B, K)
        waves = angle.cos()
        y = torch.baddbmm(bias[:, None], waves, weight)  # (N, B, D)
        curves = y.transpose(0, 1).flatten(1)

        def backward(dy: Tensor) -> Tensor:
            numbers = x.shape[1]
            d = dy[:, numbers:].reshape(len(dy), numbers, self.size).transpose(0, 1)  # (N, B, D)
            if wants_gradient(weight):
                add_products(grad_of(weight), waves, d)
            if wants_gradient(bias):
                grad_of(bias).add_(d.sum(1))
            dwaves = torch.bmm(d, weight.transpose(1, 2))  # (N, B, K)
            dangle = dwaves.mul_(angle.sin()).mul_(-2 * math.pi)
            if wants_gradient(frequency):
                grad_of(frequency).add_((dangle * across).sum(1))
            if wants_gradient(phase):
                grad_of(phase).add_(dangle.sum(1))
            dz = dy[:, :numbers] + (dangle * frequency[:, None]).sum(2).t()
            return dz * shrunk**3  # dz/dx = (1 + (x / 3)²)^(-3/2)

        return torch.cat([z, curves], 1), backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Each curve is a sum over the frequencies of its number."""
        return math.prod(given) * self.size * self.frequencies
