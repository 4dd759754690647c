"""Draw the tree of continuations; thicker branches are more likely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from hornbook.plots.colours import ORANGE, SKY
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns, ellipsis, in_ink
from hornbook.text.views.tree import Branch, ContinuationTree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_tree"]

# Inches: from leaf to leaf, from a token to the next, and the width of a letter.
ROW, STEP, LETTER = 0.32, 1.2, 0.105
THICKEST = 14.0  # points: a branch of probability 1
LINE, END = SKY, ORANGE
PLATE = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


@dataclass(frozen=True)
class Laid:
    """A branch and its position in the figure."""

    branch: Branch
    path: tuple[str, ...]
    "Labels from the prefix's first token to this one."
    row: float
    "Counted from the top; a fork is midway between its first branch and its last."
    forks: tuple[Laid, ...]

    @property
    def depth(self) -> int:
        """Tokens on the longest path to a leaf."""
        return max((1 + fork.depth for fork in self.forks), default=0)

    @property
    def leaves(self) -> list[Laid]:
        """The last branches, from the top."""
        return [leaf for fork in self.forks for leaf in fork.leaves] or [self]

    @property
    def string(self) -> str:
        """The text at a leaf, and the probability of its continuation."""
        path = self.path[:-1] if self.branch.ends else self.path
        return f"{ellipsis(path, 16)}  {self.branch.total:.2%}"


def lay_out(branch: Branch, path: tuple[str, ...], rows: Iterator[int]) -> Laid:
    """Give each leaf a row, and each fork the middle of its branches."""
    forks = tuple(lay_out(child, (*path, in_ink(child.label)), rows) for child in branch.branches)
    row = (forks[0].row + forks[-1].row) / 2 if forks else float(next(rows))
    return Laid(branch, path, row, forks)


@drawing()
def draw_tree(tree: ContinuationTree) -> Figure:
    """Draw the prefix at the left and its continuations to the right.

    Each branch shows the probability of its token, each leaf the string and the probability of the
    continuation. An orange square marks the end of an example.
    """
    from matplotlib.figure import Figure

    prefix = tuple(in_ink(label) for label in tree.prefix)
    start = ellipsis(prefix, 12)
    root = lay_out(tree.root, prefix, count())
    widest = max(columns(label) for leaf in root.leaves for label in leaf.path[len(prefix) :])
    step = STEP + LETTER * (widest - 1)
    left = 0.4 + LETTER * columns(start or "start")
    right = 0.5 + LETTER * max(columns(leaf.string) for leaf in root.leaves)
    width, height = max(3.5, left + root.depth * step + right), ROW * len(root.leaves) + 0.2
    figure = Figure(figsize=(width, height + 0.4), dpi=100)
    axes = figure.add_axes((0, 0, 1, height / (height + 0.4)))  # an inch is a unit
    axes.set_xlim(-left, width - left)
    axes.set_ylim(height - ROW / 2 - 0.1, -ROW / 2 - 0.1)
    axes.set_axis_off()
    draw_forks(axes, root, 0.0, step)
    node = {"boxstyle": "round,pad=0.3", "facecolor": "white"}
    axes.text(0, root.row * ROW, start or "start", ha="right", va="center", bbox=node)
    title = f"Continuations of “{start}”" if start else "Most likely first tokens"
    if any(leaf.branch.ends for leaf in root.leaves):
        title += " (orange: end)"
    axes.set_title(title, fontsize=11)
    return figure


def draw_forks(axes: Axes, laid: Laid, x: float, step: float) -> None:
    """Draw what follows a branch at x."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    begin, end = x + 0.05, x + step
    for fork in laid.forks:
        above, y, p = laid.row * ROW, fork.row * ROW, fork.branch.p
        curve = [(begin, above), (begin + 0.5, above), (begin + 0.3, y), (end, y)]
        path = Path(curve, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        thickness = max(0.6, THICKEST * p)
        axes.add_patch(PathPatch(path, fill=False, edgecolor=LINE, linewidth=thickness, zorder=1))
        share, place = f"{p:.0%}" if p >= 0.01 else f"{p:.1%}", x + 0.74 * STEP
        axes.text(place, y, share, fontsize=8, ha="center", va="center", bbox=PLATE, zorder=3)
        draw_forks(axes, fork, end, step)
        node = {"boxstyle": "round,pad=0.3", "facecolor": "white"}
        if fork.branch.ends:
            node = {"boxstyle": "square,pad=0.3", "facecolor": END}
        axes.text(end, y, fork.path[-1], ha="center", va="center", bbox=node, zorder=2)
        if not fork.forks:
            wide = LETTER * columns(fork.path[-1]) / 2
            axes.text(end + wide + 0.15, y, fork.string, fontsize=9, va="center", zorder=2)
