"""Embeddings in two dimensions: tokens that the model treats alike are close to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns, has_shapes
from hornbook.text.models.contract import LanguageModel
from hornbook.text.token_labels import letters
from hornbook.text.views.character_kinds import KINDS, kind_of
from hornbook.text.views.label_placement import place_labels
from hornbook.text.views.layers import layers_of
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Plane", "draw_embeddings", "plane_of", "principal_plane", "table_of"]

Table = npt.NDArray[np.floating[Any]]
Points = npt.NDArray[np.float64]

ALL_LABELLED = 130  # largest vocabulary in which every token has a label, even if some overlap
TRIED = 3_000  # most tokens of a larger one that get a label if there is room
SIDE, LEFT, BELOW, ABOVE = 7.2, 0.8, 1.2, 0.6  # inches: the square of points, and room around it
MARK = 3.5  # points of paper, from a mark's middle to its edge
SIZE = 11.0  # of letters, in points of paper


@dataclass(frozen=True)
class Plane:
    """The rows of an embedding projected to two dimensions."""

    points: Points
    "Shape (V, 2)."
    shares: tuple[float, float]
    "Share of the variance of the rows along each axis."
    n_embd: int
    "Dimensions of the embedding before the projection."


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


def principal_plane(table: Table) -> Plane:
    """The projection to the first two principal components; two dimensions stay as they are.

    The components are the right singular vectors of the centred table, each with the sign that
    makes its largest weight positive.

    Args:
        table: the embedding, shape (V, C).
    """
    rows: Points = table.astype(np.float64)
    size = rows.shape[1]
    centred = rows - rows.mean(axis=0)
    if size == 2:
        points, variances = rows, (centred**2).sum(axis=0)
        total = variances.sum()
    else:
        _, singular, components = np.linalg.svd(centred, full_matrices=False)
        largest = np.abs(components).argmax(axis=1)
        components *= np.sign(components[np.arange(len(components)), largest])[:, None]
        points, variances = centred @ components[:2].T, singular[:2] ** 2
        total = (singular**2).sum()
        missing = 2 - points.shape[1]  # of an embedding of one dimension
        points, variances = np.pad(points, ((0, 0), (0, missing))), np.pad(variances, (0, missing))
    first, second = variances / total if total else (0.0, 0.0)
    return Plane(points, (float(first), float(second)), size)


@drawing()
def draw_embeddings(plane: Plane, tokenizer: Tokenizer) -> Figure:
    """Draw each token at its position, with a label and a marker for its kind.

    In a large vocabulary only tokens with enough room get a label, outermost first.
    """
    from matplotlib.figure import Figure

    points, (first, second) = plane.points, plane.shares
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    # Equal scales on both axes keep distances true; a single point still gets a frame.
    reach = max(np.ptp(points, axis=0).max() * 0.54, 1e-9)
    width, height = SIDE + 1.2 * LEFT, SIDE + BELOW + ABOVE
    figure = Figure(figsize=(width, height), dpi=100)
    axes = figure.add_axes((LEFT / width, BELOW / height, SIDE / width, SIDE / height))
    frame = np.array([middle - reach, middle + reach])
    axes.set_xlim(*frame[:, 0])
    axes.set_ylim(*frame[:, 1])
    kinds = [kind_of(tokenizer, token) for token in range(len(points))]
    large = len(points) > ALL_LABELLED
    for kind in KINDS:
        mine = points[[own is kind for own in kinds]]
        if len(mine):
            axes.plot(
                mine[:, 0], mine[:, 1], kind.marker, color=kind.colour, label=kind.name,
                markersize=MARK if large else 2 * MARK, markeredgewidth=0,
            )  # fmt: skip
    shown = letter(axes, points, tokenizer, frame)
    names = ["dimension 1", "dimension 2"]
    if plane.n_embd != 2:
        names = [
            f"{which} principal component ({share:.1%} of the variance)"
            for which, share in (("first", first), ("second", second))
        ]
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False)
    title = f"Embeddings of {len(points):,} tokens"
    if plane.n_embd > 2:
        title += f": {first + second:.0%} of the variance in {plane.n_embd} dimensions"
    if shown < len(points):
        title += f"\nonly {shown} have room for a label"
    axes.set_title(title)
    return figure


def letter(axes: Axes, points: Points, tokenizer: Tokenizer, frame: Points) -> int:
    """Draw labels beside their points, outermost first, and return how many found room."""
    outermost = np.argsort(-((points - points.mean(axis=0)) ** 2).sum(axis=1), kind="stable")
    every = len(points) <= ALL_LABELLED
    labels = letters(tokenizer, outermost[: None if every else TRIED])
    boxes = np.array([(width_of(label), SIZE * 1.1) for label in labels])
    scale = SIDE * 72 / np.ptp(frame[:, 0])  # points of paper in a unit of the plane
    places = place_labels(points[outermost] * scale, boxes, MARK, frame * scale, every=every)
    free = ~np.isnan(places[:, 0])
    for at in np.flatnonzero(free):
        x, y = places[at] / scale
        axes.text(x, y, labels[at], fontsize=SIZE, ha="center", va="center")
    return int(free.sum())


def width_of(label: str) -> float:
    """The width of a label in points of paper, with a little room on its sides."""
    from matplotlib.textpath import TextPath

    if not label.isascii() or not has_shapes(label):
        return SIZE * (0.2 + 0.6 * columns(label))
    return 3 + float(TextPath((0, 0), label, size=SIZE).get_extents().width)
