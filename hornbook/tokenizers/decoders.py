"""Between bytes, ids and text: what ids become as they come, and the bytes of a text."""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Sequence

from hornbook.errors import UnknownTokenError
from hornbook.rendering import around, describe

__all__ = ["ByteDecoder", "Decoder", "utf8"]


class Decoder(ABC):
    """Turns ids into text as they come, one sequence for each decoder.

    A token may be half a character: what is not certain yet is held back until it is.
    """

    @abstractmethod
    def push(self, token: int) -> str:
        """Read one more id; the text that is certain now and was not before, perhaps none."""

    @abstractmethod
    def end(self) -> str:
        """What was held back, when no more ids come."""


class ByteDecoder(Decoder):
    """Ids whose pieces are bytes: the beginning of a character is held back until it is whole.

    Args:
        pieces: the bytes of each id.
        errors: what becomes of bytes that are not UTF-8, as `bytes.decode` has it.
        lead: what is left out where the text begins with it.
    """

    def __init__(self, pieces: Sequence[bytes], errors: str = "replace", lead: bytes = b"") -> None:
        self.pieces, self.held = pieces, codecs.getincrementaldecoder("utf-8")(errors)
        self.lead = lead

    def push(self, token: int) -> str:
        """The characters that an id completes."""
        piece = self.pieces[token]
        if piece and self.lead:
            piece, self.lead = piece.removeprefix(self.lead), b""
        return self.held.decode(piece)

    def end(self) -> str:
        """What stands for a character that was not completed."""
        return self.held.decode(b"", final=True)


def utf8(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        UnknownTokenError: if it has half of a surrogate pair in it, which is not a character and
            has no UTF-8.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnknownTokenError(
            f"{describe(text[error.start])} (position {error.start + 1:,} of "
            f"{around(text, error.start)!r}) is half of a surrogate pair, which cannot be written "
            "in UTF-8.",
            hint="Remove it from the text.",
        ) from None
