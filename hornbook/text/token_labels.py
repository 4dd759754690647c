"""Ids as pictures of text can show them: a short sign for each."""

from __future__ import annotations

from collections.abc import Iterable

from hornbook.plots.fonts import in_ink
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["letters", "sign"]

SHORT = {b" ": "␣", b"\n": "⏎", b"\t": "⇥", "\u00a0".encode(): "⍽"}  # there is little room
LONGEST = 12  # characters of a sign


def sign(tokenizer: Tokenizer, token: int) -> str:
    """A short label of an id, with a sign for what leaves no ink."""
    label = SHORT.get(tokenizer.pieces[token]) or tokenizer.label(token)
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def letters(tokenizer: Tokenizer, tokens: Iterable[int]) -> list[str]:
    """The sign of each id as pictures can have it."""
    return [in_ink(sign(tokenizer, int(token))) for token in tokens]
