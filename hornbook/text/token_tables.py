"""The tokens of a text as tables, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from hornbook.rendering import figure, many
from hornbook.reports import Table
from hornbook.text.cut_text import CutText
from hornbook.text.tokenization import CountedToken, Tokenization
from hornbook.text.vocabulary_sizes import VocabularySize

__all__ = ["ids_table", "never_told", "sizes_table", "splits_table", "tokens_table", "words_table"]


def splits_table(found: Tokenization) -> Table:
    """How much text each split is."""
    unknown = any(one.unknown for one in found.splits.values())
    heads = ("split", "tokens", "characters", "bytes", "tokens per character", "tokens per byte")
    rows = tuple(
        (
            name,
            *(f"{n:,}" for n in (one.tokens, one.characters, one.bytes)),
            figure(one.per_character, 3),
            figure(one.per_byte, 3),
            *((f"{one.unknown:,}",) if unknown else ()),
        )
        for name, one in found.splits.items()
    )
    return Table((*heads, *(("unknown",) if unknown else ())), rows)


def tokens_table(found: Tokenization) -> Table:
    """The most frequent, the longest and the rarest tokens of train, beside each other."""
    kinds = (found.frequent, found.longest, found.rarest)
    rows = zip_longest(*(map(told, kind) for kind in kinds), fillvalue=("", ""))
    heads = ("most frequent", "times", "longest", "times", "rarest", "times")
    return Table(heads, tuple(tuple(cell for pair in row for cell in pair) for row in rows))


def told(token: CountedToken) -> tuple[str, str]:
    """A token and how often it is in train."""
    return token.label, f"{token.times:,}"


def never_told(found: Tokenization) -> str:
    """The tokens that train never has, as a sentence; empty if it has all."""
    bytes_ = f"{many(found.never_bytes, 'single byte')} of 256" if found.never_bytes else ""
    if not found.never:
        return f"Train never has {bytes_}." if bytes_ else ""
    share = f"{found.never / found.vocab_size:.1%}"
    shown = "  ".join(one.label for one in found.glitches)
    more = " …" if found.never > len(found.glitches) else ""
    return (
        f"{many(found.never, 'token')} ({share} of the vocabulary) never in train"
        f"{f', and {bytes_}' if bytes_ else ''}: a model learns nothing of them, and what it does "
        f"after one is unknown. {shown}{more}"
    )


def words_table(found: Tokenization) -> Table:
    """Words in their tokens."""
    rows = tuple((w.word, " | ".join(w.tokens), f"{w.times:,}") for w in found.words)
    return Table(("word", "in tokens", "times"), rows, left=2)


def sizes_table(sizes: Sequence[VocabularySize]) -> Table:
    """What byte pairs of each size would give."""
    rows = tuple(
        (
            f"{one.size:,}" if one.size > 256 else "256 (bytes)",
            figure(one.tokens_per_byte, 3),
            figure(1 / one.tokens_per_byte, 2) if one.tokens_per_byte else "",
            f"{one.rare:.0%}",
        )
        for one in sizes
    )
    on = sizes[0].split if sizes else "dev"
    heads = ("byte pairs", f"tokens per byte of {on}", "bytes per token", "rare in train")
    return Table(heads, rows)


def ids_table(cut: CutText) -> Table:
    """A row for each token of a text."""
    rows = tuple(
        (label, f"{token:,}", piece.hex(" "))
        for token, label, piece in zip(cut.ids, cut.labels, cut.pieces, strict=True)
    )
    return Table(("token", "id", "bytes"), rows)
