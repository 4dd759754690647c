"""The views of a language model, and why a model does not have one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.rendering import quoted
from hornbook.reports import View
from hornbook.settings import Settings
from hornbook.text.bigrams import frequent_pairs
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.ngram import NGram
from hornbook.text.views.attention import (
    attends,
    attention_of,
    draw_attention,
    only_averages,
    too_long_to_show,
)
from hornbook.text.views.coloured_text import draw_coloured
from hornbook.text.views.conditions import view_of_conditions
from hornbook.text.views.embeddings import draw_embeddings, plane_of, table_of
from hornbook.text.views.lens import draw_lens, has_lens, lens_of, told_of_lens
from hornbook.text.views.matrix import draw_matrix, pairs_of, shown_in_matrix
from hornbook.text.views.novelty import view_of_novelty
from hornbook.text.views.traces import draw_traces, remembers, traces_of
from hornbook.text.views.tree import TreeSettings, grow
from hornbook.text.views.tree_picture import draw_tree
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["ViewSettings", "views_of", "views_of_run"]

PAIRS = 10  # that are told as text
SHOWN = 24  # most tokens of the example; with more the figures get too small


@dataclass(frozen=True)
class ViewSettings(Settings):
    """The inputs for the views of a model."""

    text: str | None = None
    "String to show attention and hidden units for (default: an example from the data)."
    prefix: str | None = None
    "Prefix to show the most likely continuations of (default: the first two tokens of text)."


def views_of_run(run: Run, settings: ViewSettings) -> list[View]:
    """The views of a finished run.

    Raises:
        UnknownTokenError: if text or prefix contains a character that is not in the vocabulary.
    """
    text = example(run) if settings.text is None else settings.text
    tokenizer = run.data.tokenizer
    prefix = beginning(tokenizer, text) if settings.prefix is None else settings.prefix
    views = views_of(run.model, tokenizer, text=text, prefix=prefix)
    conditions = view_of_conditions(run)
    views += [] if conditions is None else [conditions]
    return [*views, view_of_novelty(run)]


def beginning(tokenizer: Tokenizer, text: str) -> str:
    """The first two tokens of a text, and as many more as their last character takes.

    Raises:
        UnknownTokenError: if the text contains a character that is not in the vocabulary.
    """
    ids, read = tokenizer.encode(text).tolist(), tokenizer.as_read(text)
    begun = (tokenizer.decode(ids[:count]) for count in range(min(2, len(ids)), len(ids) + 1))
    return next((one for one in begun if read.startswith(one)), text)


def written_pairs(model: LanguageModel, tokenizer: Tokenizer) -> Callable[[], str] | None:
    """The most frequent pairs as text, of a model that is their counts."""
    if not (isinstance(model, NGram) and model.settings.order == 2):
        return None

    def written() -> str:
        found = frequent_pairs(model.pair_counts(), tokenizer, PAIRS)
        rows = [(p.first, p.next, f"{p.count:,}", f"{p.share:.1%} of its first") for p in found]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            f"  {first:{wide[0]}} {then:{wide[1]}} {count:>{wide[2]}}  {share:>{wide[3]}}"
            for first, then, count, share in rows
        )
        return "\n".join(["The most frequent pairs of tokens in train:", *lines])

    return written


def example(run: Run) -> str:
    """A held-out example, shortened to what can be shown; empty if the run is without its text."""
    if not run.data.kept:
        return ""
    splits = run.data.splits
    held_out = next(splits[name] for name in ("dev", "test", "train") if splits[name])
    # The boundary token before it takes up a position of the context.
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
    """All views; one that this model does not have says why.

    The model is not evaluated before a view is drawn or written.

    Args:
        model: a model of any family.
        tokenizer: the tokenizer that it was trained with.
        text: the string that attention and hidden units are shown for.
        prefix: the prefix of the tree.
        tree: the size of the tree.

    Raises:
        UnknownTokenError: if text or prefix contains a character that is not in the vocabulary.
    """
    for given in (text, prefix):
        tokenizer.encode(given)
    no_text = "" if text else "it needs a string, and `text` is empty"
    no_attention = no_text if attends(model) else "this model has no attention layers"
    too_long = "" if no_attention else too_long_to_show(model, tokenizer, text)
    weights = (
        "averaging weights, fixed: each position sees the mean of all before it"
        if only_averages(model)
        else "attention weights by layer and head"
    )
    no_lens = no_text if has_lens(model) else "the layers of this model do not add to one stream"
    no_units = (
        no_text
        if remembers(model)
        else "this model has no recurrent units that carry state along a string"
    )
    return [
        View(
            "embeddings",
            "token embeddings, projected to their first two principal components",
            lambda: draw_embeddings(plane_of(model), tokenizer),
            why_not="this model has no token embedding" if table_of(model) is None else "",
        ),
        View(
            "matrix",
            shown_in_matrix(model, tokenizer),
            lambda: draw_matrix(pairs_of(model, tokenizer), tokenizer),
            written=written_pairs(model, tokenizer),
        ),
        View(
            "attention",
            f"{weights}, for the string {text!r}",
            lambda: draw_attention(attention_of(model, tokenizer, text), tokenizer),
            why_not=no_attention,
            written=(lambda: f"Attention is left out. {too_long}") if too_long else None,
        ),
        View(
            "lens",
            f"what each layer would predict next, for the string {text!r}",
            lambda: draw_lens(lens_of(model, tokenizer, text), tokenizer),
            why_not=no_lens or too_long,
            written=lambda: told_of_lens(lens_of(model, tokenizer, text), tokenizer, text),
        ),
        View(
            "traces",
            f"outputs of hidden units as the model reads the string {text!r}",
            lambda: draw_traces(traces_of(model, tokenizer, text), tokenizer),
            why_not=no_units,
        ),
        View(
            "coloured",
            f"a string coloured by the hidden units that vary most over it: {text!r}",
            lambda: draw_coloured(traces_of(model, tokenizer, text), tokenizer),
            why_not=no_units,
        ),
        View(
            "tree",
            f"the most likely continuations of the prefix {quoted(prefix)}",
            lambda: draw_tree(grow(model, tokenizer, prefix, tree)),
            written=lambda: (
                f"After {quoted(prefix)}: the probability of each next token, and in brackets that "
                f"of the whole continuation.\n{grow(model, tokenizer, prefix, tree).as_text()}"
            ),
        ),
    ]
