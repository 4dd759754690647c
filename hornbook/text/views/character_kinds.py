"""Kinds of tokens, each with a colour and a marker, by Unicode's general category."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from hornbook.plots.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["KINDS", "CharacterKind", "kind_of"]


@dataclass(frozen=True)
class CharacterKind:
    """A kind of token and its colour and marker."""

    name: str
    colour: str
    "From the palette of Okabe and Ito, which colour-blind readers can distinguish."
    marker: str
    "matplotlib's name of the marker, so that kinds differ not only in colour."


VOWEL = CharacterKind("vowel", VERMILION, "o")
CONSONANT = CharacterKind("consonant", BLUE, "s")
CAPITAL = CharacterKind("capital", GREEN, "^")
LETTER = CharacterKind("other letter", SKY, "D")
DIGIT = CharacterKind("digit", PURPLE, "p")
PUNCTUATION = CharacterKind("punctuation or symbol", ORANGE, "v")
BLANK = CharacterKind("space or control", BLACK, "X")
BOUNDARY = CharacterKind("boundary token", BLACK, "*")

KINDS = (VOWEL, CONSONANT, CAPITAL, LETTER, DIGIT, PUNCTUATION, BLANK, BOUNDARY)


def kind_of(tokenizer: Tokenizer, token: int) -> CharacterKind:
    """The kind of the token with an id.

    Lowercase Latin letters, accented or not, are vowels or consonants; `y`, which is both, counts
    as a consonant. Capitals can be of any script. Lowercase letters of other scripts, and letters
    of scripts without case, are other letters. Of a token of several characters the first that is
    not blank counts, and small letters are neither vowels nor consonants. Half of a character is
    shown as a symbol, and a token that is not text as the boundary.
    """
    text = tokenizer.decode([token])
    if token == tokenizer.boundary or not text:
        return BOUNDARY
    character = (text.strip() or text)[0]
    category = unicodedata.category(character)
    if category in ("Lu", "Lt"):
        return CAPITAL
    if category[0] == "L":
        latin = unicodedata.name(character, "").startswith("LATIN SMALL LETTER")
        if not latin or len(unicodedata.normalize("NFC", text)) > 1:
            return LETTER
        return VOWEL if unicodedata.normalize("NFD", character)[0] in "aeiouæœøı" else CONSONANT
    return {"N": DIGIT, "P": PUNCTUATION, "S": PUNCTUATION}.get(category[0], BLANK)
