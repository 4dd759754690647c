"""What can be seen of a language model, and why a model lacks a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.reports import View
from hornbook.settings import Settings
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
    from hornbook.runs import Run

__all__ = ["ViewSettings", "views_of", "views_of_run"]

SHOWN = 24  # symbols of the example: more make small pictures


@dataclass(frozen=True)
class ViewSettings(Settings):
    """What a model is shown on."""

    text: str | None = None
    "String that attention and hidden units are shown on (by default one from the data)."
    prefix: str | None = None
    "Where the tree of next symbols begins (by default the text's first two symbols)."


def views_of_run(run: Run, settings: ViewSettings) -> list[View]:
    """The views of a finished run.

    Raises:
        UnknownSymbolError: if the text or the prefix holds a symbol that is not in the alphabet.
    """
    text = example(run) if settings.text is None else settings.text
    prefix = text[:2] if settings.prefix is None else settings.prefix
    return views_of(run.model, run.data.tokenizer, text=text, prefix=prefix)


def example(run: Run) -> str:
    """An example that was held out, as far as it can be shown."""
    splits = run.data.splits
    held_out = next(splits[name] for name in ("dev", "test", "train") if splits[name])
    # The boundary before it takes a place of the context too.
    boundary = run.data.shape.boundary is not None
    room = min(SHOWN, (run.model.context or SHOWN) - boundary)
    first: str = held_out[0].lstrip("\n")[: max(1, room)]
    return first


def views_of(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    text: str = "",
    prefix: str = "",
    tree: TreeSettings | None = None,
) -> list[View]:
    """Every view there is, with those that this model cannot have saying why.

    Nothing is drawn, and the model not asked, before a view is drawn or written.

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
        View(
            "embeddings",
            "the symbols in the plane of their embedding's two principal components",
            lambda: draw_embeddings(plane_of(model), tokenizer),
            why_not="this model has no embedding" if table_of(model) is None else "",
        ),
        View(
            "matrix",
            "the probability of each symbol after each other",
            lambda: draw_matrix(pairs_of(model, tokenizer), tokenizer),
        ),
        View(
            "attention",
            f"where each symbol of a string looks, by layer and head: {text!r}",
            lambda: draw_attention(attention_of(model, tokenizer, text), tokenizer),
            why_not=no_attention,
        ),
        View(
            "traces",
            f"what hidden units hold as a string is read: {text!r}",
            lambda: draw_traces(traces_of(model, tokenizer, text), tokenizer),
            why_not=no_units,
        ),
        View(
            "coloured",
            f"a string coloured by its most telling hidden units: {text!r}",
            lambda: draw_coloured(traces_of(model, tokenizer, text), tokenizer),
            why_not=no_units,
        ),
        View(
            "tree",
            f"the likeliest next symbols from a prefix, and those after them: {prefix!r}",
            lambda: draw_tree(grow(model, tokenizer, prefix, tree)),
            written=lambda: f"After {prefix!r}:\n{grow(model, tokenizer, prefix, tree).as_text()}",
        ),
    ]
