"""Where data come from: a file, standard input, or a data set by its name.

A source is looked at first, to tell what kind of data it holds, and then read, once: standard input
has no second reading, and a file may change between two.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from hornbook.errors import DataError
from hornbook.sources import datasets
from hornbook.sources.datasets import Dataset
from hornbook.suggestions import did_you_mean

__all__ = ["DownloadProgress", "Source"]

DownloadProgress = Callable[[int, int], None]
"""Called during a download with the number of bytes so far and in all."""

HEAD = 65_536  # bytes of a first look


class Source:
    """A place to read data from.

    Args:
        given: a path, `-` for standard input, or the name of a data set. A path that exists comes
            before a data set of the same name.
        progress: told while a data set is fetched.

    Attributes:
        name: what to call it: the file's stem, the data set's name, or `stdin`.
        where: for people: a path, `standard input`, or `data set NAME`.
        dataset: the data set, if it is one.
        hides: whether it is a file with the name of a data set.

    Raises:
        DataError: if no name is given.
    """

    def __init__(self, given: str | Path, progress: DownloadProgress | None = None) -> None:
        if not isinstance(given, str | Path):
            raise DataError(
                f"A file name must be a string or a path, not {type(given).__name__}.",
                hint="Give one file, or the name of a data set.",
            )
        if not str(given):
            raise DataError(
                "The file name is empty.", hint="Give a file, or the name of a data set."
            )
        self.given, self.progress = str(given), progress
        self.taken: bytes | None = None  # what a first look has read of standard input
        known = datasets.DATASETS.get(self.given)
        # os.path.exists, unlike Path.exists, only says no to a name that is no possible path.
        here = os.path.exists(self.given)  # noqa: PTH110
        self.dataset: Dataset | None = None if here else known
        self.hides = known is not None and here
        if self.given == "-":
            self.name, self.where = "stdin", "standard input"
        elif self.dataset is not None:
            self.name, self.where = self.given, f"data set {self.given}"
        else:
            self.name, self.where = Path(given).stem, str(Path(given))

    def __repr__(self) -> str:
        return f"<Source {self.where}>"

    @property
    def suffix(self) -> str:
        """The file name's extension in lowercase, with its dot; empty without one."""
        return Path(self.path.name).suffix.lower() if self.given != "-" else ""

    @property
    def path(self) -> Path:
        """The file, fetched first if it is a data set that is not here.

        Raises:
            DownloadError: if a data set has to be fetched and cannot be.
        """
        if self.dataset is not None:
            return datasets.locate(self.dataset, self.progress)
        return Path(self.given)

    def head(self, size: int = HEAD) -> bytes:
        """The first bytes.

        Raises:
            DataError: as `read`.
        """
        if self.given == "-":
            held = self.taken or b""
            if len(held) < size:
                held += standard_input().read(size - len(held))
            self.taken = held
            return held[:size]
        with opened(self.path) as file:
            return file.read(size)

    def read(self) -> bytes:
        """All bytes.

        Raises:
            DataError: if it is missing, a directory, or not to be read.
            DownloadError: if a data set has to be fetched and cannot be.
        """
        if self.given == "-":
            held, self.taken = self.taken or b"", None
            return held + standard_input().read()
        with opened(self.path) as file:
            try:
                return file.read()
            except OSError as error:
                raise unreadable(self.path, error) from error


def standard_input() -> BinaryIO:
    """Standard input, as bytes.

    Raises:
        DataError: if it was closed before Python started.
    """
    if sys.stdin is None:
        raise DataError(
            "Standard input is closed: no data can be read from it.",
            hint="Pipe the data in, or give the path of a file.",
        )
    return sys.stdin.buffer


def opened(path: Path) -> BinaryIO:
    """A file, open to be read as bytes.

    Raises:
        DataError: if it is missing, a directory, or not to be read.
    """
    try:
        if path.is_dir():  # Windows would speak of permissions
            raise IsADirectoryError
        return path.open("rb")
    except FileNotFoundError as error:
        beside: list[str] = []
        with contextlib.suppress(OSError, ValueError):
            beside = [str(other) for other in path.parent.iterdir()]
        raise DataError(
            f"There is no file or data set {str(path)!r}.",
            hint=f"{did_you_mean(str(path), [*datasets.DATASETS, *beside])}Data sets: "
            f"{', '.join(datasets.DATASETS)}. File paths are relative to the current directory, "
            f"{Path.cwd()}.",
        ) from error
    except IsADirectoryError as error:
        raise DataError(
            f"{path} is a directory, not a file.",
            hint="Give one file; join several with: cat DIR/* > FILE",
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """The error that a file cannot be read."""
    return DataError(
        f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.",
        hint="Check the file's permissions and its disk.",
    )
