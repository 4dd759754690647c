"""What is proposed after a training that has not beaten counting."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hornbook.actions import Action
from hornbook.ratings.task import ClicksTask, RatingsTask
from hornbook.runs.advice import advice, remedy
from hornbook.runs.record import Summary
from hornbook.tasks import Baseline
from hornbook.text.models.bigram import BigramSettings
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.task import TextTask
from hornbook.training.record import Record

STEPS = 1_000


def ended(
    *, train: float, dev: float, best: int = STEPS, counted: float = 2.0, source: str = "a.txt",
    ending: Any = "finished", settings: Any = None, stripped: bool = False,
    options: Any = None, before: float | None = None, earlier: float | None = None,
    parameters: int = 10,
) -> Any:  # fmt: skip
    """A run whose last losses are these, beside a baseline."""
    summary = Summary(
        ending, parameters, 1.0, losses={"train": train, "dev": dev}, steps=STEPS, best_step=best,
        baselines=(Baseline("counts", {"dev": counted}, 0.1),),
    )  # fmt: skip
    at_best = {
        "train": train if earlier is None else earlier,
        "dev": dev * 0.9 if before is None else before,
    }
    metrics = [Record(best, 1.0, 0.0, None, at_best, best=True, seconds=1.0)] * (best < STEPS)
    metrics += [Record(STEPS, 1.0, 0.0, None, {"train": train, "dev": dev}, best=True, seconds=1.0)]
    return SimpleNamespace(
        path="runs/a",
        settings=settings or GPTSettings(),
        has_data=not stripped,
        data=SimpleNamespace(sizes={"train": 8, "dev": 1}),
        summary=summary,
        task=TextTask(),
        directory=SimpleNamespace(
            read_metrics=lambda: metrics,
            checkpoint=SimpleNamespace(exists=lambda: not stripped),
        ),
        record=SimpleNamespace(data=SimpleNamespace(source=source), options=options or {}),
    )


def test_what_has_beaten_it_needs_none() -> None:
    assert advice(ended(train=1.8, dev=1.9)) == []


def test_what_has_diverged_is_told_elsewhere() -> None:
    assert advice(ended(train=9.0, dev=9.0, ending="diverged")) == []


def test_a_net_with_room_trains_on() -> None:
    first, second = advice(ended(train=2.28, dev=2.3, source="data set names"))
    assert "room to learn" in first.reason
    assert first.action == Action("resume", ("runs/a",), {"steps": 2 * STEPS})
    assert second.action == Action("best", ("names",))


def test_a_net_that_learned_by_heart_is_made_smaller() -> None:
    first, second = advice(ended(train=1.2, dev=2.3, best=300))
    assert "memorised its examples: dev was best at step 300 of 1,000" in first.reason
    assert first.action is None
    assert second.action == Action("best", ("a.txt",))


def test_what_overfits_is_not_said_to_have_room() -> None:
    # dev is near train, but has become worse since: the outcome says that, and the other way round
    (only,) = advice(ended(train=2.28, dev=2.3, best=900, before=2.1, earlier=2.4))
    assert only.action is not None
    assert only.action.verb == "best"


@pytest.mark.parametrize("why", [{"before": 2.25}, {"parameters": 1}])
def test_what_cannot_hold_its_examples_or_does_no_worse_has_memorised_none(why: Any) -> None:
    run = ended(train=1.2, dev=2.3, best=300, **why)
    run.data.sizes["train"] = 900
    assert [one.action is not None for one in advice(run)] == [True]


@pytest.mark.parametrize(("train", "best"), [(1.2, 900), (2.1, STEPS)])
def test_otherwise_there_is_only_the_one(train: float, best: int) -> None:
    (only,) = advice(ended(train=train, dev=2.3, best=best))
    assert only.action is not None
    assert only.action.verb == "best"


def test_only_what_a_family_has_is_proposed() -> None:
    memorised: dict[str, Any] = {"train": 1.2, "dev": 2.3, "best": 300}
    assert "more `dropout`" in remedy(ended(**memorised))
    bigram = remedy(ended(**memorised, settings=BigramSettings()))
    assert "dropout" not in bigram
    assert "smaller net" not in bigram
    assert "fewer `steps`" in bigram


@pytest.mark.parametrize("why", [{"ending": "early"}, {"best": 300}, {"stripped": True}])
def test_what_cannot_get_better_by_it_is_not_trained_longer(why: dict[str, Any]) -> None:
    first = advice(ended(train=2.28, dev=2.3, **why))[0]
    assert first.action is None
    assert "longer" not in first.reason


def test_the_data_are_proposed_as_they_were_read() -> None:
    read = {"encoding": "cp1252", "column": "2", "distinct": True, "split": "auto"}
    last = advice(ended(train=2.28, dev=2.3, options=read))[-1]
    assert last.action is not None
    assert last.action.settings == {"encoding": "cp1252", "column": "2", "distinct": True}


@pytest.mark.parametrize(
    ("task", "measure", "train", "dev"),
    [(RatingsTask(), "rmse", 0.5, 1.0), (ClicksTask(), "ndcg", 0.9, 0.3)],
)
def test_the_measure_that_decides_tells_of_other_tasks(
    task: Any, measure: str, train: float, dev: float
) -> None:
    run = ended(train=0.0, dev=0.0, best=STEPS // 2)
    counted = Baseline("neighbours", {"dev": 0.9 if measure == "rmse" else 0.4}, 0.1)
    found = {"train": {measure: train}, "dev": {measure: dev}}
    better = {"dev": {measure: dev * 0.9 if measure == "rmse" else dev * 1.1}}
    run.task, run.directory.read_metrics = (
        task,
        lambda: [
            Record(STEPS // 2, 1.0, 0.0, None, {}, best=True, seconds=1.0, measures=better),
            Record(STEPS, 1.0, 0.0, None, {}, best=False, seconds=1.0, measures=found),
        ],
    )
    run.summary = replace(run.summary, losses={}, measures=found, baselines=(counted,))
    one, others = advice(run)
    assert "memorised" in one.reason
    assert "Counting" not in others.reason
    run.data.sizes = {"train": 8}  # without a dev split nothing can be chosen
    assert advice(run) == [one]
    assert "Let `best`" not in remedy(run)
