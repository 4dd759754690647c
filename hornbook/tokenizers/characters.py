"""Between text and ids: one id for each symbol (Unicode code point) of the alphabet.

In `lines` mode id 0 is the boundary: it stands before the first and after the last symbol of every
line, and it is no character at all, so nothing in the data can collide with it. In `text` mode
there is no boundary, and ids are the sorted symbols, as in the lectures.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, UnknownSymbolError
from hornbook.rendering import around, describe
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["CharTokenizer"]

PIECE = 2**18  # symbols


@dataclass(frozen=True)
class CharTokenizer:
    """A character tokenizer.

    Ids run from 0 to `vocab_size - 1`: first the boundary, where there is one, then `symbols` in
    their order.
    """

    symbols: tuple[str, ...]
    boundary: bool
    start: int
    "The id that fills a context before anything was read: the boundary, or a text's line feed."

    @classmethod
    def fit(cls, texts: Iterable[str], *, boundary: bool) -> Self:
        """The tokenizer of every symbol that the texts hold, in the order of code points."""
        seen: set[str] = set()
        for text in texts:
            seen.update(text)
        symbols = tuple(sorted(seen))
        start = 0 if boundary or "\n" not in symbols else symbols.index("\n")
        return cls(symbols, boundary, start)

    @property
    def vocab_size(self) -> int:
        """Number of ids: the symbols, and the boundary where there is one."""
        return len(self.symbols) + self.boundary

    @property
    def vocabulary(self) -> Vocabulary:
        """What a model needs to know of this tokenizer."""
        return Vocabulary(self.vocab_size, self.boundary, self.start)

    @cached_property
    def table(self) -> npt.NDArray[np.int64]:
        """From code point to id, -1 for a symbol that is not known."""
        points = [ord(symbol) for symbol in self.symbols]
        table = np.full(max(points, default=0) + 1, -1, dtype=np.int64)
        table[points] = np.arange(len(points)) + self.boundary
        return table

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (len(text),).

        Raises:
            UnknownSymbolError: naming the first unknown symbol, its place, and the nearest known.
        """
        ids = np.empty(len(text), dtype=np.int64)
        self.encode_into(ids, text)
        return ids

    def encode_into(self, out: npt.NDArray[np.integer[Any]], text: str) -> None:
        """Write the ids of a text into an array (len(text),) of any type that holds them.

        Raises:
            UnknownSymbolError: as `encode`.
        """
        # Piece by piece, for on the way each symbol takes 25 bytes.
        for at in range(0, len(text), PIECE):
            piece = text[at : at + PIECE]
            points = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
            inside = points < len(self.table)
            ids = np.where(inside, self.table[np.where(inside, points, 0)], -1)
            if ids.min() < 0:
                raise self.unknown(text, at + int(np.argmax(ids < 0)))
            out[at : at + len(piece)] = ids

    def unknown(self, text: str, place: int) -> UnknownSymbolError:
        """The error that a text has a symbol which is not known."""
        symbol = text[place]
        nearest = " ".join(describe(near) for near in self.nearest(symbol))
        return UnknownSymbolError(
            f"The symbol {describe(symbol)} (place {place + 1:,} of {around(text, place)!r}) "
            "is not in this run's alphabet.",
            hint=f"The nearest that it knows: {nearest}.",
        )

    def decode(self, ids: Sequence[int] | npt.NDArray[np.integer[Any]]) -> str:
        """The text of ids; a boundary is no character and leaves nothing."""
        spelled = self.spelled
        return "".join([spelled[i] for i in ids])

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """What each id stands for in a text; a boundary for nothing."""
        return ("", *self.symbols) if self.boundary else self.symbols

    def label(self, token: int) -> str:
        """One id for people: the symbol itself, its name if it is unseen, or the boundary's sign.

        The boundary is shown as the lectures' full stop, or as the first of a few other signs that
        the alphabet does not hold.
        """
        if self.boundary and token == 0:
            return next(sign for sign in (".", "·", "¶", "∎", "<end>") if sign not in self.symbols)
        return describe(self.symbols[token - self.boundary], quote=False)

    def nearest(self, symbol: str, n: int = 5) -> list[str]:
        """The known symbols most like one that is not: same letter, else a like name."""
        folded = fold(symbol)
        same = [known for known in self.symbols if fold(known) == folded]
        names = {unicodedata.name(known, ""): known for known in self.symbols}
        alike = difflib.get_close_matches(unicodedata.name(symbol, ""), names, n, cutoff=0.5)
        by_point = sorted(self.symbols, key=lambda known: abs(ord(known) - ord(symbol)))
        return list(dict.fromkeys(same + [names[name] for name in alike] + by_point))[:n]

    def as_dict(self) -> dict[str, Any]:
        """The tokenizer as JSON values."""
        return {"kind": "characters", "boundary": self.boundary, "symbols": list(self.symbols)}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        symbols = value.get("symbols")
        sound = (
            value.get("kind") == "characters"
            and isinstance(value.get("boundary"), bool)
            and isinstance(symbols, list)
            and all(isinstance(symbol, str) and len(symbol) == 1 for symbol in symbols)
            and symbols == sorted(set(symbols))
        )
        if not sound or not isinstance(symbols, list):
            raise RunError("The tokenizer is damaged or of an unknown kind.", hint="Train again.")
        return cls.fit(symbols, boundary=value["boundary"])


def fold(symbol: str) -> str:
    """A symbol without its case, accents and width: `É` and `ｅ` both become `e`."""
    return unicodedata.normalize("NFKD", symbol).casefold()[:1]
