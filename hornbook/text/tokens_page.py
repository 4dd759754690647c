"""What a tokenizer makes of a text, as a page."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.rendering import figure, many
from hornbook.reports import Page, Section
from hornbook.text.cut_text import CutText
from hornbook.text.token_tables import (
    ids_table,
    never_told,
    sizes_table,
    splits_table,
    tokens_table,
    words_table,
)
from hornbook.text.tokenization import Tokenization
from hornbook.text.views.token_picture import draw_tokens
from hornbook.text.vocabulary_sizes import RARE, VocabularySize

__all__ = ["tokens_page"]

SIGN = 24  # characters of a label in the picture


def tokens_page(
    source: str, cut: CutText, whole: Tokenization | None, sizes: Sequence[VocabularySize]
) -> Page:
    """The page: first the text coloured by its tokens, then the figures.

    Args:
        source: where the tokens are from.
        cut: a text in its tokens.
        whole: of all the data; None if only the text was asked for.
        sizes: what byte pairs of several sizes would give.
    """
    labels = [one if len(one) <= SIGN else f"{one[: SIGN - 1]}…" for one in cut.labels]
    per_character = figure(cut.per_character, 3)
    about = f"{many(len(cut.ids), 'token')}, {per_character} for each character."
    alt = f"A text in {many(len(cut.ids), 'token')}, neighbours on different colours."
    first = Section(
        "A text coloured by its tokens", about, draw_tokens(labels, "Neighbours differ in colour"),
        alt=alt,
    )  # fmt: skip
    if whole is None:
        return Page(f"Tokens of {source}", about, [first, Section("Ids", table=ids_table(cut))])
    sections = [
        first,
        Section("How much text a token is", table=splits_table(whole)),
        Section("Tokens of train", table=tokens_table(whole), note=never_told(whole)),
        Section("Words in their tokens", table=words_table(whole)),
    ]
    if sizes:
        note = f"Rare: fewer than {RARE} times in train, which is too few to learn from."
        sections.append(
            Section("What other vocabularies would give", table=sizes_table(sizes), note=note)
        )
    told = f"{whole.about}; a vocabulary of {whole.vocab_size:,}."
    return Page(f"Tokens of {source}", f"{told[0].upper()}{told[1:]}", sections)
