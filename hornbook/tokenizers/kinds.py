"""The kinds of tokenizers, by the name that each has in a file and in `tokens`. A new one is one
line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from hornbook.errors import RunError, SettingsError
from hornbook.records import JSON, JSONObject
from hornbook.storage import parse_json
from hornbook.suggestions import did_you_mean
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.graphemes import GraphemeTokenizer
from hornbook.tokenizers.made_by import made_by, refuse_other_cuts
from hornbook.tokenizers.published import GPT2, published_byte_pairs
from hornbook.tokenizers.settings import TokenSettings
from hornbook.tokenizers.single_bytes import ByteTokenizer
from hornbook.tokenizers.words import WordTokenizer

__all__ = ["KINDS", "OF_FILES", "described", "learn_tokenizer", "read_tokenizer"]

KINDS: dict[str, type[Tokenizer]] = {
    kind.kind: kind
    for kind in (CharTokenizer, GraphemeTokenizer, ByteTokenizer, WordTokenizer, BytePairTokenizer)
}
"Those that `tokens` asks for by name."
MADE_BY = "made_by"  # what of a file is not the tokenizer's own
OF_FILES = {
    "sentencepiece": "hornbook.tokenizers.sentence_pieces:SentencePieceTokenizer",
    "tokenizers": "hornbook.tokenizers.hugging_face:HuggingFaceTokenizer",
}
"Those that come from files alone, as `module:name`: loaded on first use, for few runs have them."


def learn_tokenizer(texts: Texts, settings: TokenSettings) -> Tokenizer:
    """The tokenizer that `tokens` asks for: learned from the texts, published, or from a file.

    Raises:
        SettingsError: if there is no such kind, and no such file.
        MissingPackageError: if a package that it needs is not installed.
        DataError: if the file is not one of tokens, or cannot be read.
        UnknownTokenError: if a text cannot be written in it.
    """
    asked = settings.tokens
    if asked in KINDS:
        return KINDS[asked].learned(texts, settings)
    if asked == GPT2:
        return published_byte_pairs(texts)
    from hornbook.tokenizers.token_files import is_token_file, read_token_file

    if is_token_file(asked):
        kept = kept_by_run(asked)
        if kept is not None and settings.pattern == "auto":
            from hornbook.tokenizers.reusing import reused

            return reused(asked, read_tokenizer(kept), texts)
        return read_token_file(asked, texts, settings.pattern)
    names = (*KINDS, GPT2)
    raise SettingsError(
        f"`tokens` must be one of {', '.join(names)}, or a file; {asked!r} is neither.",
        hint=did_you_mean(asked, names).strip(),
        setting="tokens",
    )


def kept_by_run(name: str) -> JSONObject | None:
    """What is in a file, if that is the tokenizer of a run.

    Raises:
        DataError: if it cannot be read.
    """
    from hornbook.tokenizers.token_files import read_bytes

    data = read_bytes(name)
    if not data.startswith(b"{"):
        return None
    try:
        value = parse_json(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("kind"), str) else None


def read_tokenizer(value: JSON) -> Tokenizer:
    """The tokenizer that its `as_dict` described, whatever its kind.

    Raises:
        RunError: if the value describes none, or one of a kind that is not known here, or the
            packages that are installed cut text into other tokens.
    """
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str):
        raise RunError("The tokenizer file is damaged: it has no kind.", hint="Train again.")
    if kind in KINDS:
        made = KINDS[kind]
    elif kind in OF_FILES:
        module, _, name = OF_FILES[kind].partition(":")
        made = getattr(importlib.import_module(module), name)
    else:
        known = ", ".join([*KINDS, *OF_FILES])
        raise RunError(
            f"The tokenizer has an unknown kind, {kind!r}; known kinds: {known}.",
            hint="Open the run with the version of hornbook that made it, or train again.",
        )
    alone = {name: item for name, item in value.items() if name != MADE_BY}
    found = made.from_dict(alone)
    if MADE_BY in value:
        refuse_other_cuts(found, value[MADE_BY])
    return found


def described(tokenizer: Tokenizer) -> dict[str, JSON]:
    """A tokenizer as a run keeps it, with what made its tokens."""
    packages = made_by(tokenizer)
    return {**tokenizer.as_dict(), **({} if packages is None else {MADE_BY: packages})}
