"""The examined: a text, how it is cut, and what the checks ask of it.

The checks themselves are in findings, characters, doors and tokens. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import clip
from hornbook.text.code_points import POINTS, points_of
from hornbook.text.corpus import SPLITS, Splits, SplitSettings, split_corpus, split_sizes
from hornbook.text.doctor.gathered import (
    Gathered,
    add_points,
    count_points,
    examples_at,
    gather,
)
from hornbook.text.doctor.given import Given
from hornbook.text.doctor.stretches import known_stretches
from hornbook.text.large.looking import refuse_empty
from hornbook.text.line_figures import pieces_of_lines
from hornbook.text.shuffle import shuffled
from hornbook.text.vocabulary_sizes import beginning
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["ExaminedCorpus", "SplitSize", "count_characters", "percent"]

ENCODED = 2**21  # characters of a sample that are encoded


@dataclass(frozen=True)
class SplitSize:
    """The size of a split."""

    examples: int
    "Examples, or 1 for a text."
    predictions: int
    "Tokens to predict, of the kind asked for, and a boundary token for each example."


class ExaminedCorpus:
    """A non-empty text, how it is split, and what several checks need to know about it.

    Args:
        given: the text.
        settings: how it would be split.
        sample: of train, where the text is too large for tokens to be learned from all of it.

    Raises:
        DataError, EncodingError: as reading a large text has them.
    """

    def __init__(
        self, given: Given, settings: SplitSettings, sample: Sequence[str] | None = None
    ) -> None:
        self.given, self.settings, self.sample = given, settings, sample
        self.gathered: Gathered = gather(given, exact=settings.distinct)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each character occurs, most frequent first."""
        counts = self.gathered.points
        found = {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def unit(self) -> str:
        """What the examples are, for messages."""
        return "example" if self.given.separator == "blank" else "line"

    # The splits

    @cached_property
    def kept(
        self,
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.unsignedinteger[Any]]] | None:
        """The numbers of the examples that are split, and the length of every example.

        None of a text, and where a hash of each example tells its split.
        """
        gathered = self.gathered
        if not self.given.listed or gathered.drawn is not None:
            return None
        lengths = np.concatenate(gathered.sizes)
        gathered.sizes = []
        numbers = np.arange(len(lengths), dtype=np.uint32)
        if self.settings.distinct:
            numbers = np.delete(numbers, gathered.repeats.repeating())
        return numbers, lengths

    @cached_property
    def parts(self) -> tuple[int, int, int] | DataError:
        """Examples, or characters of a text, in train, dev and test; or why there are none."""
        total = len(self.kept[0]) if self.kept is not None else self.gathered.characters
        try:
            if self.gathered.drawn is not None:
                train, dev, test = self.gathered.drawn.examples.tolist()
                sizes = (train, dev, test)
            else:
                sizes = split_sizes(self.given, total, self.settings)
            if self.given.draw is not None:
                refuse_empty(self.given.source, sizes, self.settings.shares(self.given.mode))
        except DataError as error:
            return error
        return sizes

    @cached_property
    def held(self) -> list[npt.NDArray[np.int64]]:
        """The numbers of the examples of dev and of test, where they are shuffled."""
        assert self.kept is not None
        assert not isinstance(self.parts, DataError)
        train, dev, _ = self.parts
        numbers = self.kept[0]
        order = numbers[shuffled(len(numbers), self.settings.split_seed, train)].astype(np.int64)
        return [order[:dev], order[dev:]]

    @cached_property
    def characters(self) -> dict[str, tuple[int, int]]:
        """Of each split that is not empty its examples, and the characters in them."""
        if isinstance(self.parts, DataError):
            return {}
        drawn = self.gathered.drawn
        if drawn is not None:
            sizes = drawn.characters.tolist()
        elif self.kept is not None:
            numbers, lengths = self.kept
            sizes = [int(lengths[held].sum(dtype=np.int64)) for held in self.held]
            all_of_it = int(lengths[numbers].sum(dtype=np.int64))
            sizes.insert(0, all_of_it - sum(sizes))
        else:
            sizes = list(self.parts)
        examples = self.parts if self.given.listed else tuple(map(bool, self.parts))
        return {
            split: (int(count), size)
            for split, count, size in zip(SPLITS, examples, sizes, strict=True)
            if count
        }

    @property
    def held_out(self) -> list[str]:
        """The splits other than train that are not empty."""
        return [split for split in self.characters if split != "train"]

    @cached_property
    def held_points(self) -> dict[str, npt.NDArray[np.int64]]:
        """How often each code point occurs in dev and test, as far as they are not empty."""
        if not self.held_out:
            return {}
        drawn, counts = self.gathered.drawn, list[npt.NDArray[np.int64]]()
        if drawn is not None:
            counts = list(drawn.points[1:])
        elif self.kept is not None:
            labels = np.zeros(len(self.kept[1]), dtype=np.uint8)
            for label, numbers in enumerate(self.held, 1):
                labels[numbers] = label
            counts = count_points(self.given, lambda begin, end: labels[begin:end])
        else:
            for split in SPLITS[1:]:
                counts.append(np.zeros(POINTS, dtype=np.int64))
                for piece in self.given.between(*self.bounds(split)):
                    add_points(counts[-1], points_of(piece))
        found = dict(zip(SPLITS[1:], counts, strict=True))
        return {split: found[split] for split in self.held_out}

    def bounds(self, split: str) -> tuple[int, int]:
        """Where a split of a text begins and ends, in characters."""
        assert not isinstance(self.parts, DataError)
        place = SPLITS.index(split)
        return sum(self.parts[:place]), sum(self.parts[: place + 1])

    def unseen(self, split: str) -> dict[str, int]:
        """The characters of dev or test that do not occur in train, and how often."""
        held = self.held_points
        # What occurs in all as often as in what is held out is not in train. Where duplicates are
        # dropped train has at least one of each of its examples, so the same holds of their signs,
        # but for one: dropped examples are counted in all, and are equal to one that was kept.
        total = self.gathered.points
        if self.settings.distinct:
            total = self.kept_points
        outside = total - sum(held.values())
        points = np.flatnonzero((held[split] > 0) & (outside == 0))
        return {chr(point): int(held[split][point]) for point in points}

    @cached_property
    def kept_points(self) -> npt.NDArray[np.int64]:
        """How often each code point occurs in the examples that are split."""
        assert self.kept is not None
        labels = np.zeros(len(self.kept[1]), dtype=np.uint8)
        labels[self.kept[0]] = 1
        return count_points(self.given, lambda begin, end: labels[begin:end])[0]

    def stretches(self, split: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], int]:
        """`known_stretches` of a split of a text, and how many characters that has."""
        begin, end = self.bounds(split)
        first, last = self.bounds("train")
        text, train = self.given.between(begin, end), self.given.between(first, last)
        return *known_stretches(text, end - begin, train, last - first), end - begin

    # Examples

    def frequent(self, count: int) -> list[tuple[str, int]]:
        """The most frequent examples that are repeated, shortened, and how often they occur."""
        most = self.gathered.repeats.most(count)
        found = examples_at(self.given, [number for number, _ in most])
        return [(clip(found[number]), times) for number, times in most]

    def leaked(self) -> dict[str, int]:
        """How many examples of dev and of test are also in train."""
        if self.gathered.drawn is not None or not self.held_out:
            return {}  # equal ones are drawn into the same split
        known = dict(zip(SPLITS[1:], self.gathered.repeats.known(self.held), strict=True))
        return {split: known[split] for split in self.held_out}

    @property
    def estimated(self) -> str:
        """From what repeats are estimated; empty where they are counted."""
        scale = self.gathered.repeats.scale
        return f"estimated from one {self.unit} in {scale:,}" if scale > 1 else ""

    # Tokens

    @property
    def kind(self) -> str:
        """The kind of tokens that was asked for, or their file."""
        asked = self.settings
        return asked.tokens if isinstance(asked, TokenSettings) else "characters"

    @cached_property
    def cut(self) -> Splits:
        """The splits of a corpus that is in memory and can be split."""
        return split_corpus(self.given.in_memory, self.settings)

    def beginnings(self, most: int) -> Splits:
        """The first so many characters of each split of a text."""

        def first(split: str) -> tuple[str, ...]:
            begin, end = self.bounds(split)
            text = "".join(self.given.between(begin, min(end, begin + most)))
            return (text,) if text else ()

        train, dev, test = map(first, SPLITS)
        return Splits("text", train, dev, test)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Of the splits, as a training would have it.

        Raises:
            HornbookError: as `learn_tokenizer`.
        """
        asked = self.settings if isinstance(self.settings, TokenSettings) else TokenSettings()
        lines = self.given.listed
        if self.sample is not None:
            return learn_tokenizer(Texts(self.sample, (), boundary=lines), asked)
        held_out = [text for split in self.held_out for text in self.cut[split]]
        texts = Texts(self.cut.train, held_out, boundary=lines, raw=self.given.raw)
        return learn_tokenizer(texts, asked)

    @property
    def tokens_told(self) -> str:
        """What the tokens are, for people."""
        if self.kind == "characters" or not self.characters:
            return self.kind
        told = f"{self.tokenizer.about}, vocabulary {self.tokenizer.vocab_size:,}"
        if self.sample is None:
            return told
        size = sum(map(len, self.sample))
        return f"{told}; learned, and their number estimated, from {size:,} characters of train"

    @cached_property
    def sizes(self) -> dict[str, SplitSize]:
        """The size of each split that is not empty, in tokens of the kind asked for.

        Raises:
            HornbookError: as `learn_tokenizer`.
        """
        ends = self.given.listed
        found = {}
        for split, (examples, size) in self.characters.items():
            if self.kind != "characters":
                if self.sample is not None:
                    size = round(size * self.per_character)
                else:
                    size = int(self.tokenizer.encode_many(self.cut[split])[1].sum())
            found[split] = SplitSize(examples, size + ends * examples)
        return found

    @cached_property
    def per_character(self) -> float:
        """Tokens for each character of the beginning of the sample."""
        assert self.sample is not None
        some = beginning(tuple(self.sample), ENCODED)
        read = [self.tokenizer.as_read(text) for text in some]
        return int(self.tokenizer.encode_many(read)[1].sum()) / sum(map(len, some))


def count_characters(texts: Iterable[str]) -> dict[str, int]:
    """How often each character occurs in some texts."""
    counts = np.zeros(POINTS, dtype=np.int64)
    for text in texts:
        for piece in pieces_of_lines(text):
            add_points(counts, points_of(piece))
    return {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}


def percent(n: int, total: int) -> str:
    """A share in percent, never rounded to zero."""
    return f"{n / total:.1%}" if n >= 0.001 * total else "less than 0.1%"
