"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import llvmlite.binding as llvm
import numba

from hornbook.kernels.decoding import decode
from hornbook.kernels.steps import advance
from hornbook.kernels.version import VERSION

__all__ = ["WAIT", "are_kept", "note_kept"]

KEPT = {"steps": advance, "decoding": decode}
WAIT = "The steps are compiled for this machine: 20 to 40 seconds, once."


def mark(what: str) -> Path | None:
    """The empty file that says so of some; None if nothing can be kept here.

    It lies where Numba keeps what was compiled, so that both go together.
    """
    folder = KEPT[what].stats.cache_path
    if folder is None:
        return None
    made_by = f"{VERSION:08x}-{numba.__version__}-{llvm.get_host_cpu_name()}"
    return Path(folder) / f"{what}-{made_by}.kept"


def are_kept(what: str = "steps") -> bool:
    """Whether those for float32 are: nobody waits for others.

    Args:
        what: `steps` of training, or `decoding`.
    """
    path = mark(what)
    return path is not None and path.exists()


def note_kept(what: str = "steps") -> None:
    """They have been compiled, or loaded."""
    path = mark(what)
    if path is not None:
        with contextlib.suppress(OSError):
            path.touch()
