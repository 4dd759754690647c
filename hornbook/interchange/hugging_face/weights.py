"""Weights in safetensors: one file, or several with an index, as Hugging Face keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hornbook.errors import DataError
from hornbook.interchange.json_files import read_object
from hornbook.interchange.weights import Weights, listed, not_whole
from hornbook.paths import is_file

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SafetensorsWeights", "files_of_index"]

HEADER = 2**24  # bytes of names and shapes at most; those of a model of 48 layers are 60,000
TYPES = ("F16", "BF16", "F32", "F64")


class SafetensorsWeights(Weights):
    """The tensors of one or several files.

    Args:
        files: paths.

    Raises:
        DataError: if one is missing, damaged, or has a tensor that another has too.
    """

    form = "safetensors"

    def __init__(self, files: Sequence[Path]) -> None:
        from safetensors import safe_open

        self.files, self.where = files, str(files[0] if len(files) == 1 else files[0].parent)
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.homes: dict[str, tuple[Any, Path]] = {}
        self.stack = ExitStack()
        try:
            for path in files:
                with told(path):
                    refuse_long_header(path)
                    # Mapped, not read: a tensor takes memory when it is asked for.
                    file = self.stack.enter_context(safe_open(path, framework="pt"))
                    shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
                for name, shape in shapes.items():
                    if name in self.homes:
                        raise not_whole(str(path), f"{name} is also in {self.homes[name][1].name}")
                    self.shapes[name], self.homes[name] = tuple(shape), (file, path)
        except BaseException:
            self.close()
            raise

    def tensor(self, name: str) -> Tensor:
        """One tensor, read from its file."""
        file, path = self.homes[name]
        with told(path):
            kind = file.get_slice(name).get_dtype()
            if kind not in TYPES:
                raise DataError(
                    f"{path} cannot be imported: {name} is of type {kind}; weights must be of one "
                    f"of {', '.join(TYPES)}.",
                    hint="Take a file whose weights are not quantised.",
                )
            found: Tensor = file.get_tensor(name).float()
        return found

    def close(self) -> None:
        """Let go of the files."""
        self.stack.close()


def refuse_long_header(path: Path) -> None:
    """Refuse a header that is too long to be one of a model, before it is read.

    Raises:
        DataError: if it is.
    """
    with path.open("rb") as file:
        begin = file.read(8)
    length, size = int.from_bytes(begin, "little"), path.stat().st_size
    if len(begin) < 8 or length > size - 8:
        raise not_whole(
            str(path), f"its header should have {length:,} bytes, and the file has {size:,} in all"
        )
    if length > HEADER:
        raise not_whole(str(path), f"its header has {length:,} bytes; the maximum is {HEADER:,}")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """A context in which a file may be missing or damaged.

    Raises:
        DataError: if it is.
    """
    from safetensors import SafetensorError

    try:
        yield
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (SafetensorError, ValueError, TypeError, OverflowError, RuntimeError) as error:
        raise not_whole(str(path), f"it is not a whole safetensors file ({error})") from error


def files_of_index(path: Path) -> list[Path]:
    """The files that an index names, in order.

    Raises:
        DataError: if it names none, something that is not beside it, or one that is missing.
    """
    held = read_object(path).get("weight_map")
    if not isinstance(held, dict) or not held or not all(isinstance(v, str) for v in held.values()):
        raise not_whole(str(path), "`weight_map` must name a file for each tensor")
    names = sorted(set(held.values()))
    for name in names:
        if os.path.basename(name) != name or name in ("", ".", ".."):  # noqa: PTH119
            raise not_whole(str(path), f"{name!r} is not the name of a file beside it")
    found = [path.parent / name for name in names]
    if missing := [one.name for one in found if not is_file(one)]:
        raise DataError(
            f"{path.parent} is incomplete: {listed(missing)} missing, of {len(names):,} files.",
            hint="Download all files of the model into the folder.",
        )
    return found
