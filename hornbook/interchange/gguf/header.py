"""The header of a GGUF file: what it says of a model, and where each tensor is.

The header may come from anybody. Every length is held against what is left of the file before
anything is read or made room for, so that it costs no more memory than the file has bytes, a few
times over; and all of it against HEADER, for a file with holes may have more bytes than the disk.
(The reader of the package gguf trusts these lengths, and makes an object for each number of a
list.)

    GGUF, version, number of tensors, number of values
    values     name, type, value: a number, a text, or a list of either
    tensors    name, dimensions (the last first), type, place
    then, from a multiple of the alignment on, the tensors
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.errors import DataError
from hornbook.interchange.weights import not_whole

__all__ = ["GGUFHeader", "TensorPlace", "begins_as_gguf", "read_header"]

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST = 65_536  # values, and tensors
LONGEST = 2**16  # bytes of a name
HEADER = 2**28  # bytes: a vocabulary of 250,000 and its merges are 12 million
LISTED = 2**21  # texts in a list: the largest vocabularies have 300,000
TEXT, LIST = 8, 9
NUMBERS = {
    0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "?", 10: "<u8",
    11: "<i8", 12: "<f8",
}  # fmt: skip
"NumPy's names of the types of values."


@dataclass(frozen=True)
class TensorPlace:
    """Where a tensor is."""

    shape: tuple[int, ...]
    kind: int
    "Number of its type."
    begin: int
    "First byte, from the beginning of the file."


@dataclass(frozen=True)
class GGUFHeader:
    """What stands before the tensors."""

    values: dict[str, Any]
    tensors: dict[str, TensorPlace]


def begins_as_gguf(data: bytes) -> bool:
    """Whether a file begins as a GGUF file does."""
    return data.startswith(MAGIC)


class Reading:
    """A place in a file that moves on as values are read.

    Args:
        data: the file.
        where: what to call it in messages.
    """

    def __init__(self, data: mmap.mmap, where: str) -> None:
        self.data, self.where, self.at = data, where, 0

    def fail(self, why: str) -> DataError:
        """The error that the file is not whole."""
        return not_whole(self.where, f"it is not a whole GGUF file: {why}")

    def take(self, count: int, what: str) -> bytes:
        """The next bytes.

        Raises:
            DataError: if there are fewer.
        """
        self.need(count, what)
        found = self.data[self.at : self.at + count]
        self.at += count
        return found

    def need(self, count: int, what: str) -> None:
        """Refuse a length that the file does not have.

        Raises:
            DataError: if it has not.
        """
        left = len(self.data) - self.at
        if self.at + count > HEADER and count <= left:
            raise self.fail(f"its header has more than {HEADER:,} bytes")
        if count > left:
            raise self.fail(f"{what} should have {count:,} bytes, and {left:,} are left")

    def number(self, form: str, what: str) -> Any:
        """A number of a type of `struct`."""
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}"), what))[0]

    def text(self, what: str, most: int | None = None) -> str:
        """A text after its length.

        Raises:
            DataError: if it is too long, or not UTF-8.
        """
        length = self.number("Q", f"the length of {what}")
        if most is not None and length > most:
            raise self.fail(f"{what} has {length:,} bytes; the maximum is {most:,}")
        try:
            return self.take(length, what).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.fail(f"{what} is not UTF-8") from error

    def value(self, name: str) -> Any:
        """A value after its type: a number, a text, or a list of either."""
        kind = self.number("I", f"the type of {name}")
        if kind == LIST:
            inner, count = self.number("I", f"the type in {name}"), self.number("Q", name)
            if inner == TEXT:
                self.need(8 * count, name)  # each has a length of eight bytes at least
                if count > LISTED:
                    raise self.fail(f"{name} has {count:,} texts; the maximum is {LISTED:,}")
                return [self.text(name) for _ in range(count)]
            return self.numbers(inner, count, name)
        if kind == TEXT:
            return self.text(name)
        (found,) = self.numbers(kind, 1, name).tolist()
        # 1e-5 in 32 bits is 9.99999975e-06 in 64: the shortest number that is the same in 32.
        return float(str(np.float32(found))) if NUMBERS[kind] == "<f4" else found

    def numbers(self, kind: int, count: int, name: str) -> Any:
        """Numbers of one type, as an array."""
        if kind not in NUMBERS:
            raise self.fail(f"{name} is of type {kind}, which is not known here")
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize, name), dtype)


def read_header(data: mmap.mmap, where: Path) -> GGUFHeader:
    """The header of a file.

    Raises:
        DataError: naming what is wrong with it.
    """
    reading = Reading(data, str(where))
    if not begins_as_gguf(reading.take(4, "the mark at its beginning")):
        raise reading.fail(f"it does not begin with {MAGIC.decode()}")
    version = reading.number("I", "the version")
    if version not in VERSIONS:
        big = ": its bytes are in the order of big-endian machines" if version >> 16 else ""
        raise DataError(
            f"{where} cannot be imported: it is of GGUF version {version}{big}; versions "
            f"{VERSIONS[0]} and {VERSIONS[1]} can be read.",
            hint="Convert it again with a current version of llama.cpp.",
        )
    n_tensors, n_values = (
        reading.number("Q", what) for what in ("the number of tensors", "the number of values")
    )
    for count, what in ((n_tensors, "tensors"), (n_values, "values")):
        if count > MOST:
            raise reading.fail(f"it should have {count:,} {what}; the maximum is {MOST:,}")
    values: dict[str, Any] = {}
    for _ in range(n_values):
        name = reading.text("the name of a value", LONGEST)
        if name in values:
            raise reading.fail(f"{name!r} is there twice")
        values[name] = reading.value(repr(name))
    listed: dict[str, tuple[tuple[int, ...], int, int]] = {}
    for _ in range(n_tensors):
        name = reading.text("the name of a tensor", LONGEST)
        if name in listed:
            raise reading.fail(f"the tensor {name!r} is there twice")
        listed[name] = tensor_of(reading, name)
    align = values.get("general.alignment", 32)
    if not isinstance(align, int) or not 1 <= align <= LONGEST:
        raise reading.fail(f"general.alignment is {align!r}")
    first = math.ceil(reading.at / align) * align
    return GGUFHeader(
        values,
        {name: TensorPlace(shape, kind, first + at) for name, (shape, kind, at) in listed.items()},
    )


def tensor_of(reading: Reading, name: str) -> tuple[tuple[int, ...], int, int]:
    """Shape, type and place of a tensor."""
    count = reading.number("I", f"the dimensions of {name!r}")
    if not 1 <= count <= 4:
        raise reading.fail(f"the tensor {name!r} has {count:,} dimensions; it must have 1 to 4")
    sizes = [reading.number("Q", f"the shape of {name!r}") for _ in range(count)]
    kind, at = (
        reading.number("I", f"the type of {name!r}"),
        reading.number("Q", f"place of {name!r}"),
    )
    if 0 in sizes:
        raise reading.fail(f"the tensor {name!r} is empty")
    return tuple(reversed(sizes)), kind, at
