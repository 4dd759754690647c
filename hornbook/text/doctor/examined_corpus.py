"""The examined: a corpus, how it is cut, and what the checks ask of it.

The checks themselves are in findings and characters. Nothing here judges: it counts characters,
looks up passages of one text in another, and formats numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.text.corpus import SPLITS, Corpus, Splits, SplitSettings, split_corpus
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings

__all__ = [
    "STRETCH",
    "ExaminedCorpus",
    "count_characters",
    "percent",
    "repeated_stretches",
]

STRETCH = 50  # characters; a passage this long is not repeated by accident
SAMPLED = 200_000  # most passages that are looked up
CHUNK = 1 << 22  # characters processed at a time


@dataclass(frozen=True)
class ExaminedCorpus:
    """A non-empty corpus, how it is split, and what several checks need to know about it."""

    corpus: Corpus
    settings: SplitSettings

    @cached_property
    def cut(self) -> Splits | DataError:
        """The splits, or why there are none."""
        try:
            return split_corpus(self.corpus, self.settings)
        except DataError as error:
            return error

    @property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The non-empty splits by name; empty if the splits cannot be made."""
        if isinstance(self.cut, DataError):
            return {}
        return {name: self.cut[name] for name in SPLITS if self.cut[name]}

    @property
    def train(self) -> tuple[str, ...]:
        """The training split; empty if the splits cannot be made."""
        return self.splits.get("train", ())

    @property
    def held_out(self) -> dict[str, tuple[str, ...]]:
        """The non-empty splits other than train."""
        return {name: texts for name, texts in self.splits.items() if name != "train"}

    @property
    def kind(self) -> str:
        """The kind of tokens that was asked for, or their file."""
        asked = self.settings
        return asked.tokens if isinstance(asked, TokenSettings) else "characters"

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Of the splits, as a training would have it.

        Raises:
            HornbookError: as `learn_tokenizer`.
        """
        asked = self.settings if isinstance(self.settings, TokenSettings) else TokenSettings()
        held_out = [text for texts in self.held_out.values() for text in texts]
        texts = Texts(
            self.train, held_out, boundary=self.corpus.mode == "lines", raw=self.corpus.raw
        )
        return learn_tokenizer(texts, asked)

    @property
    def tokens_told(self) -> str:
        """What the tokens are, for people."""
        if self.kind == "characters" or not self.splits:
            return self.kind
        return f"{self.tokenizer.about}, vocabulary {self.tokenizer.vocab_size:,}"

    @cached_property
    def predictions(self) -> dict[str, int]:
        """Tokens to predict in each split, of the kind asked for, and a boundary per example.

        Raises:
            HornbookError: as `learn_tokenizer`.
        """
        ends = self.corpus.mode == "lines"
        if self.kind == "characters":
            return {name: sum(len(t) + ends for t in texts) for name, texts in self.splits.items()}
        return {
            name: int(self.tokenizer.encode_many(texts)[1].sum()) + ends * len(texts)
            for name, texts in self.splits.items()
        }

    @cached_property
    def lines(self) -> Sequence[str]:
        """The non-empty lines; where they are the examples, held once."""
        corpus = self.corpus
        alike = corpus.mode == "lines" and corpus.separator == "line" and corpus.values is None
        return corpus.examples if alike else corpus.lines

    @cached_property
    def examples(self) -> Sequence[str]:
        """The examples; of a text, its non-empty lines."""
        return self.corpus.examples if self.corpus.mode == "lines" else self.lines

    @property
    def unit(self) -> str:
        """What `examples` are, for messages."""
        return "example" if self.corpus.separator == "blank" else "line"

    @cached_property
    def times(self) -> Counter[str]:
        """How often each of `examples` occurs in the corpus."""
        return Counter(self.examples)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each character occurs in the corpus, most frequent first."""
        # What stands between examples is the boundary token, not a character.
        listed = self.corpus.mode == "lines"
        counts = count_characters(self.examples if listed else [self.corpus.text])
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def count_characters(texts: Iterable[str]) -> dict[str, int]:
    """How often each character occurs in some texts."""
    counts = np.zeros(0x110000, dtype=np.int64)
    for points in code_points("".join(texts)):
        found = np.bincount(points)
        counts[: len(found)] += found
    return {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}


def code_points(text: str, overlap: int = 0) -> Iterator[npt.NDArray[np.uint32]]:
    """A text as numbers, a chunk at a time, each with the first `overlap` of the next."""
    for at in range(0, len(text), CHUNK):
        chunk = text[at : at + CHUNK + overlap].encode("utf-32-le", "surrogatepass")
        yield np.frombuffer(chunk, dtype=np.uint32)


def repeated_stretches(
    text: str, train: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Which passages of a text also occur in train, by their hashes.

    Returns:
        Where the passages that were looked up begin, evenly spaced if there are more than
        SAMPLED, and whether each occurs in train, both of shape (passages,).
    """
    if len(text) < STRETCH or len(train) < STRETCH:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    hashes = np.concatenate([stretch_hashes(points) for points in code_points(text, STRETCH - 1)])
    starts = np.linspace(0, len(hashes) - 1, min(len(hashes), SAMPLED)).astype(np.int64)
    hashes = hashes[starts]
    # A table of 2^22 flags, one look-up for each passage of train, leaves few to be searched for.
    shift = np.uint64(64 - 22)
    flags = np.zeros(1 << 22, dtype=np.bool_)
    flags[hashes >> shift] = True
    known = np.zeros(len(hashes), dtype=np.bool_)
    for points in code_points(train, STRETCH - 1):
        found = stretch_hashes(points)
        known |= np.isin(hashes, found[flags[found >> shift]])
    return starts, known


def stretch_hashes(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """A 64-bit polynomial hash of each passage, shape (len(points) - STRETCH + 1,).

    With h(n) the hashes of the passages of n characters at each position, modulo 2^64:
    h(m + n)[i] = h(m)[i] * base^n + h(n)[i + m]. So n is doubled, and one added for each further
    binary digit of STRETCH that is 1: 50 takes seven passes.
    """
    base = 0x9E3779B97F4A7C15  # odd, and of no simple pattern: 2^64 over the golden ratio
    hashes, length = points.astype(np.uint64), 1
    for digit in f"{STRETCH:b}"[1:]:
        factor = np.uint64(pow(base, length, 1 << 64))
        hashes = hashes[:-length] * factor + hashes[length:]
        length *= 2
        if digit == "1":
            hashes = hashes[:-1] * np.uint64(base) + points[length:]
            length += 1
    # The last factor mixes every bit into the high ones, which index the flags.
    return hashes * np.uint64(base)


def percent(n: int, total: int) -> str:
    """A share in percent, never rounded to zero."""
    return f"{n / total:.1%}" if n >= 0.001 * total else "less than 0.1%"
