"""Products with weights in 8 bits: a quarter of the memory to read, and no float32 copy of them.

A row of weights is whole numbers from -127 to 127 and one scale. What it is multiplied with is
written in two such digits, v = 254·high + low of its largest number's 32,258th parts, so that the
products are of whole numbers, summed exactly, and all that is lost is what the weights lose.
Processors with instructions for such sums (VNNI) do both digits at once, while they read the
weights, in less time than one product in float32 takes (EXPERIMENTS.md has the figures, and the
ways that were not taken).
"""

from __future__ import annotations

import platform

import numpy as np
import torch
from torch import Tensor

__all__ = ["EightBits", "has_fast_eight_bits", "has_whole_products"]

LARGEST = 127  # of a digit and of a weight; -128 has no opposite
BASE = 2 * LARGEST  # what the high digit counts
ZERO = 128  # what stands for a digit of 0: the processor multiplies signed numbers with unsigned
AT_ONCE = 2**20  # weights that are in float32 at a time where there is no other way
MOST = (2**31 - 1) // (LARGEST * (ZERO + LARGEST))
"Products that a sum in 32 bits holds while digits are unsigned: 66,311."
TINY = 1e-30  # what the scale of a row of zeros is made of
ZEROS = torch.zeros(1, dtype=torch.int32, device="cpu")  # of the weights, which are signed


def packed(whole: Tensor) -> Tensor:
    """Whole numbers (M, K) in the order in which oneDNN reads them for one row of two digits."""
    made: Tensor = torch.ops.onednn.qlinear_prepack(whole, [2, whole.shape[1]])
    return made


def whole_product(digits: Tensor, weight: Tensor, scale: Tensor, unit: float = 1.0) -> Tensor:
    """(digits - ZERO) wᵀ, each sum times the scale of its row of the weight.

    The operator is what torch's own compiler emits for quantised nets; it is private to torch.

    Args:
        digits: uint8, shape (R, K).
        weight: w, packed, of shape (M, K).
        scale: float32, shape (M,).
        unit: all sums are multiplied with.

    Returns:
        float32, shape (R, M).
    """
    made: Tensor = torch.ops.onednn.qlinear_pointwise.default(
        digits, unit, ZERO, weight, scale, ZEROS, None, 1.0, 0, torch.float32, "none", [], ""
    )
    return made


def has_whole_products() -> bool:
    """Whether torch has them here, exact and this processor's own.

    On processors without VNNI pairs of products are added in 16 bits, and the largest do not fit.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False  # elsewhere it may be a loop over single numbers
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    weight = torch.full((64, 64), LARGEST, dtype=torch.int8, device="cpu")
    weight[1::2] = -LARGEST
    digits = torch.tensor([[ZERO + LARGEST], [ZERO - LARGEST]], dtype=torch.uint8, device="cpu")
    exact = (digits.float() - ZERO) * 64 * weight[:, 0].float()  # (2, 64)
    try:
        ones = torch.ones(64, device="cpu")
        return torch.equal(whole_product(digits.repeat(1, 64), packed(weight), ones), exact)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False


WHOLE = has_whole_products()


def has_fast_eight_bits(device: torch.device) -> bool:
    """Whether products with weights in 8 bits are faster on this device than in float32."""
    return device.type == "cpu" and WHOLE


class EightBits:
    """A weight of which each row is whole numbers from -127 to 127 and one scale.

    Args:
        weight: what is rounded, shape (M, K).

    Attributes:
        whole: int8, shape (M, K).
        scale: of its rows, shape (M,): weight ≈ whole · scale.
    """

    def __init__(self, weight: Tensor) -> None:
        self.scale = weight.abs().amax(1).div_(LARGEST).clamp_min_(TINY)
        self.whole = (weight / self.scale.unsqueeze(1)).round_().to(torch.int8)
        fits = weight.shape[1] <= MOST
        fast = fits and has_fast_eight_bits(weight.device)
        self.packed = packed(self.whole) if fast else None

    def product(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """x (whole · scale)ᵀ + bias; the weights are never all in float32.

        Where there are no fast products of whole numbers, or so many that their sums could overflow
        (MOST), parts of the weights are, one at a time: the same to rounding, and no faster than
        float32.

        Args:
            x: shape (..., K), float32.
            bias: shape (M,).

        Returns:
            Shape (..., M).
        """
        rows = x.reshape(-1, self.whole.shape[1])  # (R, K)
        if self.packed is None or not len(rows):
            parts = torch.split(self.whole, max(1, AT_ONCE // self.whole.shape[1]))
            y = torch.cat([rows @ part.t().to(x.dtype) for part in parts], 1).mul_(self.scale)
        elif len(rows) == 1:
            y = self.of_one_row(rows, self.packed)
        else:
            y = self.of_rows(rows, self.packed)
        if bias is not None:
            y.add_(bias)
        return y.view(*x.shape[:-1], len(self.whole))

    def of_one_row(self, x: Tensor, weight: Tensor) -> Tensor:
        """The product for x (1, K).

        What is around it is done by NumPy, whose calls cost half of what torch's do.
        """
        row = x.detach().numpy()
        unit = max(float(np.abs(row).max()), TINY) / (LARGEST * BASE)
        low = np.rint(row * np.float32(1 / unit))
        high = np.rint(low * np.float32(1 / BASE))
        low -= high * np.float32(BASE)
        digits = (np.concatenate([high, low]) + ZERO).astype(np.uint8)  # (2, K)
        y, rest = whole_product(torch.from_numpy(digits), weight, self.scale, unit).numpy()
        y *= np.float32(BASE)
        y += rest
        return torch.from_numpy(y)

    def of_rows(self, x: Tensor, weight: Tensor) -> Tensor:
        """The product for x (R, K)."""
        unit = x.abs().amax(1, keepdim=True).clamp_min_(TINY).div_(LARGEST * BASE)  # (R, 1)
        digits = torch.cat(in_digits(x / unit)).add_(ZERO).to(torch.uint8)  # (2R, K)
        y, rest = torch.split(whole_product(digits, weight, self.scale), len(x))
        return y.mul_(BASE).add_(rest).mul_(unit)


def in_digits(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """The whole numbers next to some as 254 · high + low, with digits from -127 to 127.

    Args:
        numbers: any shape; at most 32,258 = 254 · 127 in size, and written over.
    """
    low = numbers.round_()
    high = (low * (1 / BASE)).round_()
    return high, low.sub_(high, alpha=BASE)
