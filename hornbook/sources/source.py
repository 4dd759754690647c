"""Where data come from: files, a folder of files, standard input, or a data set by its name.

A source is looked at first, to tell what kind of data it holds, and then read, once: standard input
has no second reading, and a file may change between two. What is compressed with gzip is unpacked
while it is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hornbook.errors import DataError
from hornbook.paths import exists, is_file, is_folder
from hornbook.sources import datasets
from hornbook.sources.datasets import Dataset
from hornbook.sources.folder import PACKED, Listing, list_files, refuse_mixed, unpacked_name
from hornbook.sources.opening import opened, refuse_nameless, standard_input
from hornbook.sources.stream import Room, Stream

__all__ = ["DataPath", "DownloadProgress", "Part", "ReadingProgress", "Source"]

DataPath = str | Path | Sequence[str | Path]
"""A path, `-` for standard input, or the name of a data set; or several of them."""

DownloadProgress = Callable[[int, int], None]
"""Called during a download with the number of bytes so far and in all."""

ReadingProgress = Callable[[str, int, int], None]
"""Called while files are read in pieces: what is done with them, bytes so far and in all."""

HEAD = 65_536  # bytes of a first look
SHOWN = 3  # most files that are named


@dataclass(frozen=True)
class Part:
    """One file of a source, read."""

    where: str
    "What to call it: as `Source.where`."
    data: bytes


class Source:
    """A place to read data from.

    Args:
        given: a path, `-` for standard input, or the name of a data set; or several of them. A path
            that exists comes before a data set of the same name. A folder stands for its files.
        progress: told while a data set is fetched.

    Attributes:
        given: the words, each a path, `-` or a name.
        name: what to call it: the file's stem, the data set's name, or `stdin`.
        where: for people: a path, `standard input`, or `data set NAME`.
        dataset: the data set, if it is one.
        hides: whether it is a file with the name of a data set.
        reading: told while a large file is read piece by piece.
        packed: whether it was found to be gzip, or a file of it was; known when it has been read.

    Raises:
        DataError: if no name is given.
    """

    def __init__(self, given: DataPath, progress: DownloadProgress | None = None) -> None:
        words = list(given) if isinstance(given, list | tuple) and given else [given]
        for word in words:
            refuse_nameless(word)
        self.given, self.progress, self.packed = tuple(map(str, words)), progress, False
        self.reading: ReadingProgress | None = None
        self.stream: Stream | None = None  # standard input, when it was looked at
        self.taken = b""  # what a first look has read of it
        self.dataset: Dataset | None = None
        self.hides = False
        self.name: str
        self.where: str
        if len(self.given) > 1:
            sources = self.members
            others = len(sources) - 1
            self.name = f"{sources[0].name}-and-{others}-more"
            shown = [source.where for source in sources[:SHOWN]]
            more = f" and {len(sources) - SHOWN:,} more" if len(sources) > SHOWN else ""
            self.where = ", ".join(shown) + more
            return
        word = self.given[0]
        known = datasets.DATASETS.get(word)
        here = exists(word)
        self.dataset = None if here else known
        self.hides = known is not None and here
        if word == "-":
            self.name, self.where = "stdin", "standard input"
        elif self.dataset is not None:
            self.name, self.where = word, f"data set {word}"
        else:
            path = Path(word)
            self.where = str(path)
            self.name = (path if self.is_folder else unpacked_name(path)).stem
            if self.is_folder:
                self.name = path.resolve().name or "files"

    def __repr__(self) -> str:
        return f"<Source {self.where}>"

    @property
    def can_be_read_again(self) -> bool:
        """Whether all of it is files and data sets, and nothing a stream that is gone once read."""
        kept = (is_file(word) or is_folder(word) for word in self.given)
        return self.dataset is not None or all(kept)

    @property
    def is_missing(self) -> bool:
        """Whether some of it is not there: reading will say so."""
        return any(
            word != "-" and word not in datasets.DATASETS and not exists(word)
            for word in self.given
        )

    @property
    def is_folder(self) -> bool:
        """Whether it is a single folder."""
        return len(self.given) == 1 and is_folder(self.given[0])

    @cached_property
    def listing(self) -> Listing:
        """The files of a folder.

        Raises:
            DataError: if there are none that read as text, or they are of several kinds.
        """
        return list_files(Path(self.given[0]))

    @cached_property
    def members(self) -> tuple[Source, ...]:
        """The sources that it is made of, of several words or of a folder; else empty.

        Raises:
            DataError: as `listing`; or if files were given of which some are plain text and others
                are tables, JSON or markup, as their names end.
        """
        if len(self.given) > 1:
            if self.given.count("-") > 1:
                raise DataError(
                    "Standard input is given twice, and it can be read only once.",
                    hint="Give - once.",
                )
            sources = tuple(Source(word, self.progress) for word in self.given)
            files = [source for source in sources if not source.is_folder]
            refuse_mixed([path for source in files for path in source.places])
            return sources
        if self.is_folder:
            return tuple(Source(path, self.progress) for path in self.listing.files)
        return ()

    @property
    def first(self) -> Source:
        """The first of its files."""
        return self.members[0].first if self.members else self

    @property
    def remarks(self) -> Sequence[str]:
        """What to know of how its files were chosen: how many there are, which were left out."""
        if self.is_folder:
            return self.listing.remarks
        if len(self.given) > 1:
            inner = [remark for member in self.members for remark in member.remarks]
            what = "files and folders" if inner else "files"
            return (f"{len(self.given):,} {what}, in the order given", *inner)
        return ()

    @property
    def places(self) -> tuple[Path, ...]:
        """The paths that were given: neither standard input nor data sets."""
        if len(self.given) > 1:
            return tuple(path for member in self.members for path in member.places)
        return () if self.dataset is not None or self.given[0] == "-" else (Path(self.given[0]),)

    @property
    def suffix(self) -> str:
        """The first file's extension in lowercase, with its dot and without .gz; may be empty."""
        first = self.first
        return "" if first.given[0] == "-" else unpacked_name(first.path).suffix.lower()

    @property
    def path(self) -> Path:
        """The file, fetched first if it is a data set that is not here.

        Raises:
            DataError: if it is several files.
            DownloadError: if a data set has to be fetched and cannot be.
        """
        self.refuse_several()
        if self.dataset is not None:
            return datasets.locate(self.dataset, self.progress)
        return Path(self.given[0])

    def head(self, size: int = HEAD) -> bytes:
        """The first bytes, unpacked; of several files, those of the first.

        Raises:
            DataError: as `read`.
        """
        if self.members:
            return self.first.head(size)
        if self.given[0] == "-":
            self.stream = self.stream or Stream(standard_input(), self.where)
            if len(self.taken) < size:
                self.taken += self.stream.read(size - len(self.taken))
            return self.taken[:size]
        with self.opened() as stream:
            return stream.read(size)

    def read(self) -> bytes:
        """All bytes of one file, unpacked.

        Raises:
            DataError: if it is missing, several files, not to be read, a gzip file that is cut off
                or damaged, or more than memory can hold.
            DownloadError: if a data set has to be fetched and cannot be.
        """
        self.refuse_several()
        return self.read_within(Room())

    def parts(self) -> list[Part]:
        """Its files one by one, each read: one, or several, or those of a folder by their names.

        Raises:
            DataError: as `read`; several files are fine here.
        """
        room = Room()  # of all together
        return list(self.parts_within(room))

    def parts_within(self, room: Room) -> Iterator[Part]:
        """As `parts`, one after the other."""
        if not self.members:
            yield Part(self.where, self.read_within(room))
        for member in self.members:
            member.progress = self.progress
            yield from member.parts_within(room)
            self.packed |= member.packed

    @property
    def files(self) -> Iterator[Source]:
        """Its files, each as a source of its own: of one file itself.

        Raises:
            DataError: as `members`.
        """
        if not self.members:
            yield self
        for member in self.members:
            member.progress = self.progress
            yield from member.files

    def pieces(self) -> Iterator[bytes]:
        """All bytes of one file, unpacked, a piece after the other: none is kept.

        Raises:
            DataError: as `read`, but for what memory can hold.
            DownloadError: if a data set has to be fetched and cannot be.
        """
        self.refuse_several()
        if self.given[0] == "-":
            stream = self.stream or Stream(standard_input(), self.where)
            held, self.taken, self.stream, self.packed = self.taken, b"", None, stream.packed
            yield from filter(None, (held,))
            yield from stream.pieces()
            return
        with self.opened() as stream:
            self.packed = stream.packed
            yield from stream.pieces()

    def read_within(self, room: Room) -> bytes:
        """All bytes of one file."""
        if self.given[0] == "-":
            stream = self.stream or Stream(standard_input(), self.where)
            held, self.taken, self.stream = self.taken, b"", None
            room.take(len(held), self.where)
            data = held + stream.read_all(room)
            self.packed = stream.packed
            return data
        with self.opened() as stream:
            self.packed = stream.packed
            return stream.read_all(room)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Stream]:
        """The file, open.

        Raises:
            DataError: if it cannot be opened.
        """
        path = self.path
        with opened(path) as file:
            yield Stream(file, str(path), named=path.suffix.lower() == PACKED)

    def refuse_several(self) -> None:
        """Refuse several files where one is needed.

        Raises:
            DataError: if there are.
        """
        if self.is_folder:
            raise DataError(
                f"{self.where} is a directory, and this kind of data is read from one file.",
                hint="Give one of its files.",
            )
        if len(self.given) > 1:
            raise DataError(
                f"{len(self.given)} files were given, and this kind of data is read from one.",
                hint="Give one file.",
            )
