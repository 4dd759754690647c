"""Codes that are taken for a mark of what is missing: NA, which is Namibia among countries."""

from __future__ import annotations

import re

from hornbook.tables.raw import Raw

__all__ = ["lost_code", "told_of_lost_code"]

CODE = re.compile("[A-Z]{2}|[a-z]{2}")
LEAST = 3  # different codes of two letters, from which on another one is probably a code too


def lost_code(raw: Raw) -> str:
    """A text that is read as missing, and may be a code as all others are: NA among DE and FR.

    Empty if there is none.
    """
    told = raw.told
    if raw.too_long or len(told) < LEAST or not all(map(CODE.fullmatch, told)):
        return ""
    upper = {one.isupper() for one in told}
    texts = zip(raw.texts, raw.text_is_missing.tolist(), strict=True)
    gone = (text for text, missing in texts if missing and CODE.fullmatch(text))
    return next((text for text in gone if upper == {text.isupper()}), "")


def told_of_lost_code(code: str) -> str:
    """What to say of a column with such a code, after its name."""
    return (
        f"holds codes of two letters, and {code!r} is read as missing there; if it is a code too, "
        f"such as that of Namibia, write it otherwise in the file: {code + '_'!r}"
    )
