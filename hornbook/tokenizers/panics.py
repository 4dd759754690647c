"""Libraries written in Rust panic where others raise an error: an exception that is not an
`Exception`, and a trace on standard error that nobody asked for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["panics_as", "unheard"]

STANDARD_ERROR = 2


@contextlib.contextmanager
def panics_as(kind: type[Exception]) -> Iterator[None]:
    """A context in which a panic, or any other error of a library, becomes an error of a kind.

    Raises:
        Exception: of that kind, with the first line of what the library says.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise kind(str(error).partition("\n")[0]) from error


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """A context in which nothing is heard of what a library writes to standard error."""
    try:
        kept = os.dup(STANDARD_ERROR)
    except OSError:  # closed: nobody hears it
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(nowhere)
        os.close(kept)
