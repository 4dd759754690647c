"""What `reproduce` is asked for: lectures, experiments by name or title, and what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import SettingsError
from hornbook.experiments.reproduce import Reproduction, gpt
from hornbook.experiments.reproduce.asked import address, plan
from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, loss_on
from hornbook.experiments.reproduce.figures import NotRunError
from hornbook.experiments.reproduce.mlp import LECTURE_MLP
from hornbook.experiments.reproduce.run import repeated, reproduce
from hornbook.experiments.reproduce.table import REPRODUCTIONS
from tests.command import typed
from tests.stopping import stopped_at
from tests.test_reproduce import Small, one_of, undrawn  # noqa: F401 - a fixture for all

STEPS: dict[str, Any] = {**LECTURE_SGD, "steps": 40}


def test_lectures_come_in_their_order_whatever_was_asked_for() -> None:
    found = [one.lecture for one in plan(["mlp", "micrograd"])]
    assert found[0] == "micrograd"
    assert set(found) == {"micrograd", "mlp"}
    assert plan(None) == list(REPRODUCTIONS)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("mlp", ["mlp-rate", "mlp"]),  # the lecture, not the experiment of its name
        ("mlp/mlp", ["mlp"]),
        ("wavenet/tree", ["tree"]),  # not those whose names begin with it
        ("tree", ["tree"]),
        ("tree-", ["tree-bug", "tree-large"]),
        ("movielens/dot", ["movielens-dot"]),
        ("movielens/embedding", ["movielens-dot", "movielens-dot-bias", "movielens-embedding-net"]),
        ("EmbeddingDot", ["movielens-dot"]),
        ("the  KEEPDIM bug", ["bigrams-keepdim"]),
        (["gpt/final", "flat-3", "wavenet/flat"], ["flat-3", "flat-8", "gpt-final"]),
    ],
)
def test_an_experiment_is_asked_for_by_name_or_by_a_part_of_its_title(
    asked: Any, names: list[str]
) -> None:
    assert [one.name for one in plan(asked)] == names


@pytest.mark.parametrize("one", REPRODUCTIONS, ids=lambda one: str(one.name))
def test_each_experiment_has_an_address_of_its_own(one: Reproduction) -> None:
    assert plan(address(one)) == [one]


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("wavenett", "no lecture or experiment 'wavenett'", "Did you mean wavenet"),
        ("tre-large", "no lecture or experiment 'tre-large'", "mean tree-large"),
        ("wavenett/tree", "no lecture 'wavenett'", "Did you mean wavenet"),
        ("wavenet/tre-bug", "wavenet has no experiment 'tre-bug'", "mean tree-bug"),
        ("movielens/", "movielens has no experiment ''", "dot, dot-bias, embed"),
        (["gpt", "EmbedingDot"], "'EmbedingDot'", "Did you mean EmbeddingDot"),
        ("", "no lecture or experiment ''", "Lectures: micrograd"),
    ],
)
def test_what_there_is_not_is_told_with_the_nearest(asked: Any, message: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        plan(asked)
    assert hint in caught.value.hint
    assert caught.value.setting == "lecture"


def test_the_command_takes_one_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--out", str(tmp_path / "runs"))
    status, shown, _ = typed(capsys, "reproduce", "movielens/dot", *out)
    assert status == 0
    assert "EmbeddingDot" in shown
    assert "EmbeddingDotBias" not in shown
    status, _, said = typed(capsys, "reproduce", "movielens/dott", *out)
    assert status == 1
    assert "Did you mean dot?" in said


# Collecting


def test_with_no_minutes_what_has_been_trained_is_collected_and_nothing_is_trained(
    tmp_path: Path,
) -> None:
    bench = Small(tmp_path, trains=False)
    data = bench.text("makemore-names")
    small = {**LECTURE_MLP, "n_hidden": (4,)}
    with pytest.raises(NotRunError, match=r"`minutes` allows, and the run .*net-40 is not there"):
        bench.train("net", data, "mlp", small, STEPS)
    bench.trains = True
    with stopped_at(17), pytest.raises(KeyboardInterrupt):
        bench.train("net", data, "mlp", small, STEPS)
    bench.trains = False
    with pytest.raises(NotRunError, match="was stopped before its end"):
        bench.train("net", data, "mlp", small, STEPS)
    bench.trains = True
    made = bench.train("net", data, "mlp", small, STEPS).record.id
    bench.trains = False
    assert bench.train("net", data, "mlp", small, STEPS).record.id == made
    assert bench.has("net", 40)
    assert not bench.has("net", 20)


def test_what_keeps_no_run_is_not_collected(tmp_path: Path) -> None:
    rows = reproduce(["micrograd", "mlp-rate"], minutes=0, out=tmp_path / "runs")
    assert {row.verdict for row in rows} == {"not run"}


def test_a_run_of_another_recipe_keeps_its_row_alone_from_being_run(
    tmp_path: Path,
) -> None:
    bench = Small(tmp_path)
    data = bench.text("makemore-names")
    bench.train("net", data, "mlp", {**LECTURE_MLP, "n_hidden": (4,)}, STEPS)

    def other(bench: Bench) -> dict[str, float]:
        bench.train("net", data, "mlp", {**LECTURE_MLP, "n_hidden": (5,)}, STEPS)
        raise AssertionError("it was trained")

    (row,) = repeated(one_of(other), bench, None)
    assert row.verdict == "not run"
    assert "holds a run of" in row.reason


def test_seeds_are_trained_at_once_each_as_a_run_of_its_own(tmp_path: Path) -> None:
    bench = Small(tmp_path)
    data = bench.text("makemore-names")
    small = {**LECTURE_MLP, "n_hidden": (4,)}
    runs = bench.train_seeds("net", data, "mlp", small, STEPS, 2)
    assert [run.path.name for run in runs] == ["net-40", "net-40-seed1338"]
    alone = Small(tmp_path / "alone")
    alone.folder.mkdir()
    run = alone.train("net", alone.text("makemore-names"), "mlp", small, STEPS)
    assert loss_on(run, "dev") == pytest.approx(loss_on(runs[0], "dev"), rel=1e-4)
    bench.trains = False
    assert [run.record.id for run in bench.train_seeds("net", data, "mlp", small, STEPS, 2)] == [
        run.record.id for run in runs
    ]
    with pytest.raises(NotRunError, match="net-40-seed1339 is not there"):
        bench.train_seeds("net", data, "mlp", small, STEPS, 3)


def test_the_last_gpt_is_taken_from_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = {**gpt.FINAL, "n_layer": 1, "n_head": 1, "n_embd": 8, "block_size": 8}
    how = {**gpt.FINAL_TRAINING, "steps": 2, "batch_size": 4}
    monkeypatch.setattr(gpt, "FINAL", tiny)
    monkeypatch.setattr(gpt, "FINAL_TRAINING", how)
    bench = Small(tmp_path, full=True)
    trained = {**how, "precision": "auto", "evaluate_every": 500}
    run = bench.train("gpt-final", bench.text("tiny-shakespeare"), "gpt", tiny, trained)
    bench.trains = False
    assert gpt.final(bench)["dev loss"] == run.summary.losses["dev"]
