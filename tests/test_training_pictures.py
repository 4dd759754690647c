"""Figures of a watched training, drawn from records made up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure

from hornbook.inspection.training_pictures import activations, flat_shares, gradients, paces
from hornbook.monitoring.history import History, Ignorance
from hornbook.monitoring.record import (
    Distribution,
    Histogram,
    LayerFigures,
    ParameterFigures,
    UpdateRecord,
)
from hornbook.plots.drawing import drawing
from hornbook.reports.section import Section

SPREAD = Histogram(-1.0, 1.0, (1, 4, 1))
ZERO = Histogram(0.0, 0.0, (6,))


def update(step: int, gradient: Histogram, *, of_output: Histogram, layers: int) -> UpdateRecord:
    """An update of a few tanh layers and an output layer, with the gradients given."""
    known = [
        LayerFigures(
            f"net.layers.{place}", "Tanh", Distribution(0, 1, SPREAD),
            Distribution(0, 0, gradient), flat=0.0, idle=0.0,
        )
        for place in range(layers)
    ]  # fmt: skip
    known.append(
        LayerFigures(
            "net.last", "Linear", Distribution(0, 1, SPREAD), Distribution(0, 1, of_output)
        )
    )
    weights = [
        ParameterFigures(f"net.layers.{place}.weight", (2, 2), False, 1.0, 0.1, 0.01)
        for place in range(layers)
    ]
    return UpdateRecord(step, 3.0, 0.1, 1.0, tuple(known), tuple(weights))


def history(*found: Histogram, layers: int = 2, settings: Sequence[str] = ()) -> History:
    """A training with these gradients of its tanh layers, update by update."""
    records = [update(step, one, of_output=SPREAD, layers=layers) for step, one in enumerate(found)]
    return History(records, Ignorance(3.0, "guessing costs 3"), settings=settings)


def drawn(draw: Callable[[History], Iterator[Section]], given: History) -> tuple[Section, Figure]:
    with drawing():
        (section,) = draw(given)
    assert isinstance(section.figure, Figure)
    return section, section.figure


def test_a_panel_without_a_line_says_why() -> None:
    _, figure = drawn(gradients, history(ZERO, ZERO))
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [["all zero"]] * 2


def test_the_first_update_that_has_gradients_of_the_shown_layers_is_shown() -> None:
    _, figure = drawn(gradients, history(ZERO, SPREAD, SPREAD))
    assert [axes.get_title() for axes in figure.axes] == ["update 1", "update 2"]
    assert not any(axes.texts for axes in figure.axes)


@pytest.mark.parametrize("settings", [("gain",), ("n_hidden",)])
def test_only_a_family_with_a_gain_is_told_to_change_it(settings: tuple[str]) -> None:
    section, _ = drawn(activations, history(SPREAD, SPREAD, settings=settings))
    assert ("change `gain`" in section.text) is (settings == ("gain",))
    assert "Outputs of the nonlinearities, on one training batch" in section.text


def test_a_share_of_zero_lies_above_the_axis() -> None:
    _, figure = drawn(flat_shares, history(SPREAD, SPREAD))
    for axes in figure.axes:
        assert axes.get_ylim()[0] < 0
        assert np.asarray(axes.lines[0].get_ydata()).tolist() == [0.0, 0.0]


def test_of_many_matrices_the_legend_says_how_many_it_names() -> None:
    _, figure = drawn(paces, history(SPREAD, SPREAD, layers=18))
    held = figure.axes[0].get_legend()
    assert held is not None
    assert held.get_title().get_text() == "8 of 18 named"
    assert "−3, as in the lecture" in [text.get_text() for text in held.get_texts()]
