"""Kernels that Python calls, and where those are that they call: nothing here needs Numba."""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.kernels.machine_code import address
from hornbook.kernels.program import Kind

__all__ = [
    "ENTRIES", "FIXED", "Call", "Entry", "addresses", "advance", "code_of_steps", "decode",
    "measure", "names_of", "search",
]  # fmt: skip

# What stands for a type: whole numbers, random bytes, and numbers in which losses are told. Any
# other letter is the type of the first array with it.
FIXED: dict[str, np.dtype[Any]] = {
    "w": np.dtype(np.int64),
    "b": np.dtype(np.uint8),
    "f": np.dtype(np.float64),
}
Types = tuple[np.dtype[Any], ...]
# Numba's own: gives a status, and is told where the result goes, and an error.
Native = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 3)


class Entry:
    """A kernel as Python calls it, without Python's lock.

    Args:
        name: of its function.
        takes: its arguments: a letter for the type, and for an array how many dimensions it has.
        gives: whether it gives a whole number.
    """

    def __init__(self, name: str, takes: str, *, gives: bool = False) -> None:
        self.name, self.gives = name, gives
        self.takes = [(one[0], int(one[1:] or 0)) for one in takes.split()]
        self.generic = list(dict.fromkeys(kind for kind, _ in self.takes if kind not in FIXED))
        self.found: dict[Types, Any] = {}

    def code(self, *types: npt.DTypeLike) -> str:
        """The name of its code for some types of numbers."""
        return ".".join([self.name, *(np.dtype(one).name for one in types)])

    def native(self, types: Types) -> Any:
        """What is called, for some types of numbers: loaded, or compiled."""
        if types not in self.found:
            self.found[types] = Native(address(self.code(*types)))
        return self.found[types]

    def __call__(self, *arguments: Any) -> int:
        """What it gives; 0 where that is nothing.

        Raises:
            TypeError: if it does not take these: arrays must be contiguous.
        """
        return Call(self, *arguments)()


class Call:
    """A call of an entry that can be made many times: what is in its arrays may change.

    To look where an array is takes longer than all else in a call.

    Args:
        entry: what is called.
        arguments: of it.

    Raises:
        TypeError: as of `Entry`.
    """

    def __init__(self, entry: Entry, *arguments: Any) -> None:
        self.entry, self.arguments = entry, arguments  # which stay as long as this
        words: list[int] = []
        self.begins = []
        types = dict(FIXED)
        for (kind, dimensions), one in zip(entry.takes, arguments, strict=True):
            self.begins.append(len(words))
            if dimensions:
                told = types.setdefault(kind, one.dtype.newbyteorder("="))
                if told != one.dtype or dimensions != one.ndim or not one.flags.c_contiguous:
                    raise TypeError(
                        f"{entry.name} takes a contiguous array of {told} with {dimensions} "
                        f"dimensions, and was given {one.dtype}, {one.shape}, {one.strides}"
                    )
                # As Numba has an array: whose it is, its size, where it is, and how it lies.
                words += (0, 0, one.size, one.itemsize, one.__array_interface__["data"][0])
                words += one.shape + one.strides
            elif kind == "f":
                words += struct.unpack("q", struct.pack("d", one))
            else:
                words.append(int(one))
        self.native = entry.native(tuple(types[kind] for kind in entry.generic))
        self.words = (ctypes.c_int64 * len(words))(*words)
        self.result, self.error = ctypes.c_int64(), ctypes.c_void_p()
        self.takes = ctypes.byref(self.result), ctypes.byref(self.error), ctypes.byref(self.words)

    def change(self, at: int, number: int) -> None:
        """Give another whole number as an argument."""
        self.words[self.begins[at]] = number

    def __call__(self) -> int:
        """Make it: what the entry gives."""
        if self.native(*self.takes):
            raise RuntimeError(f"{self.entry.name} has failed")
        return self.result.value


advance = Entry(
    "advance",
    "w2 w3 n2 w1 w n1 n2 n1 n2 n2 n2 w1 w1 b1 w3 w2 w w2 n2 n1 n1 n2 n1 f f2 w w1 n3",
    gives=True,
)
"See `steps.advance`."
measure = Entry("measure", "w2 w2 n2 w w n1 n1 n1 n1 n2 w1 w1 b1 w2 f1 n3")
"See `steps.measure`."
decode = Entry("decode", "w2 n1 w1 w2 w w w1 w1 n1 n1 n1 n2 w1 w")
"See `decoding.decode`."
search = Entry("search", "n1 o1 w1 n1 w1")
"See `searching.search`."
ENTRIES = {one.name: one for one in (advance, measure, decode, search)}


def names_of(kind: int) -> tuple[str, str]:
    """The names of what a kind of operation does, there and back."""
    name = Kind(kind).name.lower().replace("_", "-")
    return f"{name}-there", f"{name}-back"


def units_of(kind: int, number: npt.DTypeLike) -> list[str]:
    """The names of its code for a type of numbers."""
    return [f"{name}.{np.dtype(number).name}" for name in names_of(kind)]


def code_of_steps(kinds: Iterable[int], number: npt.DTypeLike) -> set[str]:
    """The names of all code that steps with some kinds of operations need."""
    units = {unit for kind in kinds for unit in units_of(kind, number)}
    return units | {advance.code(number), measure.code(number)}


def addresses(kinds: Iterable[int], number: npt.DTypeLike) -> npt.NDArray[np.int64]:
    """Where what some kinds do is, in this process: (2, kinds in all), there and back.

    What has not been compiled for this machine is compiled.
    """
    return table_of(frozenset(kinds), np.dtype(number))


@functools.cache
def table_of(kinds: frozenset[int], number: np.dtype[Any]) -> npt.NDArray[np.int64]:
    """The same, once for a process."""
    found = np.zeros((2, len(Kind)), np.int64)
    for kind in kinds:
        found[:, kind] = [address(unit) for unit in units_of(kind, number)]
    return found
