"""Pairs, loaded: split, with the tokens of both sides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import DataError, RunError, UnknownTokenError
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.rows import Ids
from hornbook.pairs.splits import numbered, reader
from hornbook.records import JSONObject
from hornbook.rendering import clip, many
from hornbook.storage import HashedFiles, parse_json
from hornbook.suggestions import did_you_mean
from hornbook.tasks import Data
from hornbook.tasks.data import without_data
from hornbook.tasks.kept import a_number, json_bytes, kept_remarks, kept_splits, texts
from hornbook.tasks.splits import SPLITS
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.kinds import described, read_tokenizer
from hornbook.tokenizers.words import WordTokenizer

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["FILES", "PRIVATE", "PairData", "Side", "open_pairs"]

PRIVATE = frozenset(f"data/{name}.jsonl" for name in SPLITS)
SOURCE, TARGET = "tokenizer.json", "target_tokenizer.json"
FILES = PRIVATE | {SOURCE, TARGET}


@dataclass(frozen=True)
class Side:
    """The pairs of a split."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)


class PairData(Data):
    """Splits of pairs, and what both sides are written in.

    Args:
        name: what to call it.
        source: where it came from, for people.
        splits: by name, `train` first; those without pairs are left out.
        source_tokens: of the sources.
        target_tokens: of the targets, the same object where both sides share them; None where
            targets are labels.
        labels: by number; empty where targets are texts.
        columns: what the two sides are called.
        remarks: how they were read and split, in lines for people.
        counted: what is told of train where the pairs are not kept: longest source and target, and
            their number.
    """

    def __init__(
        self,
        name: str,
        source: str,
        splits: Mapping[str, Side],
        source_tokens: Tokenizer,
        target_tokens: Tokenizer | None,
        labels: Sequence[str] = (),
        *,
        columns: tuple[str, str] = ("source", "target"),
        remarks: Sequence[str] = (),
        counted: tuple[int, int, int] | None = None,
    ) -> None:
        self.name, self.source = name, source
        self.splits = {split: side for split, side in splits.items() if len(side)}
        self.source_tokens, self.target_tokens = source_tokens, target_tokens
        self.labels, self.columns, self.remarks = tuple(labels), columns, tuple(remarks)
        self.counted = counted
        self.encoded: dict[tuple[str, bool], list[Ids]] = {}

    def __repr__(self) -> str:
        return f"<PairData {self.name} from {self.source}: {'; '.join(self.about)}>"

    @property
    def kind(self) -> str:
        """`texts` or `labels`: what is said."""
        return "labels" if self.labels else "texts"

    @property
    def kept(self) -> bool:
        """Whether the pairs can still be read: a run may be without them."""
        return bool(self.splits)

    @property
    def shared(self) -> bool:
        """Whether both sides are written in the same tokens."""
        return self.target_tokens is self.source_tokens

    @cached_property
    def shape(self) -> Shape:
        """Both vocabularies, or how many labels; and how long and many the pairs of train are."""
        longest_source, longest_target, pairs = self.counted or self.counts()
        target = None if self.target_tokens is None else self.target_tokens.vocabulary
        return Shape(
            self.source_tokens.vocabulary, target, len(self.labels), self.shared,
            longest_source, longest_target, pairs,
        )  # fmt: skip

    def counts(self) -> tuple[int, int, int]:
        """Longest source and target of train in tokens, boundaries counted; and its pairs."""
        longest = max(map(len, self.sources("train")))
        said = 1 if self.labels else max(map(len, self.targets("train")))
        return longest, said, len(self.splits["train"])

    @property
    def sizes(self) -> Mapping[str, int]:
        """Pairs of each split."""
        return {name: len(side) for name, side in self.splits.items()}

    def side(self, split: str) -> Side:
        """The pairs of a split.

        Raises:
            DataError: if they are not kept.
        """
        if not self.kept:
            raise without_data("the pairs that it has learned from are gone")
        return self.splits[split]

    # Sources that read the same

    @cached_property
    def same(self) -> Callable[[str], str]:
        """What makes one of sources that read the same, as the split took them."""
        tokens = self.source_tokens
        return reader(isinstance(tokens, WordTokenizer) and tokens.lowercase)

    def owners(self, sources: Iterable[str]) -> Ids:
        """The number of each source, from 0, by where one that reads the same is first; (N,)."""
        return numbered(map(self.same, sources))

    # Ids

    def sources(self, split: str) -> list[Ids]:
        """The ids of the sources of a split, each with its boundary behind it."""
        key = (split, True)
        if key not in self.encoded:
            self.encoded[key] = [self.read(text) for text in self.side(split).sources]
        return self.encoded[key]

    def targets(self, split: str) -> list[Ids]:
        """The ids of the targets of a split, each with its boundary behind it."""
        key = (split, False)
        if key not in self.encoded:
            tokens = self.writing
            self.encoded[key] = [ended(tokens, text) for text in self.side(split).targets]
        return self.encoded[key]

    def numbers(self, split: str) -> Ids:
        """The numbers of the labels of a split, shape (N,)."""
        known = {label: number for number, label in enumerate(self.labels)}
        return np.array([known[label] for label in self.side(split).targets], np.int64)

    def read(self, text: str) -> Ids:
        """The ids of a source, with its boundary behind it.

        Raises:
            UnknownTokenError: if it cannot be written in the vocabulary.
        """
        return ended(self.source_tokens, text)

    def written(self, text: str) -> Ids | None:
        """The ids of a target, with its boundary behind it; None if it cannot be written."""
        try:
            return ended(self.writing, text)
        except UnknownTokenError:
            return None

    @property
    def writing(self) -> Tokenizer:
        """The tokens of the targets.

        Raises:
            DataError: if they are labels.
        """
        if self.target_tokens is None:
            raise DataError(f"The targets are labels ({self.columns[1]}), not texts.")
        return self.target_tokens

    def label(self, name: str) -> int:
        """The number of a label.

        Raises:
            DataError: if it is none of train.
        """
        if name in self.labels:
            return self.labels.index(name)
        raise DataError(
            f"{clip(name, 60)!r} is not one of the {len(self.labels)} labels of the run.",
            hint=f"{did_you_mean(name, self.labels)}Labels: {', '.join(self.labels[:20])}.",
        )

    # For people

    @property
    def about(self) -> Sequence[str]:
        """What was read and how."""
        sizes = " / ".join(f"{size:,}" for size in self.sizes.values())
        first = f"pairs in {' / '.join(self.sizes)}: {sizes}"
        return (first, *self.remarks)

    @property
    def reading(self) -> Sequence[str]:
        """How it was read and split."""
        return self.remarks

    @property
    def extent(self) -> str:
        """How many pairs there are in all."""
        pairs = many(sum(self.sizes.values()), "pair")
        return f"{pairs}, {len(self.labels)} labels" if self.labels else pairs

    @property
    def table(self) -> Table:
        """Pairs, and tokens of both sides, in each split."""
        from hornbook.reports import Table

        rows = []
        for name, side in self.splits.items():
            cells = [name, f"{len(side):,}", f"{sum(map(len, self.sources(name))):,}"]
            if not self.labels:
                cells.append(f"{sum(map(len, self.targets(name))):,}")
            rows.append(tuple(cells))
        head = ("split", "pairs", "source tokens", "target tokens")
        return Table(head[: 3 if self.labels else 4], tuple(rows))

    # Keeping

    @property
    def details(self) -> JSONObject:
        """What is not in the files."""
        shape = self.shape
        return {
            "splits": list(self.splits),
            "remarks": list(self.remarks),
            "columns": list(self.columns),
            "labels": list(self.labels),
            "longest_source": shape.longest_source,
            "longest_target": shape.longest_target,
            "pairs": shape.pairs,
        }

    def keep(self, files: HashedFiles) -> None:
        """A file of JSON lines for each split, and the tokens of each side."""
        for name, side in self.splits.items():
            lines = [
                json.dumps([given, said], ensure_ascii=False) + "\n"
                for given, said in zip(side.sources, side.targets, strict=True)
            ]
            files.write(f"data/{name}.jsonl", "".join(lines).encode("utf-8", "surrogatepass"))
        files.write(SOURCE, json_bytes(described(self.source_tokens)))
        if self.target_tokens is not None and not self.shared:
            files.write(TARGET, json_bytes(described(self.target_tokens)))


def ended(tokens: Tokenizer, text: str) -> Ids:
    """The ids of a text and the boundary behind it."""
    assert tokens.boundary is not None
    return np.append(tokens.encode(tokens.as_read(text)), tokens.boundary).astype(np.int64)


def open_pairs(files: HashedFiles, name: str, source: str, details: JSONObject) -> PairData:
    """The data that `PairData.keep` wrote.

    Raises:
        RunError: if they are not what was written.
    """
    try:
        labels, columns = texts(details.get("labels")), texts(details.get("columns"))
        if len(columns) != 2 or len(set(labels)) != len(labels) or len(labels) == 1:
            raise ValueError("columns must be two, and labels differ")
        counted = (
            a_number(details, "longest_source"),
            a_number(details, "longest_target"),
            a_number(details, "pairs"),
        )
        names, remarks = kept_splits(details), kept_remarks(details)
        tokens = read_tokenizer(parse_json(files.read(SOURCE)))
        said: Tokenizer | None = None if labels else tokens
        if not labels and files.has(TARGET):
            said = read_tokenizer(parse_json(files.read(TARGET)))
        if any(one is not None and one.boundary is None for one in (tokens, said)):
            raise ValueError("tokens of pairs have a boundary")
        splits = {}
        if files.has("data/train.jsonl"):
            splits = {one: opened(files.read(f"data/{one}.jsonl"), labels) for one in names}
        return PairData(
            name, source, splits, tokens, said, labels,
            columns=(columns[0], columns[1]), remarks=remarks, counted=counted,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RunError(f"The data of the run are damaged: {error}.") from error


def opened(data: bytes, labels: Sequence[str]) -> Side:
    """Pairs from a file of theirs.

    Raises:
        ValueError: if they are none, or one has a label that is not known.
    """
    sources, targets = [], []
    for line in data.decode("utf-8", "surrogatepass").split("\n")[:-1]:
        given, said = texts(parse_json(line))
        sources.append(given)
        targets.append(said)
    if not sources:
        raise ValueError("a split has no pairs")
    if labels and not set(targets) <= set(labels):
        raise ValueError("a label is not known")
    return Side(tuple(sources), tuple(targets))
