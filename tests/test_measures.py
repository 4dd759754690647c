"""Measures: which way is better, and what was measured where."""

from __future__ import annotations

import math

import pytest

from hornbook.training.measures import LOSS, Evaluation, Measure

HITS = Measure("hits", "%", best="highest", digits=1)


@pytest.mark.parametrize(("measure", "better", "worse"), [(LOSS, 1.0, 2.0), (HITS, 2.0, 1.0)])
def test_a_measure_has_a_direction(measure: Measure, better: float, worse: float) -> None:
    assert measure.is_better(better, worse)
    assert not measure.is_better(worse, better)
    assert not measure.is_better(better, better)
    for figure in (better, worse, -1e300, 1e300):
        assert measure.is_better(figure, measure.worst)
        assert not measure.is_better(math.nan, figure)
    assert not measure.is_better(math.nan, measure.worst)


def test_a_figure_is_found_by_measure_and_split() -> None:
    found = Evaluation({"train": 1.0, "dev": 2.0}, {"dev": {"hits": 30.0}})
    assert found.figure(LOSS, "dev") == 2
    assert found.figure(HITS, "dev") == 30
    assert found.figure(LOSS, "test") is found.figure(HITS, "test") is None
    with pytest.raises(ValueError, match="hits was not measured on train"):
        found.figure(HITS, "train")
    with pytest.raises(ValueError, match="loss was not measured on dev"):
        Evaluation({}, {"dev": {"hits": 30.0}}).figure(LOSS, "dev")
    assert Evaluation().figure(LOSS, "dev") is None


@pytest.mark.parametrize(
    ("name", "unit", "title"),
    [("rmse", "RMSE", "RMSE"), ("ndcg", "NDCG@10", "NDCG@10"), ("loss", "nats per token", "loss")],
)
def test_a_measure_is_called_once(name: str, unit: str, title: str) -> None:
    assert Measure(name, unit).title == title
