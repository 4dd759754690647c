"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import llvmlite.binding as llvm
import numba

from hornbook.kernels.compiled import Loading
from hornbook.kernels.steps import advance
from hornbook.kernels.version import VERSION

__all__ = ["DECODING", "WAIT", "are_kept", "note_kept"]

DECODING = "decoding"

WAIT = "Compiling the steps for this machine: 10 to 40 seconds, once."


def mark(what: int | str) -> Path | None:
    """The empty file that says so of a kind of operation, or else; None if nothing can be kept.

    It lies where Numba keeps what was compiled, so that both go together.
    """
    folder = advance.stats.cache_path
    if folder is None:
        return None
    made_by = f"{VERSION:08x}-{numba.__version__}-{llvm.get_host_cpu_name()}"
    return Path(folder) / f"steps-{made_by}-{what}.kept"


def are_kept(which: Iterable[int | str]) -> bool:
    """Whether some are, for float32: nobody waits for others.

    Args:
        which: kinds of operations, or `DECODING`.
    """
    return all(path is not None and path.exists() for path in map(mark, which))


def note_kept(which: Iterable[int | str]) -> None:
    """They have been compiled, or loaded, and so are kept, unless that has failed."""
    if Loading.failed:
        return
    for path in map(mark, which):
        if path is not None:
            with contextlib.suppress(OSError):
                path.touch()
