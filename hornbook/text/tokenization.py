"""What a tokenizer makes of a text: how much of it a token is, and which tokens are worth a look.

A token that is in the vocabulary and never in train is a candidate for a glitch: its row of the
embedding is as it was drawn at first, and where it does appear, nobody knows what a net makes of
it. In GPT-2's tokens " SolidGoldMagikarp" is one, a name that the text it was trained on has not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hornbook.records import JSON
from hornbook.text.corpus import SPLITS, Splits
from hornbook.text.losses import share
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["CountedToken", "CutWord", "SplitTokens", "Tokenization", "tokenization"]

LISTED = 10  # tokens of each kind that are listed
LONGEST_WORD = 24  # characters: what is longer is not a word but a line without spaces
WORDS = 4  # frequent and rare words that are shown cut
READ = 2_000_000  # characters of train that are searched for words


@dataclass(frozen=True)
class SplitTokens:
    """How much text a split is, and how many tokens."""

    tokens: int
    characters: int
    "Code points; the end of a line counts as one."
    bytes: int
    "Of UTF-8."
    unknown: int
    "How many of the tokens stand for what the vocabulary has not."

    @property
    def per_character(self) -> float:
        """Tokens for each character."""
        return share(self.tokens, self.characters)

    @property
    def per_byte(self) -> float:
        """Tokens for each byte."""
        return share(self.tokens, self.bytes)

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        return {
            "tokens": self.tokens,
            "characters": self.characters,
            "bytes": self.bytes,
            "unknown": self.unknown,
            "tokens_per_character": self.per_character,
            "tokens_per_byte": self.per_byte,
        }


@dataclass(frozen=True)
class CountedToken:
    """A token, and how often it is in train."""

    id: int
    label: str
    bytes: int
    times: int


@dataclass(frozen=True)
class CutWord:
    """A word of train in its tokens."""

    word: str
    tokens: tuple[str, ...]
    "Their labels."
    times: int
    "How often train has the word."


@dataclass(frozen=True)
class Tokenization:
    """What a tokenizer makes of a text."""

    kind: str
    about: str
    "What its tokens are, in a few words."
    vocab_size: int
    splits: dict[str, SplitTokens]
    "Of those that hold something."
    frequent: tuple[CountedToken, ...]
    "The most frequent in train."
    longest: tuple[CountedToken, ...]
    "Those of the most bytes that train has."
    rarest: tuple[CountedToken, ...]
    "The least frequent that train has."
    never: int
    "How many of the vocabulary train never has, the single bytes of any text left out."
    never_bytes: int
    "How many single bytes it never has."
    glitches: tuple[CountedToken, ...]
    "The longest of those that it never has."
    words: tuple[CutWord, ...]
    "Frequent words and rare ones."

    def as_dict(self) -> dict[str, JSON]:
        """All of it by name."""

        def listed(tokens: Sequence[CountedToken]) -> list[JSON]:
            return [{"id": t.id, "token": t.label, "bytes": t.bytes, "times": t.times}
                    for t in tokens]  # fmt: skip

        return {
            "tokens": self.kind,
            "about": self.about,
            "vocab_size": self.vocab_size,
            "splits": {name: one.as_dict() for name, one in self.splits.items()},
            "frequent": listed(self.frequent),
            "longest": listed(self.longest),
            "rarest": listed(self.rarest),
            "never_in_train": self.never,
            "bytes_never_in_train": self.never_bytes,
            "glitch_candidates": listed(self.glitches),
            "words": [
                {"word": one.word, "tokens": list(one.tokens), "times": one.times}
                for one in self.words
            ],
        }


def tokenization(tokenizer: Tokenizer, splits: Splits) -> Tokenization:
    """What a tokenizer makes of the splits of a text.

    Args:
        tokenizer: that can write them.
        splits: as it reads them.

    Raises:
        MissingPackageError: if a package that it needs is not installed.
        UnknownTokenError: if it cannot write them.
    """
    sizes, counts = {}, np.zeros(tokenizer.vocab_size, dtype=np.int64)
    for name in SPLITS:
        if not splits[name]:
            continue
        ids, _ = tokenizer.encode_many(splits[name])
        ends = len(splits[name]) if tokenizer.boundary is not None else 0
        # Of each text what is put before it is not its own, and the end of a line is.
        more = ends - len(tokenizer.lead) * len(splits[name])
        sizes[name] = SplitTokens(
            len(ids) + ends,
            tokenizer.count_characters(ids) + more,
            tokenizer.count_bytes(ids) + more,
            tokenizer.count_unknown(ids),
        )
        if name == "train":
            counts += np.bincount(ids, minlength=len(counts))
    pieces = tokenizer.pieces
    special = {tokenizer.boundary, tokenizer.unknown}
    texts = [i for i, piece in enumerate(pieces) if piece and i not in special]

    def listed(ids: Sequence[int]) -> tuple[CountedToken, ...]:
        return tuple(
            CountedToken(i, tokenizer.label(i), len(pieces[i]), int(counts[i]))
            for i in ids[:LISTED]
        )

    had = [i for i in texts if counts[i]]
    never = [i for i in texts if not counts[i]]
    # In a vocabulary of bytes most are never seen, and none is a surprise.
    joined = [i for i in never if len(pieces[i]) > 1 or len(texts) < 256]
    return Tokenization(
        kind=tokenizer.kind,
        about=tokenizer.about,
        vocab_size=tokenizer.vocab_size,
        splits=sizes,
        frequent=listed(sorted(had, key=lambda i: (-counts[i], i))),
        longest=listed(sorted(had, key=lambda i: (-len(pieces[i]), -counts[i], i))),
        rarest=listed(sorted(had, key=lambda i: (counts[i], -len(pieces[i]), i))),
        never=len(joined),
        never_bytes=len(never) - len(joined),
        glitches=listed(sorted(joined, key=lambda i: (-len(pieces[i]), i))),
        words=tuple(cut_words(tokenizer, splits.train)),
    )


def cut_words(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[CutWord]:
    """Some words in their tokens: frequent long ones, then the longest of those that occur once.

    A word has the blank before it, as it stands in the text.
    """
    counts: Counter[str] = Counter()
    left = READ
    for text in texts:
        # Runs without white space, so that no grapheme is torn.
        counts.update(re.findall(r" ?\S+", text[:left]))
        left -= len(text)
        if left <= 0:
            break
    plain = {word: n for word, n in counts.items() if is_word(word)}
    typical = sorted(len(word) for word in plain)
    long = typical[len(typical) // 2] if typical else 0
    frequent = [w for w, _ in Counter(plain).most_common() if len(w) >= long][:WORDS]
    once = sorted((w for w, n in plain.items() if n == 1), key=lambda w: (-len(w), w))
    for word in dict.fromkeys([*frequent, *once[:WORDS]]):
        ids = tokenizer.encode(word.removeprefix(tokenizer.lead.decode()))
        found = tuple(tokenizer.label(int(i)) for i in ids)
        yield CutWord(word.strip(), found, plain[word])


def is_word(text: str) -> bool:
    """Whether a run of characters is one word: letters and their marks, not too many."""
    bare = text.strip(" ")
    return 1 < len(bare) <= LONGEST_WORD and not any(
        unicodedata.category(one)[0] in "PSZC" for one in bare
    )
