"""Byte pairs from a file: `tokenizer.json` of Hugging Face, or tiktoken's ranks.

What is read is kept whole in the run: the file is not needed any longer. A tokenizer that does
more than split a text and join byte pairs is refused, with what else it does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import DataError
from hornbook.paths import is_file
from hornbook.tokenizers.byte_pair_learning import bytes_of_signs
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer, fault_of_tokens
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.splitting import PATTERNS

__all__ = ["is_token_file", "read_token_file"]

LARGEST = 2**28  # bytes of a file
GOOD = "Give a `tokenizer.json` of byte pairs (GPT-2, Llama 3, Qwen), or tiktoken's ranks."


def is_token_file(asked: str) -> bool:
    """Whether `tokens` names a file: one that is here, or a path."""
    return is_file(asked) or "/" in asked or Path(asked).suffix in (".json", ".tiktoken", ".model")


def read_token_file(name: str, texts: Texts) -> BytePairTokenizer:
    """The byte pairs of a file.

    Raises:
        DataError: if it cannot be read, or is of another kind, or has holes.
    """
    try:
        if (path := Path(name)).stat().st_size > LARGEST:
            raise refused(name, f"is larger than {LARGEST:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"Cannot read the tokens in {name}: {error.strerror or error}.",
            hint="Give the path of a file of tokens.",
            setting="tokens",
        ) from error
    if data.lstrip()[:1] == b"{":
        tokens, pattern, specials = of_json(name, data)
    else:
        tokens, pattern, specials = of_ranks(name, data), "gpt4", []
    if fault := fault_of_tokens(tokens):
        raise refused(name, f"has no whole set of tokens: {fault}")
    if texts.boundary and not specials:
        specials = [END]
    return BytePairTokenizer(tokens, pattern, tuple(specials), texts.boundary, texts.breaks)


def of_ranks(name: str, data: bytes) -> tuple[bytes, ...]:
    """The tokens of tiktoken's ranks: a line for each, its bytes in base64 and its rank.

    Raises:
        DataError: if a line is something else, or a rank is missing.
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            found[int(rank)] = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            told = "is neither `tokenizer.json` nor tiktoken's ranks"
            raise refused(name, f"{told}: line {number:,} is not a token and its rank") from None
    if (hole := next((at for at in range(len(found)) if at not in found), None)) is not None:
        raise refused(name, f"has holes: rank {hole:,} is missing")
    return tuple(found[at] for at in range(len(found)))


def of_json(name: str, data: bytes) -> tuple[tuple[bytes, ...], str, list[str]]:
    """The tokens, pattern and special tokens of a `tokenizer.json`.

    Raises:
        DataError: if it does something that byte pairs alone do not.
    """
    try:
        value = json.loads(data)
        model = value["model"]
        if model.get("type") != "BPE" or value.get("normalizer"):
            kind = "changes text before it is split" if value.get("normalizer") else "is of another"
            raise refused(name, f"{kind} kind of tokenizer ({model.get('type')})")
        pattern = pattern_of(name, value.get("pre_tokenizer") or {})
        added = {one["content"] for one in value.get("added_tokens", [])}
        vocab: Mapping[str, int] = model["vocab"]
        by_id = {int(token): spelled for spelled, token in vocab.items() if spelled not in added}
        by_id.update({int(one["id"]): one["content"] for one in value.get("added_tokens", [])})
        if sorted(by_id) != list(range(len(by_id))):
            raise refused(name, "has holes in its ids")
        inner = [by_id[at] for at in range(len(by_id)) if by_id[at] not in added]
        specials = [by_id[at] for at in range(len(by_id)) if by_id[at] in added]
        if [by_id[at] for at in range(len(inner))] != inner:
            raise refused(name, "has special tokens among those of text")
        tokens = tuple(map(bytes_of_signs, inner))
        refuse_unjoined(name, model["merges"], tokens)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused(name, f"is not a `tokenizer.json` of byte pairs: {error!r}") from error
    return tokens, pattern, specials


def pattern_of(name: str, splitting: Mapping[str, Any]) -> str:
    """The pattern by which a `tokenizer.json` splits text.

    Raises:
        DataError: if it does so in another way.
    """
    steps: Sequence[Mapping[str, Any]] = splitting.get("pretokenizers", [splitting])
    *before, last = steps
    if last.get("type") == "ByteLevel" and not last.get("add_prefix_space"):
        if not before and last.get("use_regex", True):
            return "gpt2"
        splits = len(before) == 1 and before[0].get("type") == "Split"
        if splits and before[0].get("behavior") == "Isolated" and not last.get("use_regex", True):
            pattern = before[0]["pattern"].get("Regex", "")
            return next((key for key, known in PATTERNS.items() if known == pattern), pattern)
    raise refused(name, "splits text in a way that is not known here")


def refuse_unjoined(name: str, merges: Sequence[Any], tokens: Sequence[bytes]) -> None:
    """Refuse merges that are not in the order of the ids that they make.

    Raises:
        DataError: if there are some: the ids alone would not say how text is encoded.
    """
    pairs = [one.split(" ") if isinstance(one, str) else one for one in merges]
    made = dict.fromkeys(bytes_of_signs(first + second) for first, second in pairs)
    if list(made) != [token for token in tokens if len(token) > 1]:
        raise refused(name, "has merges that do not match its vocabulary")


def refused(name: str, why: str) -> DataError:
    """The error that a file is not one of tokens."""
    return DataError(f"{name} {why}.", hint=GOOD, setting="tokens")
