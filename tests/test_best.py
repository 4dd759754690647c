"""The best model for some data: the climb, what it keeps, and how it chooses."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.actions import Action
from hornbook.cli.main import main
from hornbook.errors import (
    DivergedError,
    HornbookError,
    MissingPackageError,
    RunError,
    SettingsError,
    ToolError,
)
from hornbook.experiments import climb as climb_module
from hornbook.experiments import making as making_module
from hornbook.experiments.best import best
from hornbook.experiments.events import RungBegan, RungEnded
from hornbook.experiments.ladder import LadderRecord, Rung
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run
from hornbook.runs.calls import calls_of
from hornbook.runs.events import Warned
from hornbook.runs.prepare import prepare
from hornbook.runs.session import Session
from hornbook.tasks import Candidate
from hornbook.text import candidates as candidates_module
from hornbook.text.data import TextData
from hornbook.text.task import TextTask
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

TINY = {"batch_size": 16, "evaluate_every": 25, "device": "cpu", "threads": 1, "gradients": "hand"}
NETS = (
    Candidate("mlp-8", "mlp", {"n_hidden": (8,), "n_embd": 4}, TINY),
    Candidate("gru-8", "gru", {"n_hidden": 8, "n_embd": 4}, TINY),
)
COUNTS = Candidate("counts-3", "ngram", {"order": 3})


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 400))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nets of a few units that are trained for as many steps as they are given seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(TextTask, "candidates", lambda task, data, seconds: [COUNTS, *NETS])

    def fit_into(session: Session, seconds: float, listen: Any) -> None:
        if seconds < 1:
            raise SettingsError("No time for a step.", setting="minutes")
        session.training = replace(session.training, steps=int(seconds))

    monkeypatch.setattr(Session, "fit_into", fit_into)
    monkeypatch.setattr(climb_module, "NEAR", 9.0)  # nets like these are far behind
    monkeypatch.setattr(TextTask, "soundness", lambda task, run, command="": 1.0)
    monkeypatch.setattr(TextTask, "suited", lambda task, run, command="": {"temperature": 0.7})


def climbed(names: Path, **options: Any) -> tuple[Any, list[Any]]:
    events: list[Any] = []
    found = best(names, minutes=options.pop("minutes", 2), listen=events.append, **options)
    return found, [e for e in events if isinstance(e, RungBegan | RungEnded)]


def test_it_counts_trains_mixes_and_keeps_the_best(names: Path) -> None:
    found, events = climbed(names)
    assert {rung.name: rung.kind for rung in found.rungs} == {
        "counts-3": "counted", "mlp-8": "net", "gru-8": "net", "mixture": "mixture",
    }  # fmt: skip
    assert found.winner.reached == min(rung.reached for rung in found.rungs)
    assert found.run.path == Path("runs/some-best")
    assert found.run.summary.losses["dev"] == found.winner.reached
    assert list(found.run.sample(n=2))
    assert dict(found.run.summary.suited) == {"temperature": 0.7}
    assert [e.name for e in events if isinstance(e, RungBegan)] == [r.name for r in found.rungs]
    # Each is a run, and what is kept says what was tried.
    for rung in found.rungs:
        assert Run(found.folder / rung.name).summary.ended
    kept = LadderRecord.read(found.folder)
    assert [rung.name for rung in kept.rungs] == [rung.name for rung in found.rungs]
    assert json.loads(json.dumps(found.as_dict()))["winner"] == found.winner.name


def test_other_tokens_are_compared_by_character_and_mixed_with_their_like(
    names: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = {"tokens": "bpe", "vocab_size": 280}
    others = [
        Candidate("pairs-counts", "ngram", {"order": 2}, loading=pairs),
        Candidate("pairs-mlp", "mlp", {"n_hidden": (8,), "n_embd": 4}, TINY, pairs),
    ]
    monkeypatch.setattr(TextTask, "candidates", lambda *_: [COUNTS, NETS[0], *others])
    found, _ = climbed(names)
    rungs = {rung.name: rung for rung in found.rungs}
    for name in ("counts-3", "pairs-counts", "pairs-mlp"):
        dev = Run(found.folder / name).evaluate()["dev"]
        assert rungs[name].reached == pytest.approx(dev.nats_per_character, rel=1e-6)
    assert rungs["pairs-counts"].reached < Run(found.folder / "pairs-counts").summary.losses["dev"]
    mixture = Run(found.folder / "mixture")
    kind = "bpe" if rungs["mixture"].loading else "characters"
    assert mixture.data.tokenizer.kind == kind
    members = [one.family for one in mixture.summary.members]
    assert sorted(members) == ["mlp", "ngram"]  # those of other tokens are not among them
    again = LadderRecord.read(found.folder)
    assert [dict(rung.loading) for rung in again.rungs][1:3] == [pairs, {}]
    assert main(["best", str(names), "--minutes", "2", "--overwrite"]) == 0
    assert "nats per character" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tokens", "mode", "seconds", "tried"),
    [
        ("characters", "text", 300.0, True),
        ("characters", "text", 60.0, False),
        ("bytes", "text", 300.0, False),
        ("characters", "lines", 300.0, False),
    ],
)
def test_byte_pairs_are_tried_on_long_texts_where_there_is_time(
    tokens: str, mode: str, seconds: float, tried: bool, names: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(candidates_module, "OTHERS", 500)
    data = prepare(names, "text", {"tokens": tokens, "mode": mode}).data
    assert isinstance(data, TextData)
    found = [one for one in candidates_module.candidates(data, seconds) if one.loading]
    assert bool(found) == tried


def test_the_time_is_shared_out(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, float] = {}
    plain = climb_module.Climb.rung

    def rung(
        climb: Any, name: str, kind: Any, make: Any, seconds: float | None = None, loading: Any = ()
    ) -> Any:
        if seconds is not None:
            given[name] = seconds
        return plain(climb, name, kind, make, seconds, loading)

    monkeypatch.setattr(climb_module.Climb, "rung", rung)
    found, _ = climbed(names)
    spent = {rung.name: rung.seconds for rung in found.rungs}
    beside = LadderRecord.read(found.folder).beside  # reading; more on a busy machine
    left = 120 - 15 - beside - spent["counts-3"]  # some seconds are kept for what comes after
    assert given["mlp-8"] == pytest.approx(left / 2, abs=1)
    assert given["gru-8"] == pytest.approx(left - spent["mlp-8"], abs=1)


def test_with_next_to_none_it_only_counts(names: Path) -> None:
    found, _ = climbed(names, minutes=0.001)
    assert found.winner.name == "counts-3"
    assert {rung.name for rung in found.rungs if rung.refused} == {"mlp-8", "gru-8"}


def test_something_is_always_tried_and_what_was_not_is_said_once(
    names: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [replace(NETS[0], name="mlp-9"), *NETS]
    monkeypatch.setattr(TextTask, "candidates", lambda task, data, seconds: others)
    _, _, err = typed(capsys, "best", str(names), "--minutes", "0.001", "--out", "few")
    assert err.count("No time was left") == 1
    assert "mlp-9, mlp-8 left out: No time was left." in err
    assert Run("few").summary.steps == climb_module.AT_LEAST


def test_where_nothing_can_be_made_the_reasons_are_said_once(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextTask, "candidates", lambda task, data, seconds: list(NETS))
    monkeypatch.setattr(climb_module, "AT_LEAST", 0.5)
    with pytest.raises(SettingsError, match=r"^No model was made\. No time was left\.(?! No)"):
        climbed(names, minutes=0.001)
    monkeypatch.setattr(climb_module, "SHORTEST", 0.0)
    monkeypatch.setattr(climb_module.Climb, "left", 0.8)
    with pytest.raises(SettingsError, match=r"^No model was made\. No time for a step\.(?! No)"):
        climbed(names, minutes=0.001, out="other")


def test_where_nothing_is_counted_baselines_stand_beside_the_nets(
    names: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(TextTask, "candidates", lambda task, data, seconds: [NETS[0]])
    found, _ = climbed(names)
    (beside,) = found.baselines
    assert beside.reached["dev"] < (found.winner.reached or 0)
    assert found.as_dict()["baselines"][0]["name"] == beside.name
    _, out, err = typed(capsys, "best", str(names), "--minutes", "2", "--overwrite")
    row = next(line for line in out.splitlines() if line.startswith(beside.name))
    assert row.split("baseline")[1].split()[0] == f"{beside.reached['dev']:.4f}"
    assert f"The baseline {beside.name} is better still" in err
    monkeypatch.setattr(TextTask, "candidates", lambda task, data, seconds: [COUNTS, NETS[0]])
    counted, _ = climbed(names, out="other")
    assert counted.baselines == ()


def test_killed_it_goes_on_where_it_was(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TextTask, "mix", lambda *_: (_ for _ in ()).throw(RuntimeError("dead")))
        with pytest.raises(RuntimeError, match="dead"):
            climbed(names)
    before = LadderRecord.read(Path("runs/some-best-tried"))
    assert not Path("runs/some-best").exists()
    found, events = climbed(names)
    assert found.rungs[:3] == tuple(
        replace(r, sound=s.sound) for r, s in zip(before.rungs, found.rungs, strict=False)
    )
    assert [e.name for e in events if isinstance(e, RungBegan)] == ["mixture"]
    assert [e.known for e in events if isinstance(e, RungEnded)] == [True] * 3 + [False]


def test_a_training_that_was_stopped_is_resumed(names: Path) -> None:
    with stopped_at(5), pytest.raises(KeyboardInterrupt):
        climbed(names)
    kept = LadderRecord.read(Path("runs/some-best-tried"))
    assert [rung.name for rung in kept.rungs] == ["counts-3"]
    stopped = Run(kept_path := Path("runs/some-best-tried/mlp-8"))
    assert stopped.summary.ending == "interrupted"
    found, events = climbed(names)
    began = [e for e in events if isinstance(e, RungBegan)]
    assert (began[0].name, began[0].resumed) == ("mlp-8", True)
    assert Run(kept_path).summary.steps == 52
    assert found.run.summary.ended


def test_other_data_in_the_same_place_are_refused(names: Path, tmp_path: Path) -> None:
    climbed(names, minutes=0.2, out="runs/x")
    other = write_names(tmp_path / "some.txt", slice(0, 300))
    with pytest.raises(RunError, match="x-tried holds models that were tried on other data"):
        best(other, minutes=0.2, out="runs/x", overwrite=True)
    with pytest.raises(RunError, match="already"):
        best(names, minutes=0.2, out="runs/x")


def test_another_time_is_another_climb(names: Path) -> None:
    climbed(names, minutes=0.2, out="runs/x")
    shutil.rmtree("runs/x")
    with pytest.raises(RunError, match=r"tried with `minutes=0\.2`, not 0\.4"):
        best(names, minutes=0.4, out="runs/x")
    longer, events = climbed(names, minutes=0.4, out="runs/x", overwrite=True)
    assert [e.name for e in events if isinstance(e, RungBegan)] == ["mlp-8", "gru-8", "mixture"]
    assert LadderRecord.read(longer.folder).minutes == 0.4


def test_a_rung_that_has_become_another_is_looked_at_again(names: Path) -> None:
    first, _ = climbed(names, minutes=0.4, out="runs/x")
    hornbook.resume(first.folder / "gru-8", steps=200)
    shutil.rmtree(first.folder / "counts-3")
    again, events = climbed(names, minutes=0.4, out="runs/x", overwrite=True)
    reached = {rung.name: rung.reached for rung in again.rungs}
    assert reached["gru-8"] == Run(first.folder / "gru-8").summary.losses["dev"]
    assert {e.name for e in events if isinstance(e, RungBegan)} == {"counts-3", "gru-8", "mixture"}


def test_what_is_far_behind_is_not_mixed(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(climb_module, "NEAR", 0.0)
    found, _ = climbed(names, minutes=0.2)
    assert [rung.kind for rung in found.rungs] == ["counted", "net", "net", "mixture"]
    assert "too far behind" in found.rungs[-1].refused


def test_without_dev_there_is_nothing_to_choose_by(names: Path) -> None:
    with pytest.raises(SettingsError, match="no dev split"):
        climbed(names, split="100/0/0")
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "error", [DivergedError("It has diverged."), MissingPackageError("It needs PyTorch.")]
)
def test_a_net_that_cannot_be_made_keeps_no_other_from_it(
    error: HornbookError, names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain: Callable[..., Run] = vars(making_module)["train"]

    def train(*given: Any, **how: Any) -> Run:
        if how["model"] == "mlp":
            raise error
        return plain(*given, **how)

    monkeypatch.setattr(making_module, "train", train)
    found, _ = climbed(names)
    assert {rung.name: rung.refused for rung in found.rungs} == {
        "counts-3": "", "mlp-8": error.message, "gru-8": "", "mixture": "",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_the_status_tells_the_signal(
    name: str, status: int, names: Path, capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    number = getattr(signal, name)
    usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    before = signal.signal(number, usual)
    request.addfinalizer(lambda: signal.signal(number, before))
    run = Path("runs/some-best-tried/mlp-8")

    def hit(trainer: Trainer) -> None:
        if run.exists():  # where bfloat16 has units, steps are tried before there is a run
            signal.raise_signal(number)

    with stopped_at(5, hit):
        ended, _, err = typed(capsys, "best", str(names), "--minutes", "2")
    assert ended == status
    assert "The same command continues from here." in err
    assert Run(run).summary.steps == 5


def test_the_choice_is_explained(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def soundness(task: Any, run: Run, command: str = "") -> float:
        return 0.9 if run.path.name == "counts-3" else 0.1

    monkeypatch.setattr(TextTask, "soundness", soundness)
    found, _ = climbed(names)
    assert found.winner.name == "counts-3"
    assert {r.name: r.sound for r in found.rungs}["mixture"] == 0.1
    assert "has a better loss, but only 10.0% of its samples are sound, against 90.0%" in found.why


def test_a_filter_is_tried_on_the_data_first(names: Path) -> None:
    with pytest.raises(ToolError):
        climbed(names, filter="exit 3")
    with pytest.raises(SettingsError, match="passes none of the first lines of the data"):
        climbed(names, filter="cat > /dev/null")
    assert not Path("runs").exists()


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_impossible_times(minutes: float, names: Path) -> None:
    with pytest.raises(SettingsError, match="minutes"):
        best(names, minutes=minutes)


def test_a_damaged_ladder_is_named(names: Path) -> None:
    climbed(names, minutes=0.2)
    Path("runs/some-best-tried/tried.json").write_text('{"minutes": "five"}')
    with pytest.raises(RunError, match=r"tried\.json"):
        best(names, minutes=0.2, overwrite=True, out="runs/some-best")


def test_a_rung_is_what_its_json_says(tmp_path: Path) -> None:
    record = LadderRecord(2.5, "text", {"data/train.txt": "0" * 64})
    record = record.with_rung(Rung("a", "net", 1.5, 2.25, 10)).with_rung(
        Rung("b", "net", 1.0, refused="no")
    )
    record.write(tmp_path)
    assert LadderRecord.read(tmp_path) == record
    assert record.seconds == 2.5


def test_it_is_public() -> None:
    assert hornbook.best is best


def test_what_is_wrong_with_the_data_is_said_first(tmp_path: Path) -> None:
    same = tmp_path / "same.txt"
    same.write_text("banana\n" * 200, encoding="utf-8")
    events: list[Any] = []
    best(same, minutes=2, listen=events.append)
    at = next(n for n, event in enumerate(events) if isinstance(event, RungBegan))
    assert any(
        "Nearly all lines of dev are" in e.message for e in events[:at] if isinstance(e, Warned)
    )


def test_runs_that_were_tried_are_kept_apart(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    climbed(names)
    _, out, err = typed(capsys, "runs")
    assert out.count("some-best") == 1
    assert "hornbook runs runs/some-best-tried" in err
    assert len(hornbook.list_runs("runs/some-best-tried")) == 4
    status, _, err = typed(capsys, "strip", "runs/some-best")
    assert (status, "some-best-tried, in each run that best tried" in err) == (0, True)
    status, _, err = typed(capsys, "sample", "runs/some-best-tried")
    assert "Name one of them (counts-3, gru-8, mixture, mlp-8)" in err


def test_the_winner_says_how_it_was_found_and_what_counting_reaches(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = climbed(names, filter="grep a", distinct=True, minutes=2)
    summary = found.run.summary
    assert summary.found is not None
    assert (summary.found.minutes, summary.found.filter) == (2, "grep a")
    (call,) = calls_of(found.run)
    assert call == Action(
        "best", (str(names),), {"minutes": 2, "filter": "grep a", "distinct": True}
    )
    for rung in found.rungs:
        told = Run(found.folder / rung.name).summary.baselines
        assert len(told) == (0 if rung.kind == "counted" else 1)
    hornbook.strip(found.run.path)
    assert Run(found.run.path).summary.found == replace(summary.found, filter="")


def test_what_to_type_next_keeps_the_filter(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = typed(capsys, "best", str(names), "--minutes", "2", "--filter", "grep a")
    assert status == 0
    assert "new and let pass by the filter:" in out
    assert "-n 20 --only-new --filter 'grep a'" in err
    assert "hornbook inspect runs/some-best" in err
    status, _, err = typed(capsys, "best", str(names))
    assert "Replace it with --overwrite" in err


def test_a_run_is_not_taken_for_data(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hornbook.train(names, model="ngram", out="runs/counts")
    status, _, err = typed(capsys, "best", "runs/counts")
    assert (status, "runs/counts is a run directory, not data" in err) == (1, True)


def test_its_page_says_that_it_is_the_best_of_several(names: Path) -> None:
    found, _ = climbed(names, minutes=2)
    assert (
        "the best of the models that were tried in about 2 min 0 s"
        in inspect(found.run).overview.model
    )
