"""That steps are compiled, for which everything waits, is said by whatever trains."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hornbook.cli.best import RungTeller
from hornbook.cli.compare import ComparingTeller
from hornbook.cli.progress import Teller
from hornbook.cli.reproduce import RowTeller
from hornbook.cli.sweep import SweepTeller
from hornbook.cli.tellers import listening
from hornbook.experiments.compare import makers, many
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.making import Budget
from hornbook.experiments.sweep import making
from hornbook.experiments.sweep.jobs import Jobs
from hornbook.experiments.sweep.making import Recipe
from hornbook.experiments.sweep.many import make_those_together
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.process import Talk, Work
from hornbook.records import as_json
from hornbook.runs import Run, together
from hornbook.runs.events import Compiling, Listener
from hornbook.runs.prepare import Prepared, prepare
from hornbook.training.gradients import Way
from tests.plain_steps import PlainSteps, plain_steps
from tests.some_names import write_names

WAIT = "Compiling the steps: a while."
NET: dict[str, Any] = {"n_hidden": (8,), "n_embd": 4, "block_size": 3}
HOW: dict[str, Any] = {"batch_size": 16, "gradients": "hand", "evaluate_every": 2, "threads": 1}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    file = write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 200))
    return prepare(str(file), None, {})


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first training has something to wait for."""
    waits = iter([WAIT])
    monkeypatch.setattr(Way, "waits_for", lambda way, trainer: next(waits, ""))
    monkeypatch.setattr(together, "wait_for", lambda *given: next(waits, ""))


def trials(count: int) -> list[Trial]:
    return [
        Trial(f"mlp-seed{seed}", "mlp", "mlp", NET, HOW, seed, Budget(steps=2))
        for seed in range(1, count + 1)
    ]


def recipes(folder: Path, count: int) -> list[Recipe]:
    return [Recipe(str(folder / f"{at}"), "mlp", NET, {**HOW, "steps": 2}) for at in range(count)]


def told(events: list[Any]) -> list[str]:
    return [one.message for one in events if isinstance(one, Compiling)]


def test_of_those_trained_together_compiling_is_the_firsts_and_no_part_of_its_time(
    names: Prepared, tmp_path: Path
) -> None:
    took = iter([900.0])
    with plain_steps() as patch:
        patch.setattr(PlainSteps, "load", lambda steps: next(took, 0.0))
        list(many.made(names, "mlp", trials(2), tmp_path, 1, lambda event: None))
    found = [Run(tmp_path / one.name).summary for one in trials(2)]
    assert [one.compiling for one in found] == [900.0, 0.0]
    assert max(one.seconds for one in found) < 900


@pytest.mark.parametrize("kind", [Teller, ComparingTeller, SweepTeller, RungTeller, RowTeller])
def test_whoever_tells_people_says_so(
    kind: type[Teller], capsys: pytest.CaptureFixture[str]
) -> None:
    teller: Any = kind()
    teller.doing = "Working on a run"  # in which a comparison has too much to note
    with listening(teller, quiet=False) as listen:
        listen(Compiling(WAIT))
    out, err = capsys.readouterr()
    assert (out.count(WAIT), err.count(WAIT)) == (0, 1)


def test_a_comparison_is_told_so(names: Prepared, tmp_path: Path) -> None:
    events: list[Any] = []
    assert len([*makers.one_by_one(names, trials(2), tmp_path, events.append)]) == 4
    assert told(events) == [WAIT]


def test_so_is_one_that_trains_together(names: Prepared, tmp_path: Path) -> None:
    events: list[Any] = []
    with plain_steps():
        assert len([*many.made(names, "mlp", trials(2), tmp_path, 1, events.append)]) == 2
    assert told(events) == [WAIT]


def test_so_is_a_sweep_that_trains_together(names: Prepared, tmp_path: Path) -> None:
    events: list[Any] = []
    with plain_steps():
        left = make_those_together(
            names, recipes(tmp_path, 2), [lambda at, value: False] * 2, lambda: False,
            lambda at, made: None, events.append, 1,
        )  # fmt: skip
    assert (left, told(events)) == ([], [WAIT])


def test_of_processes_that_compile_at_the_same_time_it_is_said_once(
    names: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def had_done(worker: Any, asked: Any, what: str, name: str, listen: Listener) -> Any:
        listen(Compiling(WAIT))
        return {"refused": "", "missing_package": False}

    monkeypatch.setattr(makers, "had_done", had_done)
    events: list[Any] = []
    make = makers.in_processes(2, Errand.of(names, ("-",)))
    assert len([*make(names, trials(2), tmp_path, events.append)]) == 4
    assert told(events) == [WAIT]


def test_so_it_is_of_those_of_a_sweep(names: Prepared, tmp_path: Path) -> None:
    events: list[Any] = []
    given: Any = SimpleNamespace(patience=SimpleNamespace(stopping=threading.Event()))
    jobs = Jobs(given, names, "mlp", ({}, {}), tmp_path, events.append)
    for _ in range(2):
        jobs.listen(Compiling(WAIT))
    assert told(events) == [WAIT]


def test_processes_say_so_in_their_talk(names: Prepared, tmp_path: Path) -> None:
    asked = {"trial": trials(1)[0], "folder": str(tmp_path)}
    assert said(makers.work, names, asked) == [{"compiling": WAIT}]


def test_so_do_those_of_a_sweep(names: Prepared, tmp_path: Path) -> None:
    assert said(making.work, names, recipes(tmp_path, 1)[0])[0] == {"compiling": WAIT}


def said(work: Work, names: Prepared, asked: Any) -> list[Any]:
    """What a process says of a piece of work, where nobody answers its questions."""
    heard = io.StringIO()
    talk = Talk(io.StringIO(), heard)
    talk.words.put(None)
    work(names, as_json(asked), talk)
    return [json.loads(line) for line in heard.getvalue().splitlines()]
