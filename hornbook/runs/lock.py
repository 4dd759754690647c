"""Who owns a run directory: one process at a time, by a lock that ends with the process.

The lock is the kernel's, on an open file in the directory, so nothing that a kill leaves behind can
hold it. What stands in the file only tells whom to ask: process, machine, and since when.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import RunError

__all__ = ["LOCK", "Lock", "in_use", "is_marked", "owner_in"]

LOCK = ".lock"
"Name of the file in the run directory."
WITHOUT = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
"What a file system says that has no locks."
AGAIN, PAUSE = 3, 0.02  # looks, seconds: whoever only asks for the owner holds the lock an instant
LONGEST = 2_000  # bytes of a lock file: what is longer is none of ours
OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass
class Lock:
    """A directory that is this process's until `release`, or until the process ends.

    Attributes:
        folder: the directory; follows it when it is moved by `moved`.
        file: descriptor of the open lock file.
        within: descriptor of the directory; None where the platform has none.
        held: whether the file system has locks; if not, nothing keeps others out.
    """

    folder: Path
    file: int
    held: bool
    within: int | None = None

    @classmethod
    def take(cls, folder: Path) -> Lock:
        """Own a directory.

        Raises:
            RunError: if another process owns it, or it cannot be written.
        """
        while True:
            within = None
            try:
                if os.open in os.supports_dir_fd:
                    within = os.open(folder, os.O_RDONLY)
                name = folder / LOCK if within is None else LOCK
                file = os.open(name, OPEN, 0o666, dir_fd=within)
            except OSError as error:
                if within is not None:
                    os.close(within)
                raise RunError(
                    f"Cannot write {folder / LOCK}: {error.strerror or error}.",
                    hint="Choose a directory that you can write to.",
                ) from error
            try:
                held = patiently_locked(file)
            except BlockingIOError as error:
                cls(folder, file, held=False, within=within).close()
                raise in_use(folder) from error
            lock = cls(folder, file, held, within)
            if lock.is_there():  # not if its last owner deleted the file between our two calls
                break
            lock.close()
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            lock.close()
            raise RunError(
                f"{folder / LOCK} is not a plain file, or has a second name elsewhere.",
                hint="Delete it, and make sure that you trust where this run came from.",
            )
        about = {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%F %T")}
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(about).encode(), 0)
        return lock

    def is_there(self) -> bool:
        """Whether the directory of this name is still the one that was locked."""
        try:
            named = (self.folder / LOCK).lstat()
        except OSError:
            return False
        ours = os.fstat(self.file)
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def check(self) -> None:
        """Make sure, before a write, that the directory is still this process's.

        Raises:
            RunError: if it was moved, deleted or replaced.
        """
        if not self.is_there():
            raise RunError(
                f"{self.folder} was moved, deleted or replaced while this process worked in it.",
                hint="Nothing more was written there. Leave a run directory where it is until its "
                "training has ended.",
            )

    def moved(self, folder: Path) -> None:
        """Take note that the directory has another name now."""
        self.folder = folder

    def release(self) -> None:
        """Give the directory up."""
        if self.file < 0:
            return
        if self.is_there():
            with contextlib.suppress(OSError):
                (self.folder / LOCK).unlink()
        self.close()

    def close(self) -> None:
        """Leave the lock file where it is, unlocked."""
        os.close(self.file)
        self.file = -1
        if self.within is not None:
            os.close(self.within)
            self.within = None


def patiently_locked(file: int) -> bool:
    """As `locked`, but a lock that is gone at the second look is none.

    Raises:
        BlockingIOError: if another has locked it.
    """
    for _ in range(AGAIN - 1):
        with contextlib.suppress(BlockingIOError):
            return locked(file)
        time.sleep(PAUSE)
    return locked(file)


def locked(file: int, *, shared: bool = False) -> bool:
    """Lock an open file; False where the file system, or the platform, has no locks.

    Raises:
        BlockingIOError: if another has locked it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in WITHOUT:
            return False
        raise
    return True


def in_use(folder: Path) -> RunError:
    """The error that another process owns a directory."""
    owner = read_owner(folder)
    return RunError(
        f"{folder} is in use by {named(owner)}.",
        hint="Wait until it has ended, stop it, or choose another directory.",
    )


def named(owner: dict[str, Any]) -> str:
    """The process that a lock file names."""
    if not owner:
        return "another process"
    return f"process {owner.get('pid')} on {owner.get('host')} (since {owner.get('since')})"


def owner_in(folder: Path) -> str:
    """Which process owns a directory, in words; empty if none does, or nothing can tell.

    Nothing is written: the lock is tried for an instant, and shared with others who look.
    """
    if not is_marked(folder):
        return ""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return ""
    try:
        locked(file, shared=True)
    except BlockingIOError:
        return named(read_owner(folder))
    finally:
        os.close(file)
    return ""


def read_owner(folder: Path) -> dict[str, Any]:
    """What a lock file tells, if it is one of ours; it may be anybody's, so nothing rests on it."""
    path = folder / LOCK
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > LONGEST:
            return {}
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and {"pid", "host", "since"} == value.keys() else {}


def is_marked(folder: Path) -> bool:
    """Whether a process of this program owns a directory, or was killed while it did."""
    return bool(read_owner(folder))
