"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import llvmlite.binding as llvm
import numba

from hornbook.kernels.compiled import VERSION
from hornbook.kernels.steps import advance

__all__ = ["WAIT", "are_kept", "note_kept"]

WAIT = "The steps are compiled for this machine: 10 to 20 seconds, once."


def mark(kind: int) -> Path | None:
    """The empty file that says so of a kind of operation; None if nothing can be kept here.

    It lies where Numba keeps what was compiled, so that both go together.
    """
    folder = advance.stats.cache_path
    if folder is None:
        return None
    made_by = f"{VERSION:08x}-{numba.__version__}-{llvm.get_host_cpu_name()}"
    return Path(folder) / f"steps-{made_by}-{kind}.kept"


def are_kept(kinds: Iterable[int]) -> bool:
    """Whether those of some kinds of operations are, for float32: nobody waits for others."""
    return all(path is not None and path.exists() for path in map(mark, kinds))


def note_kept(kinds: Iterable[int]) -> None:
    """They have been compiled, or loaded."""
    for path in map(mark, kinds):
        if path is not None:
            with contextlib.suppress(OSError):
                path.touch()
