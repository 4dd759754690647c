"""Tokens from a file: `tokenizer.json` of Hugging Face, a SentencePiece model, tiktoken's ranks.

What is read is kept whole in the run: the file is not needed any longer. A `tokenizer.json` that
splits a text and joins byte pairs, and does no more, is read as byte pairs, which any of two
libraries encodes; all others are run by their own.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import DataError, MissingPackageError, SettingsError, as_typed
from hornbook.paths import is_file
from hornbook.tokenizers.byte_pair_learning import bytes_of_signs
from hornbook.tokenizers.byte_pairs import END, BytePairTokenizer, fault_of_tokens
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.hugging_face import read_hugging_face
from hornbook.tokenizers.libraries import LibraryTokenizer
from hornbook.tokenizers.sentence_pieces import read_sentence_pieces
from hornbook.tokenizers.splitting import PATTERNS, fault_of_pattern

__all__ = ["is_token_file", "read_token_file"]

LARGEST = 2**28  # bytes of a file
LINE = 4_096  # bytes of the first rank, at most
GOOD = "Give a `tokenizer.json`, a SentencePiece model, or tiktoken's ranks."
PUBLISHED = {50_256: "gpt2", 100_256: "gpt4", 128_000: "llama3", 199_998: "o200k"}
"The pattern of vocabularies that were published, by the number of their ranks."
P50K = (50_256, 50_280)  # the hole in p50k's ranks, and how many they are
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
        if (path := Path(name)).stat().st_size > LARGEST:
            raise refused(name, f"is larger than {LARGEST:,} bytes")
        return path.read_bytes()
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
        DataError: if they are no whole set.
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


def is_ranks(text: bytes) -> bool:
    """Whether a file begins as ranks do: base64, a blank, a number."""
    return re.match(rb"[A-Za-z0-9+/]+=* \d+\s*(?:\n|\r|$)", text[:LINE]) is not None


def of_ranks(name: str, data: bytes) -> tuple[bytes, ...]:
    """The tokens of tiktoken's ranks: a line for each, its bytes in base64 and its rank.

    Raises:
        DataError: if a line is something else, or a rank is missing or there twice.
    """
    found: dict[int, bytes] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            place, spelled = int(rank), base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise refused(
                name, f"is damaged: line {number:,} is not a token and its rank"
            ) from None
        if place in found:
            raise refused(name, f"has rank {place:,} twice, the second time in line {number:,}")
        found[place] = spelled
    if (hole := next((at for at in range(len(found)) if at not in found), None)) is not None:
        also = ""
        if (hole, len(found)) == P50K:
            also = ("; these are p50k's, whose special token stands among those of text. Those of "
                    "r50k (`tokens=gpt2`) are the same but for 24 runs of blanks")  # fmt: skip
        raise refused(name, f"has holes: rank {hole:,} is missing{also}")
    return tuple(found[at] for at in range(len(found)))


def pattern_of_ranks(name: str, count: int, asked: str) -> str:
    """The pattern that splits text for ranks, which do not say it.

    Raises:
        DataError: if it is not known and was not said.
    """
    known = PUBLISHED.get(count)
    if asked != "auto":
        if known not in (None, asked):
            raise DataError(
                f"{name} has {count:,} ranks, as many as those of {known}; with "
                f"`pattern={as_typed(asked)}` their model would not know its text again.",
                hint="Leave `pattern` out.",
                setting="pattern",
            )
        return asked
    if known is None:
        raise DataError(
            f"{name} has {count:,} ranks, which are of no vocabulary that is known here, and does "
            "not say how text is split before byte pairs are joined.",
            hint=f"Set `pattern` to one of {', '.join(PATTERNS)}: the one that they were learned "
            "with.",
            setting="pattern",
        )
    return known


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
            named = next((key for key, known in PATTERNS.items() if known == pattern), "")
            if not named and (bad := fault_of_pattern(pattern)):
                raise refused(name, f"splits text by a pattern with {bad!r} in it, which libraries "
                                    "read in several ways")  # fmt: skip
            return named or pattern
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
