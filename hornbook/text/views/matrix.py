"""The bigram matrix of any model: next-token probabilities after one token.

A model with a context of one token is fully described by this matrix. Models with a longer context
are evaluated at the first token of an example or text, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import MOST, are_wide, ink_on
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.token_labels import letters
from hornbook.text.views.next_token import probabilities
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Pairs", "draw_matrix", "pairs_of", "shown_in_matrix"]

AT_ONCE = 2**22  # probabilities computed at a time
CHAIN, FOLLOWED = 16, 256  # length of the chain that finds common tokens


@dataclass(frozen=True)
class Pairs:
    """Next-token probabilities after each token."""

    tokens: Ids
    "Ids of the tokens shown, shape (S,), ascending."
    p: npt.NDArray[np.float64]
    "P(next | token) as [token, next], shape (S, S)."
    vocab_size: int
    whole: bool
    "Whether the context is one token, so that this matrix is the whole model."
    given: str
    "Where each token stands, and so what else the model knows: see `place_of`."


def place_of(model: LanguageModel, tokenizer: Tokenizer) -> str:
    """Where the matrix puts each token, in words: a longer context would see what is before it."""
    if model.context == 1:
        return "wherever it stands"
    if tokenizer.boundary is None:
        return "with no text before it"
    return "as the first of an example"


def shown_in_matrix(model: LanguageModel, tokenizer: Tokenizer) -> str:
    """What the matrix shows, in words.

    Args:
        model: a model of any family.
        tokenizer: the tokenizer that it was trained with.
    """
    row = f"a row holds what follows a token {place_of(model, tokenizer)}"
    if tokenizer.boundary is not None:
        row += ", that of the boundary token what an example begins with"
    told = f"probability of each next token in percent, from 1 up: {row}"
    if model.context != 1:
        told += "; later in a text this model sees more than one token, and predicts otherwise"
    return told


def pairs_of(model: LanguageModel, tokenizer: Tokenizer, most: int = MOST) -> Pairs:
    """The bigram matrix; of a large vocabulary, for the most frequent tokens.

    Args:
        model: a model of any family.
        tokenizer: the tokenizer that it was trained with.
        most: most tokens per side.
    """
    size = tokenizer.vocab_size
    shown = np.arange(size)
    if size > most:
        shown = np.sort(np.argsort(-expected(model, tokenizer), kind="stable")[:most])
    part = np.concatenate([p[:, shown] for _, p in rows(model, tokenizer, shown)])
    return Pairs(shown, part, size, model.context == 1, place_of(model, tokenizer))


def expected(model: LanguageModel, tokenizer: Tokenizer) -> npt.NDArray[np.float64]:
    """Expected counts of the tokens in a Markov chain with these probabilities, shape (V,).

    It starts like an example. Each step follows only the most likely tokens, so that the whole
    matrix of a large vocabulary is never needed.
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
    """Batches of the tokens, with P(next | token) for each, shape (N, V)."""
    at_once = max(1, AT_ONCE // tokenizer.vocab_size)
    for at in range(0, len(tokens), at_once):
        part = tokens[at : at + at_once]
        if tokenizer.boundary is None:
            logits, _ = model.start(part[:, None])
        else:
            first, state = model.start(np.array([tokenizer.boundary]))
            logits, _ = model.step(part, model.select(state, np.zeros_like(part)))
            # The boundary token comes once before an example, not twice.
            logits = np.where(part[:, None] == tokenizer.boundary, first, logits)
        yield part, probabilities(logits)


@drawing()
def draw_matrix(pairs: Pairs, tokenizer: Tokenizer) -> Figure:
    """Draw a cell for each pair: the token in rows, the next in columns, percent from 1 up."""
    from matplotlib import colormaps
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    labels, side = letters(tokenizer, pairs.tokens), len(pairs.tokens)
    size = max(4.0, side * 0.27)
    figure = Figure(figsize=(size + 1.6, size + 1.2), dpi=100, layout="constrained")
    axes = figure.subplots()
    # The square root spreads the small probabilities, which would all be the same pale blue.
    norm, colours = PowerNorm(0.5, 0, 1), colormaps["Blues"]
    image = axes.imshow(pairs.p, cmap=colours, norm=norm)
    for row, column in np.argwhere(pairs.p >= 0.01):  # they need no room beside their cells
        p = pairs.p[row, column]
        ink = ink_on(colours(norm(p)))
        axes.text(
            column, row, f"{p * 100:.0f}", fontsize=8.5, color=ink, ha="center", va="center",
            in_layout=False,
        )  # fmt: skip
    wide = are_wide(labels)
    axes.set_xticks(range(side), labels, rotation=90 if wide else 0)
    axes.set_yticks(range(side), labels)
    axes.tick_params(length=0, labelsize=7 if wide else 9, top=True, labeltop=True)
    axes.set_xlabel("next token")
    axes.set_ylabel("previous token" if pairs.whole else "first token")
    figure.colorbar(image, ax=axes, shrink=0.6, format="{x:.0%}", label="probability")
    title = f"Probability of the next token in percent,\nafter a token {pairs.given}"
    if side < pairs.vocab_size:
        title += f"; the most frequent {side} of {pairs.vocab_size:,} tokens"
    axes.set_title(title, fontsize=11)
    return figure
