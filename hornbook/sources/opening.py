"""Files and standard input, open to be read as bytes; what cannot be opened is told in words."""

from __future__ import annotations

import contextlib
import errno
import sys
from pathlib import Path
from typing import BinaryIO

from hornbook.errors import DataError
from hornbook.paths import exists, is_file, is_folder
from hornbook.rendering import clip
from hornbook.sources import datasets
from hornbook.sources.stream import PATH_SHOWN, unreadable
from hornbook.suggestions import did_you_mean, parted, without_commas

__all__ = ["no_such", "opened", "refuse_missing", "refuse_nameless", "standard_input"]


def refuse_nameless(given: object) -> None:
    """Refuse what is not a name of a file.

    Raises:
        DataError: if it is neither a string nor a path, or empty.
    """
    if not isinstance(given, str | Path):
        raise DataError(
            f"A file name must be a string or a path, not {type(given).__name__}."
            if not isinstance(given, list | tuple) or given
            else "No file was given, but an empty list.",
            hint="Give files, a folder, or the name of a data set.",
        )
    if not str(given):
        raise DataError("The file name is empty.", hint="Give a file, or the name of a data set.")
    if "\n" in str(given) and not exists(given):
        raise DataError(
            f"There is no file with this name of several lines: {clip(str(given))!r}.",
            hint="If it is the text itself, save it to a file, and give the name of that file.",
        )


def standard_input() -> BinaryIO:
    """Standard input, as bytes.

    Raises:
        DataError: if it was closed before Python started.
    """
    if sys.stdin is None:
        raise DataError(
            "Standard input is closed: no data can be read from it.",
            hint="Pipe the data in, or give the path of a file.",
        )
    return sys.stdin.buffer


def opened(path: Path) -> BinaryIO:
    """A file, open to be read as bytes.

    Raises:
        DataError: if it is missing, a directory, or not to be read.
    """
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        # A ValueError tells of a null byte in the name.
        if isinstance(error, OSError) and error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
            raise unreadable(path, error) from error
        hint = "To train on words, put them in a file, one per line."
        raise no_such(path, "file or data set", hint) from error


def no_such(path: Path, what: str, hint: str) -> DataError:
    """The error that a word is the name of nothing that is there.

    Args:
        path: the word.
        what: it could be, such as `file or data set`.
        hint: what else to say.
    """
    beside: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        beside = [str(other) for other in path.parent.iterdir()]
    known = [*datasets.DATASETS, *beside]
    return DataError(
        f"There is no {what} {clip(str(path), PATH_SHOWN)!r}.",
        hint=f"{files_apart(str(path)) or did_you_mean(str(path), known)}Data sets: "
        f"{', '.join(datasets.DATASETS)}. File paths are relative to the current directory, "
        f"{Path.cwd()}. {hint}",
    )


def files_apart(word: str) -> str:
    """What to say of files, data sets or runs that are joined by commas; empty for all else."""
    there = [one for one in parted([word]) if one in datasets.DATASETS or exists(one)]
    return without_commas(word, there) if there else ""


def refuse_missing(path: str, setting: str) -> None:
    """Refuse a name that is that of no file, where the name of a data set has no place.

    Args:
        path: the name; `-` is standard input.
        setting: that it was given for.

    Raises:
        DataError: if there is no such file.
    """
    if path != "-" and exists(path) and not is_file(path):
        what = "a folder" if is_folder(path) else "a pipe or a device"
        raise DataError(
            f"{clip(path, PATH_SHOWN)} is {what}, not a file.",
            hint="Give a file, or - for standard input.",
            setting=setting,
        )
    if path != "-" and not is_file(path):
        raise DataError(
            f"There is no file {clip(path, PATH_SHOWN)!r}.",
            hint=f"File paths are relative to the current directory, {Path.cwd()}.",
            setting=setting,
        )
