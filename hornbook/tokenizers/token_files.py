"""Tokens from a file: `tokenizer.json` of Hugging Face, a SentencePiece model, tiktoken's ranks.

What is read is kept whole in the run: the file is not needed any longer. A `tokenizer.json` that
splits a text and joins byte pairs, and does no more, is read as byte pairs, which any of two
libraries encodes; all others are run by their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import DataError, MissingPackageError, SettingsError
from hornbook.paths import is_file
from hornbook.tokenizers.byte_pair_encoders import parts_of
from hornbook.tokenizers.byte_pair_learning import bytes_of_signs
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer, fault_of_tokens
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.hugging_face import read_hugging_face
from hornbook.tokenizers.libraries import LibraryTokenizer
from hornbook.tokenizers.merges import splits_of
from hornbook.tokenizers.rank_files import is_ranks, of_ranks, pattern_of_ranks, refused
from hornbook.tokenizers.sentence_pieces import read_sentence_pieces

__all__ = ["is_token_file", "read_token_file"]

LARGEST = 2**28  # bytes of a file
OTHERS = (
    (b"GGUF", "is a whole model in GGUF, not a file of tokens"),
    (b"\x80", "looks like a pickled file, which is never read here: it can run programs"),
    (b"PK\x03\x04", "is a zip archive, as PyTorch saves weights: it is never read here"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
)
"What files are that begin so."


def is_token_file(asked: str) -> bool:
    """Whether `tokens` names a file: one that is here, or a path."""
    return is_file(asked) or "/" in asked or Path(asked).suffix in (".json", ".tiktoken", ".model")


def read_token_file(
    name: str, texts: Texts, pattern: str = "auto"
) -> BytePairTokenizer | LibraryTokenizer:
    """The tokenizer of a file.

    Args:
        name: of the file.
        texts: that it is for.
        pattern: a name of PATTERNS that splits text for ranks; `auto`: by how many there are.

    Raises:
        DataError: if it cannot be read, or is of another kind, or has holes.
        MissingPackageError: if a library that it needs is not installed.
        SettingsError: if a pattern was given for a file that has its own.
    """
    data = read_bytes(name)
    if told := other_kind(data):
        raise refused(name, told)
    text = data.lstrip()
    if text[:1] not in (b"{", b"[") and is_ranks(text):
        tokens = of_ranks(name, data)
        pattern = pattern_of_ranks(name, len(tokens), pattern)
        return byte_pairs(name, tokens, pattern, [], texts)
    if pattern != "auto":
        raise SettingsError(
            f"`pattern` has no effect: {name} says itself how text is split.",
            hint="Leave it out.",
            setting="pattern",
        )
    if text[:1] in (b"{", b"["):
        return of_json_file(name, data, texts)
    if data[:1] == b"\n":  # as every model begins: its first piece
        return read_sentence_pieces(name, data, texts)
    raise refused(name, "is neither `tokenizer.json` nor a SentencePiece model nor tiktoken's "
                        "ranks: line 1 is not a token and its rank")  # fmt: skip


def read_bytes(name: str) -> bytes:
    """What is in a file.

    Raises:
        DataError: if it cannot be read, or is too large.
    """
    try:
        with Path(name).open("rb") as file:  # a device has no size, and may never end
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise refused(name, f"is larger than {LARGEST:,} bytes")
        return data
    except OSError as error:
        raise DataError(
            f"Cannot read the tokens in {name}: {error.strerror or error}.",
            hint="Give the path of a file of tokens.",
            setting="tokens",
        ) from error


def other_kind(data: bytes) -> str:
    """What a file is, by its first bytes, where it is surely none of tokens; else empty."""
    if not data.strip():
        return "is empty"
    return next((told for begins, told in OTHERS if data.startswith(begins)), "")


def byte_pairs(
    name: str, tokens: tuple[bytes, ...], pattern: str, specials: list[str], texts: Texts
) -> BytePairTokenizer:
    """A tokenizer of byte pairs, with a boundary if it needs one.

    Raises:
        DataError: if they are not a whole set.
    """
    if fault := fault_of_tokens(tokens):
        raise refused(name, f"has no whole set of tokens: {fault}")
    if texts.boundary and not specials:
        specials = [END]
    return BytePairTokenizer(tokens, pattern, tuple(specials), texts.boundary, texts.breaks)


def of_json_file(name: str, data: bytes, texts: Texts) -> BytePairTokenizer | LibraryTokenizer:
    """The tokenizer of a `tokenizer.json`: byte pairs, or else what its library makes of it.

    Raises:
        DataError: if it is none.
        MissingPackageError: if the library is not installed.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused(name, f"is not a whole `tokenizer.json`: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("model"), dict):
        raise refused(name, "is JSON, but not a `tokenizer.json`: it has no model")
    try:
        tokens, pattern, specials = of_json(name, value)
    except DataError as alone:
        if value["model"].get("type") == "BPE" and not value["model"].get("vocab"):
            raise
        try:
            return read_hugging_face(name, text, texts)
        except MissingPackageError as error:
            error.hint += f" ({alone.message})"
            raise
    return byte_pairs(name, tokens, pattern, specials, texts)


def of_json(name: str, value: Mapping[str, Any]) -> tuple[tuple[bytes, ...], str, list[str]]:
    """The tokens, pattern and special tokens of a `tokenizer.json`.

    Raises:
        DataError: if it does something that byte pairs alone do not.
    """
    try:
        model = value["model"]
        if model.get("type") != "BPE" or value.get("normalizer"):
            kind = "changes text before it is split" if value.get("normalizer") else "is of another"
            raise refused(name, f"{kind} kind of tokenizer ({model.get('type')})")
        pattern = pattern_of(name, value.get("pre_tokenizer") or {})
        if told := beyond_byte_pairs(value):
            raise refused(name, told)
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
        refuse_unjoined(name, model["merges"], tokens, whole=bool(model.get("ignore_merges")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused(name, f"is not a `tokenizer.json` of byte pairs: {error!r}") from error
    return tokens, pattern, specials


def beyond_byte_pairs(value: Mapping[str, Any]) -> str:
    """What a `tokenizer.json` does that no byte pairs do; empty if nothing."""
    if not all(one.get("special") for one in value.get("added_tokens", [])):
        return "has added tokens that are text, and found in it before it is split"
    model = value["model"]
    if model.get("end_of_word_suffix") or model.get("continuing_subword_prefix"):
        return "marks the beginnings or the ends of words"
    return ""


def pattern_of(name: str, splitting: Mapping[str, Any]) -> str:
    """The pattern by which a `tokenizer.json` splits text.

    Raises:
        DataError: if it does so in another way.
    """
    try:
        found = splits_of(splitting)
    except DataError as error:
        raise refused(name, f"has tokens that are not byte pairs alone: {error.message}") from error
    if len(found) != 1:
        raise refused(name, f"splits text by {len(found)} patterns, one after the other")
    return found[0]


def refuse_unjoined(
    name: str, merges: Sequence[Any], tokens: Sequence[bytes], *, whole: bool
) -> None:
    """Refuse merges of which the ids that they make do not tell all.

    Args:
        name: of the file.
        merges: pairs, the first to be joined first.
        tokens: the bytes of each id.
        whole: whether a part of a text that is a token is that token, whatever merges say.

    Raises:
        DataError: if they are not in the order of these ids, or a token does not come about by
            the pair that byte pairs would join for it.
    """
    pairs = [one.split(" ") if isinstance(one, str) else one for one in merges]
    of = dict[bytes, set[tuple[bytes, bytes]]]()
    order = list[bytes]()
    for first, second in (map(bytes_of_signs, pair) for pair in pairs):
        of.setdefault(made := first + second, set()).add((first, second))
        if order[-1:] != [made]:
            order.append(made)
    if order != [token for token in tokens if len(token) > 1]:
        raise refused(name, "has merges that do not match its vocabulary")
    ranks = {token: rank for rank, token in enumerate(tokens)}
    for token, known in of.items():
        parts = parts_of(token, ranks)
        if parts not in known and (parts is not None or not whole):
            raise refused(name, f"joins {token!r} in another way than byte pairs would")
