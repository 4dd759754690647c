"""What evaluating in the course of a training may cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import hornbook
from hornbook.runs import Run
from hornbook.runs.events import Calibrated, Event
from hornbook.training import evaluation_share
from hornbook.training.evaluation_share import FREE, LEAST, SHARE, TRAINING, affordable
from hornbook.training.settings import EVALUATED, TrainingSettings
from tests.some_names import write_names
from tests.stopping import stopped_at

SHORT = TrainingSettings(steps=100, batch_size=512)


def cost(settings: TrainingSettings, on: int, sizes: list[int], n_parameters: int) -> int:
    evaluations = 1 + len(range(0, settings.steps, settings.evaluation_interval))
    return evaluations * sum(min(on, size) for size in sizes) * n_parameters


@pytest.mark.parametrize("n_parameters", [1_000, 80_000, 4_000_000, 400_000_000])
@pytest.mark.parametrize("steps", [1, 19, 100, 8_000])
@pytest.mark.parametrize("sizes", [[200_000, 20_000], [10**9, 10**8], [180_000, 2_000], [50_000]])
def test_evaluating_costs_at_most_its_share(
    n_parameters: int, steps: int, sizes: list[int]
) -> None:
    settings = replace(SHORT, steps=steps)
    on = affordable(settings, sizes, 512, n_parameters)
    training = TRAINING * steps * 512 * n_parameters
    assert cost(settings, on, sizes, n_parameters) <= max(SHARE * training, FREE) or on == LEAST
    if on < EVALUATED:
        assert cost(settings, EVALUATED, sizes, n_parameters) > max(SHARE * training, FREE)


def test_what_is_cheap_or_asked_for_stays() -> None:
    assert affordable(SHORT, [200_000, 20_000], 512, 80_000) == EVALUATED
    for asked in (0, 7, 1_000_000):
        own = replace(SHORT, evaluate_on=asked)
        assert affordable(own, [10**9, 10**8], 512, 10**8) == asked


def test_it_is_settled_once_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_share, "FREE", 1)
    heard: list[Event] = []
    names = write_names(tmp_path / "names.txt", slice(400))
    training = {"steps": 10, "batch_size": 8, "evaluate_every": 5, "threads": 1}
    with stopped_at(5):
        run = hornbook.train(
            names, model="bigram", out=tmp_path / "run", training=training, listen=heard.append
        )
    (settled,) = [event for event in heard if isinstance(event, Calibrated)]
    assert 0 < settled.lowered < run.data.sizes["dev"]
    assert run.record.training is not None
    assert run.record.training.evaluate_on == settled.lowered
    part = run.summary.losses["dev"]
    hornbook.resume(run.path)
    whole = Run(run.path)
    assert whole.record.training == run.record.training
    assert whole.summary.losses["dev"] == whole.evaluate()["dev"].nats_per_token != part
