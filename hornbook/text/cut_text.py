"""A text in its tokens, one after the other, as people are shown it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hornbook.records import JSON
from hornbook.text.losses import share
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["CutText", "cut_text"]


@dataclass(frozen=True)
class CutText:
    """A text in its tokens."""

    text: str
    "As the tokenizer reads it."
    ids: tuple[int, ...]
    labels: tuple[str, ...]
    "With signs for what leaves no ink."
    pieces: tuple[bytes, ...]
    "What of the text each token is."

    @property
    def per_character(self) -> float:
        """Tokens for each character."""
        return share(len(self.ids), len(self.text))

    @property
    def per_byte(self) -> float:
        """Tokens for each byte of UTF-8."""
        return share(len(self.ids), sum(map(len, self.pieces)))

    def as_dict(self) -> Mapping[str, JSON]:
        """All of it by name."""
        return {
            "text": self.text,
            "tokens": [
                {"id": token, "token": label, "bytes": len(piece)}
                for token, label, piece in zip(self.ids, self.labels, self.pieces, strict=True)
            ],
            "tokens_per_character": self.per_character,
            "tokens_per_byte": self.per_byte,
        }


def cut_text(tokenizer: Tokenizer, text: str) -> CutText:
    """A text in its tokens.

    Raises:
        UnknownTokenError: if it cannot be written in them.
    """
    ids = tuple(int(token) for token in tokenizer.encode(text))
    labels = tuple(map(tokenizer.label, ids))
    return CutText(tokenizer.as_read(text), ids, labels, tuple(tokenizer.written(text)))
