"""Flat vectors in the order of the kernels: some weights are transposed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import torch
from torch import Tensor

if TYPE_CHECKING:
    from hornbook.kernels.program import Program

__all__ = ["from_kernels", "to_kernels"]

Floats = npt.NDArray[Any]


def to_kernels(program: Program, flat: Tensor, own: Floats) -> None:
    """What the trainer has, (P,), as kernels have it."""
    into = torch.from_numpy(own)
    into.copy_(flat)
    for at, out, fan_in in program.transposed:
        block = slice(at, at + out * fan_in)
        into[block].view(fan_in, out).copy_(flat[block].view(out, fan_in).t())


def from_kernels(program: Program, own: Floats, flat: Tensor) -> None:
    """The way back."""
    given = torch.from_numpy(own)
    flat.copy_(given)
    for at, out, fan_in in program.transposed:
        block = slice(at, at + out * fan_in)
        flat[block].view(out, fan_in).copy_(given[block].view(fan_in, out).t())
