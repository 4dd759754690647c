"""Which characters are said in the place of which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hornbook.pairs.texts.views.seen import Seen
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import are_wide, in_ink, ink_on
from hornbook.plots.panels import canvas, write_across
from hornbook.rendering import describe
from hornbook.reports import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confused", "draw_confused", "table_of_confused"]

NOTHING = ""
SHOWN, LISTED = 16, 15  # characters of a side of the picture, and rows of the table


def confused(seen: Seen) -> Counter[tuple[str, str]]:
    """How often a character (first) was read as another (second); empty: left out, or added.

    Both texts are laid side by side with the fewest edits; of several such ways one is taken.
    """
    from rapidfuzz.distance import Levenshtein

    found: Counter[tuple[str, str]] = Counter()
    for said, (edits, right) in zip(seen.said.said, seen.said.nearest, strict=True):
        if not edits:
            continue
        for one in Levenshtein.editops(right, said):
            wanted = right[one.src_pos] if one.tag != "insert" else NOTHING
            got = said[one.dest_pos] if one.tag != "delete" else NOTHING
            found[wanted, got] += 1
    return found


def told(character: str, absent: str) -> str:
    """A character, or that there is none."""
    return describe(character, quote=False) if character else absent


def table_of_confused(seen: Seen) -> Table:
    """The commonest mistakes."""
    found = confused(seen)
    most = found.most_common(LISTED)
    rows = tuple(
        (told(right, "(nothing)"), told(said, "(left out)"), f"{n:,}") for (right, said), n in most
    )
    return Table(("right", "said", "times"), rows, left=2, beyond=len(found) - len(most))


@drawing()
def draw_confused(seen: Seen) -> Figure:
    """A cell for each pair: the right character in rows, the one said in columns."""
    from matplotlib.figure import Figure

    found = confused(seen)
    each: Counter[str] = Counter()
    for (right, said), n in found.items():
        each.update({right: n, said: n})
    some = sorted(one for one, _ in each.most_common(SHOWN) if one != NOTHING)
    places = {character: at for at, character in enumerate([*some, NOTHING])}
    counts = np.zeros((len(places), len(places)))
    for (right, said), n in found.items():
        if right in places and said in places:
            counts[places[right], places[said]] = n
    if not found:
        figure, (axes,) = canvas(1, 1.2)
        write_across(axes, f"no mistakes: {seen.where}")
        return figure
    side = max(3.4, 0.32 * len(places) + 1.2)
    figure = Figure(figsize=(side + 0.6, side), dpi=120, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(counts, cmap="Oranges", vmin=0)
    for row, column in np.argwhere(counts > 0):
        n = counts[row, column]
        axes.text(column, row, f"{n:.0f}", ha="center", va="center", fontsize=7,
                  color=ink_on(image.cmap(image.norm(n))))  # fmt: skip
    labels = [in_ink(told(one, "")) for one in some]
    wide = 90 if are_wide([*labels, ""]) else 0
    axes.set_xticks(range(len(places)), [*labels, "left\nout"], rotation=wide, fontsize=8)
    axes.set_yticks(range(len(places)), [*labels, "added"], fontsize=8)
    axes.tick_params(length=0)
    axes.set_xlabel("said")
    axes.set_ylabel("right")
    axes.set_title(f"Characters taken for others: {seen.where}", fontsize=9)
    return figure
