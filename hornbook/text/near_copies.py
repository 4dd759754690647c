"""Which texts are within one edit of a line of the data, without comparing each with each.

Two texts are one insertion, deletion or replacement apart if one of them becomes the other without
one of its characters, or if both become the same without the character at the same place. So the
texts asked about are kept by what is left of them without each of their characters, and every line
of the data is looked up (the idea of Garbe's SymSpell): the time grows with the sizes of both, not
with their product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["near_copies"]


def near_copies(texts: Sequence[str], lines: Iterable[str]) -> list[bool]:
    """Whether each text differs from some line by exactly one character.

    Args:
        texts: what is asked about.
        lines: of the data; a text that is one of them is still near if it is near another.

    Returns:
        One answer for each text.
    """
    asked = set(texts)
    lengths = {len(text) for text in asked}
    shorter: dict[str, list[str]] = {}  # what is left of a text: the texts
    holed: dict[tuple[int, str], list[str]] = {}  # and at which place something is missing
    for text in asked:
        for place, left in without_one(text):
            shorter.setdefault(left, []).append(text)
            holed.setdefault((place, left), []).append(text)
    near: set[str] = set()
    for line in set(lines):
        if len(line) + 1 in lengths:
            near.update(shorter.get(line, ()))
        one_less, alike = len(line) - 1 in lengths, len(line) in lengths
        if not (one_less or alike):
            continue
        for place, left in without_one(line):
            if one_less and left in asked:
                near.add(left)
            if alike and (place, left) in holed:
                near.update(text for text in holed[place, left] if text != line)
    return [text in near for text in texts]


def without_one(text: str) -> Iterable[tuple[int, str]]:
    """Each place of a text, and what is left without the character there."""
    return ((place, text[:place] + text[place + 1 :]) for place in range(len(text)))
