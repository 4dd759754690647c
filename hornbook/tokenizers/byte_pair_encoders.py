"""Text to the ids of byte pairs, by tiktoken or by tokenizers: the same ids from both.

tiktoken joins the two neighbours that together are the token of the lowest id. tokenizers is told
pairs. For each token there is one that matters: the two parts that it comes from when its own bytes
are joined by the tokens before it. For what happens within a token's bytes in a text cannot hang on
what stands around them, or the token would not come about.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import MissingPackageError
from hornbook.extras import has, how_to_install, needing
from hornbook.tokenizers.byte_pair_learning import sign_of_byte
from hornbook.tokenizers.splitting import PATTERNS, next_cut, quicker

__all__ = ["Encoder", "by_tiktoken", "by_tokenizers", "encoder_of", "parts_of"]

Found = npt.NDArray[np.uint32]
PARTING = ("\n", "\0")
"""What parts texts that are encoded at once, the first that is in none of them."""
AT_ONCE = 2**13  # characters


class Encoder(ABC):
    """What encodes text."""

    @abstractmethod
    def __call__(self, text: str) -> Found:
        """The ids of a text, shape (tokens,)."""

    def many(self, texts: Sequence[str]) -> tuple[Found, npt.NDArray[np.int64]]:
        """The ids of some texts, each encoded by itself, one after the other, and how many each
        has.
        """
        found = list(map(self, texts))
        lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        return np.concatenate([np.empty(0, np.uint32), *found]), lengths

    def ended(self, text: str, end: int) -> Found:
        """The ids of lines, each encoded by itself, and an id after each.

        Args:
            text: lines with a line feed after each, the last too.
            end: the id.
        """
        after = np.array([end], dtype=np.uint32)
        found = [ids for line in text.split("\n")[:-1] for ids in (self(line), after)]
        return np.concatenate([np.empty(0, np.uint32), *found])


def encoder_of(tokens: Sequence[bytes], pattern: str) -> Encoder:
    """What encodes text: tiktoken, which is the faster, or else tokenizers.

    Args:
        tokens: the bytes of each id, those of the 256 bytes among them.
        pattern: what splits a text.

    Raises:
        MissingPackageError: if neither is installed.
    """
    if has("tiktoken"):
        return by_tiktoken(tokens, pattern)
    if has("tokenizers"):
        return by_tokenizers(tokens, pattern)
    raise MissingPackageError(
        "Encoding by byte pairs requires tiktoken or tokenizers, and neither is installed.",
        hint=f"Install what reads tokens:  {how_to_install('tiktoken')}",
    )


class by_tiktoken(Encoder):  # noqa: N801 (it is called as a function is)
    """The encoder of tiktoken."""

    def __init__(self, tokens: Sequence[bytes], pattern: str) -> None:
        with needing("tiktoken", "Encoding by byte pairs"):
            import tiktoken
        ranks = {token: rank for rank, token in enumerate(tokens)}
        self.end = len(ranks)
        self.quicker, self.cuts = quicker(pattern), pattern in PATTERNS.values()
        if not self.cuts:  # tiktoken drops what a pattern does not find; here that is a part, too
            pattern, self.quicker = rf"{pattern}|(?:(?!{pattern})[\s\S])+", None

        @cache
        def made(parting: str, quick: bool) -> tiktoken.Encoding:
            return tiktoken.Encoding(
                "hornbook",
                pat_str=self.quicker.pattern if quick and self.quicker else pattern,
                mergeable_ranks=ranks,
                special_tokens={parting: self.end},
            )

        self.made = made

    def __call__(self, text: str) -> Found:
        """The ids of a text; what parts several is text like any other."""
        return self.found(text, "")

    def found(self, text: str, parting: str) -> Found:
        """The ids of a text, or of some, one after the other, and `end` for the sign after each.

        That sign is a special token for tiktoken, which encodes what stands between two of these by
        itself. A call takes as long as some ten characters, so many texts are given at once, and
        not all: then two blanks in one slow down only what stands near.

        Args:
            text: one, or several with a sign after each.
            parting: that sign; empty if there is none.
        """
        found, at = [np.empty(0, np.uint32)], 0
        for end in self.stretches(text, parting):
            found.append(self.stretch(text[at:end], parting))
            at = end
        return np.concatenate(found)

    def stretches(self, text: str, parting: str) -> Iterator[int]:
        """Where a text is cut, the end too."""
        at, parted = 0, 0 if parting else len(text)
        while at < len(text):
            least = at + AT_ONCE
            if parted <= least:  # looked for once, however far the next is
                parted = text.find(parting, least) + 1 or len(text)
            at = (self.cuts and next_cut(text, least, parted)) or parted
            yield at

    def stretch(self, text: str, parting: str) -> Found:
        """The ids of a stretch, by the quickest pattern that splits it as ours does."""
        quick = self.quicker is not None and self.quicker.fits(text, parting)
        ids: Found = self.made(parting or PARTING[0], quick).encode_to_numpy(
            text, allowed_special={parting} if parting else set(), disallowed_special=()
        )
        return ids

    def many(self, texts: Sequence[str]) -> tuple[Found, npt.NDArray[np.int64]]:
        """Many at once, which is much faster."""
        for parting in PARTING if len(texts) > 1 else ():
            text = parting.join([*texts, ""])
            if text.count(parting) == len(texts):
                ids = self.found(text, parting)
                ends = np.flatnonzero(ids == self.end)
                return ids[ids != self.end], np.diff(ends, prepend=-1) - 1
        return super().many(texts)

    def ended(self, text: str, end: int) -> Found:
        """The ids of lines, `end` after each."""
        ids = self.found(text, "\n")
        if end != self.end:
            ids[ids == self.end] = end
        return ids


class by_tokenizers(Encoder):  # noqa: N801
    """The encoder of tokenizers."""

    def __init__(self, tokens: Sequence[bytes], pattern: str) -> None:
        self.encoder = tokenizers_encoder(tokens, pattern)

    def __call__(self, text: str) -> Found:
        """The ids of a text."""
        return np.array(self.encoder.encode(text).ids, dtype=np.uint32)


def tokenizers_encoder(tokens: Sequence[bytes], pattern: str) -> Any:
    """What the library calls a tokenizer, told the pairs that matter."""
    with needing("tokenizers", "Encoding by byte pairs"):
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    signs, ranks = sign_of_byte(), {token: rank for rank, token in enumerate(tokens)}

    def written(piece: bytes) -> str:
        return "".join([signs[byte] for byte in piece])

    joins = [parts_of(token, ranks) for token in tokens if len(token) > 1]
    model = models.BPE(
        vocab={written(token): rank for token, rank in ranks.items()},
        merges=[(written(a), written(b)) for a, b in filter(None, joins)],
        ignore_merges=True,  # a part that is a token as a whole is that token, as for tiktoken
    )
    encoder = Tokenizer(model)
    encoder.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return encoder


def parts_of(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes] | None:
    """The two tokens that make a token; None if no two that come before it do.

    Args:
        token: two bytes or more.
        ranks: the ids of all tokens.
    """
    parts = [bytes([byte]) for byte in token]
    last = ranks[token]
    while len(parts) > 2:
        pairs = [ranks.get(a + b, last) for a, b in pairwise(parts)]
        lowest = min(pairs)
        if lowest >= last:
            return None
        at = pairs.index(lowest)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]
