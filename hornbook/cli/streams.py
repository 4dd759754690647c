"""Standard output and standard error, which may be closed, full, or read by nobody.

The result goes to standard output: if it cannot be written, the command has failed, and says so
once. All else goes to standard error, and stands beside the work: if it cannot be written, the work
goes on in silence.

Text from data, file names and run records may hold what a terminal obeys. All that is printed goes
through the functions here or `output.Console`, which make it visible; nothing else in `cli` prints.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from hornbook.rendering import visible, visible_json

__all__ = ["ReaderGoneError", "standard_streams", "write_beside", "write_json", "write_result"]

BYTE = re.compile("[\udc80-\udcff]")  # what stands for a byte that is not UTF-8
OTHER = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # other halves of surrogate pairs


class ReaderGoneError(BrokenPipeError):
    """Whoever read standard output has gone, as `| head` does: no more is wanted."""


class ResultStream:
    """Standard output.

    Args:
        stream: what it was.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, perhaps later.

        Raises:
            ReaderGoneError: if nobody reads it any more.
            OSError: naming standard output.
        """
        with self.failing():
            return self.stream.write(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are, after all that was written before.

        Raises:
            ReaderGoneError, OSError: as `write`.
        """
        with self.failing():
            self.stream.flush()
            self.stream.buffer.write(data)

    def flush(self) -> None:
        """Write what has been held back.

        Raises:
            OSError: as `write`.
        """
        with self.failing():
            self.stream.flush()

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """A context in which the stream may fail; after that it takes everything, to no effect."""
        try:
            yield
        except OSError as error:
            to_nowhere(self.stream)
            if isinstance(error, BrokenPipeError):
                raise ReaderGoneError(error.errno, error.strerror) from error
            raise OSError(error.errno, error.strerror, "Standard output") from error


class BesideStream(ResultStream):
    """Standard error: what cannot be written there is left out."""

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """A context in which the stream may fail; after that it takes everything, to no effect."""
        try:
            yield
        except BlockingIOError:
            pass  # full for the moment
        except (OSError, ValueError):
            to_nowhere(self.stream)

    def write(self, text: str) -> int:
        """Write, if that can be done."""
        with self.failing():
            self.stream.write(text)
        return len(text)


def to_nowhere(stream: TextIO) -> None:
    """Let a stream end in the null device: what it holds back would fail again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """A context in which both streams are there, as described above.

    Names and poems of any script go out whole, whatever the terminal's own encoding.
    """
    fill_closed()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout = cast(TextIO, ResultStream(before[0]))
    sys.stderr = cast(TextIO, BesideStream(before[1]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def fill_closed() -> None:
    """Put the null device where a standard stream was closed before Python started.

    Otherwise the next file to be opened takes its number, and whatever is written to the stream
    goes into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))


def write_result(text: str, *, flush: bool = False) -> None:
    """Write a part of the result: into a file or a pipe as it is, to a terminal fit to be shown.

    Bytes that are not text, as `surrogateescape` writes them, become bytes again.
    """
    if sys.stdout.isatty():
        sys.stdout.write(visible(text))
    elif isinstance(sys.stdout, ResultStream) and BYTE.search(text) and not OTHER.search(text):
        sys.stdout.write_bytes(text.encode("utf-8", "surrogateescape"))
    else:
        sys.stdout.write(text)
    if flush:
        sys.stdout.flush()


def write_json(text: str) -> None:
    """Write a part of a JSON text, which a terminal shows with more escapes."""
    sys.stdout.write(visible_json(text) if sys.stdout.isatty() else text)


def write_beside(text: str) -> None:
    """Write what stands beside the result, fit to be shown: a log ends at a terminal as well."""
    sys.stderr.write(visible(text))
    sys.stderr.flush()
