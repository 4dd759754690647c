"""A search over settings in one process: what it tries, keeps, and goes on with."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli.main import main
from hornbook.errors import RunError, SettingsError
from hornbook.experiments.sweep import jobs as jobs_module
from hornbook.experiments.sweep.events import Opened, TrialBegan, TrialEnded
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.journal import OwnedJournal, open_journal
from hornbook.experiments.sweep.making import make_trial
from hornbook.experiments.sweep.record import SweepRecord
from hornbook.experiments.sweep.sweep import limit_of, sweep
from hornbook.experiments.sweep.trials import Trials
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run, resume
from hornbook.runs.events import Warned
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

TINY = {
    "steps": 10, "batch_size": 16, "device": "cpu", "threads": 1, "gradients": "hand",
    "precision": "float32", "evaluate_on": 200,
}  # fmt: skip
SMALL = {"n_hidden": (8,), "block_size": 3}
OVER = {"n_embd": "2..6", "learning_rate": "1e-4..0.5:log"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def swept(names: Path, **options: Any) -> tuple[Sweep, list[Any]]:
    """A small sweep, and what it told."""
    events: list[Any] = []
    how: dict[str, Any] = {
        "model": "mlp", "over": OVER, "settings": SMALL, "training": TINY, "trials": 4,
        "listen": events.append, "together": False, **options,
    }  # fmt: skip
    return sweep(names, **how), events


@pytest.fixture(scope="module")
def whole(names: Path, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep of four trials that nothing came between."""
    return swept(names, out=tmp_path_factory.mktemp("sweep") / "whole")[0]


def told(found: Sweep) -> list[Any]:
    """What is the same in two sweeps that are one."""
    return [
        (one.number, one.state, dict(one.values), one.dev, one.steps, one.curve)
        for one in found.trials
    ]


def test_it_tries_settings_and_keeps_the_best(names: Path) -> None:
    found, events = swept(names)
    assert [one.number for one in found.trials] == [0, 1, 2, 3]
    assert found.trials[0].values["learning_rate"] == 0.01  # the family's own; n_embd is not in it
    assert len({tuple(one.values.values()) for one in found.trials}) == 4
    finished = [one.dev for one in found.trials if one.finished]
    assert found.best.dev == min(one for one in finished if one is not None)
    assert found.run is not None
    assert found.run.path == Path("runs/some-mlp-sweep-best")
    assert found.run.summary.losses["dev"] == found.best.dev
    assert found.run.settings.as_dict()["n_embd"] == found.best.values["n_embd"]
    training = found.run.record.training
    assert training is not None
    assert training.learning_rate == found.best.values["learning_rate"]
    assert found.run.summary.found is not None
    assert found.run.summary.found.trials == 4
    assert "best on dev of 4 trials" in inspect(found.run).overview.model
    assert found.run.summary.baselines  # n-grams stand beside it, as beside any net
    assert [type(one) for one in events if isinstance(one, Opened | TrialBegan | TrialEnded)] == [
        Opened, *[TrialBegan, TrialEnded] * 4,
    ]  # fmt: skip
    for one in found.trials:  # each is a run like any other
        assert Run(Path(found.folder) / "trials" / f"{one.number:04}").summary.steps == one.steps


def test_test_is_looked_at_once_for_the_best(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = swept(names)
    assert first.run is not None
    assert first.looks[0].value == pytest.approx(
        first.run.task.evaluate(first.run.model, first.run.data, "test").as_dict()["loss"]
    )
    (look,) = first.looks
    assert (look.trial, look.trials) == (first.best.number, 4)
    assert "does not" in first.caveat
    again, events = swept(names)
    assert again.looks == first.looks
    assert told(again) == told(first)
    assert not any(isinstance(one, TrialBegan) for one in events)
    more, _ = swept(names, trials=8)
    assert told(more)[:4] == told(first)
    if more.best.number == first.best.number:
        assert more.looks == first.looks
    else:
        assert len(more.looks) == 2
        assert "looked at 1 time before" in more.caveat


def test_the_same_seed_gives_the_same_trials_and_another_others(names: Path, whole: Sweep) -> None:
    again, _ = swept(names)
    assert told(again) == told(whole)
    other, _ = swept(names, out="other", training={**TINY, "seed": 7}, trials=2)
    assert other.trials[1].values != whole.trials[1].values


@pytest.mark.parametrize("moment", ["training", "asking", "telling"])
def test_killed_it_goes_on_to_the_same_trials(names: Path, whole: Sweep, moment: str) -> None:
    class KilledError(BaseException):
        """As a kill: nothing is done about it."""

    def killed(*_: Any, **__: Any) -> None:
        raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        if moment == "training":
            patch.setattr(jobs_module, "make_trial", stopped_in_the_third(killed))
        elif moment == "asking":
            patch.setattr(Trials, "own", killed)
        else:
            patch.setattr(Trials, "tell", killed)
        with pytest.raises(KilledError):
            swept(names, out="parts")
    parts, events = swept(names, out="parts")
    assert told(parts) == told(whole)
    began = [one for one in events if isinstance(one, TrialBegan)]
    assert began[0].resumed


def stopped_in_the_third(by: Callable[..., None]) -> Callable[..., Any]:
    """What makes trials, the third until something happens after its seventh update."""
    made = 0

    def make(*given: Any) -> Any:
        nonlocal made
        made += 1
        if made < 3:
            return make_trial(*given)
        with stopped_at(7, by):
            return make_trial(*given)

    return make


def test_ctrl_c_stops_it_and_the_same_call_goes_on(names: Path, whole: Sweep) -> None:
    with stopped_at(7), pytest.raises(KeyboardInterrupt):
        swept(names, out="parts")
    parts, _ = swept(names, out="parts")
    assert told(parts) == told(whole)


def test_hopeless_trainings_are_ended_and_can_be_gone_on_with(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed_at_the_verdict() -> Sweep:
        """A sweep that ends between the verdict that a training is hopeless and its end."""
        judged = Trials.report

        def report(*given: Any) -> bool:
            if hopeless := judged(*given):
                raise KeyboardInterrupt
            return hopeless

        with monkeypatch.context() as patch:
            patch.setattr(Trials, "report", report)
            with pytest.raises(KeyboardInterrupt):
                swept(names, trials=10, out="killed")
        return swept(names, trials=10, out="killed")[0]

    found, events = swept(names, trials=10)
    pruned = [one for one in found.trials if one.state == "pruned"]
    assert pruned
    one = pruned[0]
    assert one.steps is not None
    assert 4 <= one.steps < 10
    assert len(one.curve) == one.steps  # an evaluation for each step
    assert any(isinstance(e, TrialEnded) and e.trial.state == "pruned" for e in events)
    assert resume(one.run).summary.steps == 10
    assert told(killed_at_the_verdict()) == told(found)
    none, _ = swept(names, trials=7, pruning="none", out="all")
    assert all(one.finished for one in none.trials)
    halved, _ = swept(names, trials=10, pruning="halving", out="halved")
    assert {one.steps for one in halved.trials if one.state == "pruned"} <= {3, 9}


def test_time_ends_it_and_more_time_goes_on(names: Path, whole: Sweep) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs_module.Jobs, "is_over", lambda jobs: len(jobs.trials.rows()) > 2)
        patch.setattr("hornbook.training.trainer.TELL_EVERY", 0.0)
        first, _ = swept(names, out="parts", trials=None, minutes=1.0)
    assert [one.state for one in first.trials] == ["finished", "finished", "running"]
    assert "running" in Path("parts/trials.csv").read_text()
    parts, _ = swept(names, out="parts")
    assert told(parts) == told(whole)


def test_seconds_are_the_time_of_all_of_it() -> None:
    assert limit_of(0.5, None) == limit_of(None, 30) == 30
    assert limit_of(None, None) is None


def test_no_time_for_a_trial_is_told(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module.Jobs, "is_over", lambda jobs: bool(jobs.trials.rows()))
    monkeypatch.setattr("hornbook.training.trainer.TELL_EVERY", 0.0)
    with pytest.raises(SettingsError, match=r"No trial was finished in"):
        swept(names)


def test_where_all_are_refused_more_time_is_not_advised(names: Path) -> None:
    rates = {"learning_rate": "3e5,1e6"}
    how = {"n_embd": 4, "n_hidden": (8,), "norm": "none"}
    with pytest.raises(SettingsError, match=r"All 2 trials were refused.* diverged") as caught:
        swept(names, over=rates, settings=how, trials=2)
    assert "minutes" not in caught.value.hint
    assert "`over`" in caught.value.hint


def test_settings_that_do_not_fit_are_refused_and_counted(names: Path) -> None:
    over = {"n_embd": "8,12", "n_head": "2,4"}  # rotary positions turn pairs: 12 / 4 is odd
    how = {"n_layer": 1, "block_size": 4}
    found, _ = swept(names, model="gpt", over=over, settings=how, trials=4)
    assert len({tuple(one.values.values()) for one in found.trials}) == 4  # each once
    states = {tuple(one.values.values()): one.state for one in found.trials}
    for (n_embd, n_head), state in states.items():
        assert (state == "refused") is ((n_embd, n_head) == (12, 4))
    why = next(one.why for one in found.trials if one.state == "refused")
    assert "n_embd" in why
    more, _ = swept(names, model="gpt", over=over, settings=how, trials=99)
    assert len(more.trials) == 4  # there are no others


def test_what_can_never_be_made_ends_the_sweep(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "FRUITLESS", 3)
    with pytest.raises(SettingsError, match=r"No model can be made.*3 times in a row"):
        swept(names, over={"momentum": "0.1..0.9"}, trials=9)


def test_a_family_that_is_made_in_one_pass(names: Path) -> None:
    found, _ = swept(names, model="ngram", over=None, settings=None, training=None, trials=6)
    assert list(found.over) == ["order", "smoothing"]
    assert found.trials[0].values == {"order": 6, "smoothing": "kneser-ney"}
    assert found.recommended == found.trials[0]
    assert found.run is not None
    assert found.run.family == "ngram"
    with pytest.raises(SettingsError, match="made in one pass: training settings"):
        swept(names, model="ngram", over=None, settings=None, trials=2, out="other")


def test_tables_and_what_is_written(names: Path) -> None:
    found, _ = swept(names)
    with (found.folder / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [0, 1, 2, 3]
    assert [float(row["dev"]) for row in rows] == [one.dev for one in found.trials]
    assert {int(row["n_embd"]) for row in rows} <= set(range(2, 7))
    kept = json.loads((found.folder / "result.json").read_text())
    assert kept["best"]["trial"] == found.best.number
    assert kept["test"] == found.looks[0].value
    assert kept["over"] == {"n_embd": "2..6", "learning_rate": "0.0001..0.5:log"}


def test_another_sweep_in_the_folder_is_refused_and_can_be_replaced(names: Path) -> None:
    swept(names, trials=1)
    others: list[tuple[dict[str, Any], str]] = [
        ({"over": {"n_embd": "2..7"}}, "over other ranges"),
        ({"training": {**TINY, "steps": 21}}, "with other settings of training"),
        ({"settings": {**SMALL, "block_size": 4}}, "with other settings of the model"),
        ({"pruning": "none"}, "that prunes in another way"),
        ({"model": "wavenet", "settings": {}, "out": "runs/some-mlp-sweep"}, "of another family"),
        ({"split": "70/15/15"}, "on other data"),
    ]
    for options, said in others:
        with pytest.raises(RunError, match=said):
            swept(names, **options)
    found, _ = swept(names, over={"n_embd": "2..7"}, trials=1, overwrite=True)
    assert found.over == {"n_embd": "2..7"}
    assert len(list((found.folder / "trials").iterdir())) == 1


def test_what_is_not_ours_is_not_replaced(names: Path) -> None:
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    with pytest.raises(RunError, match="full is there already, and holds no sweep"):
        swept(names, out="full", overwrite=True)
    hornbook.train(names, model="ngram", out="one")
    with pytest.raises(RunError, match="one is there already, and holds no sweep"):
        swept(names, out="one")
    hornbook.train(names, model="ngram", out="two-best")
    with pytest.raises(RunError, match="two-best already contains a run, which is not of this"):
        swept(names, out="two", trials=1)
    assert Run("two-best").family == "ngram"
    found, _ = swept(names, out="two", trials=1, overwrite=True)
    assert found.run is not None
    assert found.run.family == "mlp"


def test_a_folder_has_one_owner(names: Path) -> None:
    def again(event: Any) -> None:
        if isinstance(event, TrialBegan):
            with pytest.raises(RunError, match="is in use by process"):
                swept(names)
            raise RuntimeError("seen")

    with pytest.raises(RuntimeError, match="seen"):
        swept(names, listen=again)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trials": 0}, "`trials` must be from 1"),
        ({"jobs": 0}, "`jobs` must be from 1 to 256"),
        ({"minutes": 0}, "`minutes` must be above 0"),
        ({"seconds": 0}, "`seconds` must be above 0"),
        ({"seconds": float("nan")}, "`seconds` must be"),
        ({"seconds": 9, "minutes": 1}, "`minutes` and `seconds` are both given"),
        ({"pruning": "all"}, "`pruning` must be one of median, halving, none"),
        ({"model": "grru"}, "Unknown model family 'grru'"),
        ({"settings": {"n_hiden": 8}}, "has no setting n_hiden"),
        ({"settings": {"n_embd": 0}, "over": {"block_size": "2..3"}}, "`n_embd` must be from 1"),
        ({"training": {"stepps": 8}}, "has no setting stepps"),
        ({"split": "90/0/10"}, "no dev split"),
        ({"storage": "mysql://u:secret@h/db"}, "PostgreSQL database; it is mysql://h/db"),
        ({"storage": "trials.db"}, "it is trials.db"),
    ],
)
def test_what_is_wrong_is_told(names: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        swept(names, **options)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_journal_that_was_cut_short_is_read_and_a_damaged_one_told(
    names: Path, whole: Sweep
) -> None:
    swept(names, out="parts", trials=3)
    journal = Path("parts/trials.journal")
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 4, "worker')
    Path("parts/trials.journal.lock").touch()  # of the process that was killed
    parts, _ = swept(names, out="parts")
    assert told(parts) == told(whole)
    lines = journal.read_bytes().splitlines(keepends=True)
    for nonsense in (b"nonsense", b"[" * 100_000, b"7", b'{"op_code": 99}', b"\xff"):
        journal.write_bytes(b"".join([lines[0], nonsense, b"\n", *lines[1:]]))
        with pytest.raises(RunError, match="is damaged"):
            open_journal(journal)
    journal.write_bytes(b"".join(lines).replace(b'"step":1,', b'"step":"one",'))
    with pytest.raises(RunError, match="is damaged"):
        swept(names, out="parts")
    journal.unlink()  # as the message says
    assert told(swept(names, out="parts")[0]) == told(whole)
    journal.unlink()
    journal.mkdir()
    with pytest.raises(RunError, match="not a file"):
        open_journal(journal)


def test_a_journal_on_a_full_disk_holds_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of a line would be in the middle of the file once there is room again."""
    journal = OwnedJournal(tmp_path / "trials.journal")
    journal.append_logs([{"one": 1}])

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            journal.append_logs([{"two": 2}, {"three": 3}])
    journal.append_logs([{"four": 4}])
    assert journal.read_logs(0) == [{"one": 1}, {"four": 4}]
    assert OwnedJournal(journal.path).read_logs(1) == [{"four": 4}]


def test_a_full_disk_is_told(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def listen(event: Any) -> None:
        if isinstance(event, TrialBegan) and event.number == 1:
            monkeypatch.setattr(OwnedJournal, "append_logs", full)

    with pytest.raises(RunError, match=r"Cannot write .*trials.journal: No space left"):
        swept(names, listen=listen)


def test_the_record_of_a_sweep_is_read_as_it_was_written(names: Path) -> None:
    found, _ = swept(names, trials=1)
    assert "nothing was chosen by dev" in found.caveat
    assert found.run is not None
    assert "partly luck" not in inspect(found.run).overview.model
    record = SweepRecord.read(found.folder)
    assert record.looks == found.looks
    assert record.seconds > 0
    file = found.folder / "sweep.json"
    kept = file.read_text()
    for damaged, words in (
        ("{", "damaged.*intact copy, or choose another"),
        (kept.replace('"trials": 1', '"trials": 2'), "checksum does not match"),
        (kept.replace('"format": 1', '"format": 2'), "has format 2; this hornbook reads 1"),
    ):
        file.write_text(damaged)
        with pytest.raises(RunError, match=re.compile(words, re.DOTALL)):
            swept(names, trials=1)


def test_the_command_searches_shows_and_goes_on(
    names: Path, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    words = [
        "sweep", str(names), "--model", "mlp", "--over", "n_embd=2..6",
        "learning_rate=1e-3..0.1:log", "--steps", "10", "--n-hidden", "8", "--threads", "1",
        "--evaluate-on", "200", "--no-together",
    ]  # fmt: skip
    status, out, err = typed(capsys, *words, "--trials", "2")
    assert status == 0, err
    assert "recommended" in out
    assert "trial 0: n_embd" in err
    assert "On test, which no choice was based on" in err
    assert "hornbook inspect runs/some-mlp-sweep-best" in err
    page = Path("runs/some-mlp-sweep/report.html").read_text()
    for title in ("The best settings", "Each setting alone", "All settings at once", "All trials"):
        assert f"<h2>{title}</h2>" in page
    assert "<span>inspect</span> <span>runs/some-mlp-sweep-best</span>" in page
    status, out, err = typed(capsys, *words, "--trials", "3", "--json")
    assert status == 0, err
    assert len(json.loads(out)["trials"]) == 3
    assert Run("runs/some-mlp-sweep/trials/0002").settings.as_dict()["n_hidden"] == [8]
    assert main(["sweep", str(names), "--model", "mlp", "--over", "n_embd=6..2"]) == 1
    assert "Write 2..6" in capsys.readouterr().err
    assert typed(capsys, "sweep", str(names), "--n-embd", "4", "--over", "n_embd=2..6")[0] == 1


def test_help_tells_what_is_varied(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "sweep", "--model", "gru", "--help")
    assert status == 0
    assert "n_hidden=64..512:log" in " ".join(out.split())


def test_help_loads_no_optuna() -> None:
    code = (
        "import sys; from hornbook.cli import main\n"
        "try: main(['sweep', '--model', 'ngram', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'optuna', 'matplotlib'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nset()\n")


def test_a_sweep_that_is_killed_leaves_nothing_that_keeps_others_out(
    names: Path, whole: Sweep
) -> None:
    code = f"""
import os, signal
import hornbook
from hornbook.experiments.sweep.events import TrialEnded

def listen(event):
    if isinstance(event, TrialEnded) and event.trial.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)

hornbook.sweep({str(names)!r}, model="mlp", over={OVER!r}, settings={SMALL!r}, training={TINY!r},
               trials=4, out="parts", listen=listen, together=False)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    parts, events = swept(names, out="parts")
    assert told(parts) == told(whole)
    assert [one.number for one in events if isinstance(one, TrialBegan)] == [2, 3]
    assert not any(isinstance(one, Warned) for one in events)


def test_its_trials_are_listed_where_it_is_named_and_told_before_the_best_is_shared(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = swept(names, trials=1)
    assert found.run is not None
    folder = found.folder.name
    _, out, err = typed(capsys, "runs", "runs")
    assert (f"{folder}-best" in out, f"{folder}/trials" in out) == (True, False)
    assert f"hornbook runs runs/{folder}" in err
    assert "trials/0000" in typed(capsys, "runs", f"runs/{folder}")[1]
    status, _, err = typed(capsys, "sample", f"runs/{folder}")
    assert (status, "holds the runs that sweep made" in err) == (1, True)
    _, _, err = typed(capsys, "strip", str(found.run.path))
    assert f"{folder}, in each run that sweep tried: do not share" in " ".join(err.split())
