"""Embeddings in two dimensions: tokens that the model treats alike are close to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.plots.maps import MARK, Plane, begin_map, principal_plane
from hornbook.text.models.contract import LanguageModel
from hornbook.text.token_labels import letters
from hornbook.text.views.character_kinds import KINDS, kind_of
from hornbook.text.views.layers import layers_of
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_embeddings", "plane_of", "table_of"]

Table = npt.NDArray[np.floating[Any]]

ALL_LABELLED = 130  # largest vocabulary in which every token has a label, even if some overlap
TRIED = 3_000  # most tokens of a larger one that get a label if there is room


def table_of(model: LanguageModel) -> Table | None:
    """The token embedding of a model, shape (V, C); None if it has none."""
    layers = layers_of(model)
    if not layers:
        return None
    from hornbook.nn import Embedding

    for layer in layers:
        if isinstance(layer, Embedding) and layer.weight.shape[0] == model.vocabulary.size:
            table: Table = layer.weight.detach().cpu().numpy()
            return table
    return None


def plane_of(model: LanguageModel) -> Plane:
    """The plane in which a model's token embedding varies most.

    Raises:
        SettingsError: if the model has no embedding.
    """
    table = table_of(model)
    if table is None:
        raise SettingsError(
            "This model has no token embedding.", hint="Train one with `model=mlp`."
        )
    return principal_plane(table)


@drawing()
def draw_embeddings(plane: Plane, tokenizer: Tokenizer) -> Figure:
    """Draw each token at its position, with a label and a marker for its kind.

    In a large vocabulary only tokens with enough room get a label, outermost first.
    """
    points = plane.points
    drawn = begin_map(plane)
    kinds = [kind_of(tokenizer, token) for token in range(len(points))]
    every = len(points) <= ALL_LABELLED
    for kind in KINDS:
        mine = points[[own is kind for own in kinds]]
        if len(mine):
            drawn.axes.plot(
                mine[:, 0], mine[:, 1], kind.marker, color=kind.colour, label=kind.name,
                markersize=2 * MARK if every else MARK, markeredgewidth=0,
            )  # fmt: skip
    order = drawn.outermost
    shown = drawn.label(order, letters(tokenizer, order[: None if every else TRIED]), every=every)
    drawn.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False)
    title = f"Embeddings of {len(points):,} tokens"
    if plane.dimensions > 2:
        title += f": {sum(plane.shares):.0%} of the variance in {plane.dimensions} dimensions"
    if shown < len(points):
        title += f"\nonly {shown} have room for a label"
    drawn.axes.set_title(title)
    return drawn.figure
