"""Arrays as the page carries them: small, and exactly what the page computes with.

Matrices of weights are rounded; all else (biases, factors of norms, counts) stays as it is.

    int8      each row times a factor of its own: a byte a number
    float16   half precision: two bytes
    float32   as they are: four bytes
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON

__all__ = ["PRECISIONS", "Packed", "Precision", "rounded"]

Precision = Literal["int8", "float16", "float32"]
Array = npt.NDArray[Any]

PRECISIONS: tuple[Precision, ...] = ("int8", "float16", "float32")
"From the smallest to the largest."
LARGEST = 127  # of eight bits with a sign, the same to both sides


def by_row(weight: Array) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """A matrix (R, C) as whole numbers from -127 to 127 and a factor for each row, shape (R,)."""
    largest = np.abs(weight).max(axis=1, initial=0.0)
    scales = (np.where(largest > 0, largest, 1.0) / LARGEST).astype(np.float32)
    return np.rint(weight / scales[:, None]).astype(np.int8), scales


def is_matrix(array: Array) -> bool:
    """Whether it is a matrix of weights; the exponents of a mixture are of another type."""
    return array.ndim == 2 and array.dtype == np.float32


def rounded(weight: Array, precision: Precision) -> Array:
    """What the page has in the place of an array: matrices are rounded, others are not."""
    if not is_matrix(weight) or precision == "float32":
        return weight
    if precision == "int8":
        whole, scales = by_row(weight)
        return whole.astype(np.float32) * scales[:, None]
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and so does the loss
        return weight.astype(np.float16).astype(np.float32)


@dataclass
class Packed:
    """Arrays one after the other, and where each of them is."""

    precision: Precision = "float32"
    entries: dict[str, JSON] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, array: Array) -> str:
        """Take an array, once; matrices of floating-point numbers are rounded.

        Returns:
            Its name.
        """
        if name in self.entries:
            return name
        if is_matrix(array) and self.precision == "int8":
            whole, scales = by_row(array)
            self.put(f"{name}.scales", scales)
            self.put(name, whole, scales=f"{name}.scales")
        elif is_matrix(array) and self.precision == "float16":
            with np.errstate(over="ignore"):
                self.put(name, array.astype(np.float16))
        else:
            self.put(name, array)
        return name

    def put(self, name: str, array: Array, **more: JSON) -> None:
        """Put an array at the end, where numbers of its size may begin."""
        data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        self.parts.append(data + b"\0" * (-len(data) % 8))
        self.entries[name] = {
            "at": self.size,
            "length": len(data),
            "type": array.dtype.name,
            **more,
        }
        self.size += len(self.parts[-1])

    def base64(self) -> str:
        """All of them, compressed; the same arrays always give the same text."""
        return base64.b64encode(gzip.compress(b"".join(self.parts), 9, mtime=0)).decode()
