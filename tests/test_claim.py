"""Who owns a run directory, what may be replaced, and what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DivergedError, RunError
from hornbook.runs import Run, RunDirectory, contents
from hornbook.runs.claim import Claim, recover, refuse_if_taken
from hornbook.runs.contents import strangers
from hornbook.runs.events import Evaluated, Event, Warned
from hornbook.runs.lock import LOCK, Lock
from hornbook.tensor_files import read_tensors
from tests.some_names import write_names

LINES = "ada\nbea\ncleo\ndora\nelsa\nfay\ngina\nhedy\nida\njune\n" * 3
SMALL = {"n_hidden": [8], "n_embd": 3}
SHORT = {"steps": 6, "evaluate_every": 2, "batch_size": 4}

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks or signals")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text(LINES, encoding="utf-8")
    return path


def train(data: Path, out: Path, **more: object) -> Run:
    settings = {"settings": SMALL, "training": SHORT, "baseline": False, **more}
    return hornbook.train(data, model="mlp", out=out, **settings)  # type: ignore[arg-type]


def files_of(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def beside(path: Path) -> list[str]:
    return sorted(item.name for item in path.parent.iterdir() if item.name.startswith("."))


@posix
def test_no_task_is_asked_for_its_files_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That imports the code of all of them, before every training."""
    asked: list[str] = []

    def all_of_them() -> dict[str, Any]:
        asked.append("all")
        return {}

    monkeypatch.setattr(contents, "tasks", all_of_them)
    lock = Lock.take(tmp_path)
    strangers(tmp_path)
    assert not asked
    (tmp_path / "diary.txt").write_text("mine")
    assert "diary.txt" in strangers(tmp_path)
    assert asked
    lock.release()


# One owner at a time


@posix
def test_a_second_comer_is_told_who_owns_the_directory(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path)
    with pytest.raises(RunError, match=rf"in use by process {os.getpid()} on \S+ \(since 20"):
        Lock.take(tmp_path)
    lock.release()
    assert not (tmp_path / LOCK).exists()
    Lock.take(tmp_path).release()


@posix
def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom hornbook.runs.lock import Lock\n"
        "Lock.take(Path(sys.argv[1]))\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert json.loads((tmp_path / LOCK).read_text())["pid"] != os.getpid()
    Lock.take(tmp_path).release()


@posix
def test_where_there_are_no_locks_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(file: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", flock)
    lock = Lock.take(tmp_path)
    assert not lock.held
    lock.release()


@posix
def test_what_is_odd_about_the_directory_is_said(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = tmp_path / "out", []

    def listen(event: Event) -> None:
        if isinstance(event, Warned):
            told.append(event.message.replace(str(out), "OUT"))

    train(data, out, listen=listen)
    assert told == []
    (out / "summary.json").unlink()
    out.chmod(0o777)
    monkeypatch.setattr("hornbook.runs.lock.locked", lambda file: False)
    monkeypatch.setattr("os.geteuid", lambda: out.stat().st_uid + 1)
    hornbook.resume(out, listen=listen)
    assert told == [
        f"OUT belongs to another user (user id {out.stat().st_uid}).",
        "OUT can be changed by every user of this machine.",
        "OUT is on a file system without locks: make sure that no other process writes to it.",
    ]


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    precious, run = tmp_path / "precious", tmp_path / "run"
    precious.write_text("years of work")
    run.mkdir()
    (run / LOCK).symlink_to(precious)
    with pytest.raises(RunError, match="Cannot write"):
        Lock.take(run)
    assert precious.read_text() == "years of work"


def test_a_lock_file_that_is_another_file_too_is_not_written(tmp_path: Path) -> None:
    precious, run = tmp_path / "precious", tmp_path / "run"
    precious.write_text("years of work")
    run.mkdir()
    (run / LOCK).hardlink_to(precious)
    with pytest.raises(RunError, match="is not a plain file"):
        Lock.take(run)
    assert precious.read_text() == "years of work"


@posix
def test_a_directory_in_which_a_training_is_at_work_is_left_alone(
    data: Path, tmp_path: Path
) -> None:
    out, refused = tmp_path / "out", []

    def listen(event: Event) -> None:
        if isinstance(event, Evaluated):
            for overwrite in (False, True):
                with pytest.raises(RunError) as caught:
                    train(data, out, overwrite=overwrite)
                refused.append(caught.value.message)
            with pytest.raises(RunError) as caught:
                hornbook.resume(out)
            refused.append(caught.value.message)

    run = train(data, out, listen=listen)
    assert run.summary.ending == "finished"
    assert len(refused) == 12
    assert sum("is in use by process" in told for told in refused) == 8
    assert LOCK not in files_of(out)


@posix
def test_a_training_whose_directory_is_taken_away_writes_nowhere_else(
    data: Path, tmp_path: Path
) -> None:
    out, elsewhere, other = tmp_path / "out", tmp_path / "elsewhere", tmp_path / "other"
    kept = files_of(train(data, other).path)

    def listen(event: Event) -> None:
        if isinstance(event, Evaluated) and event.record.step == 2:
            out.rename(elsewhere)
            other.rename(out)

    with pytest.raises(RunError, match="was moved, deleted or replaced"):
        train(data, out, listen=listen)
    assert files_of(out) == kept
    hornbook.resume(elsewhere)


# What may be replaced, and when


def test_the_old_run_stays_until_the_new_one_has_a_model(data: Path, tmp_path: Path) -> None:
    out, found = tmp_path / "out", []
    before = train(data, out).record.id

    def listen(event: Event) -> None:
        if isinstance(event, Evaluated):
            now = Run(out)
            assert now.model.n_parameters
            found.append((event.record.step, now.record.id == before))

    after = train(data, out, overwrite=True, listen=listen).record.id
    assert found == [(0, True), (2, True), (4, False), (6, False)]
    assert Run(out).record.id == after != before
    assert beside(out) == []


def test_a_training_that_diverges_or_is_refused_replaces_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    train(data, out)
    before = files_of(out)

    def diverge(*_: object, **__: object) -> None:
        raise DivergedError("The loss is NaN.")

    monkeypatch.setattr("hornbook.training.trainer.Trainer.run", diverge)
    with pytest.raises(DivergedError):
        train(data, out, overwrite=True)
    assert files_of(out) == before
    assert beside(out) == []


@pytest.mark.parametrize("model", ["ngram", "mlp"])
def test_a_link_to_a_run_stays_a_link(data: Path, tmp_path: Path, model: str) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    train(data, real)
    link.symlink_to(real)
    if model == "ngram":
        hornbook.train(data, model="ngram", out=link, overwrite=True)
    else:
        train(data, link, overwrite=True)
    assert link.is_symlink()
    assert Run(real).family == model


def no_record(path: Path) -> None:
    (path / "run.json").unlink()


def damaged_record(path: Path) -> None:
    (path / "run.json").write_text("{")


def a_letter(path: Path) -> None:
    (path / "data" / "letter.txt").touch()


def a_link(path: Path) -> None:
    (path / "report.html").symlink_to(path / "run.json")


def a_part_of_something_else(path: Path) -> None:
    (path / "thesis.part").touch()


def a_folder(path: Path) -> None:
    (path / "counts.png").mkdir()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (no_record, "it has no readable run.json"),
        (damaged_record, "it has no readable run.json"),
        (a_letter, "data/letter.txt"),
        (a_link, "report.html"),
        (a_part_of_something_else, "thesis.part"),
        (a_folder, "counts.png"),
    ],
)
def test_a_directory_with_anything_else_is_never_replaced(
    data: Path, tmp_path: Path, change: Callable[[Path], None], named: str
) -> None:
    out = tmp_path / "out"
    train(data, out)
    change(out)
    before = files_of(out)
    with pytest.raises(RunError, match=named):
        train(data, out, overwrite=True)
    assert files_of(out) == before


def test_data_in_the_run_that_is_to_be_replaced_is_refused(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(data, out)
    with pytest.raises(RunError, match="is in the run directory that would be overwritten"):
        train(out / "data" / "train.txt", out, overwrite=True)
    assert Run(out).summary


def test_the_current_directory_is_not_replaced(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    train(data, Path())  # an empty one may be used
    with pytest.raises(RunError, match="current directory"):
        train(data, Path(), overwrite=True)
    assert Run(out).summary


@pytest.mark.parametrize("where", ["remove", "refuse_if_taken"])
def test_ctrl_c_while_one_run_takes_the_place_of_another(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    out = tmp_path / "out"
    old = train(data, out).record.id

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"hornbook.runs.claim.{where}", stop)
        with pytest.raises(KeyboardInterrupt):
            train(data, out, overwrite=True)
    assert Run(out).model.n_parameters
    assert (Run(out).record.id == old) == (where != "remove")


def test_a_run_that_cannot_take_its_place_is_kept_where_it_is(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    old = train(data, out).record.id

    def refuse(path: Path, to: Path) -> Path:
        raise OSError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        with pytest.raises(RunError, match="Cannot replace") as caught:
            train(data, out, overwrite=True)
    assert Run(out).record.id == old
    (name,) = beside(out)
    assert name in caught.value.hint
    assert Run(tmp_path / name).model.n_parameters


def test_without_locks_nothing_beside_a_run_is_deleted(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, other = tmp_path / "out", tmp_path / ".out.new-01234567"
    train(data, out)
    shutil.copytree(out, other)
    monkeypatch.setattr("hornbook.runs.lock.locked", lambda file: False)
    train(data, out, overwrite=True)
    assert Run(other).model.n_parameters


# What a kill leaves


def kill_at(code: str, *arguments: str | Path) -> None:
    """Run code in a process of its own that kills itself."""
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


@posix
def test_a_start_that_was_cut_short_is_begun_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kill_at(
        "import os, signal, sys, hornbook\n"
        "from hornbook.storage import HashedFiles\n"
        "write = HashedFiles.write\n"
        "def cut(self, name, data):\n"
        "    write(self, name, data)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "HashedFiles.write = cut\n"
        "hornbook.train(sys.argv[1], model='ngram', out=sys.argv[2])\n",
        data,
        out,
    )
    assert "data/train.txt" in files_of(out)
    with pytest.raises(RunError, match="is not a run directory"):
        Run(out)
    assert train(data, out).summary.ending == "finished"


@posix
@pytest.mark.parametrize("rename", [0, 1, 2])
def test_a_kill_while_one_run_takes_the_place_of_another(
    data: Path, tmp_path: Path, rename: int
) -> None:
    out = tmp_path / "out"
    old = hornbook.train(data, model="ngram", out=out).record.id
    kill_at(
        "import os, signal, sys, hornbook\n"
        "from pathlib import Path\n"
        "rename, done = Path.rename, []\n"
        "def cut(self, to):\n"
        f"    if len(done) == {rename}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    done.append(self)\n"
        "    return rename(self, to)\n"
        "Path.rename = cut\n"
        "from hornbook.runs import claim\n"
        "def cut_too(folder, lock):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "claim.remove = cut_too\n"
        "hornbook.train(sys.argv[1], model='ngram', out=sys.argv[2], overwrite=True)\n",
        data,
        out,
    )
    assert len(beside(out)) == (2 if rename == 1 else 1)
    found = Run(out)
    assert found.model.n_parameters
    assert (found.record.id == old) == (rename == 0)
    hornbook.train(data, model="ngram", out=out, overwrite=True)
    assert beside(out) == []


def test_a_record_that_is_lost_loses_nothing_else(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def listen(event: Event) -> None:
        if isinstance(event, Evaluated) and event.record.step == 4:
            (out / "run.json").rename(tmp_path / "saved.json")

    with pytest.raises(RunError):
        train(data, out, listen=listen)
    assert {"model.safetensors", "checkpoint.safetensors", "metrics.jsonl"} <= files_of(out).keys()
    (out / LOCK).write_text('{"pid": 1, "host": "a", "since": "b"}')  # as a kill leaves it
    before = files_of(out)
    for overwrite in (False, True):
        with pytest.raises(RunError, match=r"model\.safetensors|checkpoint\.safetensors"):
            train(data, out, overwrite=overwrite)
    assert files_of(out) == before
    (tmp_path / "saved.json").rename(out / "run.json")
    assert Run(out).summary.ending == "finished"


def test_nothing_is_recovered_where_nothing_was_cut_short(tmp_path: Path) -> None:
    assert not recover(tmp_path / "never")
    assert not recover(tmp_path)
    (tmp_path / ".a.old-thing").mkdir()
    assert not recover(tmp_path / "a")


def test_an_old_run_whose_successor_has_no_model_comes_back(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(data, out)
    before = files_of(out)
    out.rename(tmp_path / ".out.old-01234567")
    assert recover(out)
    assert files_of(out) == before


@posix
def test_what_another_process_is_about_to_rename_is_left_to_it(data: Path, tmp_path: Path) -> None:
    out, old = tmp_path / "out", tmp_path / ".out.old-01234567"
    train(data, out)
    out.rename(old)
    lock = Lock.take(old)
    assert recover(out)  # soon
    assert not out.exists()
    lock.release()


def test_a_claim_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    claim = Claim.begin(tmp_path / "new", overwrite=False)
    (tmp_path / "new" / "tokenizer.json").touch()
    claim.release()
    assert files_of(tmp_path) == {}
    refuse_if_taken(tmp_path / "new", overwrite=False)
    assert strangers(tmp_path / "new") == []


def test_a_run_directory_can_be_copied_and_resumed_elsewhere(data: Path, tmp_path: Path) -> None:
    out, copy = tmp_path / "out", tmp_path / "copy"

    def listen(event: Event) -> None:
        if isinstance(event, Evaluated) and event.record.step == 4:
            shutil.copytree(out, copy)  # with the lock file of a process that owns the other one

    train(data, out, listen=listen)
    hornbook.resume(copy)
    one, other = (read_tensors(path / "model.safetensors")[0] for path in (out, copy))
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert RunDirectory(copy).read_summary()


def test_a_lock_that_a_kill_left_empty_is_in_nobodys_way(tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 50))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").touch()
    assert strangers(tmp_path / "run") == []
    assert hornbook.train(names, model="ngram", out=tmp_path / "run").summary.ended
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".lock").touch()
    (tmp_path / "other" / "mine.txt").touch()
    assert strangers(tmp_path / "other") == ["mine.txt"]
