"""From text to words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal
from unicodedata import category

__all__ = ["passages_of", "words_of"]

# Scripts that are written without spaces: each of their characters is a word.
SINGLE = "\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\U00020000-\U0003134f"
JOINERS = "\u200c\u200d"  # between letters of a word
LAST_MARK = 0x1E94A  # but for those that choose a form, from U+E0100 on
BLANK = re.compile(r"\n[^\S\n]*\n")


def words_of(text: str, *, lowercase: bool = True) -> list[str]:
    """The words of a text, in its order: letters and digits, with apostrophes and hyphens inside.

        >>> words_of("O Romeo, wherefore art thou? 'Tis well-known.")
        ['o', 'romeo', 'wherefore', 'art', 'thou', 'tis', 'well-known']

    A typographic apostrophe is read as the plain one.
    """
    found = word().findall((text.lower() if lowercase else text).replace("’", "'"))
    return [str(word) for word in found]


@cache
def word() -> re.Pattern[str]:
    """What finds a word: letters and digits with the marks that belong to them.

    For `re`, unlike a reader, a vowel sign of Devanagari is none of a letter.
    """
    marks = "".join(
        chr(point) for point in range(0x300, LAST_MARK + 1) if category(chr(point))[0] == "M"
    )
    inside = rf"(?:(?![{SINGLE}])[^\W_][{marks}{JOINERS}]*)+"
    return re.compile(rf"[{SINGLE}][{marks}]*|{inside}(?:['’-]{inside})*")


def passages_of(
    text: str, how: Literal["auto", "line", "paragraph"]
) -> tuple[Sequence[str], Literal["line", "paragraph"]]:
    """The passages of a text, and what they are.

    Args:
        text: with line ends as LF.
        how: what parts them; `auto`: blank lines if there are some inside, else line ends.
    """
    if how == "line" or (how == "auto" and not BLANK.search(text.strip())):
        return text.split("\n"), "line"
    return BLANK.split(text), "paragraph"
