"""Kinds of symbols, each with a colour and a shape, by Unicode's general category."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from hornbook.data.tokenizer import CharTokenizer

__all__ = ["KINDS", "Kind", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """A kind of symbol and how it is marked."""

    name: str
    colour: str
    "Of the palette of Okabe and Ito, which the colour-blind can tell apart."
    marker: str
    "matplotlib's name of a shape: no kind is told by its colour alone."


VOWEL = Kind("vowel", "#D55E00", "o")
CONSONANT = Kind("consonant", "#0072B2", "s")
CAPITAL = Kind("capital", "#009E73", "^")
LETTER = Kind("other letter", "#56B4E9", "D")
DIGIT = Kind("digit", "#CC79A7", "p")
PUNCTUATION = Kind("punctuation or sign", "#E69F00", "v")
BLANK = Kind("blank or control", "#000000", "X")
BOUNDARY = Kind("boundary", "#000000", "*")

KINDS = (VOWEL, CONSONANT, CAPITAL, LETTER, DIGIT, PUNCTUATION, BLANK, BOUNDARY)


def kind_of(tokenizer: CharTokenizer, token: int) -> Kind:
    """The kind of an id's symbol.

    Vowels and consonants are told apart among the small Latin letters, accented or not; `y`, which
    is both, counts as a consonant. A capital is one of any script; other scripts' small letters,
    and letters of scripts without case, are other letters.
    """
    if tokenizer.boundary and token == 0:
        return BOUNDARY
    symbol = tokenizer.symbols[token - tokenizer.boundary]
    category = unicodedata.category(symbol)
    if category in ("Lu", "Lt"):
        return CAPITAL
    if category[0] == "L":
        if not unicodedata.name(symbol, "").startswith("LATIN SMALL LETTER"):
            return LETTER
        return VOWEL if unicodedata.normalize("NFD", symbol)[0] in "aeiouæœøı" else CONSONANT
    return {"N": DIGIT, "P": PUNCTUATION, "S": PUNCTUATION}.get(category[0], BLANK)
