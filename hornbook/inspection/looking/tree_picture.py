"""The tree of what may come, drawn: a branch is as thick as it is likely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.inspection.lettering import ellipsis, in_ink, lettered
from hornbook.inspection.looking.tree import Branch, Tree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_tree"]

LEAF, STEP = 0.32, 1.25  # inches: from leaf to leaf, and from a symbol to the next
THICKEST = 14.0  # points: a branch of probability 1
INK, LINE, END = "black", "#56B4E9", "#E69F00"
PLATE = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def draw_tree(tree: Tree) -> Figure:
    """The prefix at the left, what may follow to the right.

    On each branch the probability of its symbol, at each leaf the string and its probability from
    the prefix on; a thing that is over ends in an orange square.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    heights: dict[int, float] = {}  # of each branch, by identity
    for row, leaf in enumerate(tree.root.leaves()):
        heights[id(leaf)] = float(row)
    rows, deepest = len(heights), depth(tree.root)

    def stand(branch: Branch) -> float:
        """A fork stands at the middle of its first branch and its last."""
        if id(branch) not in heights:
            own = [stand(child) for child in branch.branches]
            heights[id(branch)] = (own[0] + own[-1]) / 2
        return heights[id(branch)]

    stand(tree.root)
    prefix = [in_ink(label) for label in tree.prefix]
    start = ellipsis(prefix, 12)
    with lettered():
        figure = Figure(
            figsize=(deepest * STEP + 3.4, max(1.6, rows * LEAF + 0.9)),
            dpi=100,
            layout="constrained",
        )
        axes = figure.subplots()

        def draw(branch: Branch, at: int, path: list[str]) -> None:
            y = heights[id(branch)]
            for child in branch.branches:
                below = heights[id(child)]
                curve = [(at, y), (at + 0.45, y), (at + 0.3, below), (at + 1, below)]
                codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
                thickness = max(0.6, THICKEST * child.p)
                axes.add_patch(
                    PathPatch(
                        Path(curve, codes), fill=False, edgecolor=LINE, linewidth=thickness,
                        capstyle="butt", zorder=1,
                    )
                )  # fmt: skip
                axes.text(
                    at + 0.74, below, f"{child.p:.0%}" if child.p >= 0.01 else f"{child.p:.1%}",
                    fontsize=8, ha="center", va="center", zorder=3, bbox=PLATE,
                )  # fmt: skip
                draw(child, at + 1, [*path, in_ink(child.label)])
            box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": INK}
            if branch.ends:
                box |= {"boxstyle": "square,pad=0.3", "facecolor": END}
            label = in_ink(branch.label) if at else start or "start"
            axes.text(at, y, label, fontsize=10, ha="center", va="center", bbox=box, zorder=2)
            if not branch.branches and at:
                string = ellipsis(path[:-1] if branch.ends else path, 16)
                axes.text(
                    at + 0.25, y, f"{string}  {branch.total:.2%}", fontsize=9, va="center", zorder=2
                )

        draw(tree.root, 0, prefix)
        axes.set_xlim(-0.4, deepest + 1.6)
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_axis_off()
        axes.set_title(f"What may come {f'after “{start}”' if start else 'first'}", fontsize=11)
    return figure


def depth(branch: Branch) -> int:
    """Symbols on the longest way from a branch to a leaf."""
    return max((1 + depth(child) for child in branch.branches), default=0)
