"""The picture of all boards: every dot is in it, and lines are whole or end in an arrow."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.experiments.compare.board import Board, BoardEntry, OneRun, ranked
from hornbook.experiments.compare.measuring import MeasuredModel
from hornbook.experiments.compare.standings import Drawn, draw, shown_range
from hornbook.tasks import Grouped
from hornbook.training.measures import Measure


def entry(kind: str, value: float, spread: float) -> BoardEntry:
    """A kind of model whose examples vary by so much."""
    each = value + spread * np.tile([-1.0, 1.0], 50)
    splits = {name: Grouped(each, np.ones(100), "examples") for name in ("dev", "test")}
    return BoardEntry(kind, kind, (OneRun(MeasuredModel(kind, splits)),), seeded=False)


@pytest.mark.parametrize("spread", [0.1, 5.0])
def test_lines_are_whole_though_longer_than_all_figures_are_apart(spread: float) -> None:
    from matplotlib.figure import Figure

    measure = Measure("loss", "nats")
    lines = ranked([entry("a", 2.15, spread), entry("bb", 2.16, spread)], measure, "test")
    axes = Figure().subplots()
    draw(Board("some", measure, "test", lines), axes)
    low, high = axes.get_xlim()
    for line in axes.get_lines():
        assert all(low < x < high for x in np.asarray(line.get_xdata(), dtype=float))
    (legend,) = [axes.get_legend()]
    assert legend is not None
    box = legend.get_bbox_to_anchor().transformed(axes.transAxes.inverted())
    assert box.x0 == pytest.approx(1.0)  # beside the panel, not among its dots


def test_one_very_long_line_is_cut_and_all_dots_are_shown() -> None:
    short = [Drawn(n, "b", 2.0 + n / 10, 1.95 + n / 10, 2.05 + n / 10) for n in range(3)]
    low, high = shown_range([*short, Drawn(3, "b", 2.1, -50.0, 60.0)])
    assert 1.5 < low < 1.95
    assert 2.25 < high < 2.6
    assert shown_range([Drawn(0, "b", 2.0, 2.0, 2.0)]) == (1.0, 3.0)


def test_a_line_that_goes_on_ends_in_an_arrow() -> None:
    from matplotlib.figure import Figure

    measure = Measure("loss", "nats")
    kinds = [entry(kind, 2.0, 0.1) for kind in ("a", "bb", "ccc")]
    lines = ranked([*kinds, entry("long", 2.0, 50.0)], measure, "test")
    axes = Figure().subplots()
    draw(Board("some", measure, "test", lines), axes)
    marks = [line.get_marker() for line in axes.get_lines()]
    assert (marks.count("<"), marks.count(">")) == (2, 2)  # of dev and of test
