"""Tokens for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import cycle

from hornbook.cli.output import console, escape, filled, notes, table, tinted
from hornbook.lessons.byte_pair_steps import Step
from hornbook.rendering import figure, many, visible
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
from hornbook.text.views.token_picture import TINTS
from hornbook.text.vocabulary_sizes import RARE, VocabularySize

__all__ = ["show_cut", "show_report", "show_steps"]


def show_report(whole: Tokenization, sizes: Sequence[VocabularySize], source: str) -> None:
    """All that was counted."""
    out = console()
    out.print(f"[bold]{escape(source)}[/]: {escape(whole.about)}; "
              f"vocabulary {whole.vocab_size:,}\n")  # fmt: skip
    out.print(filled(splits_table(whole)))
    out.print()
    out.print(filled(tokens_table(whole)))
    if told := never_told(whole):
        out.print(f"\n{escape(told)}")
    if whole.words:
        out.print()
        out.print(filled(words_table(whole)))
    if sizes:
        out.print()
        out.print(filled(sizes_table(sizes)))
        notes().print(f"Rare: fewer than {RARE} times in train, which is too few to learn from.")
    out.print()


def show_cut(cut: CutText, *, listed: bool) -> None:
    """A text coloured by its tokens; where there are no colours, with bars between them.

    Args:
        cut: the text.
        listed: whether each token is listed, too.
    """
    out = console()
    if listed:
        out.print(filled(ids_table(cut)))
        out.print()
    if sys.stdout.isatty() and out.color_system is not None:
        parts = map(shown, cut.labels, cut.pieces)
        out.print(tinted((part, f"black on {tint}") for part, tint in zip(parts, cycle(TINTS))))
    else:
        parts = map(shown, cut.labels, cut.pieces)
        out.print(escape("|".join(parts).replace("\n|", "\n")))
    notes().print(
        f"\n{many(len(cut.ids), 'token')}, {figure(cut.per_character, 3)} per character, "
        f"{figure(cut.per_byte, 3)} per byte."
    )


def shown(label: str, piece: bytes) -> str:
    """A token as it stands in a text; half a character as its bytes."""
    try:
        return visible(piece.decode())
    except UnicodeDecodeError:
        return label


def show_steps(found: Sequence[Step]) -> None:
    """A row for each merge."""
    out = console()
    rows = table("token", "merged", "", "new", "times", "the beginning of the text", left=4)
    rows.columns[-1].justify = "left"
    for step in found:
        cells = (step.first, step.second, step.token)
        rows.add_row(str(step.made), *map(escape, cells), f"{step.times:,}",
                     escape("|".join(step.line)))  # fmt: skip
    out.print(rows)
    notes().print(f"\n{many(len(found), 'merge')}; tokens 0 to 255 are the bytes.")
