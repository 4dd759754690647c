"""Files of tokens that are written piece by piece, and are whole or are not taken for whole.

train.ids, dev.ids, test.ids         ids one after the other, in the smallest type that holds them
train.ends, …                        of lines: where the boundaries are, modulo 2³²
journal.jsonl                        a line for each piece, once it is on the disk
tokens.json                          what they are; written last, so it marks the whole

A stop leaves the pieces of the journal. What stands in the files beyond them is cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.records import as_json, read_record
from hornbook.storage import is_sound, read_json, sealed, write_bytes, write_json
from hornbook.text.corpus import SPLITS
from hornbook.text.large.encoded import EncodedPart
from hornbook.text.large.ends import WRAP, Ends

__all__ = ["Counts", "TokenFiles", "Tokens"]

OFTEN = 32  # pieces between two waits for the disk


@dataclass(frozen=True)
class Counts:
    """How much a split is."""

    ids: int = 0
    examples: int = 0
    characters: int = 0
    bytes: int = 0
    unknown: int = 0
    longest: int = 0
    "Tokens of the longest example."
    wraps: tuple[int, ...] = ()
    "Numbers of the first ends at or beyond 2³², 2·2³² and so on."
    first: int = 0
    "Ids at the beginning that are only the context of what follows."

    def with_part(self, part: EncodedPart, ends: npt.NDArray[np.int64]) -> Counts:
        """With what a piece adds, whose boundaries are at `ends`."""
        after = np.searchsorted(ends, [(n + 1) * WRAP for n in range(len(self.wraps), 8)])
        new = [self.examples + int(at) for at in after if at < len(ends)]
        return Counts(
            self.ids + len(part.ids),
            self.examples + len(ends),
            self.characters + part.characters,
            self.bytes + part.bytes,
            self.unknown + part.unknown,
            max(self.longest, part.longest),
            (*self.wraps, *new),
            self.first + part.context,
        )


@dataclass(frozen=True)
class Entry:
    """A piece in the journal, with what there is after it."""

    digest: str
    counts: Mapping[str, Counts]


@dataclass(frozen=True)
class Tokens:
    """All pieces."""

    dtype: str
    counts: Mapping[str, Counts]
    pieces: int


class TokenFiles:
    """The folder of one corpus in one vocabulary.

    Args:
        folder: where they are; made when it is first written to.
        dtype: of the ids.
        lines: whether there are boundaries.
    """

    def __init__(self, folder: Path, dtype: type[np.unsignedinteger[Any]], *, lines: bool) -> None:
        self.folder, self.dtype, self.lines = folder, np.dtype(dtype), lines
        self.files: dict[str, BinaryIO] = {}
        self.journal: list[Entry] = []
        self.unwritten: list[Entry] = []

    # Whole

    def whole(self) -> Tokens | None:
        """What there is, if it is whole."""
        if not (self.folder / "tokens.json").is_file():
            return None
        path = self.folder / "tokens.json"
        value = read_json(path)
        if not is_sound(value):
            return None
        found = read_record(Tokens, {k: v for k, v in value.items() if k != "sha256"}, str(path))
        sizes = self.sizes(found.counts)
        there = all(
            (self.folder / name).is_file() and (self.folder / name).stat().st_size == size
            for name, size in sizes.items()
        )
        return found if there and found.dtype == self.dtype.name else None

    def sizes(self, counts: Mapping[str, Counts]) -> dict[str, int]:
        """The size that each file must have."""
        found = {}
        for split in SPLITS:
            count = counts[split]
            first = self.lines and count.ids > 0  # the boundary before all, of none of the pieces
            found[f"{split}.ids"] = (count.ids + first) * self.dtype.itemsize
            if self.lines:
                found[f"{split}.ends"] = count.examples * 4
        return found

    def ids(self, split: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        """The ids of a split, mapped."""
        return mapped(self.folder / f"{split}.ids", self.dtype)

    def ends(self, split: str, counts: Counts) -> Ends:
        """Where its boundaries are, mapped."""
        return Ends(mapped(self.folder / f"{split}.ends", np.dtype(np.uint32)), counts.wraps)

    # Being written

    def begin(self) -> None:
        """Go on after the pieces of the journal.

        Raises:
            RunError: if nothing can be written there.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.journal = self.read_journal()
            for name in self.sizes({s: Counts() for s in SPLITS}):
                path = self.folder / name
                path.touch()
                self.files[name] = path.open("r+b")
            if self.journal and any(
                os.fstat(file.fileno()).st_size < size
                for name, size in self.sizes(self.counts).items()
                for file in [self.files[name]]
            ):
                self.journal = []  # files that were shortened since
            self.cut()
        except OSError as error:
            self.close()
            raise self.unwritable(error) from error

    @property
    def counts(self) -> Mapping[str, Counts]:
        """What there is of each split by now."""
        last = (self.unwritten or self.journal)[-1:]
        return last[0].counts if last else {s: Counts() for s in SPLITS}

    def holds(self, number: int, digest: str) -> bool:
        """Whether a piece is there; if another is there in its place, all from there on is cut."""
        if number >= len(self.journal) + len(self.unwritten):
            return False
        if number < len(self.journal) and self.journal[number].digest == digest:
            return True
        self.keep_first(number)
        return False

    def keep_first(self, pieces: int) -> None:
        """Forget the pieces of the journal after so many.

        Raises:
            RunError: if that cannot be written.
        """
        self.journal, self.unwritten = self.journal[:pieces], []
        lines = [json.dumps(as_json(entry)) + "\n" for entry in self.journal]
        write_bytes(self.folder / "journal.jsonl", "".join(lines).encode())
        try:
            self.cut()
        except OSError as error:
            raise self.unwritable(error) from error

    def cut(self) -> None:
        """Cut off what is not in the journal."""
        for name, size in self.sizes(self.counts).items():
            self.files[name].truncate(size)
            self.files[name].seek(size)

    def add(self, digest: str, parts: Sequence[EncodedPart], boundary: int | None) -> None:
        """Add a piece.

        Raises:
            RunError: if it cannot be written; the pieces before it are there.
        """
        now = dict(self.counts)
        try:
            for split, part in zip(SPLITS, parts, strict=True):
                if not len(part.ids):
                    continue
                before, file = now[split], self.files[f"{split}.ids"]
                if self.lines and not before.ids:
                    file.write(np.array([boundary], self.dtype).tobytes())
                file.write(part.ids.tobytes())
                # The first boundary stands before all of them.
                ends = part.ends.astype(np.int64) + before.ids + 1
                if self.lines:
                    self.files[f"{split}.ends"].write((ends % WRAP).astype(np.uint32).tobytes())
                now[split] = before.with_part(part, ends)
            self.unwritten.append(Entry(digest, now))
            if len(self.unwritten) >= OFTEN:
                self.flush()
        except OSError as error:
            raise self.unwritable(error) from error

    def flush(self) -> None:
        """Wait until all pieces are on the disk, and note them in the journal."""
        for file in self.files.values():
            file.flush()
            os.fsync(file.fileno())
        self.note()

    def keep_what_fits(self) -> None:
        """Note the pieces that are on the disk, where not all of them could be written.

        Raises:
            OSError: if not even that can be done.
        """
        for file in self.files.values():
            with contextlib.suppress(OSError):
                file.flush()
        there = {name: os.fstat(file.fileno()).st_size for name, file in self.files.items()}
        while self.unwritten and any(
            there[name] < n for name, n in self.sizes(self.counts).items()
        ):
            self.unwritten.pop()
        for name, size in self.sizes(self.counts).items():
            os.ftruncate(self.files[name].fileno(), size)  # room for the journal
            os.fsync(self.files[name].fileno())
        self.note()

    def note(self) -> None:
        """Note in the journal the pieces that are on the disk."""
        lines = [json.dumps(as_json(entry)) + "\n" for entry in self.unwritten]
        with (self.folder / "journal.jsonl").open("ab") as journal:
            journal.write("".join(lines).encode())
            journal.flush()
            os.fsync(journal.fileno())
        self.journal += self.unwritten
        self.unwritten = []

    def finish(self, pieces: int) -> Tokens:
        """Note that these were all pieces.

        Raises:
            RunError: if it cannot be written.
        """
        if pieces < len(self.journal) + len(self.unwritten):
            self.keep_first(pieces)
        try:
            self.flush()
        except OSError as error:
            raise self.unwritable(error) from error
        found = Tokens(self.dtype.name, self.counts, pieces)
        write_json(self.folder / "tokens.json", sealed(as_json(found)))
        return found

    def close(self) -> None:
        """Close the files; what is in no journal is cut off when they are opened again."""
        for file in self.files.values():
            with contextlib.suppress(OSError):  # of a full disk: what is lost is in no journal
                file.close()
        self.files = {}

    def read_journal(self) -> list[Entry]:
        """The pieces that are there, as far as the journal is whole."""
        path, found = self.folder / "journal.jsonl", list[Entry]()
        if path.is_file():
            for line in path.read_bytes().split(b"\n")[:-1]:
                try:
                    found.append(read_record(Entry, json.loads(line), str(path)))
                except (ValueError, RunError):
                    break
        whole = [json.dumps(as_json(entry)) + "\n" for entry in found]
        write_bytes(path, "".join(whole).encode())
        return found

    def unwritable(self, error: OSError) -> RunError:
        """The error that tokens cannot be written."""
        return RunError(
            f"Cannot write tokens to {self.folder}: {error.strerror or error}.",
            hint="Free some disk space, or set HORNBOOK_CACHE to a folder with more. What is "
            "encoded is saved: the same command encodes the rest.",
        )


def mapped(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A file as an array whose pages are read when they are asked for."""
    if not path.stat().st_size:
        return np.empty(0, dtype)
    # Not as np.memmap, whose every slice is a memmap again and slow to make.
    return np.asarray(np.memmap(path, dtype, mode="r"))
