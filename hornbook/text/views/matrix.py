"""The bigram matrix of any model: what it expects after one symbol.

A model that sees one symbol is nothing but this matrix. One that sees more is asked what follows
the first symbol of a thing (of a text: the first that it reads), so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.plots.lettering import MOST, are_wide, ink_on, lettered
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.views.following import probabilities
from hornbook.text.views.letters import letters
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Pairs", "draw_matrix", "pairs_of"]

AT_ONCE = 2**22  # probabilities in hand at a time
CHAIN, FOLLOWED = 16, 256  # length of the chain that says which symbols are common


@dataclass(frozen=True)
class Pairs:
    """The probability of what follows each symbol."""

    tokens: Ids
    "The symbols shown, shape (S,), in the order of their ids."
    p: npt.NDArray[np.float64]
    "P(next | one symbol) as [symbol, next], shape (S, S)."
    vocab_size: int
    whole: bool
    "Whether the model sees one symbol only, so that this is all it knows."


def pairs_of(model: LanguageModel, tokenizer: Tokenizer, most: int = MOST) -> Pairs:
    """The bigram matrix, of a large alphabet's symbols those that are expected most.

    Args:
        model: any.
        tokenizer: the one it was trained with.
        most: symbols a side.
    """
    size = tokenizer.vocab_size
    shown = np.arange(size)
    if size > most:
        shown = np.sort(np.argsort(-expected(model, tokenizer), kind="stable")[:most])
    part = np.concatenate([p[:, shown] for _, p in rows(model, tokenizer, shown)])
    return Pairs(shown, part, size, model.context == 1)


def expected(model: LanguageModel, tokenizer: Tokenizer) -> npt.NDArray[np.float64]:
    """How often each symbol comes in a chain that these probabilities make, shape (V,).

    It begins as a thing does. At each step only the likeliest symbols are followed on, so that a
    large alphabet's matrix is never needed whole.
    """
    now = np.zeros(tokenizer.vocab_size)
    now[tokenizer.start] = 1
    total = np.zeros(tokenizer.vocab_size)
    for _ in range(CHAIN):
        followed = np.argsort(-now, kind="stable")[:FOLLOWED]
        following = np.zeros(tokenizer.vocab_size)
        for tokens, p in rows(model, tokenizer, followed):
            following += now[tokens] @ p
        now = following
        total += now
    return total


def rows(
    model: LanguageModel, tokenizer: Tokenizer, tokens: Ids
) -> Iterator[tuple[Ids, npt.NDArray[np.float64]]]:
    """Some of the tokens at a time, and P(next | token) of each, shape (N, V)."""
    at_once = max(1, AT_ONCE // tokenizer.vocab_size)
    for at in range(0, len(tokens), at_once):
        part = tokens[at : at + at_once]
        if tokenizer.boundary is None:
            logits, _ = model.start(part[:, None])
        else:
            first, state = model.start(np.array([tokenizer.boundary]))
            logits, _ = model.step(part, model.select(state, np.zeros_like(part)))
            # The boundary stands once before an example, not twice.
            logits = np.where(part[:, None] == tokenizer.boundary, first, logits)
        yield part, probabilities(logits)


def draw_matrix(pairs: Pairs, tokenizer: Tokenizer) -> Figure:
    """A square for each pair: rows the symbol read, columns the next, per cent where 1 or more."""
    from matplotlib import colormaps
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    labels, side = letters(tokenizer, pairs.tokens), len(pairs.tokens)
    size = max(4.0, side * 0.27)
    with lettered():
        figure = Figure(figsize=(size + 1.6, size + 1.2), dpi=100, layout="constrained")
        axes = figure.subplots()
        # The root spreads the small probabilities, which would all be one pale blue.
        norm, colours = PowerNorm(0.5, 0, 1), colormaps["Blues"]
        image = axes.imshow(pairs.p, cmap=colours, norm=norm)
        for row, column in np.argwhere(pairs.p >= 0.01):
            p = pairs.p[row, column]
            ink = ink_on(colours(norm(p)))
            axes.text(
                column, row, f"{p * 100:.0f}", fontsize=7, color=ink, ha="center", va="center"
            )
        wide = are_wide(labels)
        axes.set_xticks(range(side), labels, rotation=90 if wide else 0)
        axes.set_yticks(range(side), labels)
        axes.tick_params(length=0, labelsize=7 if wide else 9, top=True, labeltop=True)
        axes.set_xlabel("next symbol")
        axes.set_ylabel("symbol before it" if pairs.whole else "first symbol read")
        figure.colorbar(image, ax=axes, shrink=0.6, format="{x:.0%}", label="probability")
        given = "the symbol before it" if pairs.whole else "the first symbol"
        title = f"Probability of the next symbol, given {given}\nnumbers: per cent"
        if side < pairs.vocab_size:
            title += f"; the {side} of {pairs.vocab_size:,} symbols expected most"
        axes.set_title(title, fontsize=11)
    return figure
