"""Text to the ids of byte pairs, by tiktoken or by tokenizers: the same ids from both.

tiktoken joins the two neighbours that together are the token of the lowest id. tokenizers is told
pairs. For each token there is one that matters: the two parts that it comes from when its own bytes
are joined by the tokens before it. For what happens within a token's bytes in a text cannot hang on
what stands around them, or the token would not come about.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import MissingPackageError
from hornbook.extras import has, needing
from hornbook.tokenizers.byte_pair_learning import sign_of_byte

__all__ = ["Encoder", "by_tiktoken", "by_tokenizers", "encoder_of", "parts_of"]

Found = npt.NDArray[np.uint32]
PARTING = ("\n", "\0")
"""What parts texts that are encoded at once, the first that is in none of them."""


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
        hint="Install one:  pip install tiktoken",
    )


class by_tiktoken(Encoder):  # noqa: N801 (it is called as a function is)
    """The encoder of tiktoken."""

    def __init__(self, tokens: Sequence[bytes], pattern: str) -> None:
        with needing("tiktoken", "Encoding by byte pairs"):
            import tiktoken
        ranks = {token: rank for rank, token in enumerate(tokens)}
        self.parted = len(ranks)
        self.encodings = {
            parting: tiktoken.Encoding(
                "hornbook", pat_str=pattern, mergeable_ranks=ranks,
                special_tokens={parting: self.parted},
            )
            for parting in PARTING
        }  # fmt: skip

    def __call__(self, text: str) -> Found:
        """The ids of a text; what parts several is text like any other."""
        found: Found = self.encodings[PARTING[0]].encode_to_numpy(text, disallowed_special=())
        return found

    def many(self, texts: Sequence[str]) -> tuple[Found, npt.NDArray[np.int64]]:
        """All at once: a call takes as long as some ten characters.

        What parts them is a special token for tiktoken, which encodes what stands between two of
        these by itself.
        """
        joined = "".join(texts)
        parting = next((one for one in PARTING if one not in joined), None)
        if parting is None or len(texts) < 2:
            return super().many(texts)
        ids: Found = self.encodings[parting].encode_to_numpy(
            parting.join(texts), allowed_special={parting}, disallowed_special=()
        )
        between = np.flatnonzero(ids == self.parted)
        lengths = np.diff(np.concatenate([[-1], between, [len(ids)]])) - 1
        return ids[ids != self.parted], lengths


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
