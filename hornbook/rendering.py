"""Foreign text made fit to be shown: characters that leave no ink, long texts, places in a text."""

from __future__ import annotations

import unicodedata

__all__ = ["around", "clip", "describe"]


def describe(character: str, *, quote: bool = True) -> str:
    """A character so that a person can see which it is, even where it leaves no ink."""
    visible = unicodedata.category(character)[0] in "LNPS"
    if visible:
        return f"{character!r}" if quote else character
    short = {" ": "space", "\n": "line feed", "\t": "tab", "\u00a0": "no-break space"}
    name = short.get(character) or unicodedata.name(character, "").lower() or "unnamed"
    return (
        f"U+{ord(character):04X} ({name})"
        if quote
        else short.get(character, f"U+{ord(character):04X}")
    )


def around(text: str, place: int, reach: int = 20) -> str:
    """A text's part around a place, for a message."""
    low, high = max(0, place - reach), place + reach
    return ("…" if low else "") + text[low:high] + ("…" if high < len(text) else "")


def clip(text: str, length: int = 40) -> str:
    """The beginning of a text, for a message."""
    return text if len(text) <= length else text[:length] + "…"
