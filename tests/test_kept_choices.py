"""What calibration chose is kept: the same command gives the same numbers."""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import hornbook
from hornbook.caches import cache_folder
from hornbook.records import JSONObject
from hornbook.runs.events import Calibrated, Event
from hornbook.training import calibration, kept_choices
from hornbook.training.calibration import Calibration
from hornbook.training.candidates import candidates, is_compiled
from hornbook.training.kept_choices import calibrate_once, kind_of_training
from tests.some_names import write_names
from tests.test_calibration import FROM_STEPS, OPEN, parts
from tests.test_runs import SMALL

WHAT: JSONObject = {"family": "mlp", "settings": {"n_hidden": 8}}
PATHS = ("hand", "autograd")
# Few steps, of which one question has room: which way to the gradients.
FEW = {"steps": FROM_STEPS // 3 + 1, "threads": 1, "precision": "float32"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "calibration"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stopwatch that chooses another path each time; what it chose."""
    chosen: list[str] = []

    def calibrate(
        objective: Any, batches: Any, settings: Any, open_: Any = None, tell: Any = None,
        limit: float | None = None,
    ) -> Calibration:  # fmt: skip
        open_ = open_ or candidates(objective, batches, settings)
        if not open_.worth_measuring:
            return Calibration(open_.start, (), 0.0, too_short=open_.is_open)
        chosen.append(PATHS[len(chosen) % 2])
        path: Any = chosen[-1]
        how = replace(open_.start, gradients=path)
        return Calibration(how, (("it", 1.5),), 2.0)

    monkeypatch.setattr(calibration, "calibrate", calibrate)
    return chosen


def test_the_first_choice_is_taken_again_and_nothing_is_measured(
    measured: list[str], folder: Path
) -> None:
    first = calibrate_once(*parts(), OPEN, WHAT)
    assert not first.remembered
    assert first.seconds == 2.0
    for _ in range(3):
        again = calibrate_once(*parts(), OPEN, WHAT)
        assert again.settings == first.settings
        assert (again.remembered, again.seconds, again.tried) == (True, 0.0, first.tried)
        assert again.key == first.key
    assert measured == ["hand"]
    assert [path.stem for path in folder.iterdir()] == [first.key]
    assert again.path is not None
    again.path.unlink()  # as the docs say: to measure again
    assert calibrate_once(*parts(), OPEN, WHAT).settings.gradients == "autograd"


@pytest.mark.parametrize(
    ("busy", "threads", "said"), [(True, 4, True), (False, 4, False), (True, 1, False)]
)
def test_several_threads_that_are_remembered_on_a_busy_machine_are_told_of(
    busy: bool, threads: int, said: bool, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    first = calibrate_once(*parts(), OPEN, WHAT)
    monkeypatch.setattr(kept_choices, "is_busy", lambda threads: busy)
    told: list[str] = []
    again = calibrate_once(*parts(), OPEN, WHAT, note=told.append)
    assert again.settings == first.settings, "the same command gives the same numbers"
    assert again.settings.threads == threads
    assert bool(told) == said
    assert all("`threads=1`" in one for one in told)


@pytest.mark.parametrize(
    "changes", [{"batch_size": 9}, {"optimizer": "muon"}, {"precision": "float32"}, {"clip": 1.0}]
)
def test_another_kind_of_training_is_measured_for_itself(
    changes: dict[str, Any], measured: list[str]
) -> None:
    first = calibrate_once(*parts(), OPEN, WHAT)
    assert calibrate_once(*parts(), replace(OPEN, **changes), WHAT).key != first.key
    assert len(measured) == 2


def test_what_does_not_shape_a_step_makes_no_other_kind(measured: list[str]) -> None:
    calibrate_once(*parts(), OPEN, WHAT)
    calibrate_once(*parts(), replace(OPEN, seed=5, steps=900, learning_rate=0.1), WHAT)
    assert len(measured) == 1


def test_the_key_tells_machines_versions_and_nets_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    model, open_ = parts()[0], candidates(*parts(), OPEN)
    keys = [kind_of_training(model, OPEN, WHAT, open_)]
    assert keys[0] == kind_of_training(parts()[0], OPEN, WHAT, candidates(*parts(), OPEN))
    keys.append(kind_of_training(parts("gru", "text")[0], OPEN, WHAT, open_))
    keys.append(kind_of_training(model, OPEN, {**WHAT, "family": "bow"}, open_))
    for owner, name, value in [
        (kept_choices, "cores_allowed", lambda: 77),
        (kept_choices, "VERSION", 0),
        (torch, "__version__", "9.9"),
        (torch, "get_num_threads", lambda: 77),
        (torch.backends.cpu, "get_cpu_capability", lambda: "ABACUS"),
    ]:
        monkeypatch.setattr(owner, name, value)
        keys.append(kind_of_training(model, OPEN, WHAT, open_))
    assert len(set(keys)) == len(keys)


def test_what_may_be_chosen_makes_a_kind_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice that an older hornbook kept, which offered less, is not taken again."""
    objective, found = parts()[0], candidates(*parts(), OPEN)
    open_ = replace(found, others=tuple(one for one in found.others if not is_compiled(one)))

    def key(*others: dict[str, Any]) -> str:
        offered = replace(open_, others=(*open_.others, *others))
        return kind_of_training(objective, OPEN, WHAT, offered)

    one, two = ({"gradients": "compiled", "threads": count} for count in (1, 2))
    assert len({key(), key(one), key(one, two)}) == 3
    plain, compiled = key(), key(one)
    monkeypatch.setattr(kept_choices, "KERNELS", 0)
    assert key(one) != compiled, "other kernels take other times"
    assert key() == plain, "of which this training has none"


GOOD = {"threads": 1, "precision": "float32", "gradients": "hand", "tried": []}


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"{", b"[" * 60_000, b"\xff\xfe", b"{}", b"null",
        json.dumps({**GOOD, "threads": 4096}).encode(),
        json.dumps({**GOOD, "threads": True}).encode(),
        json.dumps({**GOOD, "precision": "auto"}).encode(),
        json.dumps({**GOOD, "gradients": "magic"}).encode(),
        json.dumps({**GOOD, "more": 1}).encode(),
        json.dumps({**GOOD, "tried": [["it", "fast"]]}).encode(),
    ],
)  # fmt: skip
def test_a_damaged_file_is_measured_again_and_replaced(
    damaged: bytes, measured: list[str], folder: Path
) -> None:
    first = calibrate_once(*parts(), OPEN, WHAT)
    assert first.path is not None
    first.path.write_bytes(damaged)
    second = calibrate_once(*parts(), OPEN, WHAT)
    assert (second.remembered, second.unkept) == (False, "")
    assert calibrate_once(*parts(), OPEN, WHAT).settings == second.settings
    assert len(measured) == 2
    assert list(folder.iterdir()) == [first.path]


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe with a name")
def test_a_pipe_in_its_place_is_not_waited_for(measured: list[str], folder: Path) -> None:
    first = calibrate_once(*parts(), OPEN, WHAT)
    assert first.path is not None
    first.path.unlink()
    os.mkfifo(first.path)
    assert calibrate_once(*parts(), OPEN, WHAT).unkept == ""
    assert calibrate_once(*parts(), OPEN, WHAT).remembered
    assert len(measured) == 2


def test_a_cache_under_a_home_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORNBOOK_CACHE", "~no-such-user/cache")
    assert cache_folder() == Path.cwd() / "~no-such-user" / "cache"


def test_a_choice_that_cannot_be_made_here_is_not_taken(measured: list[str]) -> None:
    how = replace(OPEN, precision="float32")
    first = calibrate_once(*parts(), how, WHAT)
    assert first.path is not None
    first.path.write_text(json.dumps({**GOOD, "precision": "bfloat16"}))
    assert calibrate_once(*parts(), how, WHAT).settings.precision == "float32"


@pytest.mark.parametrize("place", ["a file", "no space"])
def test_where_nothing_can_be_kept_it_is_measured_and_said(
    place: str, measured: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "a file":
        folder.parent.write_text("in the way")
    else:

        def full(number: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
    for _ in range(2):
        found = calibrate_once(*parts(), OPEN, WHAT)
        assert str(folder) in found.unkept
    assert measured == ["hand", "autograd"]
    assert not folder.is_dir() or not list(folder.iterdir())


def test_of_two_at_once_the_first_has_chosen_for_both(
    measured: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet, found = threading.Barrier(2), []
    plain = calibration.calibrate

    def together(*given: Any) -> Calibration:
        chosen = plain(*given)
        meet.wait()
        return chosen

    monkeypatch.setattr(calibration, "calibrate", together)
    threads = [
        threading.Thread(target=lambda: found.append(calibrate_once(*parts(), OPEN, WHAT)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(measured) == sorted(PATHS)
    assert found[0].settings == found[1].settings
    assert [one.remembered for one in found].count(False) == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("there", [False, True])
def test_without_links_it_is_renamed(
    there: bool, measured: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(source: Path, target: Path) -> None:
        if there:
            target.write_text(json.dumps({**GOOD, "gradients": "autograd"}))
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", none)
    found = calibrate_once(*parts(), OPEN, WHAT)
    assert found.unkept == ""
    assert found.settings.gradients == ("autograd" if there else "hand")
    assert calibrate_once(*parts(), OPEN, WHAT).settings == found.settings


def test_a_file_is_the_owners_alone_and_follows_no_link(
    measured: list[str], folder: Path, tmp_path: Path
) -> None:
    first = calibrate_once(*parts(), OPEN, WHAT)
    assert first.path is not None
    assert stat.S_IMODE(first.path.stat().st_mode) & 0o077 == 0
    mine = tmp_path / "mine.txt"
    mine.write_text("a file of the user's")
    first.path.unlink()
    first.path.symlink_to(mine)
    calibrate_once(*parts(), OPEN, WHAT)
    assert mine.read_text() == "a file of the user's"


def test_the_same_command_gives_the_same_numbers(
    measured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 400))
    told: list[Calibration] = []

    def listen(event: Event) -> None:
        if isinstance(event, Calibrated):
            told.append(event.calibration)

    runs = [
        hornbook.train(
            names, out=tmp_path / f"run{i}", settings=SMALL, baseline=False, listen=listen,
            training={**FEW, "batch_size": 16, "device": "cpu"},
        )
        for i in range(2)
    ]  # fmt: skip
    first, second = (run.model.arrays() for run in runs)
    assert all((array == second[name]).all() for name, array in first.items())
    assert measured == ["hand"]
    assert [one.remembered for one in told] == [False, True]
    assert runs[0].record.training == runs[1].record.training
    assert runs[0].record.calibration == runs[1].record.calibration == told[0].key


def test_what_was_measured_on_a_busy_machine_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter([True, False, False])
    monkeypatch.setattr(calibration, "is_busy", lambda threads: next(told))
    busy = calibrate_once(*parts(), replace(OPEN, threads=1), WHAT)
    assert "busy with other work" in busy.unkept
    assert not folder.exists()
    quiet = calibrate_once(*parts(), replace(OPEN, threads=1), WHAT)
    assert (quiet.remembered, quiet.unkept) == (False, "")
    assert calibrate_once(*parts(), replace(OPEN, threads=1), WHAT).remembered


def test_what_was_cut_short_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer training has time for the rest."""
    limits = []

    def cut(objective: Any, batches: Any, settings: Any, open_: Any, *others: Any) -> Calibration:
        limits.append(others[-1])
        return Calibration(open_.start, (), 2.0, cut=True)

    monkeypatch.setattr(calibration, "calibrate", cut)
    found = calibrate_once(*parts(), OPEN, WHAT, seconds=30.0)
    assert (limits, found.remembered, found.unkept, found.path) == ([3.0], False, "", None)
    assert not folder.exists()


def test_short_trainings_ask_no_file(measured: list[str], folder: Path) -> None:
    short = replace(OPEN, threads=1, precision="float32", steps=FROM_STEPS // 3 - 1)
    found = calibrate_once(*parts(), short, WHAT)
    assert found.too_short
    assert (measured, found.key, found.path) == ([], "", None)
    assert not folder.exists()
