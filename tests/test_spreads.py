"""Histograms over each other, none of which hides another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hornbook.monitoring.record import Histogram
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.plots.spreads import LEAST, Spread, draw_spreads, stretch

BLACK = (0.0, 0.0, 0.0, 1.0)


def normal(width: float, name: str | None = "a") -> Spread:
    """About a normal distribution."""
    counts = (1e4 * np.exp(-(np.linspace(-3, 3, 40) ** 2) / 2)).astype(int)
    return Spread(name, BLACK, Histogram(-3 * width, 3 * width, tuple(counts.tolist())))


@drawing()
def heights(*panels: list[Spread]) -> tuple[list[list[float]], list[str], list[str]]:
    """The peak of each line by panel, and the scales of the panels."""
    figure, drawn = canvas(len(panels))
    draw_spreads(list(zip(drawn, panels, strict=True)))
    figure.draw_without_rendering()
    peaks = [[float(np.max(line.get_ydata())) for line in axes.lines] for axes in drawn]
    return peaks, [axes.get_xscale() for axes in drawn], [axes.get_yscale() for axes in drawn]


def test_a_spread_knows_its_width() -> None:
    assert normal(0.5).std == pytest.approx(0.5, rel=0.05)
    assert (normal(0.5).density * 3 / 40).sum() == pytest.approx(1)


def test_alike_ones_share_plain_scales() -> None:
    peaks, across, up = heights([normal(1), normal(2)], [normal(1)])
    assert peaks[0][0] == pytest.approx(2 * peaks[0][1])
    assert set(across + up) == {"linear"}


def test_much_taller_and_wider_ones_hide_nothing() -> None:
    peaks, across, up = heights([normal(0.001), normal(1)], [normal(1), normal(1)])
    assert peaks == [[1, 1], [1, 1]]  # in both panels, since they are compared
    assert across == ["asinh", "asinh"]
    assert up == ["linear", "linear"]


def test_of_a_spike_the_rest_is_seen_too() -> None:
    one_hot = Spread("one-hot", BLACK, Histogram(0, 1, (2600, *[0] * 38, 100)))
    _, _, up = heights([one_hot])
    assert up == ["log"]
    _, (axes,) = canvas(1)
    draw_spreads([(axes, [one_hot])])
    (line,) = axes.lines
    seen = np.asarray(line.get_ydata())
    assert np.isfinite(seen).all()  # an isolated bin is a line, not a point between gaps
    assert seen.min() == pytest.approx(LEAST * seen.max())
    assert seen[-1] == pytest.approx(seen[0] * 100 / 2600)


@settings(max_examples=10)  # each is a figure
@given(
    st.lists(
        st.tuples(
            st.floats(1e-8, 1e4), st.lists(st.integers(0, 1000), min_size=2, max_size=12)
        ).filter(lambda pair: sum(pair[1]) > 0),
        max_size=3,
    )
)
def test_any_histograms_can_be_drawn(drawn: list[tuple[float, list[int]]]) -> None:
    heights([Spread("a", BLACK, Histogram(-reach, reach, tuple(c))) for reach, c in drawn], [])


@settings(max_examples=30)
@given(st.floats(1e-9, 1e6), st.floats(1, 1e6))
@example(2.0, 4.0)  # no power of ten lies between 2 and 8
def test_any_scale_has_a_few_ticks(width: float, times: float) -> None:
    with drawing():
        figure, (axes,) = canvas(1)
        axes.plot([-width * times, width * times], [0, 1])
        stretch(axes, width, width * times)
        figure.draw_without_rendering()
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 1 <= len(ticks) <= 20


def test_what_two_panels_have_in_common_is_named_once() -> None:
    _, (above, below) = canvas(2)
    draw_spreads([(above, [normal(1)]), (below, [normal(1)])])
    assert above.get_legend() is None
    assert below.get_legend() is not None
    _, (above, below) = canvas(2)
    draw_spreads([(above, [normal(1, "18 %")]), (below, [normal(1, "24 %")])])
    assert above.get_legend() is not None
