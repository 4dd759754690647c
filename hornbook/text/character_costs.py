"""What each character of a text costs under a model whose tokens are several characters.

With t the tokens read so far and the next token "the", the first character costs -ln P("t"), the
chance of any token that begins with it; the second -ln P("th") + ln P("t"); and so on. What is left
to the token's own -ln p, that it ends here and is not "then", is added to its last character. So
the characters of a token cost together what the token costs.

It is an estimate, and on average too high: the same characters could also come as other, shorter
tokens ("t", then "he"), which would have to be summed over, too. Where no token is
more than one character it is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.tokenizers.contract import Tokenizer

__all__ = ["CharacterCost", "CharacterCosts", "characters_of"]

Logits = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CharacterCost:
    """A character and its cost."""

    text: str
    "The character; of an unknown word the whole word, of a boundary nothing."
    nats: float
    token: int
    "The place of the token in which it begins."


@dataclass(frozen=True)
class CharacterCosts:
    """Finds what the bytes of a token cost, one after the other."""

    tokenizer: Tokenizer

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """The ids that are text, by their bytes: those that begin alike stand side by side."""
        apart = {self.tokenizer.boundary, self.tokenizer.unknown}
        ids = [at for at, one in enumerate(self.tokenizer.pieces) if one and at not in apart]
        return np.array(sorted(ids, key=self.tokenizer.pieces.__getitem__), dtype=np.int64)

    @cached_property
    def pieces(self) -> list[bytes]:
        """Their bytes, in this order."""
        return [self.tokenizer.pieces[at] for at in self.order]

    @cached_property
    def beyond(self) -> bytes:
        """What no token has after its beginning, and stands behind all that have."""
        return b"\xff" * (max(map(len, self.pieces), default=0) + 1)

    def beginning(self, prefix: bytes) -> npt.NDArray[np.int64]:
        """The ids whose bytes begin with a prefix, which is not empty."""
        low = bisect_left(self.pieces, prefix)
        return self.order[low : bisect_left(self.pieces, prefix + self.beyond)]

    def of_token(self, logits: Logits, token: int) -> list[float]:
        """The nats of each byte of a token; of one that is not text, its own alone.

        Args:
            logits: of what comes next, shape (V,).
            token: that comes.
        """
        before = log_sum(logits)
        piece = self.tokenizer.pieces[token]
        if np.isneginf(before):  # a context without a count: whatever comes has no chance
            return [np.inf, *[0.0] * (len(piece) - 1)]
        if not piece or token == self.tokenizer.unknown:
            return [difference(before, float(logits[token]))]
        costs = []
        for end in range(1, len(piece) + 1):
            after = log_sum(logits[self.beginning(piece[:end])])
            costs.append(difference(before, after))
            before = after
        costs[-1] += difference(before, float(logits[token]))
        return costs


def log_sum(logits: Logits) -> float:
    """ln of the sum of e to the logits."""
    top = float(logits.max(initial=-np.inf))
    if np.isneginf(top):
        return -np.inf
    return top + float(np.log(np.exp(logits - top).sum()))


def difference(before: float, after: float) -> float:
    """Nats from one sum to a part of it; nothing where there was nothing before."""
    if np.isneginf(before):
        return 0.0
    return max(0.0, before - after)


def characters_of(
    written: Sequence[bytes], costs: Sequence[Sequence[float]], errors: str = "replace"
) -> Iterator[CharacterCost]:
    """The characters of a text with their costs, which tokens may end within.

    Args:
        written: the bytes of each token.
        costs: of each byte of each; of a token that is one cost as a whole, that alone.
        errors: of the tokenizer. Where bytes are not text, each is a character of its own.
    """
    held: list[tuple[int, float, int]] = []  # a byte, its cost, the place of its token
    for place, (piece, each) in enumerate(zip(written, costs, strict=True)):
        if len(each) != len(piece):
            yield from rest_of(held, errors)
            yield CharacterCost(piece.decode("utf-8", "replace"), float(sum(each)), place)
            continue
        for byte, cost in zip(piece, each, strict=True):
            held.append((byte, cost, place))
            yield from whole_of(held, errors)
    yield from rest_of(held, errors)  # half a surrogate pair, which characters may have


Held = list[tuple[int, float, int]]


def whole_of(held: Held, errors: str) -> Iterator[CharacterCost]:
    """The characters that are whole in some bytes, which are taken off."""
    while held:
        try:
            text = bytes(byte for byte, _, _ in held).decode()
        except UnicodeDecodeError as error:
            if errors == "replace" or error.reason == "unexpected end of data":
                return
            yield taken(held, 1, errors)
        else:
            yield taken(held, len(held), text=text)


def rest_of(held: Held, errors: str) -> Iterator[CharacterCost]:
    """What is left in the end: one that was not completed, or bytes that are not text, one each."""
    while held:
        yield taken(held, len(held) if errors == "replace" else 1, errors)


def taken(held: Held, count: int, errors: str = "", text: str = "") -> CharacterCost:
    """The first bytes as one character, taken off."""
    first, held[:] = held[:count], held[count:]
    text = text or bytes(byte for byte, _, _ in first).decode("utf-8", errors)
    return CharacterCost(text, float(sum(cost for _, cost, _ in first)), first[0][2])
