"""Where the decoder looks in the source while it says each token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.pairs.data import PairData
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import SequenceModel
from hornbook.pairs.rows import padded
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide
from hornbook.rendering import one_line
from hornbook.text.token_labels import letters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Alignment", "alignment_of", "draw_alignment"]

HEADS, ACROSS = 12, 2  # most maps, and how many stand beside each other


@dataclass(frozen=True)
class Alignment:
    """A source, what is said to it, and where each token of that looked."""

    source: tuple[str, ...]
    "A label for each token, the end too."
    said: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    "Shape (n, T, S): of each head or layer; rows sum to 1."


def alignment_of(model: SequenceModel, data: PairData, text: str) -> Alignment:
    """Where a model looks as it answers a source greedily.

    Raises:
        UnknownTokenError: if the source cannot be read.
    """
    ids = data.read(text)
    said = model.answers([ids], Decoding())[0][0].ids
    end = data.writing.vocabulary.boundary
    assert end is not None
    inputs = np.array([[data.writing.vocabulary.start, *said]], np.int64)
    weights = model.alignment(padded([ids]), inputs)[0]
    return Alignment(
        tuple(letters(data.source_tokens, ids)),
        tuple(letters(data.writing, [*said, end])),
        weights,
    )


@drawing()
def draw_alignment(found: Alignment, text: str) -> Figure:
    """A map of the mean, then one for each head: what is said in rows, the source in columns."""
    from matplotlib.figure import Figure

    n = len(found.weights)
    maps = [("mean of all heads" if n > 1 else "", found.weights.mean(0))]
    if 1 < n <= HEADS:
        maps += [(f"head {at + 1}", one) for at, one in enumerate(found.weights)]
    across = min(ACROSS, len(maps))
    down = -(-len(maps) // across)
    width = max(2.2, 0.2 * len(found.source) + 0.9)
    height = max(2.0, 0.2 * len(found.said) + 0.9)
    figure = Figure(
        figsize=(max(4.0, across * width), down * height + 0.5), dpi=120, layout="constrained"
    )
    grid = figure.subplots(down, across, squeeze=False).reshape(-1)
    wide = are_wide(found.source)
    size = 8 if max(len(found.source), len(found.said)) <= 40 else 5
    for axes, (title, weights) in zip(grid, maps, strict=False):
        axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(found.source)), found.source, rotation=90 if wide else 0)
        axes.set_yticks(range(len(found.said)), found.said)
        axes.tick_params(length=0, labelsize=size, pad=2)
        axes.set_title(title, fontsize=9)
    for axes in grid[len(maps) :]:
        axes.set_axis_off()
    figure.suptitle(f"Where the decoder looks: {one_line(text)}", fontsize=10)
    figure.supxlabel("source", fontsize=9)
    figure.supylabel("said", fontsize=9)
    return figure
