"""Tensors in files: safetensors with a checksum, so nothing is ever unpickled."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.actions import Action
from hornbook.errors import RunError
from hornbook.records import as_json
from hornbook.storage import parse_json, refuse_irregular, write_pieces

__all__ = [
    "RUN",
    "Deferred",
    "Owner",
    "read_tensors",
    "tensor_bytes",
    "tensor_sizes",
    "tensors_in",
    "write_tensors",
]


@dataclass(frozen=True)
class Deferred:
    """An array that is made when it is asked for, so that one of many is in memory at a time.

    It is made twice, for the checksum that stands before the arrays and for the file, and must be
    the same both times.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[], npt.NDArray[Any]]

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all of them."""
        return math.prod(self.shape) * self.itemsize

    def __array__(self, dtype: object = None, copy: bool | None = None) -> npt.NDArray[Any]:
        made = np.ascontiguousarray(self.make())
        if made.shape != self.shape or made.dtype != self.dtype:
            raise ValueError(
                f"an array of shape {self.shape} and type {self.dtype} was to be made; it has "
                f"shape {made.shape} and type {made.dtype}"
            )
        return made


Arrays = Mapping[str, npt.NDArray[Any]]
Writable = Mapping[str, npt.NDArray[Any] | Deferred]


@dataclass(frozen=True)
class Owner:
    """What a file of tensors is part of, and so what can be done if it is missing or wrong."""

    if_missing: str
    if_foreign: str
    if_damaged: str
    resumes: bool = False
    "Whether work that was stopped can write it yet."


RUN = Owner(
    "The run was stopped before this file was saved: resume it.",
    "Give a run made by hornbook.",
    "Restore the run directory from an intact copy, or train again.",
    resumes=True,
)

TYPES = {
    **{f"f{size}": f"F{8 * size}" for size in (2, 4, 8)},
    **{f"{kind}{size}": f"{kind.upper()}{8 * size}" for kind in "iu" for size in (1, 2, 4, 8)},
    "b1": "BOOL",
}
"From NumPy's names of types to those of the format, whose numbers are little-endian."


def write_tensors(
    path: Path, tensors: Writable, metadata: Mapping[str, Any], within: int | None = None
) -> None:
    """Write arrays and JSON-able metadata as one safetensors file, whole or not at all."""
    write_pieces(path, tensor_pieces(tensors, metadata), within)


def tensor_bytes(tensors: Writable, metadata: Mapping[str, Any]) -> bytes:
    """Arrays and JSON-able metadata as the bytes of a safetensors file."""
    return b"".join(tensor_pieces(tensors, metadata))


def tensor_pieces(tensors: Writable, metadata: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    """The bytes of a safetensors file piece by piece, without a copy of large arrays.

    The length of the header in 8 bytes, the header, padded to a multiple of 8, and the arrays: the
    largest types first, so that each is aligned.

    Raises:
        KeyError: if there is no such type in these files.
    """
    text = json.dumps(as_json(metadata), ensure_ascii=False, allow_nan=False)
    arrays: Writable = {
        name: array if isinstance(array, Deferred) else np.asarray(array, order="C")
        for name, array in tensors.items()
    }
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header: dict[str, Any] = {
        "__metadata__": {"hornbook": text, "digest": digest(arrays, text)},
    }
    at = 0
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": TYPES[array.dtype.str.lstrip("<|")],
            "shape": array.shape,
            "data_offsets": (at, at + array.nbytes),
        }
        at += array.nbytes
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    yield len(head).to_bytes(8, "little") + head
    for name in order:
        yield np.asarray(arrays[name]).reshape(-1).view(np.uint8).data


def digest(tensors: Writable, text: str, *, described: bool = True) -> str:
    """The SHA-256 of arrays in the order of their names, and of a text.

    Args:
        tensors: the arrays.
        text: the metadata.
        described: whether type and shape count too; in files of older versions they do not.
    """
    sum_ = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        about = f"{name}\0{array.dtype.str}\0{array.shape}\0" if described else name
        sum_.update(about.encode("utf-8", "surrogatepass"))
        sum_.update(array.reshape(-1).data)
    return sum_.hexdigest()


def read_tensors(
    path: Path, owner: Owner = RUN
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises:
        RunError: if the file is missing, cut short, damaged, or written by something else.
    """
    with tensor_file(path, owner) as file:
        about = file.metadata() or {}
        text = about.get("hornbook")
        if text is None:
            raise not_ours(str(path), owner)
        metadata = parse_json(text)
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return tensors, checked(metadata, tensors, about, str(path), owner)


def tensors_in(
    data: bytes, where: str, owner: Owner = RUN
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `tensor_bytes` made.

    Args:
        data: the bytes.
        where: what to call them in messages.
        owner: what they are part of.

    Raises:
        RunError: if they are cut short, damaged, or made by something else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        # It has read the header, so this stands there: its length in 8 bytes, then JSON.
        header = parse_json(data[8 : 8 + int.from_bytes(data[:8], "little")].decode("utf-8"))
        about = header.get("__metadata__", {})
        text = about.get("hornbook")
        if text is None:
            raise not_ours(where, owner)
        metadata = parse_json(text)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = str(error) if begins_as_tensors(data) else NO_TENSORS
        raise damaged(where, why, owner) from error
    return tensors, checked(metadata, tensors, about, where, owner)


def checked(
    metadata: Any, tensors: Arrays, about: Mapping[str, str], where: str, owner: Owner
) -> dict[str, Any]:
    """The metadata of some tensors.

    Raises:
        RunError: if these are not what was written.
    """
    new = "digest" in about
    told = about.get("digest" if new else "sha256")
    if not isinstance(metadata, dict) or told != digest(tensors, about["hornbook"], described=new):
        raise RunError(
            f"{where} is damaged: its checksum does not match.",
            hint=owner.if_damaged,
        )
    return metadata


NO_TENSORS = "it does not begin as a safetensors file does"


def begins_as_tensors(data: bytes) -> bool:
    """Whether bytes are the beginning of a safetensors file, or too few to tell."""
    return data[8:9] in (b"{", b"")


def not_ours(where: str, owner: Owner) -> RunError:
    """The error that something else wrote a file."""
    return RunError(f"{where} was not written by hornbook.", hint=owner.if_foreign)


def damaged(where: str, why: str, owner: Owner) -> RunError:
    """The error that a file is damaged."""
    return RunError(f"{where} is damaged or truncated: {why}.", hint=owner.if_damaged)


def tensor_sizes(path: Path) -> dict[str, int]:
    """How many numbers each tensor of a file has, by name; the tensors themselves are not read.

    Raises:
        RunError: if it is missing or damaged.
    """
    with tensor_file(path) as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    return {name: math.prod(shape) for name, shape in shapes.items()}


@contextlib.contextmanager
def tensor_file(path: Path, owner: Owner = RUN) -> Iterator[Any]:
    """An open file of tensors.

    Raises:
        RunError: if it is missing or damaged, also where that shows only while it is read.
    """
    from safetensors import SafetensorError, safe_open

    refuse_irregular(path.parent, path.name)
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except FileNotFoundError as error:
        raise RunError(
            f"{path} is missing.",
            hint=owner.if_missing,
            action=Action("resume", (str(path.parent),)) if owner.resumes else None,
        ) from error
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (SafetensorError, ValueError, TypeError, OverflowError) as error:
        with path.open("rb") as file:
            why = str(error) if begins_as_tensors(file.read(9)) else NO_TENSORS
        raise damaged(str(path), why, owner) from error
