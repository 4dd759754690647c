"""Kinds of symbols, each with a colour and a shape, by Unicode's general category."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from hornbook.plots.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["KINDS", "Kind", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """A kind of symbol and how it is marked."""

    name: str
    colour: str
    "Of the palette of Okabe and Ito, which the colour-blind can tell apart."
    marker: str
    "matplotlib's name of a shape: no kind is told by its colour alone."


VOWEL = Kind("vowel", VERMILION, "o")
CONSONANT = Kind("consonant", BLUE, "s")
CAPITAL = Kind("capital", GREEN, "^")
LETTER = Kind("other letter", SKY, "D")
DIGIT = Kind("digit", PURPLE, "p")
PUNCTUATION = Kind("punctuation or sign", ORANGE, "v")
BLANK = Kind("blank or control", BLACK, "X")
BOUNDARY = Kind("boundary", BLACK, "*")

KINDS = (VOWEL, CONSONANT, CAPITAL, LETTER, DIGIT, PUNCTUATION, BLANK, BOUNDARY)


def kind_of(tokenizer: Tokenizer, token: int) -> Kind:
    """The kind of an id's symbol.

    Vowels and consonants are told apart among the small Latin letters, accented or not; `y`, which
    is both, counts as a consonant. A capital is one of any script; other scripts' small letters,
    and letters of scripts without case, are other letters.
    """
    if token == tokenizer.boundary:
        return BOUNDARY
    symbol = tokenizer.decode([token])
    category = unicodedata.category(symbol)
    if category in ("Lu", "Lt"):
        return CAPITAL
    if category[0] == "L":
        if not unicodedata.name(symbol, "").startswith("LATIN SMALL LETTER"):
            return LETTER
        return VOWEL if unicodedata.normalize("NFD", symbol)[0] in "aeiouæœøı" else CONSONANT
    return {"N": DIGIT, "P": PUNCTUATION, "S": PUNCTUATION}.get(category[0], BLANK)
