"""Products with weights in 8 bits: a quarter of the memory to read, and no float32 copy of them.

A row of weights is whole numbers from -127 to 127 and one scale. What it is multiplied with is
written in two such digits, v = 254·high + low of its largest number's 32,258th parts, so that the
products are of whole numbers, summed exactly, and all that is lost is what the weights lose.
Processors with instructions for such sums (VNNI) do both in less time than one product in float32
takes (EXPERIMENTS.md has the figures, and the ways that were not taken).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["EightBits", "find_whole_products", "has_fast_eight_bits"]

LARGEST = 127  # of a digit and of a weight; -128 has no opposite
BASE = 2 * LARGEST  # what the high digit counts
AT_ONCE = 2**20  # bytes of weights that stay in a core's cache between the digits of one row
MOST = (2**31 - 1) // LARGEST**2  # products of digits that a sum in 32 bits holds: 133,144
TINY = 1e-30  # what the scale of a row of zeros is made of

WholeProduct = Callable[..., Tensor]


def find_whole_products() -> WholeProduct | None:
    """torch's product of int8 matrices into int32, where it is exact and this processor's own.

    It is private to torch. On processors without VNNI pairs of products are added in 16 bits, and
    the largest do not fit; there, and where it is missing, there is none.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None  # elsewhere it may be a loop over single numbers
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    largest = torch.full((64, 64), LARGEST, dtype=torch.int8, device="cpu")
    exact = 64 * LARGEST * LARGEST
    try:
        found: WholeProduct = torch._int_mm
        for rows in (1, 2):
            for sign, other in ((1, 1), (-1, 1), (1, -1)):
                made = torch.empty(rows, 64, dtype=torch.int32, device="cpu")
                found(sign * largest[:rows], other * largest.t(), out=made)
                if not bool((made == sign * other * exact).all()):
                    return None
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None
    return found


WHOLE = find_whole_products()


def has_fast_eight_bits(device: torch.device) -> bool:
    """Whether products with weights in 8 bits are faster on this device than in float32."""
    return device.type == "cpu" and WHOLE is not None


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
        # Parts of its rows, transposed, that a core's cache holds between one digit and the next.
        parts = torch.split(self.whole, max(1, AT_ONCE // weight.shape[1]))
        self.parts = [part.t() for part in parts]
        self.rooms: list[Room] = []  # that are not in use: as many as threads ever were at once

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
        if WHOLE is None or x.device.type != "cpu" or not len(rows) or rows.shape[1] > MOST:
            y = torch.cat([rows @ part.to(x.dtype) for part in self.parts], 1).mul_(self.scale)
        elif len(rows) == 1:
            y = self.of_one_row(rows, WHOLE)
        else:
            y = self.of_rows(rows, WHOLE)
        if bias is not None:
            y.add_(bias)
        return y.view(*x.shape[:-1], len(self.whole))

    def of_one_row(self, x: Tensor, whole: WholeProduct) -> Tensor:
        """The product for x (1, K): digit by digit, the second with weights from the cache.

        What is around it is done by NumPy, whose calls cost half of what torch's do.
        """
        row = x.detach().numpy()
        unit = max(float(np.abs(row).max()), TINY) / (LARGEST * BASE)
        low = np.rint(row * np.float32(1 / unit))
        high = np.rint(low * np.float32(1 / BASE))
        low -= high * np.float32(BASE)
        digits = [torch.from_numpy(digit.astype(np.int8)) for digit in (high, low)]
        try:
            room = self.rooms.pop()
        except IndexError:
            room = Room(self.parts)
        for part, outs in zip(self.parts, room.outs, strict=True):
            for digit, out in zip(digits, outs, strict=True):
                whole(digit, part, out=out)
        y, rest = room.sums.astype(np.float32)
        self.rooms.append(room)
        y *= np.float32(BASE)
        y += rest
        y *= np.float32(unit)
        y *= self.scale.numpy()
        return torch.from_numpy(y)

    def of_rows(self, x: Tensor, whole: WholeProduct) -> Tensor:
        """The product for x (R, K): all digits at once."""
        unit = x.abs().amax(1, keepdim=True).clamp_min_(TINY).div_(LARGEST * BASE)  # (R, 1)
        digits = torch.cat(in_digits(x / unit)).to(torch.int8)  # (2R, K)
        sums = whole(digits, self.whole.t()).to(x.dtype)  # (2R, M)
        y, rest = sums[: len(x)], sums[len(x) :]
        return y.mul_(BASE).add_(rest).mul_(self.scale).mul_(unit)


class Room:
    """Where the sums of one row's two digits are written, part by part.

    Args:
        parts: of the weights, each (K, m).

    Attributes:
        sums: int32, shape (2, 1, M).
        outs: the same as tensors, for each part one for each digit, (1, m).
    """

    def __init__(self, parts: Sequence[Tensor]) -> None:
        sizes = [part.shape[1] for part in parts]
        sums = torch.empty(2, 1, sum(sizes), dtype=torch.int32)
        self.sums: npt.NDArray[np.int32] = sums.numpy()
        self.outs = list(zip(*(one.split(sizes, 1) for one in sums), strict=True))


def in_digits(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """The whole numbers next to some as 254 · high + low, with digits from -127 to 127.

    Args:
        numbers: any shape; at most 32,258 = 254 · 127 in size, and written over.
    """
    low = numbers.round_()
    high = (low * (1 / BASE)).round_()
    return high, low.sub_(high, alpha=BASE)
