"""Tokenizers as the page describes them: the bytes of every id, and how a text is cut."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from hornbook.errors import DataError, SettingsError
from hornbook.interchange.html.patterns import javascript_pattern
from hornbook.records import JSON
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.graphemes import GraphemeTokenizer
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.merges import merges_of
from hornbook.tokenizers.single_bytes import ByteTokenizer
from hornbook.tokenizers.splitting import PATTERNS
from hornbook.tokenizers.words import WordTokenizer, pattern_of_words

__all__ = ["described_tokenizer"]

KINDS: dict[type[Tokenizer], str] = {
    CharTokenizer: "characters",
    GraphemeTokenizer: "graphemes",
    ByteTokenizer: "bytes",
    WordTokenizer: "words",
    BytePairTokenizer: "pairs",
    HuggingFaceTokenizer: "pairs",
}
"What the page cuts text by, for each kind of tokenizer."
ENCODED = frozenset({"bytes", "pairs"})  # whose pieces may be halves of characters


def described_tokenizer(tokenizer: Tokenizer) -> dict[str, JSON]:
    """A tokenizer as the page reads it.

    Raises:
        SettingsError: if the page cannot cut text into its tokens.
    """
    kind = KINDS.get(type(tokenizer))
    if kind is None:
        raise beyond_the_page(tokenizer, "it would need the library that made them")
    if tokenizer.errors != "replace":
        raise SettingsError(
            "This run was trained on files that are not text, and the page shows text.",
            hint="Draw samples with `sample` instead.",
        )
    try:
        pieces: list[JSON] = [
            base64.b64encode(piece).decode() if kind in ENCODED else piece.decode()
            for piece in tokenizer.pieces
        ]
    except UnicodeDecodeError:
        raise SettingsError(
            "This run's vocabulary has half of a surrogate pair, which no page can hold.",
            hint="Remove it from the data, and train again.",
        ) from None
    found: dict[str, JSON] = {
        "kind": kind,
        "pieces": pieces,
        "encoded": kind in ENCODED,
        "boundary": tokenizer.boundary,
        "start": tokenizer.start,
        "unknown": tokenizer.unknown,
        "silent": sorted(tokenizer.silent),
    }
    if isinstance(tokenizer, WordTokenizer):
        pattern = javascript_pattern(pattern_of_words(marks=tokenizer.marks))
        return {**found, "pattern": pattern, "lowercase": tokenizer.lowercase}
    if isinstance(tokenizer, BytePairTokenizer):
        return {**found, "patterns": javascript_patterns([tokenizer.pattern]), "whole": True}
    if isinstance(tokenizer, HuggingFaceTokenizer):
        return {**found, **described_merges(tokenizer)}
    return found


def beyond_the_page(tokenizer: Tokenizer, why: str) -> SettingsError:
    """The error for tokens that a page cannot cut text into."""
    return SettingsError(
        f"The page cannot cut text into this run's tokens ({tokenizer.about}): {why}.",
        hint="Train with characters, graphemes, bytes, words or byte pairs (`tokens=bpe`).",
    )


def javascript_patterns(patterns: Iterable[str]) -> list[JSON]:
    """Patterns, or names of some, as JavaScript has them."""
    return [javascript_pattern(PATTERNS.get(one, one)) for one in patterns]


def described_merges(tokenizer: HuggingFaceTokenizer) -> dict[str, JSON]:
    """Byte pairs of a `tokenizer.json`: what is joined in which order, and what is found first.

    Raises:
        SettingsError: if it does more than that.
    """
    try:
        held = merges_of(tokenizer)
    except DataError as error:
        raise beyond_the_page(tokenizer, error.message) from error
    return {
        "patterns": javascript_patterns(held.splits),
        "whole": held.whole,
        "joined": sorted(held.vocab.values()),
        "merges": [held.vocab[name] for pair in held.pairs for name in pair],
        "defined": [[name, token] for name, token in held.defined.items()],
    }
