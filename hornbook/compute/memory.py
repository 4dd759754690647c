"""Memory: how much there is, and how the C library keeps what training frees and asks for again.

glibc gives large blocks back to the system at once, and the system hands them out again a page at a
time, each one a fault: ten thousand in a step of a small transformer, a third of its time
(EXPERIMENTS.md). Told to keep them, it has them ready.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

__all__ = ["available_memory", "is_out_of_memory", "keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGEST = 2**30


TOLD = ("out of memory", "not enough memory", "can't allocate memory")
"How torch tells, in a RuntimeError."

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes that this process can still have without swapping; None where nothing tells.

    The least of what Linux says is available and what is left of the limit of the container.
    """
    found = []
    with contextlib.suppress(OSError, ValueError, KeyError):
        fields = dict(line.split(":") for line in MEMINFO.read_text().splitlines())
        found.append(1024 * int(fields["MemAvailable"].split()[0]))
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        limit = int((CGROUP / "memory.max").read_text())
        found.append(max(0, limit - int((CGROUP / "memory.current").read_text())))
    return min(found, default=None)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is full, be it Python's or torch's."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in TOLD)


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
