"""Labels for pieces of text: what leaves no ink gets a sign, and halves of characters their bytes.

b" the"    ␣the
b"\\n\\n"    ⏎⏎
b"\\xe8\\xa1"    <E8 A1>, the beginning of a character of three bytes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hornbook.rendering import describe

__all__ = ["label_of", "labels_of"]

SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\u00a0": "⍽"}
BOUNDARY = "<end>"


def labels_of(pieces: Sequence[bytes], special: Mapping[int, str]) -> tuple[str, ...]:
    """A label of its own for each piece.

    Args:
        pieces: of each id.
        special: labels of ids that are no text; they go before those of pieces that look the same.
    """
    found = [special.get(token) or label_of(piece) for token, piece in enumerate(pieces)]
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
    return "".join(SIGNS.get(one) or describe(one, quote=False) for one in text)
