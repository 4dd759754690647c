"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import llvmlite.binding as llvm
import numba

from hornbook.kernels.compiled import VERSION
from hornbook.kernels.steps import advance

__all__ = ["WAIT", "are_kept", "note_kept"]

WAIT = "The steps are compiled for this machine: about 10 seconds, once."


def mark() -> Path | None:
    """The empty file that says so; None if nothing can be kept here.

    It lies where Numba keeps what was compiled, so that both go together.
    """
    folder = advance.stats.cache_path
    if folder is None:
        return None
    made_by = f"{VERSION:08x}-{numba.__version__}-{llvm.get_host_cpu_name()}"
    return Path(folder) / f"steps-{made_by}.kept"


def are_kept() -> bool:
    """Whether those for float32 are: nobody waits for others."""
    path = mark()
    return path is not None and path.exists()


def note_kept() -> None:
    """They have been compiled, or loaded."""
    path = mark()
    if path is not None:
        with contextlib.suppress(OSError):
            path.touch()
