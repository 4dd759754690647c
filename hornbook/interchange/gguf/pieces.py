"""The tokens of a GGUF file of the kind llama as the SentencePiece model that they came from.

GGUF has each piece with its score and its type, by SentencePiece's own numbers. Of a model that
joins pairs (BPE) that is all: llama.cpp and SentencePiece both join the two pieces whose product
has the greatest score, the leftmost first, and write what is not a piece in bytes. Such scores are
whole numbers, the order of joining; those of a Unigram model are logarithms, and are read in
another way than llama.cpp reads them, which knows one kind.

The file is protobuf, of which a model needs three kinds of fields (sentencepiece_model.proto).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from hornbook.errors import DataError

__all__ = ["model_of_pieces"]

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
TYPES = range(NORMAL, BYTE + 1)
BPE = 2
NAMES = {"bos": 46, "eos": 47, "padding": 48}
"What begins and ends a text and what fills, with the numbers of the fields that name them."
KEY = "tokenizer.ggml."


def model_of_pieces(where: str, values: Mapping[str, Any]) -> bytes:
    """The model that a file of the package sentencepiece would hold.

    Args:
        where: what to call the GGUF file in messages.
        values: what it says.

    Raises:
        DataError: if that is not the whole of such a model.
    """
    tokens = values.get(f"{KEY}tokens")
    if not isinstance(tokens, list) or "" in tokens or len(set(tokens)) < len(tokens):
        raise refused(where, "it has none, an empty one, or one twice")
    scores = numbers_of(where, values, "scores", len(tokens))
    types = numbers_of(where, values, "token_type", len(tokens))
    if wrong := next((one for one in types if one not in TYPES), None):
        raise refused(where, f"one is of type {wrong}")
    if any(score != int(score) for score in scores):
        raise refused(
            where, "their scores are not an order in which pairs are joined, but those of a "
            "Unigram model, which GGUF does not have whole"
        )  # fmt: skip
    if types.count(UNKNOWN) != 1:
        raise refused(where, "none, or more than one, stands for what is unknown")
    if values.get(f"{KEY}precompiled_charsmap") is not None:
        raise refused(where, "they change text by a table of their own")
    pieces = b"".join(
        block(1, block(1, token.encode()) + real(2, score) + whole(3, int(kind)))
        for token, score, kind in zip(tokens, scores, types, strict=True)
    )
    trainer = whole(3, BPE) + whole(4, len(tokens)) + whole(35, int(BYTE in types))
    trainer += block(45, tokens[types.index(UNKNOWN)].encode())
    for name, field in NAMES.items():
        at = values.get(f"{KEY}{name}_token_id")
        if isinstance(at, int) and 0 <= at < len(tokens) and types[at] == CONTROL:
            trainer += block(field, tokens[at].encode())
    before = values.get(f"{KEY}add_space_prefix") is not False
    fewer = values.get(f"{KEY}remove_extra_whitespaces") is True
    normalizer = block(1, b"identity") + whole(3, int(before)) + whole(4, int(fewer)) + whole(5, 1)
    return pieces + block(2, trainer) + block(3, normalizer)


def numbers_of(where: str, values: Mapping[str, Any], name: str, count: int) -> list[float]:
    """A number for each token.

    Raises:
        DataError: if there are none, or more or fewer, or one that is not finite.
    """
    found = values.get(f"{KEY}{name}")
    if not isinstance(found, np.ndarray) or len(found) != count:
        raise refused(where, f"there are {count:,}, and not as many {KEY}{name}")
    listed: list[float] = found.tolist()
    if any(not abs(one) <= 2**31 for one in listed):
        raise refused(where, f"{KEY}{name} has a number that is not finite, or too large")
    return listed


def refused(where: str, why: str) -> DataError:
    """The error that the tokens cannot be had from this file."""
    return DataError(
        f"The tokens in {where} cannot be read: {why}.",
        hint="Give the `tokenizer.json` or the SentencePiece model that they come from as "
        "`tokens`.",
        setting="tokens",
    )


def varint(number: int) -> bytes:
    """A number of 7 bits a byte, the lowest first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def whole(field: int, number: int) -> bytes:
    """A field that is a whole number."""
    return varint(field << 3) + varint(number)


def real(field: int, number: float) -> bytes:
    """A field that is a number in 32 bits."""
    return varint(field << 3 | 5) + struct.pack("<f", number)


def block(field: int, data: bytes) -> bytes:
    """A field that is bytes, a text or fields."""
    return varint(field << 3 | 2) + varint(len(data)) + data
