"""A search in several processes: what they make, and what becomes of it when one is killed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import SettingsError
from hornbook.experiments.sweep import jobs as jobs_module
from hornbook.experiments.sweep import making
from hornbook.experiments.sweep.events import TrialEnded
from hornbook.experiments.sweep.jobs import how_to
from hornbook.experiments.sweep.making import Recipe, made_by
from hornbook.experiments.sweep.sweep import sweep
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.process import Talk
from hornbook.experiments.workers.worker import DiedError, Worker
from hornbook.records import as_json
from hornbook.runs import Run
from hornbook.runs.events import Listener, Warned
from hornbook.runs.prepare import prepare
from tests.some_names import write_names
from tests.test_sweep import OVER, SMALL, TINY, told


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_processes_make_the_same_trials_though_one_is_killed(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: dict[str, Any] = {
        "model": "mlp", "over": OVER, "settings": SMALL, "training": TINY, "trials": 3,
        "together": False,
    }  # fmt: skip
    events: list[Any] = []
    killed: list[int] = []

    def killing(worker: Worker, recipe: Recipe, judge: making.Judge, listen: Listener) -> Any:
        def judged(evaluation: int, value: float) -> bool:
            if evaluation == 5 and recipe.path.endswith("0001") and not killed:
                assert worker.process is not None
                killed.append(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)
            return judge(evaluation, value)

        return made_by(worker, recipe, judged, listen)

    monkeypatch.setattr(jobs_module, "made_by", killing)
    several = sweep(names, out="several", jobs=2, listen=events.append, **how)
    assert len(killed) == 1
    (warned,) = [one for one in events if isinstance(one, Warned)]
    assert "0001 has died (signal 9" in warned.message
    one_by_one = sweep(names, out="one", **how)
    assert told(several) == told(one_by_one)
    assert sorted(e.trial.number for e in events if isinstance(e, TrialEnded)) == [0, 1, 2]
    with pytest.raises(ProcessLookupError):
        os.kill(killed[0], 0)


class Said:
    """What a process of a sweep says, heard line by line, and answered."""

    def __init__(self, answer: Callable[[dict[str, Any]], None]) -> None:
        self.answer, self.lines = answer, list[dict[str, Any]]()

    def write(self, text: str) -> None:
        self.lines.append(json.loads(text))
        self.answer(self.lines[-1])

    def flush(self) -> None:
        """Nothing is held back."""


def talked(
    names: Path, path: Path, answer: Callable[[Any, dict[str, Any]], None]
) -> list[dict[str, Any]]:
    """What a process says that is told to make a trial; ends when the pipe is closed."""
    errand = Errand.of(prepare(str(names), None, {}), (str(names),))
    read, write = os.pipe()
    pipe = os.fdopen(write, "w")

    def tell(value: Any) -> None:
        pipe.write(json.dumps(value) + "\n")
        pipe.flush()

    class Ends:
        close = staticmethod(pipe.close)

        @staticmethod
        def reply(line: dict[str, Any], what: str) -> None:
            tell({"reply": what, "to": line["number"]})

    tell(as_json(errand))
    tell({
        "do": {"path": str(path), "family": "mlp", "settings": {"n_hidden": [8]}, "training": TINY}
    })  # fmt: skip
    said = Said(lambda line: answer(Ends, line))
    with os.fdopen(read) as given:
        Talk(given, said).serve(making.work)  # type: ignore[arg-type]
    return said.lines


def test_a_process_whose_sweep_is_gone_stops_and_keeps_what_it_has(
    names: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hornbook.training.trainer.TELL_EVERY", 0.0)

    def gone(ends: Any, line: dict[str, Any]) -> None:
        if line.get("number") == 3:
            ends.close()
        elif "question" in line:
            ends.reply(line, "on")

    *measured, last = talked(names, tmp_path / "run", gone)
    assert [line["question"]["evaluation"] for line in measured] == [1, 2, 3]
    assert last == {"stopped": True} or last["done"]["ending"] == "stopped"
    assert Run(tmp_path / "run").directory.checkpoint.exists()

    def heard(ends: Any, line: dict[str, Any]) -> None:
        if "question" in line:
            ends.reply(line, "end" if line["question"]["evaluation"] == 6 else "on")
        else:
            ends.close()

    *measured, last = talked(names, tmp_path / "run", heard)  # goes on where it was
    # All that it knows, and from its checkpoint on, which may be that of the second, again.
    told_of = [line["question"]["evaluation"] for line in measured]
    assert (told_of[:3], sorted(set(told_of))) == ([1, 2, 3], [1, 2, 3, 4, 5, 6])
    assert (last["done"]["ending"], last["done"]["about"]["steps"]) == ("pruned", 6)


def test_a_setting_that_kills_its_process_again_and_again_is_refused(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(worker: Worker, *_: Any) -> Any:
        raise DiedError("Its process died 3 times (signal 9)")

    monkeypatch.setattr(Worker, "do", dies)
    with pytest.raises(SettingsError, match=r"Its process died 3 times \(signal 9\)"):
        sweep(names, model="ngram", trials=2, jobs=2)


def test_the_cores_are_shared_out() -> None:
    errand = Errand((), "text", {}, {})

    def threads(jobs: int, fixed: dict[str, Any], *, trained: bool) -> tuple[int, Any]:
        how, more = how_to(jobs, 1, fixed, errand, trained=trained)
        return how.threads, more

    assert threads(1, {}, trained=True)[1] == {}
    assert threads(10**6, {}, trained=True) == (1, {"threads": 1})
    assert threads(4, {"threads": 3}, trained=True) == (3, {})
    assert threads(4, {}, trained=False)[1] == {}
