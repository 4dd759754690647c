"""A large text before it is read: its beginnings, and what cannot be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.rendering import many
from hornbook.sources.encoding import codec_of
from hornbook.sources.lines import texts
from hornbook.sources.source import Source
from hornbook.text.corpus import SPLITS
from hornbook.text.layout import Layout

if TYPE_CHECKING:
    from hornbook.text.data import TextOptions

__all__ = ["SAMPLED", "by_heads", "heads_of", "refuse_empty", "refuse_unfit"]

LOOKED = 2**22  # characters that tell how a text is read
FILES_LOOKED = 8  # files of which they are
WHOLE = ("graphemes",)
"""Tokens that are all those of the text: of more than can be held they are not known."""
SAMPLED = ("bpe", "words")
"Tokens that are learned from train."


def refuse_unfit(source: Source, options: TextOptions) -> None:
    """Refuse what cannot be done piece by piece.

    Raises:
        SettingsError: naming it.
    """
    if not source.can_be_read_again and not source.is_missing:
        raise SettingsError(
            f"{source.where} cannot be read twice, as a large text is.",
            hint="Save it to a file, and give that.",
            setting="large",
        )
    for name, wrong, why in (
        ("column", options.column is not None, "a column is read from a table in memory"),
        ("distinct", options.distinct, "duplicates would have to be held in memory; equal lines "
                                       "are always drawn into the same split"),
        ("tokens", options.tokens in WHOLE, "they are known when all text is"),
        ("tokens", options.tokens == "bytes" and not is_text(source, options.encoding),
         "a file that is not text is read as a whole"),
    ):  # fmt: skip
        if wrong:
            raise SettingsError(
                f"`{name}={getattr(options, name)}` cannot be had of a large text: {why}.",
                hint=f"Leave `{name}` out; or, if memory can hold the text, set `large=no`.",
                setting=name,
            )


def is_text(source: Source, encoding: str) -> bool:
    """Whether the beginning of a source is text."""
    try:
        for file in islice(source.files, FILES_LOOKED):
            any(map(len, islice(texts(file.pieces(), file.where, encoding), 2)))
    except EncodingError:
        return False
    return True


def heads_of(source: Source, encoding: str) -> tuple[list[str], list[str]]:
    """The beginnings of the first files, and how they are encoded."""
    found, encodings = list[str](), list[str]()
    for file in islice(source.files, FILES_LOOKED):
        data = file.head(LOOKED)
        encodings.append(codec_of(data, encoding)[0])
        text = "".join(islice(texts(file.pieces(), file.where, encoding), 1 + LOOKED // 2**20))
        whole = text[:LOOKED].rpartition("\n")
        found.append((whole[0] or whole[2]) if len(text) > LOOKED // 2 else text)
    return found, list(dict.fromkeys(encodings))


def by_heads(layout: Layout, heads: Sequence[str], characters: int) -> str:
    """Why it is read so; where only beginnings were looked at, that this is so."""
    if layout.reason.startswith("as requested") or sum(map(len, heads)) * 2 > characters:
        return layout.reason
    return f"{layout.reason}, in the first {many(sum(map(len, heads)), 'character')}"


def refuse_empty(where: str, sizes: Sequence[int], shares: Sequence[int]) -> None:
    """Refuse splits that were asked for and hold nothing.

    Raises:
        DataError: naming the first.
    """
    for split, size, wanted in zip(SPLITS, sizes, shares, strict=True):
        if wanted and not size:
            raise DataError(
                f"{where}: a {split} split of {wanted}% would be empty.",
                hint="Use more data, or change the split: for example `split=60/40`.",
                setting="split",
            )
