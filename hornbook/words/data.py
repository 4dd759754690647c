"""The words of a text, loaded: numbered, split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, RunError
from hornbook.records import JSONObject
from hornbook.rendering import clip, many
from hornbook.storage import HashedFiles, parse_json
from hornbook.suggestions import did_you_mean, without_commas
from hornbook.tasks import Data
from hornbook.tasks.data import without_data
from hornbook.tasks.kept import arrays_bytes, arrays_in, json_bytes, kept_remarks, kept_splits
from hornbook.tasks.splits import SPLITS
from hornbook.words.models.contract import Shape
from hornbook.words.thinning import busiest

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["FILES", "PRIVATE", "Passages", "WordsData", "open_words"]

PRIVATE = frozenset(f"data/{name}.npz" for name in SPLITS)
FILES = PRIVATE | {"data/words.json"}
NEAR = 2  # letters by which a word that was meant may be longer or shorter than what was typed


@dataclass(frozen=True)
class Passages:
    """Known words in the order of the text, passage after passage."""

    ids: npt.NDArray[np.int32]
    "Number of each word, shape (N,)."
    lengths: npt.NDArray[np.int32]
    "Words of each passage, shape (passages,)."

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def places(self) -> npt.NDArray[np.int32]:
        """The number of the passage that each word stands in, shape (N,)."""
        return np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)


class WordsData(Data):
    """Splits of the words of a text, and the words that are known.

    Args:
        name: what to call it.
        source: where it came from, for people.
        splits: by name, `train` first; those without words are left out.
        words: by number, the most frequent first.
        counts: how often each stands in train.
        remarks: how it was read and split, in lines for people.
    """

    def __init__(
        self,
        name: str,
        source: str,
        splits: Mapping[str, Passages],
        words: Sequence[str],
        counts: Sequence[int],
        *,
        remarks: Sequence[str] = (),
    ) -> None:
        self.name, self.source = name, source
        self.splits = {split: part for split, part in splits.items() if len(part)}
        self.words, self.counts = tuple(words), np.array(counts, np.int64)
        self.remarks = tuple(remarks)

    def __repr__(self) -> str:
        return f"<WordsData {self.name} from {self.source}: {'; '.join(self.about)}>"

    @property
    def kept(self) -> bool:
        """Whether the text can still be read: a run may be without it."""
        return bool(self.splits)

    @cached_property
    def shape(self) -> Shape:
        """How many words are known, how often they stand in train, and the share of one at most."""
        return Shape(len(self.words), int(self.counts.sum()), busiest(self.counts))

    @property
    def sizes(self) -> Mapping[str, int]:
        """Words of each split."""
        return {name: len(part) for name, part in self.splits.items()}

    @property
    def train(self) -> Passages:
        """The words of train.

        Raises:
            DataError: if they are not kept.
        """
        if not self.kept:
            raise without_data("the text that it has learned from is gone")
        return self.splits["train"]

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    def number(self, word: str) -> int:
        """The number of a word; one that is not known as it is typed may be so in lower case.

        Raises:
            DataError: if it is not known.
        """
        for spelled in (word.strip(), word.strip().lower().replace("’", "'")):
            if spelled in self.numbers:
                return self.numbers[spelled]
        told = f"{clip(word, 60)!r} is not one of the {len(self.words):,} words that the run knows."
        if len(word.split()) > 1:
            raise DataError(told, hint=f"Give several words one by one: {clip(word, 60)}.")
        if several := without_commas(word, self.words):
            raise DataError(told, hint=several.strip())
        near = [one for one in self.words if abs(len(one) - len(word)) <= NEAR]
        raise DataError(
            told,
            hint=f"{did_you_mean(word, near)}Words that were rare in the text when the run was "
            "trained are left out.",
        )

    @property
    def about(self) -> Sequence[str]:
        """What was read and how."""
        sizes = " / ".join(f"{size:,}" for size in self.sizes.values())
        return (
            f"{many(len(self.words), 'different word')}; words in {' / '.join(self.sizes)}: "
            f"{sizes}",
            *self.remarks,
        )

    @property
    def extent(self) -> str:
        """How many there are in all."""
        words = many(sum(self.sizes.values()), "word")
        return f"{words}, {len(self.words):,} different"

    @property
    def table(self) -> Table:
        """Words and passages of each split."""
        from hornbook.reports import Table

        rows = tuple(
            (name, f"{len(part):,}", f"{len(part.lengths):,}") for name, part in self.splits.items()
        )
        return Table(("split", "words", "passages"), rows)

    @property
    def details(self) -> JSONObject:
        """The splits, and remarks."""
        return {"splits": list(self.splits), "remarks": list(self.remarks)}

    def keep(self, files: HashedFiles) -> None:
        """A file for each split, and one of the words and how frequent they are."""
        for name, part in self.splits.items():
            held = arrays_bytes({"ids": part.ids, "lengths": part.lengths})
            files.write(f"data/{name}.npz", held)
        both = {"words": list(self.words), "counts": self.counts.tolist()}
        files.write("data/words.json", json_bytes(both))


def open_words(files: HashedFiles, name: str, source: str, details: JSONObject) -> WordsData:
    """The data that `WordsData.keep` wrote.

    Raises:
        RunError: if they are not what was written.
    """
    try:
        held = parse_json(files.read("data/words.json"))
        words, counts = held["words"], held["counts"]
        if not isinstance(words, list) or len(words) < 2 or len(set(words)) != len(words):
            raise ValueError("words must be a list of at least two different ones")
        if not all(isinstance(word, str) for word in words) or len(counts) != len(words):
            raise ValueError("words and counts do not fit")
        if not all(type(n) is int and 0 < n < 2**40 for n in counts):
            raise ValueError("a count is out of range")
        names, remarks = kept_splits(details), kept_remarks(details)
        splits = {}
        if files.has("data/train.npz"):
            for split in names:
                splits[split] = opened(files.read(f"data/{split}.npz"), len(words))
        return WordsData(name, source, splits, words, counts, remarks=remarks)
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RunError(f"The data of the run are damaged: {error}.") from error


def opened(data: bytes, words: int) -> Passages:
    """Passages from a file of theirs.

    Raises:
        ValueError: if they are not made of so many words.
    """
    held = arrays_in(data, "a split is not ids and lengths")
    ids, lengths = held["ids"], held["lengths"]
    if any(one.dtype != np.int32 or one.ndim != 1 or not len(one) for one in (ids, lengths)):
        raise ValueError("ids and lengths must be whole numbers")
    if ids.min() < 0 or ids.max() >= words:
        raise ValueError("the number of a word is out of range")
    if lengths.min() < 1 or int(lengths.sum(dtype=np.int64)) != len(ids):
        raise ValueError("the lengths of passages do not fit")
    return Passages(ids, lengths)
