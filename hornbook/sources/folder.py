"""The files of a folder that are read together as one body of data."""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.errors import DataError
from hornbook.sources.stream import Stream, unreadable

__all__ = ["PACKED", "Listing", "list_files", "refuse_mixed", "unpacked_name"]

PACKED = ".gz"
STRUCTURED = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".html", ".htm", ".xml"})
"""Ends of the names of files that are not plain text."""
LOOKED = 4_096  # bytes of a file that tell whether it is text
SHOWN = 3  # most names in a remark
RUN = "run.json"  # the file that makes a folder a run directory
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
"""Marks of text that has NUL bytes; that of UTF-32-LE begins with the first."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder, sorted by name, and what was left out."""

    files: tuple[Path, ...]
    binary: tuple[Path, ...]
    "Files that are not text."
    folders: tuple[Path, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """How many files there are, and what was left out, for people."""
        count = f"{len(self.files):,} file{'s' * (len(self.files) > 1)}, in the order of the names"
        left = [("not text", self.binary), ("folders within it", self.folders)]
        return (count, *(f"left out: {names(paths)} ({why})" for why, paths in left if paths))


def list_files(folder: Path) -> Listing:
    """The files of a folder that read as text; hidden ones and folders within it are left out.

    Raises:
        DataError: if there is none, they are of several kinds, as their names end, or the folder
            is a run directory.
    """
    try:
        seen = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise unreadable(folder, error) from error
    if (folder / RUN).is_file():
        raise DataError(
            f"{folder} is a run directory, not data.",
            hint="Give the data that it was trained on, or other data. To train the run itself for "
            "longer, use `resume`; to begin with its weights, use `init_from`.",
        )
    folders = tuple(path for path in seen if path.is_dir())
    found = [path for path in seen if path.is_file()]
    files = tuple(path for path in found if reads_as_text(path))
    binary = tuple(path for path in found if path not in set(files))
    if not files:
        raise nothing_in(folder, binary, folders)
    if len(kinds := by_kind(files)) > 1:
        raise mixed(f"in {folder}", kinds, folder)
    return Listing(files, binary, folders)


def refuse_mixed(files: Sequence[Path]) -> None:
    """Refuse files that were named one by one if some are plain text and others have a form.

    Raises:
        DataError: if so.
    """
    kinds = by_kind(files)
    if len(kinds) > 1 and not STRUCTURED.isdisjoint(kinds):
        raise mixed("given", kinds)


def by_kind(files: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by how their names end, in lowercase and without .gz."""
    kinds = defaultdict(list)
    for path in files:
        kinds[unpacked_name(path).suffix.lower()].append(path)
    return dict(kinds)


def unpacked_name(path: Path) -> Path:
    """A path without the .gz at its end."""
    return path.with_suffix("") if path.suffix.lower() == PACKED and path.stem else path


def reads_as_text(path: Path) -> bool:
    """Whether a file is text by its first bytes, unpacked: binary files have NUL bytes.

    Raises:
        DataError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            named = path.suffix.lower() == PACKED
            head = Stream(file, str(path), named=named).read(LOOKED)
    except OSError as error:
        raise unreadable(path, error) from error
    return b"\0" not in head or head.startswith(WIDE)


def nothing_in(folder: Path, binary: tuple[Path, ...], folders: tuple[Path, ...]) -> DataError:
    """The error that a folder has no file to read."""
    if binary:
        has = f"{names(binary)} {'is' if len(binary) == 1 else 'are'} not text"
    elif folders:
        has = f"it has only folders: {names(folders)}"
    else:
        has = "it is empty"
    return DataError(
        f"There is no text file in the folder {folder}: {has}.",
        hint=f"Give one of the folders within it, for example {folders[0]}."
        if folders
        else "Give a folder of text files, or one file.",
    )


def mixed(which: str, kinds: dict[str, list[Path]], folder: Path | None = None) -> DataError:
    """The error that files are of several kinds."""
    by_size = sorted(kinds.items(), key=lambda pair: -len(pair[1]))
    told = [
        f"{len(paths):,} {kind or 'without an extension'} (such as {paths[0].name})"
        for kind, paths in by_size
    ]
    hint = "Give files of one kind only."
    if folder is not None:
        most, paths = by_size[0]
        wanted = folder / f"*{most}" if most else paths[0]
        hint = f"Give the files of one kind only ({wanted}), or put them in a folder of their own."
    return DataError(f"The files {which} are of different kinds: {', '.join(told)}.", hint=hint)


def names(paths: tuple[Path, ...]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(path.name for path in paths[:SHOWN])
    return shown if len(paths) <= SHOWN else f"{shown} and {len(paths) - SHOWN:,} more"
