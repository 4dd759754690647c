"""How the C library keeps memory that training frees at every step and asks for again at the next.

glibc gives large blocks back to the system at once, and the system hands them out again a page at a
time, each one a fault: ten thousand in a step of a small transformer, a third of its time
(EXPERIMENTS.md). Told to keep them, it has them ready.
"""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGEST = 2**30


def keep_freed_memory() -> bool:
    """Let this process keep the memory that it frees, until it ends.

    Returns:
        Whether the C library knows how; others than glibc do not, and need no telling.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST) and mallopt(M_TRIM_THRESHOLD, LARGEST))
