"""A large corpus ready for training: its tokens mapped from files, its text left where it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hornbook.errors import RunError
from hornbook.records import JSONObject, as_json
from hornbook.rendering import many
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles, Sums
from hornbook.text.corpus import SPLITS, Splits
from hornbook.text.data import REFERENCE, TEXT_LENGTH, TextData, tokenizer_bytes
from hornbook.text.large.cached import note
from hornbook.text.large.counted import Tokens
from hornbook.text.large.encoding import Corpus, encode
from hornbook.text.large.mapped import MappedStream
from hornbook.text.large.reading import FileMark, LargeText, changed, hashed
from hornbook.text.losses import share
from hornbook.text.samples import robust_longest
from hornbook.text.stream import Stream

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["LargeTextData", "Reference", "refuse_if_changed"]

LENGTHS = 1_000_000  # examples of which the lengths are looked at
MEASURED = 1_000_000  # predictions of a split that are evaluated, at most


@dataclass(frozen=True)
class Reference:
    """The corpus as a run keeps it: where it is, and what it was."""

    files: tuple[FileMark, ...]
    characters: int
    seed: int
    shares: tuple[int, int, int]
    encoding: str
    "As it was asked for."


class LargeTextData(TextData):
    """A corpus whose tokens are in files of the cache, and whose text is in those of its owner.

    Args:
        name, source, encoding, reason, otherwise, longest: as of any text.
        corpus: what the tokens are of.
        text: gives the text in pieces, where the tokens are not there.
        asked: the encoding that was asked for.
        about_tokens: what to know of how the tokens were learned.
        about_cache: what was removed to have room for them.
        run: the directory of the run that refers to it.
        tokens: the files, where they are known to be there.
    """

    def __init__(
        self,
        name: str,
        source: str,
        corpus: Corpus,
        text: Callable[[], LargeText],
        *,
        asked: str,
        longest: int = 0,
        encoding: str = "",
        reason: str = "",
        otherwise: str = "",
        about_tokens: str = "",
        about_cache: Sequence[str] = (),
        run: Path | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        super().__init__(
            name, source, corpus.job.mode, self.no_splits, corpus.job.tokenizer, kept=False,
            longest=longest, encoding=encoding, reason=reason, separator=corpus.job.separator,
            otherwise=otherwise,
        )  # fmt: skip
        self.corpus, self._text, self.asked = corpus, text, asked
        self.about_tokens, self._tokens = about_tokens, tokens
        self.about_cache, self.run = about_cache, run

    def __repr__(self) -> str:
        return f"<LargeTextData {self.name} from {self.source}>"

    def no_splits(self) -> Splits:
        """Nothing holds the text.

        Raises:
            RunError: always.
        """
        raise RunError(
            "This needs the whole text in memory, and the corpus was read in pieces because it is "
            "large.",
            hint="For a corpus that memory can hold, train with `large=no`.",
        )

    @property
    def absent(self) -> str:
        """Why nothing is held against the text."""
        return "The corpus is too large to be held in memory"

    @property
    def measured(self) -> int:
        """Predictions of a split that are evaluated at most."""
        return MEASURED

    @property
    def large(self) -> bool:
        """It is."""
        return True

    @property
    def sized(self) -> bool:
        """It is known how much text its tokens are."""
        return True

    @cached_property
    def tokens(self) -> Tokens:
        """What is in the files of tokens, which are written again if they are not there.

        Raises:
            DataError: if the text was changed since, or is gone and so are its tokens.
            RunError: if the tokens cannot be written.
        """
        if self._tokens is not None:
            return self._tokens
        for mark in self.corpus.files:
            if Path(mark.path).exists():
                refuse_if_changed(mark)
        found = self.corpus.tokens.whole() or encode(self.corpus, self._text())
        note(self.corpus.folder, [mark.path for mark in self.corpus.files], self.run)
        return found

    def stream(self, split: str) -> Stream:
        """The ids of a split, mapped."""
        if split not in self.streams:
            counts, files = self.tokens.counts[split], self.corpus.tokens
            boundary, lines = self.tokenizer.boundary, self.kind == "lines"
            self.streams[split] = MappedStream(
                files.ids(split),
                1 if lines else counts.first,
                boundary if lines else None,
                self.tokenizer.start,
                files.ends(split, counts) if lines else None,
            )
        return self.streams[split]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Tokens to predict in each split that holds something."""
        counts = self.tokens.counts
        found = {split: counts[split].ids - counts[split].first for split in SPLITS}
        return {split: size for split, size in found.items() if size}

    @cached_property
    def longest(self) -> int:
        """Most tokens in a sample: by the lengths of a part of the examples, evenly spread."""
        if self._longest:
            return self._longest
        if self.kind == "text":
            return TEXT_LENGTH
        stream = self.stream("train")
        assert isinstance(stream, MappedStream)
        return robust_longest(stream.some_lengths(LENGTHS))

    @property
    def about(self) -> Sequence[str]:
        """What was read and how, and what is other than with a text that is held."""
        drawn = " Each line is drawn into a split by a hash of it." if self.kind == "lines" else ""
        return (
            *super().about,
            f"Read in pieces; its tokens are in {self.corpus.folder}.{drawn} At most {MEASURED:,} "
            "predictions of a split are evaluated, evenly spread.",
            *filter(None, [self.about_tokens]),
            *self.about_cache,
        )

    @property
    def extent(self) -> str:
        """Examples and characters in all."""
        counts = self.tokens.counts.values()
        characters = many(sum(one.characters - one.examples for one in counts), "character")
        if self.kind == "text":
            return f"one text of {characters}"
        return f"{many(sum(one.examples for one in counts), self.one)} of {characters}"

    @property
    def table(self) -> Table:
        """Lines, characters and tokens of each split."""
        from hornbook.reports import Table

        lines = self.kind == "lines"
        heads = ("split", *([f"{self.one}s"] if lines else []), "characters", "tokens")
        rows = []
        for split, size in self.sizes.items():
            one = self.tokens.counts[split]
            counts = [*([one.examples] if lines else []), one.characters - one.examples, size]
            rows.append((split, *(f"{count:,}" for count in counts)))
        return Table(heads, tuple(rows))

    def tokens_in(self, split: str) -> tuple[float, float]:
        """How many tokens of a split there are for each character and for each byte."""
        one = self.tokens.counts[split]
        size = one.ids - one.first
        return share(size, one.characters), share(size, one.bytes)

    @property
    def details(self) -> JSONObject:
        """As of any text, and that it is a large one."""
        return {**super().details, "large": True}

    def keep(self, files: HashedFiles) -> None:
        """The tokenizer, and where the text is."""
        corpus = self.corpus
        kept = Reference(
            corpus.files, corpus.characters, corpus.job.seed, corpus.job.shares, self.asked
        )
        files.write(REFERENCE, (json.dumps(as_json(kept), indent=2) + "\n").encode())
        files.write("tokenizer.json", tokenizer_bytes(self.tokenizer))
        if not isinstance(files, Sums):
            note(corpus.folder, run=files.folder)


def refuse_if_changed(mark: FileMark) -> None:
    """Refuse a file that is not what it was, by its size and time, or else by its hash.

    Raises:
        DataError: naming it.
    """
    now = FileMark.of(Path(mark.path))
    if now.size == mark.size and now.modified == mark.modified:
        return
    if now.size == mark.size:
        digest = hashlib.sha256()
        for _ in hashed(Source(mark.path).pieces(), digest):
            pass
        if digest.hexdigest() == mark.sha256:
            return
    raise changed(mark, "since this run was made")
