"""Between text and ids: one id for each word that is frequent enough in train.

A text is cut into words, signs and blanks, and nothing of it is lost: the space before a word or a
sign belongs to it, as in GPT-2's tokens, so " the" and "the" at the beginning of a line are two.

    To be, or not    To | ␣be | , | ␣or | ␣not

What is rarer than the cut, and what dev, test or a user have and train has not, is read as one
unknown word. It is predicted like any other, but it says nothing of the text: figures per
character and per byte leave the text that it stands for out, and it is not sampled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing
from hornbook.records import JSON, JSONObject
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.labels import BOUNDARY, labels_of
from hornbook.tokenizers.listed import as_listed, read_listed
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["WordTokenizer", "cut_into_words", "pattern_of_words"]

UNKNOWN = "<unknown>"
# Scripts that are written without spaces: each of their characters is a word.
SINGLE = r"\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\U00020000-\U0003134f"
LETTERS = r"\p{L}\p{M}\p{N}"
INSIDE = rf"(?:(?![{SINGLE}])[{LETTERS}])+"
OLDER = rf" ?{INSIDE}(?:['’-]{INSIDE})*| ?[{SINGLE}]| ?[^\s{LETTERS}]|[\s{LETTERS}]"
# With the marks of Thai vowels, and with what joins letters or keeps them from it: ZWJ and ZWNJ.
JOINED = rf"{INSIDE}(?:[\u200c\u200d]+(?:{INSIDE})?)*"
PATTERN = (
    rf" ?{JOINED}(?:['’-]{JOINED})*| ?[{SINGLE}]\p{{M}}*| ?[^\s{LETTERS}]\p{{M}}*|[\s{LETTERS}]"
)


@dataclass(frozen=True)
class WordTokenizer(Tokenizer):
    """A tokenizer of words: ids are the words in their order, the unknown one, the boundary."""

    kind = "words"
    libraries = ("regex",)
    unit = "word"
    rewrites = True

    words: tuple[str, ...]
    has_boundary: bool
    lowercase: bool = False
    marks: bool = True
    "Whether marks and joiners stay with their letter; older runs part some of them from it."

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """The words of train that are frequent enough, the most frequent first.

        Raises:
            MissingPackageError: if `regex` is not installed.
            UnknownTokenError: as `utf8`.
        """
        counts: Counter[str] = Counter()
        for text in texts.train:
            utf8(text)
            counts.update(cut_into_words(text.lower() if settings.lowercase else text))
        kept = [(-n, word) for word, n in counts.items() if n >= settings.min_count]
        return cls(tuple(word for _, word in sorted(kept)), texts.boundary, settings.lowercase)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """A text's contexts begin with a line feed; without one, with the unknown word."""
        if self.has_boundary:
            end = self.unknown + 1
            return Vocabulary(end + 1, end, end)
        return Vocabulary(self.unknown + 1, None, self.table.get("\n", self.unknown))

    @property
    def unknown(self) -> int:
        """The id of what is in no vocabulary: it follows those of the words."""
        return len(self.words)

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """The words, and a name for the unknown one that no word can have."""
        return (*self.words, f"\0{UNKNOWN}", *([""] if self.has_boundary else []))

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each word; of the unknown one those of U+FFFD, the replacement character."""
        known = tuple(word.encode() for word in self.words)
        return (*known, "\ufffd".encode(), *([b""] if self.has_boundary else []))

    @cached_property
    def table(self) -> dict[str, int]:
        """From word to id."""
        return {word: token for token, word in enumerate(self.words)}

    @property
    def about(self) -> str:
        """How many are known."""
        read = ", in lowercase" if self.lowercase else ""
        return f"words{read}; {len(self.words):,} are known, all others are one unknown word"

    def as_read(self, text: str) -> str:
        """The text in lowercase, if that was asked for."""
        return text.lower() if self.lowercase else text

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (words,); nothing is refused but halves of surrogate pairs.

        Raises:
            UnknownTokenError: as `utf8`.
        """
        utf8(text)
        table, unknown = self.table, self.unknown
        found = [
            table.get(word, unknown)
            for word in cut_into_words(self.as_read(text), marks=self.marks)
        ]
        return np.array(found, dtype=np.int64)

    def written(self, text: str) -> list[bytes]:
        """The words, unknown ones too."""
        utf8(text)
        return [word.encode() for word in cut_into_words(self.as_read(text), marks=self.marks)]

    def label(self, token: int) -> str:
        """The word, with signs for what leaves no ink."""
        return self.labels[token]

    @property
    def reveals(self) -> str:
        """Words of the text."""
        return "the tokens are the words of the training text"

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All of them."""
        special = {self.unknown: UNKNOWN}
        if self.boundary is not None:
            special[self.boundary] = BOUNDARY
        return labels_of(self.pieces, special)

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values."""
        more: dict[str, JSON] = {"marks": True} if self.marks else {}
        return as_listed(self.kind, "words", self.words, boundary=self.has_boundary,
                         lowercase=self.lowercase, **more)  # fmt: skip

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        record = read_listed(Described, value, "words", ordered=False)
        return cls(record.words, record.boundary, record.lowercase, record.marks)


@dataclass(frozen=True)
class Described:
    """A tokenizer of words in a file."""

    kind: Literal["words"]
    boundary: bool
    lowercase: bool
    words: tuple[str, ...]
    marks: bool = False


def cut_into_words(text: str, *, marks: bool = True) -> list[str]:
    """A text as words, signs and blanks, which together are the text again.

        >>> cut_into_words("To be, or not")
        ['To', ' be', ',', ' or', ' not']

    Args:
        text: any.
        marks: whether marks and joiners stay with their letter.

    Raises:
        MissingPackageError: if `regex` is not installed.
    """
    with needing("regex", "Cutting text into words"):
        import regex
    found: list[str] = regex.findall(pattern_of_words(marks=marks), text)
    return found


def pattern_of_words(*, marks: bool) -> str:
    """What finds words, signs and blanks, one after the other, as `regex` reads it."""
    return PATTERN if marks else OLDER
