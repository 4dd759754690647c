"""What evaluating in the course of a training may cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import hornbook
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run
from hornbook.runs.events import Calibrated, Event
from hornbook.training import evaluation_share
from hornbook.training.evaluation_share import (
    EACH,
    END,
    END_FREE,
    FREE,
    LEAST,
    SHARE,
    TRAINING,
    affordable,
    at_the_end,
)
from hornbook.training.measures import Extent
from hornbook.training.settings import EVALUATED, TrainingSettings
from tests.command import typed
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
    part = run.summary
    assert part.measured_on.keys() == {"train", "dev"}
    assert not any(extent.is_whole for extent in part.measured_on.values())
    hornbook.resume(run.path)
    whole = Run(run.path)
    assert whole.record.training == run.record.training
    for split, found in whole.evaluate().items():
        if split in ("train", "dev"):
            assert whole.summary.losses[split] == found.nats_per_token != part.losses[split]
            assert whole.summary.measured_on[split] == Extent(found.tokens, found.tokens)


@pytest.mark.parametrize("n_parameters", [700, 80_000, 4_000_000])
@pytest.mark.parametrize("steps", [1, 100, 8_000, 10**6])
@pytest.mark.parametrize("evaluate_on", [0, 500, EVALUATED])
@pytest.mark.parametrize(
    "sizes", [{"train": 200_000, "dev": 20_000}, {"train": 10**9, "dev": 10**8}, {"train": 500}]
)
def test_the_last_figures_are_of_all_that_costs_little(
    n_parameters: int, steps: int, evaluate_on: int, sizes: dict[str, int]
) -> None:
    settings = replace(SHORT, steps=steps, evaluate_on=evaluate_on)
    found = at_the_end(settings, sizes, 512, n_parameters)
    allowed = max(END * TRAINING * steps * 512, END_FREE / (n_parameters + EACH))
    before = {split: min(evaluate_on or size, size) for split, size in sizes.items()}
    assert found.keys() == sizes.keys()
    assert all(before[split] <= found[split] <= size for split, size in sizes.items())
    assert sum(found[split] for split in sizes if found[split] > before[split]) <= allowed
    if sum(sizes.values()) <= allowed:
        assert found == sizes
    if "dev" in sizes:  # it comes first, and as much of it as there is room for
        assert found["dev"] >= min(sizes["dev"], int(allowed))


def test_figures_of_a_part_say_so_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluation_share, "END_FREE", 1)
    names = write_names(tmp_path / "names.txt", slice(400))
    words = ["--model", "bigram", "--steps", "10", "--batch-size", "8", "--evaluate-on", "100"]
    out = str(tmp_path / "runs" / "net")
    status, said, told = typed(capsys, "train", str(names), *words, "--threads", "1", "--out", out)
    assert status == 0
    run = Run(out)
    train, dev = run.summary.measured_on["train"], run.summary.measured_on["dev"]
    assert 50 < train.measured < 150 < train.of == run.data.sizes["train"]
    # What is said before is what was counted, and is said once.
    assert f"Measured during training: train on {train}, dev on " in told
    assert f"; at the end: train on {train}, dev on about " in told
    assert "* marks the best dev so far." in told
    assert f" on {dev}, train " in said
    assert f" on {train}, in " in said
    assert f"(on {train})" in inspect(run).about
    status, said, _ = typed(capsys, "runs", str(tmp_path / "runs"))
    assert f"(on {dev})" in said
    monkeypatch.undo()
    status, said, told = typed(
        capsys, "train", str(names), *words, "--threads", "1", "--out", f"{out}2"
    )
    assert ", on whole splits, in " in said
    assert "; at the end: on all." in told
