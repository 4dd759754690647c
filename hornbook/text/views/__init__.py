"""Views of a trained model: numbers first, then a figure made from them.

    embeddings      the token embeddings in two dimensions
    matrix          what follows each token
    attention       attention weights by layer and head
    traces          outputs of hidden units along a string
    coloured        a string coloured by the output of a unit
    tree            the most likely continuations of a prefix
    pictures        which of these a model supports

A function that ends in `_of` (and `grow`) evaluates the model, for every family that supports it.
One that begins with `draw_` only draws, and returns a matplotlib figure without any global state.
"""

from __future__ import annotations

from hornbook.plots.maps import Plane
from hornbook.plots.saving import rendered, save
from hornbook.text.views.attention import Attention, attention_of, draw_attention
from hornbook.text.views.coloured_text import draw_coloured
from hornbook.text.views.embeddings import draw_embeddings, plane_of
from hornbook.text.views.matrix import Pairs, draw_matrix, pairs_of
from hornbook.text.views.pictures import ViewSettings, views_of, views_of_run
from hornbook.text.views.traces import Traces, draw_traces, traces_of
from hornbook.text.views.tree import Branch, ContinuationTree, TreeSettings, grow
from hornbook.text.views.tree_picture import draw_tree

__all__ = [
    "Attention",
    "Branch",
    "ContinuationTree",
    "Pairs",
    "Plane",
    "Traces",
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
