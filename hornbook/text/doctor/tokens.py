"""Checks of the tokens: whether others than those asked for would suit a corpus better."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator

from hornbook.errors import UnknownTokenError
from hornbook.extras import has
from hornbook.rendering import many
from hornbook.reports.finding import Finding
from hornbook.text.doctor.examined_corpus import ExaminedCorpus, percent
from hornbook.text.vocabulary_sizes import vocabulary_sizes
from hornbook.tokenizers.graphemes import graphemes_of

__all__ = ["byte_pairs", "changed_text", "torn_graphemes"]

JOINER = "\u200d"
TORN = 0.001  # of the characters: fewer are an accident
LONG = 500_000  # characters of a text from which byte pairs are learned well
SIZE = 1024


def joins(character: str) -> bool:
    """Whether a character is, to a reader, a part of the one before it."""
    point = ord(character)
    return (
        unicodedata.category(character)[0] == "M"
        or character == JOINER
        or 0x1F3FB <= point <= 0x1F3FF  # tones of skin
        or 0x1F1E6 <= point <= 0x1F1FF  # two of them are a flag
        or 0x1160 <= point <= 0x11FF  # vowels and ends of Korean syllables
    )


def torn_graphemes(examined: ExaminedCorpus) -> Iterator[Finding]:
    """What a reader sees as one character, and is several in any form of Unicode."""
    if examined.kind != "characters" or not any(map(joins, examined.counts)):
        return
    if not has("regex"):
        return  # what tells graphemes apart, and what they need
    text = unicodedata.normalize("NFC", examined.gathered.head)
    found = Counter(graphemes_of(text))
    torn = {one: n for one, n in found.items() if len(one) > 1}
    n, total = sum(torn.values()), found.total()
    if n < TORN * total:
        return
    most = sorted(torn, key=lambda one: (-torn[one], one))[:6]
    yield Finding(
        "torn-graphemes",
        "warning" if n > 0.01 * total else "note",
        "Characters that a reader sees as one are several code points",
        f"{percent(n, total)} of what a reader sees as one character, for example "
        f"{' '.join(most)}. A sample can tear them apart: half an emoji, an accent on nothing. As "
        f"graphemes they stay whole; the vocabulary then has {many(len(found), 'grapheme')} "
        f"instead of {many(len(examined.counts), 'character')}.",
        "Train with `tokens=graphemes`.",
    )


def changed_text(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Tokens that are of another text than that of the file."""
    if examined.kind == "characters" or not examined.characters:
        return
    if changes := examined.tokenizer.changes:
        yield Finding(
            "changed-text",
            "note",
            "The tokens are of a text that is changed before",
            f"They read {changes}. Samples are of this text, and so are figures per character; it "
            "cannot be undone.",
            "If what is lost matters, take other tokens, such as `tokens=bpe`.",
        )


def byte_pairs(examined: ExaminedCorpus) -> Iterator[Finding]:
    """A long text, which byte pairs make shorter."""
    train = examined.characters.get("train", (0, 0))[1]
    long = not examined.given.listed and train >= LONG
    if examined.kind != "characters" or not long or not has("tokenizers"):
        return
    try:
        sizes = list(vocabulary_sizes(examined.beginnings(LONG), (SIZE,), most=LONG))
    except UnknownTokenError:  # halves of surrogate pairs, which another check tells of
        return
    for one in sizes:
        yield Finding(
            "byte-pairs",
            "note",
            "The text is long enough to learn byte pairs of it",
            f"{many(SIZE, 'byte pair')} make a token {1 / one.tokens_per_byte:.1f} bytes long on "
            f"average: frequent words are one, and a context of as many tokens "
            "reaches that much further.",
            "Try `tokens=bpe`, and compare models of other tokens by bits per byte.",
        )
