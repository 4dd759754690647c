"""The contract of a task, held by a toy that registers and by nothing in the package."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.cli.main import VERBS
from hornbook.errors import DataError, QuestionError, SettingsError
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run, find_rate
from hornbook.runs.events import Evaluated, Event
from hornbook.tasks import Claim, choose_task, register, tasks, unregister
from hornbook.tasks.arrays import ArrayData
from hornbook.tensor_files import read_tensors
from hornbook.training.finder import FinderSettings
from tests.command import typed
from tests.stopping import stopped_at
from tests.toy import Plane, Toy

PINNED = {"threads": 1, "precision": "float32", "gradients": "hand", "learning_rate": 0.1}


@pytest.fixture(autouse=True)
def toy() -> Iterator[Toy]:
    task = Toy()
    register(task)
    yield task
    unregister(task.name)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    rows = [f"{a:.6f},{b:.6f},{int(a * b > 0)}" for a, b in x]
    path = tmp_path / "points.csv"
    path.write_text("x,y,class\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def train(points: Path, out: Path, **how: Any) -> Run:
    training = {**PINNED, **how.pop("training", {})}
    return hornbook.train(points, out=out, training=training, baseline=False, **how)


def test_it_is_small() -> None:
    source = (Path(__file__).parent / "toy.py").read_text(encoding="utf-8")
    body = source[source.index("@dataclass") :].splitlines()
    assert sum(bool(line.strip()) for line in body) <= 60


def test_the_first_look_chooses_it_and_says_why(points: Path, tmp_path: Path) -> None:
    from hornbook.sources.source import Source

    assert choose_task(Source(points))[0].name == "points"
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n" * 20, encoding="utf-8")
    assert choose_task(Source(other))[0].name == "text"
    assert choose_task(Source(points), "text")[0].name == "text"
    assert choose_task(Source(points), family="ngram")[0].name == "text"
    counted = hornbook.train(points, model="ngram", out=tmp_path / "counted")
    assert counted.record.task == "text"


def test_two_equal_claims_are_refused(points: Path) -> None:
    class Twin(Toy):
        name, questions = "twin", {}
        families = {f"twin-{name}": line for name, line in Toy.families.items()}

        def recognise(self, source: Any, options: Any) -> Claim:
            return Claim(2, "it likes it too")

    from hornbook.sources.source import Source

    register(Twin())
    try:
        with pytest.raises(DataError, match="it begins x,y,class") as caught:
            choose_task(Source(points))
    finally:
        unregister("twin")
    told = [(one.given, one.settings) for one in caught.value.choices]
    assert told == [((str(points),), {"task": "points"}), ((str(points),), {"task": "twin"})]


def test_what_may_be_of_two_tasks_is_asked_with_the_line_for_each(
    points: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Unsure(Toy):
        name, questions = "unsure", {}
        families = {f"unsure-{name}": line for name, line in Toy.families.items()}

        def recognise(self, source: Any, options: Any) -> Claim:
            return Claim(3, "it may be", sure=False, settings={"split": "60/40"})

    from hornbook.sources.source import Source

    register(Unsure())
    try:
        status, _, err = typed(capsys, "doctor", str(points))
        assert choose_task(Source(points), options={"column": None})[0].name == "text"
    finally:
        unregister("unsure")
    assert status == 1
    lines = [line for line in err.splitlines() if line.startswith("hornbook doctor ")]
    assert lines == [
        f"hornbook doctor {points} --task unsure --split 60/40",
        f"hornbook doctor {points} --task points",
        f"hornbook doctor {points} --task tables --target class",
        f"hornbook doctor {points} --task text",
    ]


def test_no_family_and_no_verb_has_the_name_of_a_task() -> None:
    every = tasks()
    verbs = VERBS.keys() | {name for task in every.values() for name in task.questions}
    families = {name for task in every.values() for name in task.families}
    assert not every.keys() & (verbs | families)


def test_a_name_that_is_taken_is_refused() -> None:
    class Greedy(Toy):
        name = "greedy"

    with pytest.raises(ValueError, match="of the task greedy is already in use"):
        register(Greedy())
    assert "greedy" not in tasks()


def test_it_trains_towards_the_highest(points: Path, tmp_path: Path) -> None:
    seen: list[Event] = []
    run = train(points, tmp_path / "run", listen=seen.append)
    lines = [event.record for event in seen if isinstance(event, Evaluated)]
    right = [line.measures["dev"]["right"] for line in lines]
    assert run.summary.measures["dev"]["right"] == max(right[1:])
    first_best = 1 + right[1:].index(max(right[1:]))
    assert run.summary.best_step == lines[first_best].step
    assert lines[first_best].best
    assert not any(line.best for line in lines[first_best + 1 :])
    assert max(right) > 0.8
    assert run.evaluate()["dev"].measures["right"] == max(right[1:])
    assert run.record.task == "points"
    assert run.record.options == {"held_out": 20}


def test_without_a_dev_split_the_last_weights_are_kept(points: Path, tmp_path: Path) -> None:
    run = train(points, tmp_path / "run", held_out=0)
    assert run.data.sizes.keys() == {"train"}
    assert run.summary.measures.keys() == {"train"}
    assert run.summary.best_step == run.summary.steps


def test_its_closed_form_is_fitted(points: Path, tmp_path: Path) -> None:
    run = hornbook.train(points, model="nearest", out=tmp_path / "run")
    opened = Run(run.path)
    rows = opened.data.splits["train"]
    np.testing.assert_allclose(opened.model.held["means"][1], rows[rows[:, 2] == 1, :2].mean(0))
    assert opened.record.start.kind == "fit"
    with pytest.raises(SettingsError, match="fitted in one pass"):
        hornbook.train(points, model="nearest", training={"steps": 2})


def test_a_model_meets_the_data_before_its_weights_are_loaded(
    toy: Toy, points: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[int] = []

    def acquaint(model: Plane, data: ArrayData) -> None:
        met.append(len(data.splits["train"]))
        next(iter(model.net.parameters())).data.fill_(len(met))

    def first() -> set[float]:
        return set(next(iter(Run(tmp_path / "run").model.parameters())).view(-1).tolist())

    monkeypatch.setattr(toy, "acquaint", acquaint)
    train(points, tmp_path / "run", training={"steps": 0})
    assert met == [80]
    assert first() == {1.0}
    assert met == [80, 80]
    monkeypatch.setattr(Run, "has_data", False)
    assert first() == {1.0}
    assert met == [80, 80]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.test_task import train
from tests.toy import Toy
from hornbook.tasks import register
from hornbook.training.trainer import Trainer

register(Toy())
update = Trainer.update

def update_and_die(trainer):
    loss = update(trainer)
    if trainer.step == 23:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss

Trainer.update = update_and_die
train(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_it_is_resumed_bit_for_bit_after_a_kill(points: Path, tmp_path: Path) -> None:
    whole = train(points, tmp_path / "whole")
    killed = tmp_path / "killed"
    found = subprocess.run(
        [sys.executable, "-c", KILLED, str(points), str(killed)],
        cwd=Path(__file__).parents[1], capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == -signal.SIGKILL, found.stderr
    assert 0 < read_tensors(killed / "checkpoint.safetensors")[1]["step"] < 23
    hornbook.resume(killed)
    same(killed, whole.path)


def test_it_is_resumed_bit_for_bit_after_a_stop(points: Path, tmp_path: Path) -> None:
    whole = train(points, tmp_path / "whole")
    with stopped_at(23):
        stopped = train(points, tmp_path / "stopped")
    assert stopped.summary.ending == "interrupted"
    hornbook.resume(stopped.path)
    same(stopped.path, whole.path)


def same(one: Path, other: Path) -> None:
    for name in ("model", "checkpoint"):
        first, _ = read_tensors(one / f"{name}.safetensors")
        second, _ = read_tensors(other / f"{name}.safetensors")
        assert first.keys() == second.keys()
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])


@pytest.mark.usefixtures("unpainted")
def test_it_is_watched_and_looked_into(points: Path, tmp_path: Path) -> None:
    run = train(points, tmp_path / "run", training={"watch": True})
    found = inspect(run)
    assert found.history is not None
    assert any(section.title == "Points" for section in found.sections)
    page = found.write(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<img" in page


def test_its_rate_is_found(points: Path) -> None:
    found = find_rate(points, training=PINNED, finder=FinderSettings(points=40))
    assert len(found.rates) > 5
    with pytest.raises(SettingsError, match="no learning rate"):
        find_rate(points, model="nearest")


def test_it_is_asked(points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(points, tmp_path / "run")
    assert run.guess(1.0, 1.0) == 1
    assert run.guess(1.0, -1.0) == 0
    assert "guess" in dir(run)
    status, out, _ = typed(capsys, "guess", str(run.path), "1", "1", "--json")
    assert (status, json.loads(out)) == (0, [{"class": 1}])
    status, out, _ = typed(capsys, "guess", str(run.path), "1", "1")
    assert (status, out.split()) == (0, ["class", "1"])
    with pytest.raises(QuestionError, match="only with runs of the task text"):
        run.sample(n=1)
    status, _, err = typed(capsys, "sample", str(run.path))
    assert status == 1
    assert "only with runs of the task text" in err


def test_every_verb_serves_it(
    points: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--steps", "30", "--held-out", "40", "--threads", "1"]
    status, out, err = typed(capsys, "train", "points.csv", *words, "--out", "run")
    assert status == 0, err
    assert "points" in err
    assert out.startswith("dev ")
    assert "of the points" in out
    run = Run("run")
    assert isinstance(run.model, Plane)
    assert run.data.sizes == {"train": 60, "dev": 40}
    assert run.record.training is not None
    assert (run.record.training.steps, run.record.training.batch_size) == (30, 16)
    status, out, _ = typed(capsys, "evaluate", "run", "--json")
    assert status == 0
    assert json.loads(out).keys() == {"train", "dev"}
    assert typed(capsys, "evaluate", "run")[0] == 0
    status, out, _ = typed(capsys, "doctor", "points.csv", "--held-out", "60", "--json")
    assert status == 0
    status, out, _ = typed(capsys, "doctor", "points.csv", "--held-out", "60")
    assert "There are few points" in out
    assert typed(capsys, "inspect", "run")[0] == 0
    assert typed(capsys, "rate", "points.csv", "--points", "30", "--threads", "1")[0] == 0
    status, _, err = typed(capsys, "train", "--resume", "run")
    assert (status, "has already finished" in err) == (1, True)
    status, _, err = typed(capsys, "models", "plane", "--shapes")
    assert (status, "plane does not tell the shapes of its layers" in err) == (1, True)
    assert "hornbook train --model plane --help" in err
    for verb in ("--help", "models"):
        status, out, _ = typed(capsys, verb)
        assert ("guess" if verb == "--help" else "plane") in out


def test_flags_before_the_file_and_flags_of_others(
    points: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = typed(
        capsys, "train", "--steps", "20", "--threads", "1", "points.csv", "--out", "run"
    )
    assert status == 0, err
    assert Run("run").record.task == "points"
    status, _, err = typed(capsys, "train", "points.csv", "--mode", "lines")
    assert status == 1
    assert "--mode is a flag of task text" in err
    status, _, err = typed(capsys, "train", "--held-out", "3", "points.csv")
    assert status == 1
    assert "--held-out is a flag of task points" in err
    # Of what both have, the family is told: nets on ratings have --n-hidden, too.
    Path("lines.txt").write_text("anna\nemma\n")
    for words in (["lines.txt", "--n-hidden", "3", "--model", "ngram"],
                  ["--model", "ngram", "--n-hidden=3", "lines.txt"]):  # fmt: skip
        status, _, err = typed(capsys, "train", *words)
        assert "--n-hidden is a flag of families mlp" in err
        assert "not of ngram" in err
    status, _, err = typed(capsys, "train", "points.csv", "--task", "text", "--model", "plane")
    assert status == 1
    assert "The model family plane belongs to the task points, not to text" in err
    status, _, err = typed(capsys, "guess", "run")
    assert (status, err) == (2, "hornbook guess needs POINT: see hornbook guess --help.\n")
    Path("steps").write_bytes(points.read_bytes())
    typed(capsys, "train", "steps", "--out", "other", "--threads", "1")
    made = Run("other").record
    assert made.training is not None
    assert made.training.steps == 40


@pytest.mark.parametrize("name", [["mlp"], {"mlp": 1}, 5])
def test_what_is_no_name_is_refused_as_one(name: Any) -> None:
    for given in ({"model": name}, {"task": name}):
        with pytest.raises(SettingsError, match="must be the name of a"):
            hornbook.train("names", **given)


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused_before_the_data_is_read(minutes: float) -> None:
    with pytest.raises(SettingsError, match="`minutes` must be above 0"):
        hornbook.train("no-such-file", minutes=minutes)


def test_a_flag_of_one_task_tells_it_before_the_file_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{n % 7},{n * 37 % 101},{n * 37 % 101 + n % 7}" for n in range(60)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["a,b,price", *rows]), encoding="utf-8")
    words = ("train", "--target", "price", str(path), "--model", "linear", "--steps", "2",
             "--no-baseline", "--out", str(tmp_path / "run"))  # fmt: skip
    assert typed(capsys, *words)[0] == 0
