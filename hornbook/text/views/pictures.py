"""Which pictures can be made of a model, and why others cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.errors import SettingsError
from hornbook.text.models.contract import LanguageModel
from hornbook.text.views.attention import attends, attention_of, draw_attention
from hornbook.text.views.coloured import draw_coloured
from hornbook.text.views.embeddings import draw_embeddings, plane_of, table_of
from hornbook.text.views.matrix import draw_matrix, pairs_of
from hornbook.text.views.traces import draw_traces, remembers, traces_of
from hornbook.text.views.tree import TreeSettings, grow
from hornbook.text.views.tree_picture import draw_tree
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Picture", "pictures_of"]


@dataclass(frozen=True)
class Picture:
    """A picture of a model, or why there is none."""

    name: str
    "A word, fit for a file's name."
    shows: str
    "What is to be seen, in a line."
    why_not: str
    "Why this model has none; empty if it has one."
    drawn: Callable[[], Figure]

    def draw(self) -> Figure:
        """Draw it.

        Raises:
            SettingsError: if this model has none, or what was asked cannot be drawn.
        """
        if self.why_not:
            raise SettingsError(f"There is no picture {self.name}: {self.why_not}.")
        return self.drawn()


def pictures_of(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    text: str = "",
    prefix: str = "",
    tree: TreeSettings | None = None,
) -> list[Picture]:
    """Every picture there is, with those that this model cannot have saying why.

    Nothing is drawn, and the model not asked, before a picture's `draw` is called.

    Args:
        model: any.
        tokenizer: the one it was trained with.
        text: the string that attention and hidden units are shown on.
        prefix: where the tree begins.
        tree: how far it grows.

    Raises:
        UnknownSymbolError: if the text or the prefix holds a symbol that is not in the alphabet.
    """
    for given in (text, prefix):
        tokenizer.encode(given)
    no_text = "" if text else "it is shown on a string, and none was given"
    no_attention = no_text if attends(model) else "this model has no attention"
    no_units = no_text if remembers(model) else "no units of this model live on along a string"
    return [
        Picture(
            "embeddings",
            "the symbols in the plane of their embedding's two principal components",
            "this model has no embedding" if table_of(model) is None else "",
            lambda: draw_embeddings(plane_of(model), tokenizer),
        ),
        Picture(
            "matrix",
            "the probability of each symbol after each other",
            "",
            lambda: draw_matrix(pairs_of(model, tokenizer), tokenizer),
        ),
        Picture(
            "attention",
            "where each symbol of a string looks, by layer and head",
            no_attention,
            lambda: draw_attention(attention_of(model, tokenizer, text), tokenizer),
        ),
        Picture(
            "traces",
            "what hidden units hold as a string is read",
            no_units,
            lambda: draw_traces(traces_of(model, tokenizer, text), tokenizer),
        ),
        Picture(
            "coloured",
            "a string coloured by its most telling hidden units",
            no_units,
            lambda: draw_coloured(traces_of(model, tokenizer, text), tokenizer),
        ),
        Picture(
            "tree",
            "the likeliest next symbols from a prefix, and those after them",
            "",
            lambda: draw_tree(grow(model, tokenizer, prefix, tree)),
        ),
    ]
