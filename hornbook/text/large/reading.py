"""The text of files in pieces, the same pieces whoever reads it and however it comes.

Where a piece ends hangs on the text alone. In lines it is the end of an example. In a text it is a
place where no tokenizer of ours joins what stands before to what comes after: a line end between
two characters that are not white space, the second not a stroke; or before a space between two
letters. Only a text that has neither in half a piece is cut anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from hornbook.errors import DataError
from hornbook.sources.encoding import LineEnds
from hornbook.sources.lines import texts
from hornbook.sources.source import Source
from hornbook.text.layout import BLANK, Layout

__all__ = [
    "PIECE",
    "FileMark",
    "LargeText",
    "Reading",
    "changed",
    "examples_of",
    "hashed",
    "in_pieces",
    "lines_of",
]

PIECE = 2**21  # characters
LONGEST = 2**26  # characters of an example

Reading = Callable[[int, int], None]
"""Told bytes read and bytes in all; of compressed files the latter is of what is on the disk."""


@dataclass(frozen=True)
class FileMark:
    """A file as it was read."""

    path: str
    size: int
    "In bytes, on the disk."
    modified: int
    "When it was last changed, in nanoseconds since 1970."
    sha256: str = ""
    "Of what is in it; of a gzip file, of what that holds."

    @classmethod
    def of(cls, path: Path, sha256: str = "") -> FileMark:
        """The mark of a file that is there.

        Raises:
            DataError: if it is not.
        """
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(
                f"Cannot read {path}: {error.strerror or error}.",
                hint="Put the file back, or train on another.",
            ) from error
        return cls(str(path.absolute()), found.st_size, found.st_mtime_ns, sha256)

    def same_file(self, other: FileMark) -> bool:
        """Whether nothing tells that the file was changed between two looks."""
        return (self.size, self.modified) == (other.size, other.modified)


@dataclass
class LargeText:
    """The text of a source, read as often as it is asked for.

    Args:
        source: files, that can be read again.
        layout: how it is read.
        encoding: as of `decode`.

    Attributes:
        marks: of the files, with their hashes, once they were read to the end.
        ends: the line ends that were met.
    """

    source: Source
    layout: Layout
    encoding: str
    marks: list[FileMark] = field(default_factory=list)
    ends: LineEnds = field(default_factory=LineEnds)

    @property
    def files(self) -> list[Source]:
        """Its files, each as a source."""
        return list(self.source.files)

    @property
    def size(self) -> int:
        """Bytes of all files on the disk."""
        return sum(FileMark.of(file.path).size for file in self.files)

    def pieces(self, told: Reading | None = None) -> Iterator[str]:
        """The whole text, a piece after the other; together as `hornbook.text.corpus.joined`.

        Args:
            told: of the bytes that were read.

        Raises:
            DataError: if a file cannot be read, or was changed while it was.
            EncodingError: if it is not text.
        """
        return in_pieces(self.joined(told), self.layout, self.source.where)

    def joined(self, told: Reading | None) -> Iterator[str]:
        """The text as it comes, with line ends as LF, and what stands between two files."""
        self.marks = []
        files, done = self.files, 0
        of = self.size
        several = len(files) > 1
        by_lines = self.layout.mode == "lines" and self.layout.separator == "line"
        begun = False
        for file in files:
            before, digest = FileMark.of(file.path), hashlib.sha256()
            blocks = counted(file.pieces(), done, before.size, of, told)
            found = texts(hashed(blocks, digest), file.where, self.encoding, self.ends)
            for at, text in enumerate(stripped(found) if several else found):
                if several and not at and begun:
                    yield "\n" if by_lines else "\n\n"
                begun = True
                yield text
            self.source.packed |= file.packed
            if not before.same_file(FileMark.of(file.path)):
                raise changed(before, "while it was read")
            self.marks.append(replace(before, sha256=digest.hexdigest()))
            done += before.size
        if several and begun:
            yield "\n"


def in_pieces(texts: Iterable[str], layout: Layout, where: str) -> Iterator[str]:
    """A text, given in stretches, in pieces that end where an example does.

    Args:
        texts: the text as it comes.
        layout: how it is read.
        where: what to call it in messages.

    Raises:
        DataError: if an example is longer than any that could be meant.
    """
    held = ""
    for text in texts:
        held += text
        while len(held) > PIECE:
            end = cut(held, layout, where)
            if not end:
                break
            yield held[:end]
            held = held[end:]
    while held:
        end = (len(held) > PIECE and cut(held, layout, where)) or len(held)
        yield held[:end]
        held = held[end:]


def cut(text: str, layout: Layout, where: str) -> int:
    """Where the first piece of a text ends, that is longer than one; 0: there is more to come.

    Raises:
        DataError: if an example is longer than any that could be meant.
    """
    if layout.mode == "text":
        return cut_text(text)
    if layout.separator == "line":
        end = (text.rfind("\n", 0, PIECE) + 1) or (text.find("\n", PIECE) + 1)
    else:
        ends = [match.end() for match in BLANK.finditer(text, 0, PIECE)]
        # A blank line that goes on beyond the piece parts the same examples once more.
        later = BLANK.search(text, PIECE) if not ends else None
        end = ends[-1] if ends else later.end() if later else 0
    if not end and len(text) > LONGEST:
        raise DataError(
            f"{where} has an example of more than {LONGEST:,} characters.",
            hint="Read it as one long text: `mode=text`.",
            setting="mode",
        )
    return end


def counted(
    blocks: Iterable[bytes], done: int, size: int, of: int, told: Reading | None
) -> Iterator[bytes]:
    """The blocks of a file, told as they come.

    Args:
        blocks: of one file.
        done: bytes of the files before it.
        size: bytes of it on the disk: unpacked they may be more.
        of: bytes of all files.
        told: of the bytes that were read.
    """
    read = 0
    for block in blocks:
        read += len(block)
        if told is not None:
            told(done + min(read, size), of)
        yield block


def hashed(blocks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    """The blocks, of which a hash takes note."""
    for block in blocks:
        digest.update(block)
        yield block


def changed(mark: FileMark, when: str) -> DataError:
    """The error that a file holds something else than it did."""
    told = f", {mark.size:,} bytes with the SHA-256 {mark.sha256[:16]}…" if mark.sha256 else ""
    return DataError(
        f"{mark.path} was changed {when}: it is not what it was{told}.",
        hint="Restore the file, or train again once nothing writes to it.",
    )


def stripped(texts: Iterator[str]) -> Iterator[str]:
    """Text without the line ends before and after it, as it comes; none of the pieces is empty."""
    begun, held = False, ""
    for text in texts:
        text = held + (text if begun else text.lstrip("\n"))
        body = text.rstrip("\n")
        held = text[len(body) :] if body else text
        if body:
            begun = True
            yield body


def cut_text(text: str) -> int:
    """Where a piece of a long text ends: at most PIECE, and as late as may be."""
    at = text.rfind("\n", 0, PIECE - 1)
    while at > PIECE // 2:
        # GPT-4o's pattern takes strokes together with the line end before them.
        if not text[at - 1].isspace() and not (text[at + 1].isspace() or text[at + 1] == "/"):
            return at + 1
        at = text.rfind("\n", 0, at)
    at = text.rfind(" ", 0, PIECE - 1)
    while at > PIECE // 2:
        if text[at - 1].isalpha() and text[at + 1].isalpha():
            return at
        at = text.rfind(" ", 0, at)
    return PIECE


def examples_of(piece: str, layout: Layout) -> list[str]:
    """The examples of a piece of lines, none of them empty."""
    if layout.separator == "line":
        return [line for line in piece.split("\n") if line]
    return [
        block for block in BLANK.split(f"\n{piece}\n") for block in [block.strip("\n")] if block
    ]


def lines_of(piece: str) -> str:
    """The lines of a piece that are not empty, with a line feed after each, the last too."""
    while "\n\n" in piece:
        piece = piece.replace("\n\n", "\n")
    piece = piece.strip("\n")
    return f"{piece}\n" if piece else ""
