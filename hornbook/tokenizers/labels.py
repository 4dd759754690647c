"""Labels for pieces of text: what leaves no ink gets a sign, and halves of characters their bytes.

b" the"    ␣the
b"\\n\\n"    ⏎⏎
b"\\xe8\\xa1"    <E8 A1>, the beginning of a character of three bytes

What a reader sees as one stays one: an accent after its letter, an emoji of several.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from hornbook.rendering import describe

__all__ = ["label_of", "labels_of"]

SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\u00a0": "⍽"}
BOUNDARY = "<end>"
INK = "LNPS"  # first letters of the categories of what leaves ink of its own
JOINERS = "\u200c\u200d"
FLAG, TAGS = "\U0001f3f4", range(0xE0020, 0xE0080)  # what a flag of a region is made of


def labels_of(pieces: Sequence[bytes], special: Mapping[int, str]) -> tuple[str, ...]:
    """A label of its own for each piece.

    Args:
        pieces: of each id.
        special: labels of ids that are not text; they go before those of pieces that look the same.
    """
    found = [special.get(token) or label_of(piece) for token, piece in enumerate(pieces)]
    seen = set(found)
    for token, label in enumerate(found):
        if (composed := unicodedata.normalize("NFC", label)) != label and composed in seen:
            # An é of two characters where there is an é of one, too.
            found[token] = "".join(describe(one, quote=False) for one in pieces[token].decode())
    taken = set(special.values())
    for token, label in enumerate(found):
        if token not in special:
            found[token] = label if label not in taken else f"{label}#{token}"
            taken.add(found[token])
    return tuple(found)


def label_of(piece: bytes) -> str:
    """One piece for people; two pieces may get the same."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return f"<{piece.hex(' ').upper()}>"
    return "".join(signs(text))


def signs(text: str) -> Iterator[str]:
    """What a reader is shown for each character: itself, where it or what it belongs to is seen."""
    base = ""  # what the next mark or joiner would belong to; none at the beginning of a text
    for at, one in enumerate(text):
        if one in SIGNS:
            base = ""
            yield SIGNS[one]
        elif base and belongs(one, base, text[at + 1 : at + 2]):
            yield one
        else:
            base = one if unicodedata.category(one)[0] in INK else ""
            yield describe(one, quote=False)


def belongs(one: str, base: str, after: str) -> bool:
    """Whether a character is seen as a part of the one before it, or joins it to the next."""
    if one in JOINERS:  # at the end of a piece it joins nothing that is seen
        return bool(after) and unicodedata.category(after)[0] in INK
    return unicodedata.category(one)[0] == "M" or (base == FLAG and ord(one) in TAGS)
