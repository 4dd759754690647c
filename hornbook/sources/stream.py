"""Bytes as they come: gzip is unpacked on the way, and nothing is read that memory cannot hold.

A file is gzip if it begins as one, whatever its name: so does what comes through a pipe. One whose
name says so and which is not is refused, since something went wrong with it before.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError
from hornbook.rendering import clip

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Room", "Stream"]

MAGIC = b"\x1f\x8b"
PIECE = 2**20  # bytes read at a time
PATH_SHOWN = 200  # characters of a path in a message
TIMES = 6  # bytes of memory for a byte of a file: the bytes, the text, its lines, a copy on the way


class Room:
    """How many bytes can still be read: one for all files of a source together.

    A small gzip file may hold any amount: only what has been unpacked shows how much it is.
    """

    def __init__(self) -> None:
        self.there, self.used = available_memory(), 0

    def take(self, size: int, where: str) -> None:
        """Note that so many bytes were read.

        Raises:
            DataError: if what was read by now cannot be held in memory.
        """
        self.used += size
        if self.there is not None and self.used * TIMES > self.there:
            raise DataError(
                f"{where} is too large: after {self.used:,} bytes there is still more, and reading "
                f"that much takes about {self.used * TIMES / 1e9:.1f} GB of memory; "
                f"{self.there / 1e9:.1f} GB are available.",
                hint="Use a part of the data, or a machine with more memory.",
            )


class Stream:
    """A file's bytes, unpacked if they are gzip.

    Args:
        file: open for reading; what it holds is read once, from where it is. It is not closed.
        where: what to call it in messages.
        named: whether its name says that it is gzip.

    Attributes:
        packed: whether it is gzip.

    Raises:
        DataError: if its name says that it is gzip, and it is not.
    """

    def __init__(self, file: BinaryIO, where: str, *, named: bool = False) -> None:
        self.where, self.packed = where, False
        with self.told():
            first = file.read(len(MAGIC))
        self.packed = first == MAGIC
        if named and not self.packed:
            what = f"it begins with the bytes {first.hex(' ')}" if first else "it is empty"
            raise DataError(
                f"{where} is not gzip: {what}.",
                hint="Rename it without .gz if it is not compressed; otherwise copy or download it "
                "again.",
            )
        whole = io.BufferedReader(Joined(first, file), PIECE)
        self.bytes: BinaryIO = (
            cast(BinaryIO, gzip.GzipFile(fileobj=whole)) if self.packed else whole
        )

    def read(self, size: int) -> bytes:
        """So many bytes, or all that are left.

        Raises:
            DataError: if they cannot be read, or the gzip file is cut off or damaged.
        """
        with self.told():
            return self.bytes.read(size)

    def read_all(self, room: Room) -> bytes:
        """All bytes that are left.

        Raises:
            DataError: as `read`, or if there are more than memory can hold.
        """
        pieces = []
        for piece in self.pieces():
            room.take(len(piece), self.where)
            pieces.append(piece)
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """All bytes that are left, a piece after the other.

        Raises:
            DataError: as `read`.
        """
        while piece := self.read(PIECE):
            yield piece

    @contextmanager
    def told(self) -> Iterator[None]:
        """A context whose errors become those of data."""
        try:
            yield
        except EOFError as error:
            raise DataError(
                f"{self.where} is cut off: the gzip file ends before its data does.",
                hint="Copy or download it again.",
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{self.where} is a damaged gzip file: {str(error).rpartition(': ')[2]}.",
                hint="Copy or download it again.",
            ) from error
        except (OSError, ValueError) as error:
            raise unreadable(self.where, error) from error


class Joined(io.RawIOBase):
    """The first bytes of a file, which were read already, and the rest of it."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        self.first, self.file = first, file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as it goes; 0 at the end."""
        into = memoryview(buffer).cast("B")
        data, self.first = self.first[: len(into)], self.first[len(into) :]
        data = data or self.file.read(len(into))
        into[: len(data)] = data
        return len(data)


def unreadable(where: object, error: Exception) -> DataError:
    """The error that a file cannot be read."""
    return DataError(
        f"Cannot read {clip(str(where), PATH_SHOWN)}: {getattr(error, 'strerror', None) or error}.",
        hint="Check the file's permissions and its disk.",
    )
