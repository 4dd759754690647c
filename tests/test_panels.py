"""Panels of lines."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.plots.panels import (
    NAMED,
    canvas,
    form_of,
    legend,
    level,
    log_marks,
    logarithmic,
    named,
    shades,
    spaced,
)


@pytest.mark.parametrize("count", [0, 1, 3, NAMED, NAMED + 1, 40])
def test_of_many_lines_the_first_and_the_last_are_named(count: int) -> None:
    found = named(count)
    assert len(found) == count
    assert sum(found) == min(count, NAMED)
    if count > NAMED:
        assert all(found[: NAMED // 2])
        assert all(found[-(NAMED // 2) :])


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_shades_go_from_dark_to_bright(count: int) -> None:
    found = shades(count)
    assert len(found) == count
    luminance = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, _ in found]
    assert luminance == sorted(luminance)
    assert len(set(found)) == count


def test_a_level_is_a_line_across_with_its_text() -> None:
    _, (left, right) = canvas(2)
    level(left, 2.5, "here", "#ff0000")
    (line,) = left.lines
    assert np.asarray(line.get_ydata()).tolist() == [2.5, 2.5]
    assert (line.get_label(), line.get_color()) == ("here", "#ff0000")
    assert not left.texts  # which a curve could cross: it is for the legend
    assert not right.lines


@pytest.mark.parametrize(("count", "told"), [(NAMED, ""), (18, f"{NAMED} of 18 named")])
def test_a_legend_that_leaves_lines_out_says_so(count: int, told: str) -> None:
    _, (axes,) = canvas(1)
    for place, said in enumerate(named(count)):
        axes.plot([1, 2], label=str(place) if said else None)
    legend(axes, count)
    held = axes.get_legend()
    assert held is not None
    assert held.get_title().get_text() == told
    assert len(held.get_texts()) == NAMED


def test_a_legend_only_where_a_line_has_a_name() -> None:
    _, (left, right) = canvas(2)
    left.plot([1, 2], label=None)
    right.plot([1, 2], label="a line")
    for axes in (left, right):
        legend(axes)
    assert left.get_legend() is None
    assert right.get_legend() is not None


def test_logarithmic_labels_are_plain_numbers() -> None:
    figure, (axes,) = canvas(1)
    axes.plot([0.01, 100.0])
    logarithmic(axes)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_yticklabels() if label.get_text()]
    assert labels
    assert not any("$" in label for label in labels)


def test_a_legend_names_nothing_that_is_not_drawn() -> None:
    _, (axes,) = canvas(1)
    axes.plot([1, 2], label="drawn")
    axes.plot([], [], label="nothing")
    legend(axes)
    held = axes.get_legend()
    assert held is not None
    assert [text.get_text() for text in held.get_texts()] == ["drawn"]


@pytest.mark.parametrize(
    ("low", "high", "labels"), [(0.01, 100, {"0.01", "1", "100"}), (1e-9, 1, {"1e-09", "1e+00"})]
)
def test_an_axis_has_numbers_of_one_kind(low: float, high: float, labels: set[str]) -> None:
    assert labels <= {form_of(low, high).format(x=x) for x in (low, 1.0, high)}


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0029, 0.0068), (0.00075, 0.012), (4, 64), (1e-9, 1e3), (0.95, 1.07), (90, 110)],
)
def test_marks_of_a_logarithmic_axis_are_apart_and_round(low: float, high: float) -> None:
    marks = log_marks(low, high)
    assert 2 <= len(marks) <= 9
    assert low <= marks[0] < marks[-1] <= high
    assert np.diff(np.log(marks)).min() >= 0.12 * np.log(high / low) * (1 - 1e-9)
    assert all(float(f"{mark:.3g}") == mark for mark in marks)


def test_of_marks_too_near_the_first_is_written() -> None:
    assert spaced([0, 0.1, 0.25, 0.3, 1], 0.2) == [0, 2, 4]
    assert spaced([], 0.2) == []
