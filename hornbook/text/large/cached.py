"""The tokens of large texts in the cache: which there are, whose they are, and which may go.

Beside its tokens each folder has `about.json`: the files that they are of, and the runs that refer
to them. Together they are kept below MOST: when new ones are written those go that were used
longest ago and that no run refers to. What a run refers to stays until somebody asks for its
removal; the run then makes it again from the text when it next needs it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.caches import cache_folder
from hornbook.errors import RunError
from hornbook.records import read_record
from hornbook.rendering import many, told_size
from hornbook.runs.lock import Lock
from hornbook.storage import read_json, write_json
from hornbook.text.data import REFERENCE

__all__ = ["MOST", "About", "CachedCorpus", "corpora", "make_room", "note", "remove"]

MOST = 20 * 10**9  # bytes of all tokens of large texts together
ABOUT, LAST = "about.json", "tokens.json"
KEPT = 100  # runs that are remembered


@dataclass(frozen=True)
class About:
    """Whose tokens those of a folder are."""

    files: tuple[str, ...] = ()
    "Paths of the text."
    runs: tuple[str, ...] = ()
    "Paths of runs that were trained on it."


@dataclass(frozen=True)
class CachedCorpus:
    """The tokens of a large text."""

    folder: Path
    files: tuple[str, ...]
    "Paths of the text; none where that is not known."
    runs: tuple[str, ...]
    "Paths of the runs that are there and refer to it."
    bytes: int
    used: float
    "When it was last used, in seconds since 1970."

    @property
    def name(self) -> str:
        """What to call it."""
        if not self.files:
            return self.folder.name
        first = Path(self.files[0]).name
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1:,} more"

    @property
    def in_words(self) -> str:
        """What it is, how large, and when it was used."""
        day = time.strftime("%Y-%m-%d", time.localtime(self.used))
        return f"{self.name} ({told_size(self.bytes)}, last used {day})"


def note(folder: Path, files: Sequence[str] = (), run: Path | None = None) -> None:
    """Take note of a use of the tokens in a folder.

    Args:
        folder: of the tokens; where there are none nothing is noted.
        files: paths of the text.
        run: that refers to them.
    """
    if not folder.is_dir():
        return
    about = about_of(folder)
    runs = about.runs
    if run is not None:
        own = str(run.absolute())
        runs = (*(one for one in runs if one != own), own)[-KEPT:]
    new = About(tuple(files) or about.files, runs)
    # Whoever may only read the cache can still train.
    with contextlib.suppress(OSError, RunError):
        if new != about:
            write_json(folder / ABOUT, {"files": list(new.files), "runs": list(new.runs)})
        if (folder / LAST).exists():
            os.utime(folder / LAST)


def about_of(folder: Path) -> About:
    """What was noted of a folder; nothing where that cannot be read."""
    try:
        return read_record(About, read_json(folder / ABOUT), str(folder / ABOUT))
    except (OSError, ValueError, RunError):
        return About()


def corpora() -> list[CachedCorpus]:
    """All that there are, the one that was used longest ago first."""
    place = cache_folder() / "corpora"
    found = []
    for folder in place.iterdir() if place.is_dir() else ():
        if folder.is_symlink() or not folder.is_dir():
            continue
        about = about_of(folder)
        runs = tuple(one for one in about.runs if (Path(one) / REFERENCE).exists())
        last = folder / LAST
        used = (last if last.exists() else folder).stat().st_mtime
        found.append(CachedCorpus(folder, about.files, runs, size_of(folder), used))
    return sorted(found, key=lambda one: one.used)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder and below it."""
    found = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # of a file that goes meanwhile
            about = path.lstat()
            found += about.st_size if stat.S_ISREG(about.st_mode) else 0
    return found


def remove(corpus: CachedCorpus) -> None:
    """Remove the tokens of a large text.

    Raises:
        RunError: if a process is writing them, or they cannot be removed.
    """
    lock = Lock.take(corpus.folder)
    try:
        # What tells that they are whole goes first: a stop leaves none that seem to be.
        (corpus.folder / LAST).unlink(missing_ok=True)
        shutil.rmtree(corpus.folder)
    except OSError as error:
        raise RunError(f"Cannot remove {corpus.folder}: {error.strerror or error}.") from error
    finally:
        lock.release()


def make_room(kept: Path, most: int | None = None) -> tuple[str, ...]:
    """Remove what was used longest ago and no run refers to, until the rest is small enough.

    Args:
        kept: the folder that is in use.
        most: bytes that all may take together; None: MOST.

    Returns:
        What was removed, for people; and that there is still more, where that is so.
    """
    most = MOST if most is None else most
    every = corpora()
    left, gone = sum(one.bytes for one in every), list[CachedCorpus]()
    for one in every:
        if left <= most:
            break
        if one.runs or one.folder == kept:
            continue
        with contextlib.suppress(RunError):  # in use: it is another's to keep
            remove(one)
            gone.append(one)
            left -= one.bytes
    told = []
    if gone:
        told.append(
            f"Removed from the cache, which keeps {told_size(most)} of tokens of large texts and "
            f"those of runs: {'; '.join(one.in_words for one in gone)}."
        )
    if left > most:
        told.append(
            f"The cache has {told_size(left)} of tokens of large texts, of this one and of "
            f"{many(referring(every), 'run')}."
        )
    return tuple(told)


def referring(every: Iterable[CachedCorpus]) -> int:
    """How many runs refer to some corpora."""
    return len({run for one in every for run in one.runs})
