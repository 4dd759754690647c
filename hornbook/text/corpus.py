"""One way in for data: a file, standard input or the name of a data set becomes a corpus.

A corpus is read in one of two modes. `lines`: each line is one example (a name, a molecule, a
recipe). `text`: the whole is one long stream. The mode is chosen by looking at the text, with the
reason kept, so that it can be said aloud and overruled.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hornbook.errors import DataError, SettingsError
from hornbook.settings import Settings
from hornbook.sources.encoding import decode
from hornbook.sources.source import DownloadProgress, Source

__all__ = ["SPLITS", "Corpus", "Mode", "SplitSettings", "Splits", "load_corpus", "split_corpus"]

Mode = Literal["lines", "text"]
SPLITS = ("train", "dev", "test")

LONG_LINE = 2_000  # characters: a mean line longer than this is not one example per line
SMALLEST = 10  # characters: less than this is nothing to learn from


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

    def __repr__(self) -> str:
        about = f"{len(self.text):,} characters, {self.mode}, {self.encoding}"
        return f"<Corpus {self.name} from {self.source}: {about}>"

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, in the order of the file."""
        return [line for line in self.text.split("\n") if line]


@dataclass(frozen=True)
class Splits:
    """The train, dev and test splits.

    In `lines` mode each split is a tuple of lines; in `text` mode a tuple of at most one text,
    and dev goes on where train ends, test where dev ends.
    """

    mode: Mode
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]

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


@dataclass(frozen=True)
class SplitSettings(Settings):
    """How a corpus is split into train, dev and test."""

    split: str = "auto"
    """Sizes of train/dev/test in percent, such as 80/10/10 or 90/10.
    auto: 80/10/10 of the shuffled lines, 90/10 of one long text."""
    split_seed: int = 42
    "Seed for shuffling the lines before the split."
    distinct: bool = False
    "Drop duplicate lines before the split, so that no line of dev or test is also in train."

    def shares(self, mode: Mode) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        if self.split == "auto":
            return (80, 10, 10) if mode == "lines" else (90, 10, 0)
        if re.fullmatch(r"\d{1,3}(/\d{1,3}){1,2}", self.split):
            train, dev, test = ([int(share) for share in self.split.split("/")] + [0])[:3]
            if train > 0 and train + dev + test == 100:
                return train, dev, test
        raise SettingsError(
            "`split` must be percentages that add up to 100, such as 80/10/10; it is "
            f"{self.split!r}.",
            hint="Examples: 80/10/10, 90/10, 100/0.",
            setting="split",
        )


def load_corpus(
    source: str | Path | Source,
    *,
    mode: Literal["auto", "lines", "text"] = "auto",
    encoding: str = "auto",
    progress: DownloadProgress | None = None,
) -> Corpus:
    """Read a corpus.

    Args:
        source: a path, `-` for standard input, or the name of a data set. A path that exists
            comes before a data set of the same name.
        mode: `lines`, `text`, or `auto` to choose by looking.
        encoding: see `decode`.
        progress: called with bytes done and bytes in all while a data set is fetched.

    Raises:
        DataError: if there is no such file, it cannot be read, or it holds next to nothing.
        EncodingError: if it is not text.
        DownloadError: if a data set has to be fetched and cannot be.
    """
    if not isinstance(source, Source):
        source = Source(source, progress)
    decoded = decode(source.read(), source.where, encoding)
    text, where = decoded.text, source.where
    if len(text.strip()) < SMALLEST:
        what = "is empty" if not text.strip() else f"has only {len(text.strip())} characters"
        raise DataError(f"{where} {what}.", hint=f"Use a file with at least {SMALLEST} characters.")
    if mode != "auto":
        chosen, reason = mode, "as requested"
    elif source.dataset is not None:
        chosen, reason = source.dataset.mode, "this data set's default"
    else:
        chosen, reason = choose_mode(text)
    if source.hides:
        reason += "; the local file, not the data set of that name"
    return Corpus(source.name, where, chosen, reason, text, decoded.encoding, decoded.line_ends)


def choose_mode(text: str) -> tuple[Mode, str]:
    """Guess whether a text is one example per line or one long text, and say why."""
    body = text.strip("\n").split("\n")
    filled = [line for line in body if line.strip()]
    blank_share = 1 - len(filled) / len(body)
    mean = sum(map(len, filled)) / len(filled)
    if len(filled) == 1:
        return "text", "it has a single line"
    if mean > LONG_LINE:
        return "text", f"its lines average {mean:,.0f} characters"
    if blank_share > 0.01:
        return "text", f"blank lines separate its parts ({blank_share:.0%} of its lines)"
    if wrapped(filled):
        return "text", "its lines look like wrapped prose"
    return "lines", f"{len(filled):,} lines of {mean:.0f} characters on average, none blank"


def wrapped(lines: list[str]) -> bool:
    """Whether lines look like prose cut at a margin.

    Such lines hold words, are nearly all about as long as the longest, and often begin with a
    lowercase letter, since a sentence continues across the line's end.
    """
    words = sum(line.count(" ") + 1 for line in lines) / len(lines)
    by_length = sorted(map(len, lines))
    margin = by_length[int(0.95 * (len(lines) - 1))]
    near = sum(length > 0.8 * margin for length in by_length) / len(lines)
    small = sum(line.lstrip()[:1].islower() for line in lines) / len(lines)
    ended = sum(line.rstrip()[-1:] in ".!?。！？…\"'”" for line in lines) / len(lines)
    return words >= 6 and near > 0.6 and small > 0.3 and ended < 0.5


def split_corpus(corpus: Corpus, settings: SplitSettings | None = None) -> Splits:
    """Split a corpus into train, dev and test.

    Lines are shuffled by `random.Random(seed)` and cut at the whole part of each share, which for
    the defaults is the lectures' own split, name for name. A text is cut in the order of reading.

    Raises:
        DataError: if a split that was asked for would stay empty.
        SettingsError: if the settings do not fit.
    """
    settings = settings or SplitSettings()
    train, dev, test = settings.shares(corpus.mode)
    if corpus.mode == "text":
        settings.refuse_unless(False, ("split_seed", "distinct"), "`mode=lines`")
        text = corpus.text
        n1, n2 = len(text) * train // 100, len(text) * (train + dev) // 100
        parts = [(part,) if part else () for part in (text[:n1], text[n1:n2], text[n2:])]
        splits = Splits("text", parts[0], parts[1], parts[2])
    else:
        lines = corpus.lines
        if settings.distinct:
            lines = list(dict.fromkeys(lines))
        random.Random(settings.split_seed).shuffle(lines)
        # int(0.8 * n) as in the lecture equals the whole-number division here for every n that
        # fits in memory, without the rounding of 0.8 + 0.1.
        n1, n2 = len(lines) * train // 100, len(lines) * (train + dev) // 100
        splits = Splits("lines", tuple(lines[:n1]), tuple(lines[n1:n2]), tuple(lines[n2:]))
    for split, share in zip(SPLITS, (train, dev, test), strict=True):
        if share and not splits[split]:
            size = f"{len(corpus.text):,} characters"
            if corpus.mode == "lines":
                size = f"{len(lines):,} line{'s' if len(lines) > 1 else ''}"
            raise DataError(
                f"{corpus.source} has {size}: a {split} split of {share}% would be empty.",
                hint="Use more data"
                + (", read it as one long text (`mode=text`)" if corpus.mode == "lines" else "")
                + ", or change the split: for example `split=60/40` or `split=100/0`.",
                setting="split",
            )
    return splits
