"""One way in for data: files, standard input or the name of a data set become a corpus.

A corpus is read in one of two modes. `lines`: it is a list of examples (names, molecules, recipes),
each a line; or, where blank lines separate them, each of several lines (poems); or each the value
of a column. `text`: the whole is one long stream. The mode is chosen by looking at the text, with
the reason kept, so that it can be said aloud and overruled.

Several files are joined in their order: their lines, their parts, the values of their columns; as a
text, with a blank line between two, and it is this joined text that is split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Literal, Protocol

import numpy as np

from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.settings import Bounds, Settings
from hornbook.sources.columns import read_column
from hornbook.sources.encoding import GIVE_TEXT, Decoded, decode, raw
from hornbook.sources.formats import Form, look
from hornbook.sources.source import DataPath, DownloadProgress, Source
from hornbook.tasks.shares import shares_of
from hornbook.text.conditions import Conditions, Ids
from hornbook.text.layout import (
    Layout,
    Mode,
    ReadSettings,
    Separator,
    blocks_of,
    layout_of,
    layout_of_column,
)
from hornbook.text.shuffle import shuffled

__all__ = [
    "SPLITS",
    "Corpus",
    "Mode",
    "SplitSettings",
    "Splits",
    "load_corpus",
    "read_corpus",
    "split_corpus",
    "split_sizes",
]

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Corpus:
    """The whole text, before any split."""

    name: str
    "Display name: the file's stem or the data set's name."
    source: str
    "Where it came from: a path, `standard input`, or `data set NAME`."
    mode: Mode
    reason: str
    "Why this mode was chosen."
    text: str
    "The whole text, with line ends as LF."
    encoding: str
    line_ends: str
    separator: Separator = "line"
    "What parts the examples of a `lines` corpus: the ends of lines, or blank lines."
    values: tuple[str, ...] | None = None
    "The examples, where they are the values of a column; else they are cut from the text."
    otherwise: str = ""
    "How it could also be read; empty if nothing speaks for it."
    packed: bool = False
    "Whether it came compressed with gzip."
    raw: bool = False
    "Whether it is not text, and its bytes are read as they are; see `hornbook.sources.encoding`."
    condition: tuple[str, ...] = ()
    "Columns that are given with each example."
    beside: tuple[tuple[str, ...], ...] = ()
    "Their cells beside each of the values."

    def __repr__(self) -> str:
        about = f"{len(self.text):,} characters, {self.mode}, {self.encoding}"
        return f"<Corpus {self.name} from {self.source}: {about}>"

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, in the order of the file."""
        return [line for line in self.text.split("\n") if line]

    @cached_property
    def form(self) -> Form | None:
        """What the text is, if it is not just text; None of the values of a column."""
        return look(self.text) if self.values is None else None

    @cached_property
    def examples(self) -> Sequence[str]:
        """What a `lines` corpus is a list of, in the order of the file.

        Where `separator` is `blank`, they may have line breaks in them.
        """
        if self.values is not None:
            return self.values
        return blocks_of(self.text) if self.separator == "blank" else self.lines


@dataclass(frozen=True)
class Splits:
    """The train, dev and test splits.

    In `lines` mode each split is a tuple of examples; in `text` mode a tuple of at most one text,
    and dev goes on where train ends, test where dev ends.
    """

    mode: Mode
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]
    separator: Separator = "line"
    "As that of the corpus: examples parted by blank lines may have line breaks in them."
    conditions: Conditions | None = None
    "What is given with each example; None if nothing is."
    given: Mapping[str, Ids] = field(default_factory=dict, compare=False)
    "The numbers of the values of each split, shape (examples, K); empty without conditions."

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(self[name]):,}" for name in SPLITS)
        return f"<Splits of {self.mode}: {sizes}>"

    def __getitem__(self, split: str) -> tuple[str, ...]:
        if split not in SPLITS:
            raise SettingsError(f"There is no split {split!r}.", hint="Splits: train, dev, test.")
        found: tuple[str, ...] = getattr(self, split)
        return found

    def before(self, split: str) -> str:
        """The text that stands before a split's (`text` mode): the context of its beginning."""
        if self.mode == "lines" or split == "train":
            return ""
        earlier = {"dev": self.train, "test": self.train + self.dev}[split]
        return "".join(earlier)

    def as_read(self, reading: Callable[[str], str]) -> Splits:
        """The splits with each of their texts as a reader has it."""
        train, dev, test = (tuple(map(reading, self[name])) for name in SPLITS)
        return replace(self, train=train, dev=dev, test=test)


@dataclass(frozen=True)
class SplitSettings(Settings):
    """How a corpus is split into train, dev and test."""

    split: str = "auto"
    """Sizes of train/dev/test in percent, such as 80/10/10 or 90/10.
    auto: 80/10/10 of the shuffled examples, 90/10 of one long text; all of it for train, if that is
    too little to split."""
    split_seed: int = 42
    "Seed for shuffling the examples before the split."
    distinct: bool = False
    "Drop duplicate examples before the split, so that none of dev or test is also in train."
    drop_condition: Annotated[float, Bounds(0, 1)] = 0.1
    """Share of the examples whose condition is not told in an epoch, each condition by itself, so
    that the model learns to do without as well (only with condition)."""

    def shares(self, mode: Mode) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        if self.split == "auto":
            return (80, 10, 10) if mode == "lines" else (90, 10, 0)
        return shares_of(self.split)


def load_corpus(
    source: DataPath | Source,
    *,
    mode: Literal["auto", "lines", "text"] = "auto",
    separator: Literal["auto", "line", "blank"] = "auto",
    column: str | None = None,
    encoding: str = "auto",
    condition: Sequence[str] = (),
    any_bytes: bool = False,
    progress: DownloadProgress | None = None,
) -> Corpus:
    """Read a corpus.

    Args:
        source: a path, `-` for standard input, or the name of a data set; or several of them. A
            path that exists comes before a data set of the same name; of a folder all files are
            read. What is compressed with gzip is unpacked.
        mode: `lines`, `text`, or `auto` to choose by looking.
        separator: what parts the examples of `lines`: `line`, `blank` for blank lines, or `auto`.
        column: read this column of a table, or this field of JSON lines; see `read_column`.
        encoding: see `decode`.
        condition: other columns of the table, that are given with each example.
        any_bytes: read the bytes of a file that is not text as they are, if no encoding is given.
        progress: called with bytes done and bytes in all while a data set is fetched.

    Raises:
        DataError: if there is no such file, it cannot be read, it holds next to nothing, or it
            has no such column.
        EncodingError: if it is not text.
        DownloadError: if a data set has to be fetched and cannot be.
        SettingsError: if the settings do not fit each other.
    """
    how = ReadSettings(mode, separator, column, encoding, tuple(condition))
    read = source if isinstance(source, Source) else Source(source, progress)
    return read_corpus(read, how, any_bytes=any_bytes)


def read_corpus(source: Source, how: ReadSettings, *, any_bytes: bool = False) -> Corpus:
    """As `load_corpus`, with the settings as one."""
    column = how.column
    parts, why_raw = decoded_parts(source, how, any_bytes)
    where, texts = source.where, [decoded.text for _, decoded in parts]
    columns = [
        read_column(d.text, at, column, how.condition) for at, d in parts if column is not None
    ]
    values = tuple(value for one in columns for value in one.values)
    given = values if columns else texts
    if not any(text.strip() for text in given):
        raise DataError(f"{where} is empty.", hint="Use a file that contains text.")
    layout = layout_of_column(columns, how) if columns else layout_of(texts, source, how)
    if why_raw:
        layout = replace(layout, otherwise=why_raw)
        if how.mode == how.separator == "auto" and any("\0" in text for text in texts):
            layout = Layout("text", "line", "it is not text but bytes", why_raw)
    text = joined(given, layout)
    if layout.separator == "blank" and not columns and len(blocks_of(text)) == 1:
        raise DataError(
            f"{where} has no blank lines: nothing separates its examples.",
            hint="Leave `separator` out, or set `separator=line` if each line is an example.",
            setting="separator",
        )
    if source.hides:
        remarks = ["the local file, not the data set of that name"]
    else:
        remarks = list(source.remarks)
    return Corpus(
        source.name,
        where,
        layout.mode,
        "; ".join([layout.reason, *remarks]),
        text,
        ", ".join(dict.fromkeys(decoded.encoding for _, decoded in parts)),
        line_ends_of([decoded for _, decoded in parts]),
        layout.separator,
        values if columns else None,
        layout.otherwise,
        source.packed,
        bool(why_raw),
        how.condition,
        tuple(row for one in columns for row in one.beside),
    )


def decoded_parts(
    source: Source, how: ReadSettings, any_bytes: bool
) -> tuple[list[tuple[str, Decoded]], str]:
    """The files of a source as text, and how else they could be read, if they are bytes.

    Raises:
        EncodingError: if one is not text, and is not to be read as bytes.
    """
    parts = source.parts()
    try:
        return [(part.where, decode(part.data, part.where, how.encoding)) for part in parts], ""
    except EncodingError as error:
        if how.encoding != "auto" or how.column is not None:
            raise
        if not any_bytes:
            error.hint += " To learn its bytes as they are: `tokens=bytes`."
            raise
        also = error.hint.removesuffix(GIVE_TEXT)
        return [(part.where, raw(part.data)) for part in parts], also


def joined(texts: Sequence[str], layout: Layout) -> str:
    """Some texts as one: a single one as it is, several with a blank line between two.

    Texts that are read by lines get no blank lines, nor do those of a line each.
    """
    if len(texts) == 1:
        return texts[0]
    filled = [stripped for text in texts if (stripped := text.strip("\n"))]
    by_lines = layout.mode == "lines" and layout.separator == "line"
    between = "\n" if by_lines or not any("\n" in text for text in filled) else "\n\n"
    return between.join(filled) + "\n"


def line_ends_of(parts: Sequence[Decoded]) -> str:
    """The line ends of several files together."""
    found = {part.line_ends for part in parts} - {"none"} or {"none"}
    return found.pop() if len(found) == 1 else "mixed"


def split_corpus(corpus: Corpus, settings: SplitSettings | None = None) -> Splits:
    """Split a corpus into train, dev and test.

    Examples are shuffled as `random.Random(seed)` does and cut at the whole part of each share,
    which for the defaults is the lectures' own split, name for name. A text is cut in the order of
    reading. Where nobody asked for shares and the usual ones would leave a split empty, as of
    the single word that the lecture begins with, all of it is train.

    Raises:
        DataError: if a split that was asked for would stay empty.
        SettingsError: if the settings do not fit.
    """
    settings = settings or SplitSettings()
    if corpus.mode == "text":
        first, second, _ = np.cumsum(split_sizes(corpus, len(corpus.text), settings)).tolist()
        text = corpus.text
        parts = [(part,) if part else () for part in (text[:first], text[first:second],
                                                      text[second:])]  # fmt: skip
        return Splits("text", parts[0], parts[1], parts[2])
    examples = corpus.examples
    places: Sequence[int] = range(len(examples))
    if settings.distinct:  # the first of each
        places = sorted({example: n for n, example in reversed([*enumerate(examples)])}.values())
    first, second, _ = np.cumsum(split_sizes(corpus, len(places), settings)).tolist()
    order = [places[number] for number in shuffled(len(places), settings.split_seed).tolist()]
    parts_of = dict(zip(SPLITS, (order[:first], order[first:second], order[second:]), strict=True))
    train, dev, test = (tuple(examples[n] for n in part) for part in parts_of.values())
    splits = Splits("lines", train, dev, test, corpus.separator)
    if not corpus.condition:
        return splits
    cells = {split: [corpus.beside[n] for n in part] for split, part in parts_of.items()}
    conditions = Conditions.learned(corpus.condition, cells["train"], settings.drop_condition)
    given = {split: conditions.numbers(part) for split, part in cells.items()}
    return replace(splits, conditions=conditions, given=given)


class Read(Protocol):
    """What was read, as far as its splits are concerned."""

    @property
    def source(self) -> str:
        """Where it came from."""

    @property
    def mode(self) -> Mode:
        """What it is."""

    @property
    def separator(self) -> Separator:
        """What parts its examples."""


def split_sizes(read: Read, total: int, settings: SplitSettings) -> tuple[int, int, int]:
    """How much of a text or of its examples is train, dev and test.

    Args:
        read: what is split.
        total: examples, or characters of a text.
        settings: how.

    Raises:
        DataError, SettingsError: as `split_corpus`.
    """
    shares = settings.shares(read.mode)
    if read.mode == "text":
        settings.refuse_unless(False, ("split_seed", "distinct"), "`mode=lines`")
    # int(0.8 * n) as in the lecture equals the whole-number division here for every n that
    # fits in memory, without the rounding of 0.8 + 0.1.
    first, second = total * shares[0] // 100, total * (shares[0] + shares[1]) // 100
    sizes = (first, second - first, total - second)
    empty = [(s, n) for s, n, size in zip(SPLITS, shares, sizes, strict=True) if n and not size]
    if empty and settings.split == "auto":
        return total, 0, 0
    for split, share in empty:
        thing = "line" if read.separator == "line" else "example"
        size = counted(total, "character" if read.mode == "text" else thing)
        raise DataError(
            f"{read.source} has {size}: a {split} split of {share}% would be empty.",
            hint="Use more data"
            + (", read it as one long text (`mode=text`)" if read.mode == "lines" else "")
            + ", or change the split: for example `split=60/40` or `split=100/0`.",
            setting="split",
        )
    return sizes


def counted(count: int, thing: str) -> str:
    """`1 line`, `1,000 lines`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
