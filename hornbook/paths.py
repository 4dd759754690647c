"""Whether something is there, for any name that a person may give.

`os.path`, unlike `Path`, only says no to a name that is not a possible path: one that is too long,
or has a null byte in it.
"""

from __future__ import annotations

import os
from os import PathLike

__all__ = ["exists", "is_file", "is_folder"]


def exists(path: str | PathLike[str]) -> bool:
    """Whether there is a file or a folder."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: str | PathLike[str]) -> bool:
    """Whether there is a file."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | PathLike[str]) -> bool:
    """Whether there is a folder."""
    return os.path.isdir(path)  # noqa: PTH112
