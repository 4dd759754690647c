"""Where a new run is put, and when it takes the place of another.

A run that is to replace another is made beside it, in `.NAME.new-ID`, and takes its place when it
has a model that loads; until then the old one stays whole. Taking the place is two renames. A kill
between them leaves `.NAME.old-ID` and `.NAME.new-ID` and nothing under NAME; whoever comes next
finishes the second rename (`recover`).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from hornbook.errors import RunError
from hornbook.runs.contents import begun_only, clear, never_made, strangers
from hornbook.runs.lock import LOCK, Lock

__all__ = ["Claim", "beside_of", "left_behind", "recover", "refuse_if_taken", "remarks_on"]


class Claim:
    """A run directory that this process owns.

    Args:
        home: the name of the run directory.
        at: where its files are: `home`, or beside it until it takes the place of another.
        lock: of `at`.
        replaced: the lock of what stands at `home` until then.

    Attributes:
        empty: whether nothing is there yet that anybody could miss.
    """

    def __init__(self, home: Path, at: Path, lock: Lock, replaced: Lock | None = None) -> None:
        self.home, self.at, self.lock, self.replaced = home, at, lock, replaced
        self.empty = False

    @classmethod
    def take_up(cls, path: Path) -> Claim:
        """Own a run that is there.

        Raises:
            RunError: if another process owns it, or it cannot be written.
        """
        home = path.absolute()
        claim = cls(home, home, Lock.take(home))
        remove_left_behind(home)
        return claim

    @classmethod
    def begin(cls, path: Path, *, overwrite: bool) -> Claim:
        """Own an empty directory in which a new run can be made.

        Raises:
            RunError: as `refuse_if_taken`; if another process owns it; if it cannot be written.
        """
        refuse_if_taken(path, overwrite=overwrite)
        home = Path(os.path.realpath(path))  # through a link given by the user, to keep the link
        try:
            home.mkdir(parents=True, exist_ok=True)
            lock = Lock.take(home)
            try:
                refuse_if_taken(path, overwrite=overwrite)  # another may have come meanwhile
                if not (home / "run.json").exists() or never_made(home):
                    clear(home)
                    claim = cls(home, home, lock)
                    claim.empty = True
                    return claim
                return cls.beside(home, lock)
            except BaseException:
                lock.release()
                raise
        except OSError as error:
            raise unwritable(path, error) from error

    @classmethod
    def beside(cls, home: Path, replaced: Lock) -> Claim:
        """Own a directory beside a run that is to be replaced."""
        if Path.cwd().is_relative_to(home):
            raise RunError(
                "The current directory cannot be replaced.",
                hint="Change to another directory first.",
            )
        remove_left_behind(home)
        at = home.with_name(f".{home.name}.new-{secrets.token_hex(4)}")
        at.mkdir()
        return cls(home, at, Lock.take(at), replaced)

    @property
    def waits(self) -> bool:
        """Whether another run still stands where this one is to be."""
        return self.at != self.home

    @property
    def remarks(self) -> list[str]:
        """What the user should know of the directory."""
        said = remarks_on(self.at)
        if not self.lock.held:
            said.append(
                f"{self.home} is on a file system without locks: make sure that no other process "
                "writes to it."
            )
        return said

    def check(self) -> None:
        """Make sure, before a write, that the directory is still this process's.

        Raises:
            RunError: if it was moved, deleted or replaced.
        """
        self.lock.check()

    def settle(self) -> None:
        """Take the place of the run that is to be replaced, which is deleted.

        Raises:
            RunError: if that cannot be done; the old run is then still there, and the new one.
        """
        if self.replaced is None:
            return
        self.check()
        old = self.at.with_name(self.at.name.replace(".new-", ".old-"))
        try:
            if self.home.exists():
                self.home.rename(old)
                self.replaced.moved(old)
            self.at.rename(self.home)
        except OSError as error:
            self.replaced.release()
            self.replaced = None  # so that the new run is not deleted
            raise RunError(
                f"Cannot replace {self.home}: {error.strerror or error}.",
                hint=f"The new run is in {self.at}: move it where you want it.",
            ) from error
        self.at = self.home
        self.lock.moved(self.home)
        # From here on nothing of this run may be deleted, even if Ctrl-C comes now.
        replaced, self.replaced = self.replaced, None
        remove(old, replaced)

    def release(self) -> None:
        """Give up the directory; a run that has not taken its place yet is deleted."""
        if self.replaced is not None and self.waits:
            remove(self.at, self.lock)
            self.replaced.release()
        elif self.empty and begun_only(self.at) and not strangers(self.at):
            with contextlib.suppress(OSError):  # it never became a run
                clear(self.at)
        self.lock.release()

    def abandon(self) -> None:
        """Give up the directory, and delete what is in it: a run that could not be made whole."""
        if self.replaced is None:
            remove(self.at, self.lock)
        else:
            self.release()


def remarks_on(folder: Path) -> list[str]:
    """What is odd about a run directory that is about to be written or believed.

    Args:
        folder: of the run; the files in it are looked at where it is sound itself.
    """
    if not hasattr(os, "geteuid"):
        return []  # Windows has other owners and modes
    try:
        said = remarks_on_one(folder, folder.stat())
        if not said:
            with os.scandir(folder) as items:
                files = sorted((item.path, item.stat(follow_symlinks=False)) for item in items)
            for path, about in files:
                if not stat.S_ISLNK(about.st_mode):  # has no mode of its own, and is not followed
                    said += remarks_on_one(Path(path), about)
    except OSError:  # gone, or not to be read: what comes next will tell
        return []
    return said[:2]


def remarks_on_one(path: Path, about: os.stat_result) -> list[str]:
    """What is odd about a file or a directory: who else can change it."""
    said: list[str] = []
    if about.st_uid != os.geteuid():
        said.append(f"{path} belongs to another user (user id {about.st_uid}).")
    if about.st_mode & stat.S_IWOTH:
        said.append(f"{path} can be changed by every user of this machine.")
    return said


def remove_left_behind(home: Path) -> None:
    """Delete what a kill left beside a run that stands."""
    for folder in left_behind(home):
        with contextlib.suppress(RunError):  # another process is at work there
            lock = Lock.take(folder)
            if lock.held:
                remove(folder, lock)
            else:  # without locks nothing tells whether somebody is at work there
                lock.close()


def remove(folder: Path, lock: Lock) -> None:
    """Delete a run that is owned, the lock last, so that a kill leaves what is known as ours.

    What came to it meanwhile is not ours to delete: then it all stays.
    """
    with contextlib.suppress(OSError):
        if folder.exists() and not strangers(folder):
            clear(folder)
    lock.release()
    with contextlib.suppress(OSError):
        folder.rmdir()


def refuse_if_taken(path: Path, *, overwrite: bool) -> None:
    """Make sure that a new run may be put somewhere; nothing is changed.

    What a kill left of a model that is made in one pass may be replaced without being told to.

    Raises:
        RunError: if something is there that was not told to be replaced, or that is not a run.
    """
    recover(path)
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise RunError(
            f"{path} is a file, not a directory." if path.exists() else f"{path} is a broken link.",
            hint="Choose another directory as `out`.",
        )
    foreign = strangers(path)
    if foreign == ["run.json"]:
        raise RunError(
            f"{path} is not empty and is not a run: it has no readable run.json.",
            hint="Choose another directory as `out`; this one is never overwritten.",
        )
    if foreign:
        raise RunError(
            f"{path} contains files that do not belong to a run: {', '.join(foreign[:3])}.",
            hint="Choose another directory as `out`; this one is never overwritten.",
        )
    if (path / "run.json").exists() and not overwrite and not never_made(path):
        raise RunError(
            f"{path} already contains a run.",
            hint="Resume it (`resume`), replace it (`overwrite`), or choose another `out`.",
        )


def recover(path: Path) -> bool:
    """Finish what a kill cut short while one run took the place of another.

    Nothing is done while a run stands at `path`, or another process is at work there.

    Returns:
        Whether there is, or soon will be, a run at `path` that was not there before.
    """
    try:
        home = Path(os.path.realpath(path))
    except ValueError:  # no possible path
        return False
    if os.path.lexists(home):
        return False
    olds = [name for name in left_behind(home) if ".old-" in name.name]
    for old in olds:
        new = old.with_name(old.name.replace(".old-", ".new-"))
        with contextlib.suppress(RunError, OSError), locked_all(old, new):
            whole = (new / "run.json").exists() and (new / "model.safetensors").exists()
            (new if whole else old).rename(home)
            break
    return bool(olds)


@contextlib.contextmanager
def locked_all(*folders: Path) -> Iterator[None]:
    """Own those of some directories that are there; their lock files go with them."""
    with contextlib.ExitStack() as stack:
        for folder in folders:
            if folder.exists():
                lock = Lock.take(folder)
                stack.callback(lock.close)
                (folder / LOCK).unlink()
        yield


def beside_of(path: Path) -> Path | None:
    """The run that a directory of this name stands beside, to replace it or replaced by it."""
    found = re.fullmatch(r"\.(.+)\.(new|old)-[0-9a-f]{8}", path.name)
    return path.with_name(found[1]) if found else None


def left_behind(home: Path) -> list[Path]:
    """Directories beside a run in which a kill may have left another that was to replace it."""
    name = re.compile(rf"\.{re.escape(home.name)}\.(new|old)-[0-9a-f]{{8}}")
    try:
        return sorted(p for p in home.parent.iterdir() if name.fullmatch(p.name) and p.is_dir())
    except OSError:
        return []


def unwritable(path: Path, error: OSError) -> RunError:
    """The error that a directory cannot be written."""
    return RunError(
        f"Cannot write to {path}: {error.strerror or error}.",
        hint="Choose a directory that you can write to as `out`.",
    )
