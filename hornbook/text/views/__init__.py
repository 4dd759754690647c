"""Looking inside a trained model: numbers first, then a figure made of them.

    embeddings      the symbols in the plane
    matrix          what follows one symbol
    attention       who looks at whom, by layer and head
    traces          what hidden units hold along a string
    coloured        the string coloured by one of them
    tree            what may come after a prefix
    pictures        which of these a model can have

A function that ends in `_of` (and `grow`) asks the model, for any family that can answer; one that
begins with `draw_` asks nothing more, and gives a figure that no window or global state knows of.
"""

from __future__ import annotations

from hornbook.plots.saving import rendered, save
from hornbook.text.views.attention import Attention, attention_of, draw_attention
from hornbook.text.views.coloured import draw_coloured
from hornbook.text.views.embeddings import Plane, draw_embeddings, plane_of
from hornbook.text.views.matrix import Pairs, draw_matrix, pairs_of
from hornbook.text.views.pictures import ViewSettings, views_of, views_of_run
from hornbook.text.views.traces import Traces, draw_traces, traces_of
from hornbook.text.views.tree import Branch, Tree, TreeSettings, grow
from hornbook.text.views.tree_picture import draw_tree

__all__ = [
    "Attention",
    "Branch",
    "Pairs",
    "Plane",
    "Traces",
    "Tree",
    "TreeSettings",
    "ViewSettings",
    "attention_of",
    "draw_attention",
    "draw_coloured",
    "draw_embeddings",
    "draw_matrix",
    "draw_traces",
    "draw_tree",
    "grow",
    "pairs_of",
    "plane_of",
    "rendered",
    "save",
    "traces_of",
    "views_of",
    "views_of_run",
]
