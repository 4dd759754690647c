"""One run of an experiment: made, gone on with, taken as it is, or refused as another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import RunError, SettingsError, TrainingError
from hornbook.experiments.making import Budget, begun, make_run
from hornbook.experiments.owned import own
from hornbook.runs import Run, resume
from hornbook.runs.prepare import Prepared, prepare
from tests.some_names import write_names
from tests.stopping import stopped_at

TINY = {"batch_size": 16, "evaluate_every": 10, "device": "cpu", "threads": 1, "gradients": "hand"}
SMALL = {"n_hidden": (8,), "n_embd": 4}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    file = write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 200))
    return prepare(file, None, {})


def made(names: Prepared, path: Path, **other: Any) -> Run:
    asked: dict[str, Any] = {
        "family": "mlp", "settings": SMALL, "training": TINY, "seed": 3, "budget": Budget(steps=20),
    } | other  # fmt: skip
    return make_run(names, path=path, **asked)


def files(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in ("model.safetensors", "summary.json")}


def test_it_is_made_once_and_then_taken(names: Prepared, tmp_path: Path) -> None:
    first = made(names, tmp_path / "run")
    assert first.summary.steps == 20
    assert first.record.training is not None
    assert first.record.training.seed == 3
    before = files(first.path)
    assert files(made(names, tmp_path / "run").path) == before


def test_what_was_stopped_goes_on_to_the_same_weights(names: Prepared, tmp_path: Path) -> None:
    with stopped_at(13), pytest.raises(KeyboardInterrupt):
        made(names, tmp_path / "stopped")
    assert begun(tmp_path / "stopped") == "stopped"
    gone_on, whole = made(names, tmp_path / "stopped"), made(names, tmp_path / "whole")
    one, other = (run.directory.read_weights(run.record) for run in (gone_on, whole))
    assert all((one[name] == other[name]).all() for name in other)
    assert gone_on.summary.losses == whole.summary.losses


def test_a_time_leaves_the_steps_open(names: Prepared, tmp_path: Path) -> None:
    first = made(names, tmp_path / "run", budget=Budget(seconds=0.5))
    assert made(names, tmp_path / "run", budget=Budget(seconds=0.5)).record == first.record


def test_what_is_counted_has_no_seed(names: Prepared, tmp_path: Path) -> None:
    run = made(names, tmp_path / "run", family="ngram", settings={"order": 2}, training={})
    assert run.record.training is None
    assert begun(run.path) == "done"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"family": "bigram", "settings": {}}, "family mlp, not bigram"),
        ({"settings": {**SMALL, "n_embd": 5}}, "`n_embd=4`, not 5"),
        ({"training": {**TINY, "learning_rate": 0.5}}, "learning_rate"),
        ({"seed": 4}, "`seed=3`, not 4"),
        ({"budget": Budget(steps=21)}, "`steps=20`, not 21"),
    ],
)
def test_another_run_is_refused_and_stays(
    names: Prepared, tmp_path: Path, other: dict[str, Any], told: str
) -> None:
    run = made(names, tmp_path / "run")
    before = files(run.path)
    with pytest.raises(RunError, match=told):
        made(names, run.path, **other)
    assert files(run.path) == before


def test_a_run_of_other_data_is_refused(names: Prepared, tmp_path: Path) -> None:
    made(names, tmp_path / "run")
    file = write_names(tmp_path / "others.txt", slice(200, 400))
    with pytest.raises(RunError, match="other data"):
        made(prepare(file, None, {}), tmp_path / "run")


def test_one_that_was_trained_longer_is_another(names: Prepared, tmp_path: Path) -> None:
    run = made(names, tmp_path / "run")
    resume(run.path, steps=30)
    with pytest.raises(RunError, match="`steps=30`, not 20"):
        made(names, run.path)


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"steps": 0}, {"steps": 1.5}, {"seconds": 1.0, "steps": 1}]
)
def test_a_budget_is_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Budget(**wrong)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 7 GB"),
        RuntimeError("CUDA out of memory. Tried to allocate 7 GiB"),
        RuntimeError("shapes cannot be multiplied"),
    ],
)
def test_a_net_too_large_for_memory_is_one_that_cannot_be_made(
    names: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: Any, **__: Any) -> Run:
        raise error

    monkeypatch.setattr("hornbook.experiments.making.train", full)
    if "shapes" in str(error):
        with pytest.raises(RuntimeError, match="shapes"):
            made(names, tmp_path / "run")
        return
    with pytest.raises(TrainingError, match="Out of memory"):
        made(names, tmp_path / "run")


def test_what_a_kill_left_beside_runs_is_deleted_and_a_runs_own_is_not(tmp_path: Path) -> None:
    part = f".hornbook-{'0' * 16}.part"
    for place in (".", "measured", "trials/0001"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / part).touch()
    (tmp_path / "trials/0001/run.json").touch()
    own(tmp_path).release()
    assert list(tmp_path.rglob(part)) == [tmp_path / "trials/0001" / part]
