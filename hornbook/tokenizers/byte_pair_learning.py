"""Byte pairs learned from texts, by the library tokenizers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hornbook.extras import needing
from hornbook.tokenizers.decoders import utf8

__all__ = ["VISIBLE", "bytes_of_signs", "learn_byte_pairs", "sign_of_byte"]


VISIBLE = frozenset([*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)])
"Bytes that are a visible character of Latin-1."


def sign_of_byte() -> dict[int, str]:
    """The character that tokenizers and GPT-2's files write for each byte.

    A byte that is a visible character of Latin-1 is that character; the other 68 are those from
    U+0100 on, in their order.
    """
    others = [byte for byte in range(256) if byte not in VISIBLE]
    return {
        **{byte: chr(byte) for byte in VISIBLE},
        **{byte: chr(0x100 + at) for at, byte in enumerate(others)},
    }


BYTE_OF_SIGN = {sign: byte for byte, sign in sign_of_byte().items()}


def bytes_of_signs(text: str) -> bytes:
    """The bytes that some of these characters stand for.

    Raises:
        KeyError: if one is none of them.
    """
    return bytes([BYTE_OF_SIGN[sign] for sign in text])


def learn_byte_pairs(texts: Sequence[str], size: int, pattern: str) -> tuple[bytes, ...]:
    """Tokens learned from texts: the 256 bytes, and what joins the most frequent pairs of them.

    Args:
        texts: to learn from.
        size: how many tokens in all, 256 or more; fewer are found if no pair is left.
        pattern: what splits a text before.

    Raises:
        MissingPackageError: if `tokenizers` is not installed.
        UnknownTokenError: as `utf8`.
    """
    for text in texts:
        utf8(text)
    with needing("tokenizers", "Learning byte pairs"):
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        show_progress=False,
        initial_alphabet=sorted(BYTE_OF_SIGN),
        special_tokens=[],
    )
    learner.train_from_iterator(texts, trainer)
    joined = (
        bytes_of_signs(first + second)
        for first, second in json.loads(learner.to_str())["model"]["merges"]
    )
    # In their order; one that was found by two joins is one token.
    return tuple(dict.fromkeys([*(bytes([byte]) for byte in range(256)), *joined]))
