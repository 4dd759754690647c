"""Pairs from files: what is given, and what is said to it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hornbook.errors import DataError, EncodingError
from hornbook.pairs.columns import Columns, find_columns
from hornbook.pairs.options import PairOptions
from hornbook.rendering import clip, many
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source

__all__ = ["Read", "read_pairs"]

LISTED = 5  # faulty lines that a message names
FEW, OFTEN = 100, 5  # most labels, and rows of each at least, where targets may be labels


@dataclass
class Read:
    """Pairs, in the order of the files."""

    sources: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    labels: bool = False
    "Whether targets are labels."
    names: tuple[str, str] = ("", "")
    "What the columns are called, for people."
    remarks: list[str] = field(default_factory=list)
    "How they were read, for people."
    lines: list[int] = field(default_factory=list)
    "The line of the file that each begins on, from 1; of a JSON array its place."
    bad: int = 0
    "Rows that were left out, for they cannot be read."
    longer: bool = False
    "Whether some of them are longer than texts may be."
    first_bad: list[str] = field(default_factory=list)
    "Some of them, each with its line and what is wrong."
    begins: list[tuple[int, str]] = field(default_factory=list)
    "Of each file the number of its first pair, and what its lines are told as."

    @property
    def longer_hint(self) -> str:
        """What else to do about texts that are too long, where there are any."""
        told = ", or a higher `longest_text` to read longer texts, which takes more memory"
        return told if self.longer else ""

    def place(self, number: int) -> str:
        """Where a pair stands: `line 17`, and of several files in which.

        Args:
            number: of the pair, from 0.
        """
        begin = self.begins[bisect_right(self.begins, number, key=lambda one: one[0]) - 1][1]
        return f"{begin} {self.lines[number]:,}"


@dataclass
class Faults:
    """Rows that cannot be read."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    "Some of them, each with its line and what is wrong."

    def add(self, where: str, what: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(f"{where}: {what}")


def read_pairs(source: Source, options: PairOptions) -> Read:
    """Read all files of a source.

    Raises:
        DataError: if a column is missing, a row cannot be read (unless `bad_rows` is `skip`), or
            there is no pair.
        EncodingError: if a file is not text.
    """
    read, faults = Read(), Faults()
    found: Columns | None = None
    files, literal = list(source.files), False
    for file in files:
        rows = Rows(file, options.encoding, options.quotes)
        columns = find_columns(rows, options)
        if found is not None and columns.names != found.names:
            raise DataError(
                f"{rows.where} has the columns {' and '.join(columns.names)}, the files before it "
                f"{' and '.join(found.names)}.",
                hint="Give files with the same columns.",
            )
        found = columns
        try:
            add(read, faults, rows, columns, several=len(files) > 1)
        except DataError as error:
            undecodable = isinstance(error, EncodingError)
            if rows.separator == "\t" and not rows.literal and not undecodable:
                error.hint = f"{error.hint} Or set `quotes=no`, if they are characters as others."
                error.setting = "quotes"
            raise
        literal = literal or (rows.literal and options.quotes == "auto")
    assert found is not None  # a source has a file
    read.names = found.names
    read.labels, why = are_labels(read.sources, read.targets, found.labels)
    limit = options.most_characters(read.labels)
    leave_out_longer(read, faults, limit)
    if read.labels and read.longer:
        why = are_labels(read.sources, read.targets, found.labels)[1] or why
    if faults.count and options.bad_rows == "refuse":
        more = faults.count - len(faults.first)
        raise DataError(
            f"{source.where}: {many(faults.count, 'row')} cannot be read.\n"
            + "\n".join(faults.first)
            + (f"\nand {many(more, 'other')}" if more else ""),
            hint=f"Mend them, or set `bad_rows=skip` to leave them out{read.longer_hint}.",
            setting="bad_rows",
        )
    if not read.sources:
        first = f" The first that cannot be read: {faults.first[0]}" if faults.count else ""
        raise DataError(f"{source.where} has no pairs.", hint=f"Give a file that has rows.{first}")
    read.bad, read.first_bad = faults.count, faults.first
    if faults.count:
        read.remarks.append(
            f"{many(faults.count, 'row')} left out that cannot be read; {faults.first[0]}"
        )
    if literal:
        read.remarks.append(
            "quotation marks are characters as others, for only so is each line a row"
        )
    read.remarks.insert(0, f"{found.names[0]} → {found.names[1]}{why}")
    return read


def add(read: Read, faults: Faults, rows: Rows, columns: Columns, *, several: bool) -> None:
    """Read a file.

    Args:
        read: gets its pairs.
        faults: get what cannot be read.
        rows: the file.
        columns: of it.
        several: whether lines are told with the file that they are of.
    """
    begin = f"{rows.where}, {rows.unit}" if several else rows.unit
    read.begins.append((len(read.sources), begin))
    for chunk in rows.chunks((columns.source, columns.target), header=columns.header):
        wrong = [
            (line, f"{many(cells, 'cell')}; there are {rows.width}") for line, cells in chunk.ragged
        ]
        for line, given, said in zip(chunk.lines, *chunk.columns, strict=True):
            if given and said:
                read.sources.append(given)
                read.targets.append(said)
                read.lines.append(line)
            else:
                empty = columns.names[0] if not given else columns.names[1]
                other = given if given else said
                beside = f" (beside {clip(other, 30)!r})" if other else ""
                wrong.append((line, f"{empty} is empty{beside}"))
        for line, what in sorted(wrong):
            faults.add(f"{begin} {line:,}", what)


def leave_out_longer(read: Read, faults: Faults, limit: int) -> None:
    """Leave out pairs with a text that is too long: they cannot be read.

    Args:
        read: loses them.
        faults: get them.
        limit: most characters of a text.
    """
    sides = read.sources, read.targets
    longest = [max(map(len, pair)) for pair in zip(*sides, strict=True)]
    long = [at for at, length in enumerate(longest) if length > limit]
    for at in long:
        side = 0 if len(read.sources[at]) == longest[at] else 1
        faults.add(
            read.place(at), f"{read.names[side]} has {longest[at]:,} characters; at most {limit:,}"
        )
    if not long:
        return
    read.longer, gone = True, set(long)
    kept = [at for at in range(len(longest)) if at not in gone]
    read.sources, read.targets = ([side[at] for at in kept] for side in sides)
    read.lines = [read.lines[at] for at in kept]
    read.begins = [(first - bisect_left(long, first), told) for first, told in read.begins]


def are_labels(
    sources: Sequence[str], targets: Sequence[str], told: bool | None
) -> tuple[bool, str]:
    """Whether targets are labels, and why, where that was not told.

    A pair that is there again says nothing more of its target.
    """
    if told is not None:
        return told, ""
    pairs = {*zip(sources, targets, strict=True)}
    counts = Counter(target for _, target in pairs)
    few = 1 < len(counts) <= FEW and len(counts) * OFTEN <= len(pairs)
    if few:
        return True, (
            f": labels, for there are {len(counts)} different ones; to write them as text, set "
            "`target_column`"
        )
    return False, ""
