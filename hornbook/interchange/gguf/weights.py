"""Weights in GGUF, llama.cpp's format: float32, float16 and bfloat16, or quantised."""

from __future__ import annotations

import contextlib
import math
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.extras import needing
from hornbook.interchange.gguf.header import TensorPlace, read_header
from hornbook.interchange.weights import Weights, not_whole

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["GGUFWeights"]

PLAIN = {0: "<f4", 1: "<f2", 28: "<f8"}
"NumPy's names of the types that are not quantised, by their numbers."
BFLOAT16 = 30
WHAT = "Reading quantised weights from GGUF"


class GGUFWeights(Weights):
    """The tensors of a GGUF file, and what it says of the model.

    Args:
        path: of the file.

    Attributes:
        values: what it says, by name.

    Raises:
        DataError: if it cannot be read, or its header is not whole.
        MissingPackageError: if its weights are quantised, and the package gguf is not installed.
    """

    form = "gguf"

    def __init__(self, path: Path) -> None:
        self.files, self.where = (path,), str(path)
        try:
            with path.open("rb") as file:
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # the latter: it is empty
            why = getattr(error, "strerror", None) or "it is empty"
            raise DataError(f"Cannot read {path}: {why}.") from error
        try:
            header = read_header(self.data, path)
            self.values, self.places = header.values, header.tensors
            before = 0
            for name, place in sorted(self.places.items(), key=lambda one: one[1].begin):
                if place.begin < before:
                    raise not_whole(self.where, f"{name} begins within another tensor")
                before = end = place.begin + size_of(self.where, name, place)
                if end > len(self.data):
                    raise not_whole(
                        self.where,
                        f"{name} should end at byte {end:,}, and the file has {len(self.data):,}",
                    )
        except BaseException:
            self.close()
            raise
        self.shapes = {name: place.shape for name, place in self.places.items()}

    def tensor(self, name: str) -> Tensor:
        """One tensor, in float32."""
        import torch

        place = self.places[name]
        count = math.prod(place.shape)
        if place.kind in PLAIN:
            found = np.frombuffer(self.data, PLAIN[place.kind], count, place.begin)
        elif place.kind == BFLOAT16:  # the upper half of a float32
            halves = np.frombuffer(self.data, "<u2", count, place.begin)
            found = (halves.astype(np.uint32) << 16).view(np.float32)
        else:
            found = self.dequantised(place)
        # A copy: the file is mapped, and may be closed before the tensor is used.
        return torch.from_numpy(found.astype(np.float32).reshape(place.shape))

    def dequantised(self, place: TensorPlace) -> npt.NDArray[Any]:
        """The numbers that a quantised tensor stands for."""
        with needing("gguf", WHAT):
            from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
            from gguf.quants import dequantize
        kind = GGMLQuantizationType(place.kind)
        block, size = GGML_QUANT_SIZES[kind]
        rows, row = place.shape[:-1], place.shape[-1] // block * size
        held = np.frombuffer(self.data, np.uint8, math.prod(rows) * row, place.begin)
        with np.errstate(all="ignore"):  # what comes of it is looked at where it is copied
            found: npt.NDArray[Any] = dequantize(held.reshape(*rows, row), kind)
        return found

    def close(self) -> None:
        """Let go of the file; it stays mapped as long as an array of it is in use."""
        with contextlib.suppress(BufferError):
            self.data.close()


def size_of(where: str, name: str, place: TensorPlace) -> int:
    """How many bytes a tensor has.

    Raises:
        DataError: if its type is not known, or cannot be read here.
        MissingPackageError: if it is quantised, and the package gguf is not installed.
    """
    count = math.prod(place.shape)
    if place.kind in PLAIN:
        return count * np.dtype(PLAIN[place.kind]).itemsize
    if place.kind == BFLOAT16:
        return 2 * count
    with needing("gguf", WHAT):
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize
    try:
        kind = GGMLQuantizationType(place.kind)
    except ValueError:
        raise not_whole(where, f"{name} is of type {place.kind}, which is not known") from None
    block, size = map(int, GGML_QUANT_SIZES[kind])
    try:
        with np.errstate(all="ignore"):
            dequantize(np.zeros((1, size), np.uint8), kind)
    except NotImplementedError:
        raise DataError(
            f"{where} cannot be imported: {name} is of type {kind.name}, which cannot be read "
            "here.",
            hint="Take a file in float16, bfloat16, Q8_0 or Q4_K.",
        ) from None
    if place.shape[-1] % block:
        raise not_whole(
            where,
            f"the rows of {name} have {place.shape[-1]:,} numbers, no multiple of {block}, as "
            f"{kind.name} needs",
        )
    return count // block * size
