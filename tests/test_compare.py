"""Comparisons: what is made and measured, going on, joining, growing, and what bad input gets."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hornbook
from hornbook.errors import (
    HornbookError,
    MissingPackageError,
    RunError,
    SettingsError,
    TrainingError,
)
from hornbook.experiments.compare import comparison, makers
from hornbook.experiments.compare.comparison import ModelComparison
from hornbook.experiments.compare.events import Measuring, Planned, TrialBegan, TrialEnded
from hornbook.experiments.compare.makers import MadeTrial
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.compare.record import ComparisonRecord
from hornbook.experiments.compare.tables import rank_table
from hornbook.experiments.making import Budget, make_run
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.worker import DiedError, Worker
from hornbook.runs import Run, train
from hornbook.runs.events import Warned, nobody
from hornbook.runs.listing import folders_tried, list_runs
from hornbook.runs.lock import Lock
from hornbook.runs.prepare import prepare
from hornbook.statistics import ratio_interval
from hornbook.tables import baselines
from hornbook.text import sampling_pace
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

SMALL = ("threads=1", "gradients=hand", "device=cpu", "batch_size=16", "evaluate_every=10",
         "n_embd=4", "n_hidden=8")  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of its own; few samples are timed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sampling_pace, "LINES", 20)
    for drawn in ("curves_section", "standings_section"):  # for `whole` alone
        monkeypatch.setattr(comparison, drawn, lambda *_: None)


def compared(*data: Any, **options: Any) -> tuple[ModelComparison, list[Any]]:
    events: list[Any] = []
    if not options.pop("bare", False):
        options = {
            "models": ("mlp", "gru"),
            "steps": 20,
            "seeds": (1, 2),
            "settings": SMALL,
            "together": False,
        } | options
    return hornbook.compare(*data, listen=events.append, **options), events


def without_times(found: dict[str, Any]) -> str:
    """A comparison as text, but for what the clock tells."""
    timed = {"seconds", "per_second"}

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in timed}
        return [kept(one) for one in value] if isinstance(value, list) else value

    return json.dumps(kept(found))


@pytest.fixture(scope="module")
def whole(names: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelComparison:
    """A comparison that nothing has stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling_pace, "LINES", 20)
        return compared(names, out=tmp_path_factory.mktemp("whole") / "all")[0]


def test_all_are_made_measured_ranked_and_written(whole: ModelComparison) -> None:
    (board,) = whole.boards
    assert {one.kind for one in board.entries} == {"ngram", "mlp", "gru"}
    assert [len(one.runs) for one in board.entries if one.seeded] == [2, 2]
    figures = [one.figure("dev") for one in board.entries]
    assert figures == sorted(figures, key=lambda one: one or 0.0)
    assert [one.next is not None for one in board.entries] == [True, True, False]
    assert [one.first is not None for one in board.entries] == [False, True, True]
    for one in board.entries:
        for run in one.runs:
            assert run.path is not None
            made = Run(run.path)
            test = made.evaluate()["test"].as_dict()["nats_per_token"]
            assert run.figure("test") == pytest.approx(test, rel=1e-6)
            assert run.parameters == made.summary.parameters
            assert not made.summary.baselines  # test is looked at for the table alone
    counted = next(one for one in board.entries if one.kind == "ngram")
    grouped = counted.runs[0].measured.splits["dev"]
    assert counted.interval("dev") == ratio_interval(grouped.sums, grouped.weights)
    assert board.groups == "examples"
    assert len(board.looks) == 1
    told = json.loads((whole.folder / "comparison.json").read_text())
    assert told["boards"][0]["entries"][0]["model"] == board.entries[0].kind
    nexts = [one["next"] for one in told["boards"][0]["entries"][:-1]]
    assert [one["better"] for one in nexts] == [one["difference"] < 0 for one in nexts]
    with (whole.folder / "board.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["model"] for line in lines] == [one.kind for one in board.entries]
    assert float(lines[0]["test"]) == board.entries[0].figure("test")
    with (whole.folder / "runs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 5
    page = whole.page.read_text()
    assert "Leaderboard on some" in page
    assert "data:image/png" in page
    for drawn in ("some/curves.png", "boards.png"):
        assert (whole.folder / drawn).read_bytes().startswith(b"\x89PNG")


def test_the_same_call_gives_the_same_table_and_looks_at_test_no_more(
    whole: ModelComparison, names: Path
) -> None:
    before = (whole.folder / "comparison.json").read_bytes()
    again, events = compared(names, out=whole.folder)
    assert (whole.folder / "comparison.json").read_bytes() == before
    assert all(event.known for event in events if isinstance(event, TrialEnded))
    assert again.as_dict() == whole.as_dict()
    assert not [event for event in events if isinstance(event, Warned)]
    assert all(run.measured.again for one in again.boards[0].entries for run in one.runs)


def test_another_folder_gives_the_same_figures(whole: ModelComparison, names: Path) -> None:
    other, events = compared(names, out="other")
    mine, theirs = (
        without_times(one.as_dict()["boards"][0]).replace(str(one.folder), "")
        for one in (other, whole)
    )
    when = other.boards[0].looks[0], whole.boards[0].looks[0]
    assert mine.replace(when[0], "") == theirs.replace(when[1], "")
    kinds = [type(event) for event in events]
    assert kinds.count(TrialBegan) == kinds.count(TrialEnded) == kinds.count(Measuring) == 5
    planned = next(event for event in events if isinstance(event, Planned))
    assert (planned.trials, planned.made, planned.seconds) == (5, 0, None)


def test_stopped_it_goes_on_to_the_same_bits(whole: ModelComparison, names: Path) -> None:
    with stopped_at(13), pytest.raises(KeyboardInterrupt):
        compared(names, out="stopped")
    assert Run("stopped/some/mlp-seed1").summary.ending == "interrupted"
    found, _ = compared(names, out="stopped")
    same_runs(found.folder, whole.folder)


MADE = ("mlp-seed1", "mlp-seed2", "gru-seed1", "gru-seed2")


def same_runs(one: Path, other: Path, made: tuple[str, ...] = MADE) -> None:
    """Make sure that two comparisons have the same runs."""
    for name in made:
        runs = [Run(folder / "some" / name) for folder in (one, other)]
        weights = [run.directory.read_weights(run.record) for run in runs]
        assert all((weights[0][key] == weights[1][key]).all() for key in weights[1])
        assert runs[0].summary.losses == runs[1].summary.losses


KILLED = """
import os, signal, sys
import hornbook
from hornbook.text import sampling_pace
from hornbook.training.trainer import Trainer
from tests.test_compare import SMALL

sampling_pace.LINES = 20
update, done = Trainer.update, 0

def update_and_die(trainer):
    global done
    loss = update(trainer)
    done += 1
    if done == 33:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss

Trainer.update = update_and_die
how = {"models": ("mlp", "gru"), "steps": 20, "seeds": (1, 2), "settings": SMALL,
       "together": False}
hornbook.compare(sys.argv[1], out="killed", **how)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_it_goes_on_to_the_same_bits(whole: ModelComparison, names: Path) -> None:
    root = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", KILLED, str(names)],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == -signal.SIGKILL, found.stderr
    assert Run("killed/some/mlp-seed1").summary.ended
    assert not Path("killed/some/gru-seed1/summary.json").exists()
    again, events = compared(names, out="killed")
    assert [one.trial.name for one in events if isinstance(one, TrialEnded) and one.known] == [
        "ngram", "mlp-seed1",
    ]  # fmt: skip
    same_runs(again.folder, whole.folder)
    mine, theirs = (
        [
            (one.kind, one.figure("test"), one.next and one.next.p)
            for one in one_of.boards[0].entries
        ]
        for one_of in (again, whole)
    )
    assert mine == theirs


def test_processes_make_the_same_runs_though_one_is_killed(
    whole: ModelComparison, names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, killed = Worker.send, list[int]()

    def killing(worker: Worker, value: Any) -> None:
        send(worker, value)
        if not killed and value.get("do", {}).get("trial", {}).get("name") == "mlp-seed2":
            assert worker.process is not None
            killed.append(worker.process.pid)
            os.kill(worker.process.pid, signal.SIGKILL)

    monkeypatch.setattr(Worker, "send", killing)
    found, events = compared(names, models=("mlp",), out="many", jobs=2)
    same_runs(found.folder, whole.folder, ("mlp-seed1", "mlp-seed2"))
    assert any("2 nets are trained" in getattr(event, "message", "") for event in events)
    (warned,) = [one.message for one in events if isinstance(one, Warned)]
    assert warned == "A process that trained mlp-seed2 has died (signal 9); another goes on."
    assert [one.number for one in events if isinstance(one, Measuring)] == [1, 2, 3]
    for one in found.boards[0].entries:
        same = next(entry for entry in whole.boards[0].entries if entry.kind == one.kind)
        assert one.figure("test") == pytest.approx(same.figure("test"), rel=1e-6)


def test_what_stops_a_process_is_told_and_nothing_is_replaced(names: Path) -> None:
    Path("many/some/mlp-seed1").mkdir(parents=True)
    Path("many/some/mlp-seed1/mine.txt").write_text("mine")
    ComparisonRecord("text", {}, {"seconds": None, "steps": 20, "parameters": None,
                     "settings": list(SMALL)}).write(Path("many"))  # fmt: skip
    with pytest.raises(HornbookError, match=r"mine\.txt"):
        compared(names, models=("mlp",), seeds=(1,), jobs=2, out="many")
    assert Path("many/some/mlp-seed1/mine.txt").read_text() == "mine"


def test_more_seeds_and_families_are_added_and_a_second_look_is_told(names: Path) -> None:
    compared(names, models=("mlp",), seeds=1, out="growing")
    made = Run("growing/some/mlp-seed1337").record.id
    found, events = compared(names, models=("mlp", "bigram"), seeds=2, out="growing")
    assert Run("growing/some/mlp-seed1337").record.id == made
    assert {one.kind: len(one.runs) for one in found.boards[0].entries} == {
        "ngram": 1, "mlp": 2, "bigram": 2,
    }  # fmt: skip
    assert any("looked at again" in one.message for one in events if isinstance(one, Warned))
    assert len(found.boards[0].looks) == 2
    assert "looked at 2 times" in found.page.read_text()


def test_changes_of_one_setting_are_held_against_the_net_without(names: Path) -> None:
    found, _ = compared(
        names, models=("mlp",), seeds=(1,), change=("n_hidden=4", "learning_rate=0.1", "norm=none")
    )
    (board,) = found.boards
    assert [(part.change, part.against) for part in board.parts] == [
        ("n_hidden=4", "base"),
        ("learning_rate=0.1", "base"),
        ("norm=none", "base"),
        ("all changes", "base"),
        ("all but n_hidden=4", "all changes"),
        ("all but learning_rate=0.1", "all changes"),
        ("all but norm=none", "all changes"),
    ]
    assert {one.kind for one in board.entries} == {"ngram", "mlp"}
    base = next(one for one in board.entries if one.kind == "mlp").figure("test")
    first = board.parts[0]
    assert base is not None
    assert first.apart.value == pytest.approx((first.entry.figure("test") or 0) - base)
    run = first.entry.runs[0]
    assert run.path is not None
    assert Run(run.path).record.settings["n_hidden"] == [4]
    assert Run(found.folder / "some/mlp-learning-rate-0.1-seed1").record.training is not None
    assert max(part.apart.p for part in board.parts) <= max(p.apart.corrected for p in board.parts)
    assert "Changes of one setting on some" in found.page.read_text()


def test_runs_join_and_those_that_differ_by_seeds_alone_are_one_kind(names: Path) -> None:
    how: dict[str, Any] = {"settings": {"n_embd": 4, "n_hidden": [8]}, "baseline": False}
    tiny = {"steps": 5, "threads": 1, "gradients": "hand", "device": "cpu"}
    for seed in (1, 2):
        train(names, model="mlp", out=f"runs/m{seed}", training={**tiny, "seed": seed}, **how)
    train(names, model="bigram", out="runs/b", training=tiny, baseline=False)
    found, _ = compared("runs/m1", "runs/b", "runs/m2", bare=True)
    kinds = {one.kind: len(one.runs) for one in found.boards[0].entries}
    assert kinds == {"ngram": 1, "runs/m1 and 1 more": 2, "runs/b": 1}
    assert found.folder == Path("runs/some-runs-compare")
    both, _ = compared(names, "runs/b", models=("mlp",), seeds=1, out="both")
    assert {one.kind for one in both.boards[0].entries} == {"ngram", "mlp", "runs/b"}
    with pytest.raises(RunError, match="split or read otherwise"):
        compared(names, "runs/b", split="90/5/5", out="split")
    with pytest.raises(RunError, match="the same run as"):
        compared("runs/b", "runs/m1", "runs/b", bare=True)
    other = write_names(Path("others.txt"), slice(300, 600))
    with pytest.raises(RunError, match="was made on some; compared are models on others"):
        compared(other, "runs/b", out="other")
    with pytest.raises(SettingsError, match="`steps` has no effect"):
        compared("runs/b", bare=True, steps=3)
    with pytest.raises(SettingsError, match="`split` has no effect"):
        compared("runs/b", bare=True, split="80/20")
    with stopped_at(3):
        train(names, model="mlp", out="runs/half", training=tiny, **how)
    with pytest.raises(RunError, match="stopped before its end"):
        compared("runs/b", "runs/half", bare=True)
    hornbook.strip("runs/b")
    with pytest.raises(RunError, match="without its data"):
        compared("runs/b", bare=True)


def test_several_data_sets_have_a_board_each_and_mean_ranks(names: Path) -> None:
    other = write_names(Path("others.txt"), slice(300, 500))
    found, _ = compared(names, other, models=("mlp",), seeds=1)
    assert [board.data for board in found.boards] == ["some", "others"]
    assert found.folder == Path("runs/some-and-others-compare")
    assert {kind: mean for kind, mean, _ in found.ranks} == {"ngram": 1.0, "mlp": 2.0}
    assert found.as_dict()["mean_ranks"] == {"ngram": 1.0, "mlp": 2.0}
    assert "Over all data" in found.page.read_text()
    table = rank_table(found.ranks, found.boards)
    assert table.heads == ("model", "some, test (place)", "others, test (place)", "mean place")
    counted = found.boards[0].entries[0].figure("test")
    assert table.rows[0] == ("ngram", f"{counted:.4f} (1)", table.rows[0][2], "1.00")


def test_tables_stand_beside_guessing_and_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(baselines, "LIMITS", {"random forest": 1e6})
    rows = [f"{n % 7},{n % 5},{n % 7 + 2 * (n % 5)}" for n in range(200)]
    Path("sums.csv").write_text("\n".join(["a,b,sum", *rows]) + "\n")
    options: dict[str, Any] = {"models": "linear", "settings": ("device=cpu", "threads=1"),
                               "target": "sum", "seeds": (1,)}  # fmt: skip
    found, _ = compared("sums.csv", **options)
    kinds = {one.kind for one in found.boards[0].entries}
    assert kinds >= {"linear", "mean of train", "random forest"}
    again, _ = compared("sums.csv", **options)
    assert again.as_dict() == found.as_dict()
    assert all(run.measured.again for one in again.boards[0].entries for run in one.runs)


def test_one_net_that_cannot_be_made_keeps_no_other_from_it(names: Path) -> None:
    found, events = compared(names, parameters=2_000, models=(), seeds=1, settings=(
        "threads=1", "device=cpu", "gradients=hand", "batch_size=8"), steps=2)  # fmt: skip
    (bigram,) = [one for one in found.boards[0].left_out if one.kind == "bigram"]
    assert "no width" in bigram.why
    assert (bigram.missing, bigram.of) == (1, 1)
    assert any(isinstance(event, TrialEnded) and event.refused for event in events)
    near = [one.parameters for one in found.boards[0].entries if one.seeded]
    assert near
    assert all(1_500 <= (n or 0) <= 2_500 for n in near)
    assert "bigram was left out" in found.page.read_text()


def test_where_some_seeds_fail_their_kind_is_not_called_left_out(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failing = make_run, [TrainingError("The loss is nan.")]

    def one_fails(*given: Any) -> Run:
        if failing and given[4] == 2:
            given[6].mkdir()  # as a training that diverges leaves what it has
            raise failing[0]
        return real(*given)

    monkeypatch.setattr(makers, "make_run", one_fails)
    found, _ = compared(names, models=("bigram",), settings=SMALL[:5])
    told = found.page.read_text()
    assert "1 of 2 runs of bigram could not be made" in told
    assert "left out" not in told
    assert found.as_dict()["boards"][0]["left_out"]["bigram"]["runs"] == 1
    failing.clear()
    found, _ = compared(names, models=("bigram",), settings=SMALL[:5])
    assert found.boards[0].left_out[0].why == "The loss is nan."  # the same table


@pytest.mark.parametrize(
    "error",
    [
        MissingPackageError("torch is not there."),
        SettingsError("3 s is too short to train this model."),
    ],
)
def test_what_kept_a_training_from_beginning_is_tried_again(
    error: HornbookError, names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = make_run

    def none(*given: Any) -> Run:
        if given[4] == 2:
            raise error
        return real(*given)

    options: dict[str, Any] = {"models": ("bigram",), "settings": SMALL[:5], "seeds": (2,)}
    with monkeypatch.context() as patch:
        patch.setattr(makers, "make_run", none)
        found, events = compared(names, **options)
        assert "No net could be trained" in "".join(
            event.message for event in events if isinstance(event, Warned)
        )
        assert [one.kind for one in found.boards[0].entries] == ["ngram"]
        assert error.message in found.page.read_text()
        found, _ = compared(names, **options | {"seeds": (1, 2)})
        assert found.boards[0].left_out[0].again
        assert "The same call tries bigram again." in found.page.read_text()
    found, _ = compared(names, **options)
    assert "bigram" in [one.kind for one in found.boards[0].entries]
    assert not found.boards[0].left_out


def test_without_any_net_what_is_counted_has_its_table(names: Path) -> None:
    found, _ = compared(names, models=("mlp",), seeds=1, steps=None, seconds=0.001)
    (board,) = found.boards
    assert [one.kind for one in board.entries] == ["ngram"]
    assert "too short to train" in board.left_out[0].why
    assert board.told_by == "There is no other line to tell it from."
    assert found.page.exists()


def test_where_nothing_can_be_made_there_is_no_table(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> Run:
        raise SettingsError("There is no room.")

    monkeypatch.setattr(makers, "make_run", none)
    with pytest.raises(SettingsError, match="Nothing could be made on some") as refused:
        compared(names, models=("bigram",), settings=SMALL[:5])
    assert "bigram: There is no room." in str(refused.value)
    assert "call again" in refused.value.hint


@pytest.mark.parametrize("missing", [True, False])
def test_a_process_tells_whether_a_package_is_missing(
    names: Path, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    trial = Trial("bigram-seed1", "bigram", "bigram", {}, {}, 1, Budget(steps=1))
    made = MadeTrial(trial, "There is none.", missing)
    monkeypatch.setattr(makers, "make_trial", lambda *_: made)

    class Here(Worker):
        def do(self, asked: Any, *_: Any, **__: Any) -> Any:
            return json.loads(json.dumps(makers.work(prepared, asked, talk)))  # type: ignore[arg-type]

    prepared, talk = prepare(names, None, {}), SimpleNamespace(listen=nobody)
    here = Here(Errand.of(prepared, (str(names),)), makers.work, 1)
    assert makers.made_by(here, trial, Path("runs"), lambda event: None) == made


def test_a_trial_that_kills_its_process_again_and_again_ends_it(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(worker: Worker, *_: Any, **__: Any) -> Any:
        raise DiedError("Its process died 3 times (signal 9)")

    monkeypatch.setattr(Worker, "do", dies)
    with pytest.raises(RunError, match=r"could not be trained. Its process died 3 times") as error:
        compared(names, models=("mlp",), jobs=2)
    assert "fewer `jobs`" in error.value.hint


def test_a_run_of_the_comparison_itself_cannot_join_it(names: Path) -> None:
    options: dict[str, Any] = {"models": ("bigram",), "settings": SMALL[:5], "seeds": 1}
    found, _ = compared(names, **options)
    (own,) = found.folder.rglob("bigram-seed*")
    copied = own.parents[3] / "copied"
    shutil.copytree(own, copied)
    for run in (own, copied):
        with pytest.raises(RunError, match=r"is the run bigram-seed\d+ of this comparison itself"):
            compared(names, run, **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"models": ("grru",)}, r"Unknown model family 'grru'"),
        ({"models": ("tabm",)}, "belongs to the task tables"),
        ({"models": ("mixture",)}, "made from other runs"),
        ({"models": ("mlp", "mlp")}, "mlp twice"),
        ({"seeds": (1, 1)}, "`seeds` has 1 twice"),
        ({"seeds": ()}, "no seed"),
        ({"seeds": 0}, "`seeds` must be from 1"),
        ({"seconds": 3.0}, "`seconds` and `steps` are both given"),
        ({"steps": 0}, "`steps` must be above 0"),
        ({"steps": 10**30}, r"`steps` must be above 0 and below 1,000,000,000; it is 1e\+30"),
        ({"parameters": 3, "settings": ()}, "has about 3 parameters"),
        ({"parameters": 0}, "`parameters` must be from 1"),
        ({"jobs": 0}, "`jobs` must be from 1"),
        ({"split": "100/0/0"}, "no dev split"),
        ({"settings": ("n_hiden=3",)}, "None of the families compared"),
        ({"settings": ("gpt.n_layer=3",)}, "which is not compared here"),
        ({"models": ("ngram",), "settings": (), "change": ("mlp.dropout=0.1",)}, "no net"),
        ({"settings": ("n_hidden",)}, "not a setting with a value"),
        ({"settings": ("seed=3",)}, "`seed` cannot be set"),
        ({"settings": ("mlp.n_embd=many",)}, "`n_embd` must be an integer"),
        ({"change": ("n_embd=3", "n_embd=3")}, "given twice"),
        ({"change": ("learning_rate=-1",)}, "learning_rate"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_trained(
    options: dict[str, Any], told: str, names: Path
) -> None:
    with pytest.raises(SettingsError, match=told):
        compared(names, **options)
    assert not list(Path().rglob("mlp-*/model.safetensors"))


def test_the_same_data_twice_are_refused(names: Path) -> None:
    shutil.copy(names, "again.txt")
    with pytest.raises(SettingsError, match=r"holds the same as .*some\.txt"):
        compared(names, "again.txt")


def test_another_comparison_in_the_folder_is_refused(names: Path) -> None:
    compared(names, models=("mlp",), seeds=1, out="one")
    for other, told in (
        ({"steps": 30}, "with `steps=20`, not 30"),
        ({"settings": (*SMALL, "n_embd=5")}, "with `settings="),
        ({"split": "70/20/10"}, "another split"),
    ):
        with pytest.raises(RunError, match=told):
            compared(names, models=("mlp",), seeds=1, out="one", **other)
    with pytest.raises(RunError, match="folder of a comparison, not data") as error:
        compared("one", models=("mlp",))
    assert "one/some/mlp-seed1337" in error.value.hint
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    with pytest.raises(RunError, match="something else than a comparison"):
        compared(names, out="mine")
    with pytest.raises(RunError, match="is a file"):
        compared(names, out="mine/notes.txt")
    lock = Lock.take(Path("one"))
    try:
        with pytest.raises(RunError, match="in use by process"):
            compared(names, models=("mlp",), seeds=1, out="one")
    finally:
        lock.release()
    path = Path("one/compared.json")
    path.write_text(path.read_text().replace('"steps": 20', '"steps": 21'))
    with pytest.raises(RunError, match="checksum"):
        compared(names, models=("mlp",), seeds=1, out="one")


def test_a_run_that_was_changed_is_refused_and_stays(names: Path) -> None:
    compared(names, models=("mlp",), seeds=1, out="one")
    run = Path("one/some/mlp-seed1337")
    hornbook.resume(run, steps=25)
    with pytest.raises(RunError, match="`steps=25`, not 20"):
        compared(names, models=("mlp",), seeds=1, out="one")
    assert Run(run).summary.steps == 25


def test_a_disk_that_fills_is_told_and_loses_nothing(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hornbook.experiments.compare import measuring

    def full(path: Path, *_: Any) -> None:
        raise RunError(f"Cannot write {path}: No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(measuring, "write_tensors", full)
        with pytest.raises(RunError, match="No space left"):
            compared(names, models=("mlp",), seeds=1, out="one")
    found, events = compared(names, models=("mlp",), seeds=1, out="one")
    assert all(event.known for event in events if isinstance(event, TrialEnded))
    assert len(found.boards[0].looks) == 1


def test_its_runs_are_listed_where_their_folder_is_named(whole: ModelComparison) -> None:
    parent = whole.folder.parent
    assert list_runs(parent) == []
    assert folders_tried(parent) == [whole.folder]
    assert len(list_runs(whole.folder)) == 5


def test_the_command_shows_the_board(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", str(names), "--models", "mlp", "--steps", "5", "--seeds", "1",
             "--no-together", "--settings", *SMALL, "--out", "typed"]  # fmt: skip
    status, out, err = typed(capsys, *words)
    assert status == 0
    assert "ahead of the next?" in out
    assert "ngram" in out
    assert "2 runs to make" in err
    assert "looked at now, for the first time" in err
    assert "typed/comparison.html" in err
    status, out, err = typed(capsys, *words, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["boards"][0]["entries"][0]["model"] == "ngram"
    status, out, err = typed(capsys, *words, "--markdown", "--json")
    assert (status, out) == (1, "")
    assert "--markdown and --json exclude each other" in err
    status, out, err = typed(capsys, *words, "--markdown")
    assert (status, err) == (0, "")
    assert "\n| **ngram** | **" in out
    alone = ["compare", str(names), "--models", "ngram", "--out", "alone"]
    assert typed(capsys, *alone)[0] == 0
    assert "0 runs to make (1 is there already)" in typed(capsys, *alone)[2]
    assert "\n|---|--:|" in out
    status, out, err = typed(capsys, "compare", str(names), "--models", "grru")
    assert status == 1
    assert "Did you mean gru?" in err
    status, out, err = typed(capsys, "compare", str(names), "--models", "mlp", "--steps", "5",
                             "--seeds", "1", "2", "--change", "n_embd=3", "--settings", *SMALL,
                             "--no-together", "--out", "typed")  # fmt: skip
    assert status == 0
    assert "against" in out
    with stopped_at(2):
        status, _, err = typed(capsys, *words[:-1], "stopped")
    assert status == 130
    assert "The same command continues from here." in err


def test_runs_are_compared_by_the_command(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(names, model="ngram", settings={"order": 2}, out="runs/pairs")
    train(names, model="ngram", settings={"order": 3}, out="runs/triples")
    status, out, _ = typed(capsys, "compare", "runs/pairs", "runs/triples")
    assert status == 0
    assert "runs/pairs" in out
    assert "runs/triples" in out


DOCS = (Path(__file__).parents[1] / "docs" / "compare.md").read_text(encoding="utf-8")


def test_the_docs_commands_have_flags_that_there_are(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(names, "names")
    _, known, _ = typed(capsys, "compare", "names", "--help")
    commands = re.findall(r"^hornbook (compare .*)$", DOCS, re.MULTILINE)
    assert len(commands) == 2
    flags = re.findall(r"--[a-z-]+", " ".join(commands))
    assert flags
    assert all(flag in known for flag in flags)


def test_the_docs_python_runs(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(names, "names")
    (python,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    exec(compile(python, "docs/compare.md", "exec"), {})
    out = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in out[:-1]} == {"ngram", "mlp", "bigram"}
    assert out[-1] == "runs/names-compare/comparison.html"
