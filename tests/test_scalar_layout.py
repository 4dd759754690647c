"""Graphs laid out in columns, and drawn."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from hornbook.lessons.graph_drawing import draw_graph
from hornbook.scalar import Value, dot, parse_expression
from hornbook.scalar.layout import ascending, lay_out

SIZES = st.lists(st.tuples(st.floats(5, 80), st.floats(5, 60)), min_size=1, max_size=12)


@given(sizes=SIZES, data=st.data())
def test_edges_lead_to_the_right_and_nothing_overlaps(
    sizes: list[tuple[float, float]], data: st.DataObject
) -> None:
    last = len(sizes) - 1
    edges = [
        (node, data.draw(st.integers(node + 1, last)))
        for node in range(last)
        for _ in range(data.draw(st.integers(1, 2)))
    ]
    laid = lay_out(sizes, edges)
    for (begin, end), way in zip(edges, laid.ways, strict=True):
        assert (way[0], way[-1]) == (laid.middles[begin], laid.middles[end])
        assert all(left[0] < right[0] for left, right in itertools.pairwise(way))
    boxes = [(np.array(middle), np.array(size)) for middle, size in zip(laid.middles, sizes,
                                                                       strict=True)]  # fmt: skip
    for middle, size in boxes:
        assert (middle - size / 2 > -1e-6).all()
        assert (middle + size / 2 < np.array([laid.width, laid.height]) + 1e-6).all()
    for (one, size), (other, own) in itertools.combinations(boxes, 2):
        assert (np.abs(one - other) > (size + own) / 2 - 1e-6).any()


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        lay_out([(1, 1)] * 2, [(0, 1), (1, 0)])


def test_a_chain_is_straight() -> None:
    laid = lay_out([(10, 10), (4, 30), (10, 10)], [(0, 1), (1, 2)])
    assert {y for _, y in laid.middles} == {15.0}


@given(st.lists(st.floats(-100, 100), max_size=10))
def test_the_nearest_numbers_that_never_descend(wanted: list[float]) -> None:
    found = ascending(wanted)
    assert len(found) == len(wanted)
    assert all(low <= high + 1e-9 for low, high in itertools.pairwise(found))
    assert sum(found) == pytest.approx(sum(wanted), abs=1e-6)
    if wanted == sorted(wanted):
        assert found == wanted


def test_every_value_is_drawn_without_graphviz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    root = parse_expression("tanh(a*b + c) * a", {"a": 2.0, "b": -3.0, "c": 6.9})
    root.backward()
    draw_graph(root, tmp_path / "graph.svg")
    svg = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    # Letters are outlines; matplotlib says in comments what they spell.
    spelled = re.findall("<!-- (.*) -->", svg)
    for value in root.graph():
        assert f"data {value.data:.4g}" in spelled
        assert f"grad {value.grad:.4g}" in spelled
        assert value.label in spelled
    assert spelled.count("tanh") == 1
    draw_graph(root, tmp_path / "graph.png")
    pixels = imread(tmp_path / "graph.png")
    assert pixels.shape[0] > 100
    assert pixels.shape[1] > 400


def test_labels_of_others_are_cut_and_mean_nothing(tmp_path: Path) -> None:
    root = dot([Value(1.0, "$x^2$\n<b>")], [Value(2.0, "a" * 400)], Value(0.0)).tanh()
    root.backward()
    draw_graph(root, tmp_path / "graph.svg")
    spelled = re.findall("<!-- (.*) -->", (tmp_path / "graph.svg").read_text(encoding="utf-8"))
    assert "$x^2$ &lt;b&gt;" in spelled or "$x^2$ <b>" in spelled
    assert max(map(len, spelled)) <= 28
