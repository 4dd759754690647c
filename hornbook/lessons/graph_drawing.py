"""The graph of an expression drawn as in the lecture: every value, its data and its gradient."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from hornbook.plots.drawing import drawing
from hornbook.plots.saving import save
from hornbook.scalar.graph import LEAF, OPERATION, RESULT
from hornbook.scalar.layout import lay_out
from hornbook.scalar.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_graph"]

SIZE = 10.0  # of letters, in points; so are all lengths here
ROW = 17.0  # height of a line of a box
MARGIN = 12.0
LONGEST = 28  # characters of a label
EDGE, LINE = "#555555", "#888888"
PIXELS = 12_000  # along the longer side of a PNG, at most


@drawing()
def draw_graph(root: Value, path: Path) -> None:
    """Draw all values that a value was made of, from left to right, as a PNG or an SVG.

    A box for each value, with its label, its data and its gradient; a circle for each operation
    between its inputs and its result. Leaves are yellow, results blue.

    Raises:
        SettingsError: if the path does not end in .png or .svg.
        RunError: if the file cannot be written.
    """
    from matplotlib.figure import Figure

    values = root.graph()
    number = {value: at for at, value in enumerate(values)}
    boxes = [lines_of(value) for value in values]
    sizes = [(width_of(lines), ROW * len(lines) + 6) for lines in boxes]
    edges = []
    symbols: list[tuple[int, str]] = []
    for value in values:
        if value.operation is None:
            continue
        made = len(sizes)
        symbols.append((made, value.operation.symbol))
        sizes.append((width_of([value.operation.symbol]), ROW + 8))
        edges += [(number[one], made) for one in value.inputs]
        edges.append((made, number[value]))
    laid = lay_out(sizes, edges)
    width, height = laid.width + 2 * MARGIN, laid.height + 2 * MARGIN
    dpi = min(144.0, 72 * PIXELS / max(width, height))
    figure = Figure(figsize=(width / 72, height / 72), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-MARGIN, width - MARGIN)
    axes.set_ylim(height - MARGIN, -MARGIN)
    axes.set_axis_off()
    for (begin, end), way in zip(edges, laid.ways, strict=True):
        draw_edge(axes, way, sizes[begin][0] / 2, sizes[end][0] / 2)
    for value, lines, middle, size in zip(values, boxes, laid.middles, sizes, strict=False):
        draw_box(axes, lines, middle, size, LEAF if value.operation is None else RESULT)
    for at, symbol in symbols:
        draw_symbol(axes, symbol, laid.middles[at], sizes[at])
    save(figure, path)


def lines_of(value: Value) -> list[str]:
    """What stands in the box of a value."""
    label = " ".join(value.label.split())
    if len(label) > LONGEST:
        label = label[: LONGEST - 1] + "…"
    return [*([label] if label else []), f"data {value.data:.4g}", f"grad {value.grad:.4g}"]


def width_of(lines: list[str]) -> float:
    """How wide a box must be for some lines."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    widest = 0.0
    for at, line in enumerate(lines):
        letters = FontProperties(weight=weight_of(at, lines))
        widest = max(
            widest, float(TextPath((0, 0), line, size=SIZE, prop=letters).get_extents().x1)
        )
    return max(ROW + 8, widest + 14)


def weight_of(at: int, lines: list[str]) -> str:
    """The label of a value stands out."""
    return "bold" if len(lines) == 3 and not at else "normal"


def draw_box(
    axes: Axes, lines: list[str], middle: tuple[float, float], size: tuple[float, float], fill: str
) -> None:
    """Draw the box of a value, its lines apart from each other."""
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = middle, size
    corner = (x - width / 2 + 3, y - height / 2 + 3)
    shape = FancyBboxPatch(
        corner,
        width - 6,
        height - 6,
        boxstyle="round,pad=3",
        facecolor=fill,
        edgecolor=EDGE,
        lw=0.8,
    )
    axes.add_patch(shape)
    top = y - ROW * len(lines) / 2
    for at, line in enumerate(lines):
        axes.text(
            x, top + ROW * (at + 0.5), line, fontsize=SIZE, ha="center", va="center",
            weight=weight_of(at, lines),
        )  # fmt: skip
        if at:
            across = [x - width / 2, x + width / 2]
            axes.plot(across, [top + ROW * at] * 2, color=EDGE, lw=0.5)


def draw_symbol(
    axes: Axes, symbol: str, middle: tuple[float, float], size: tuple[float, float]
) -> None:
    """Draw the circle of an operation."""
    from matplotlib.patches import Ellipse

    axes.add_patch(Ellipse(middle, *size, facecolor=OPERATION, edgecolor=EDGE, lw=0.8))
    axes.text(*middle, symbol, fontsize=SIZE, ha="center", va="center")


def draw_edge(axes: Axes, way: tuple[tuple[float, float], ...], begin: float, end: float) -> None:
    """Draw an edge through its points, level at each, with an arrow at its end.

    Args:
        axes: to draw in.
        way: the middles of its nodes, and the points between them.
        begin: half the width of the node that it comes from.
        end: half the width of the node that it leads to.
    """
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    points = [(way[0][0] + begin, way[0][1]), *way[1:-1], (way[-1][0] - end, way[-1][1])]
    corners, codes = [points[0]], [Curve.MOVETO]
    for (x, y), (right, below) in pairwise(points):
        half = (right - x) / 2
        corners += [(x + half, y), (right - half, below), (right, below)]
        codes += [Curve.CURVE4] * 3
    arrow = FancyArrowPatch(
        path=Curve(corners, codes), arrowstyle="-|>", mutation_scale=9, color=LINE, lw=1.1,
        shrinkA=0, shrinkB=0,
    )  # fmt: skip
    axes.add_patch(arrow)
