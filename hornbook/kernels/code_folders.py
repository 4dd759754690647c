"""The folders of kernels' machine code: where they may lie, which there are, and which may go.

Each version of the kernels, of Numba, of llvmlite and of the processor has a folder of its own, and
nothing says of a folder whose it is: two checkouts may share the user's cache, and a checkout may
go back to what it was. So a folder is noted as used when code is read from it, and one that
nobody has used for long goes when a new one is made. What is removed wrongly costs its owner the
time to compile, once.

Neither Numba nor llvmlite is imported here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hornbook.caches import cache_folder
from hornbook.errors import RunError

__all__ = ["LONG", "PART", "PREFIX", "CodeFolder", "drop_unused", "folders", "homes", "note_use",
           "remove"]  # fmt: skip

PREFIX = "kernels-"
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
PART = ".part"  # how the name ends of what is being written
DAY = 86_400.0  # seconds
LONG = 30  # days without a use


@dataclass(frozen=True)
class CodeFolder:
    """The machine code of one version of the kernels."""

    folder: Path
    kernels: int
    bytes: int
    used: float
    "When it was last used, in seconds since 1970; to the day."

    @property
    def is_unused(self) -> bool:
        """Whether nobody has used it for long."""
        return time.time() - self.used > LONG * DAY


def homes() -> Iterator[Path]:
    """In which folders those of the versions may lie: see `machine_code.places`."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen)
        return
    yield Path(__file__).parent / "__pycache__"
    with contextlib.suppress(OSError, RuntimeError):  # nobody's home
        yield cache_folder() / "kernels"


def folders(home: Path | None = None) -> list[CodeFolder]:
    """All that there are, in one home or in each, the one that was used longest ago first."""
    found = []
    for place in homes() if home is None else (home,):
        with contextlib.suppress(OSError):
            found += [
                looked_at(Path(entry.path))
                for entry in os.scandir(place)
                if NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    return sorted(found, key=lambda one: one.used)


def looked_at(folder: Path) -> CodeFolder:
    """A folder, with what is in it; what goes meanwhile is left out."""
    kernels, size, used = 0, 0, 0.0
    with contextlib.suppress(OSError):
        used = folder.stat().st_mtime
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode):
                    kernels += not path.name.endswith(PART)
                    size += about.st_size
                    used = max(used, about.st_mtime)
    return CodeFolder(folder, kernels, size, used)


def note_use(folder: Path) -> None:
    """Note that code was read from a folder, once a day: by its own time."""
    with contextlib.suppress(OSError):  # whoever may only read it uses it all the same
        if time.time() - folder.stat().st_mtime > DAY:
            os.utime(folder)


def remove(one: CodeFolder) -> None:
    """Remove the machine code of a version. Processes that have loaded it go on with it.

    Raises:
        RunError: if it cannot be removed.
    """
    try:
        shutil.rmtree(one.folder)
    except FileNotFoundError:  # another removes it, too
        pass
    except OSError as error:
        raise RunError(f"Cannot remove {one.folder}: {error.strerror or error}.") from error


def drop_unused(made: Path) -> None:
    """Remove what nobody has used for long beside a folder that was made now."""
    for one in folders(made.parent):
        if one.folder != made and one.is_unused:
            with contextlib.suppress(RunError):  # the next who makes a folder tries again
                remove(one)
