"""Standard streams that are closed, full or read by nobody; Ctrl-C, once and twice."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

import hornbook
from hornbook.cli import main
from hornbook.cli.interrupts import Stopped, answering_interrupts
from hornbook.cli.streams import BesideStream, ResultStream
from hornbook.runs import Run
from hornbook.runs.events import Began, Evaluated, Event, Listener, nobody
from hornbook.training import gradients
from hornbook.training.many_steps import ManySteps
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")

QUICK = [
    "--model", "bigram", "--steps", "40", "--evaluate-every", "5", "--threads", "1", "--precision",
    "float32", "--gradients", "hand", "--no-baseline",
]  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "names.txt", slice(400))


@pytest.fixture(scope="module")
def counts(names: Path) -> Path:
    return hornbook.train(names, model="ngram", out=names.parent / "counts").path


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which `hornbook` is ours."""
    line = line.replace("hornbook", f"{shlex.quote(sys.executable)} -m hornbook", 1)
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True)


# --- standard output ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["models", "models --json", "--help", "--version", "sample RUN -n 2 --json",
              "sample RUN -n 2", "doctor --help", "score RUN zqzq"],
)  # fmt: skip
def test_a_full_result_is_told_once(counts: Path, words: str) -> None:
    found = shell(f"hornbook {words} > /dev/full".replace("RUN", str(counts)))
    assert found.returncode == 1
    assert "hornbook: Standard output: No space left on device.\n" in found.stderr
    assert found.stderr.count("No space left") == 1
    assert "Exception" not in found.stderr


def test_training_into_a_full_result_is_kept(names: Path) -> None:
    found = shell(f"hornbook train {names} {' '.join(QUICK)} --out run --json > /dev/full")
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert Run("run").summary.ending == "finished"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">&- 2>&-"])
def test_closed_streams_take_nothing_from_the_run(names: Path, closed: str) -> None:
    found = shell(f"hornbook train {names} --model ngram --out run {closed}")
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    assert Run("run").evaluate()["dev"].tokens > 0


def test_closed_standard_input_is_named() -> None:
    found = shell("hornbook doctor - <&-")
    assert found.returncode == 1
    assert found.stderr.startswith("hornbook: Standard input is closed")


# --- standard error ----------------------------------------------------------------------------


def test_what_stands_beside_the_work_cannot_end_it(names: Path) -> None:
    flags = " ".join(QUICK)
    found = shell(f"hornbook train {names} {flags} --out full 2> /dev/full")
    assert found.returncode == 0
    assert found.stdout.startswith("dev ")
    found = shell(
        f"hornbook train {names} {flags} --out pipe 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}"
    )
    assert found.returncode == 0
    for out in ("full", "pipe"):
        assert Run(out).summary.ending == "finished"


@pytest.mark.parametrize(("words", "status"), [("nonsense", 2), ("models --no", 2), ("score x", 2)])
def test_the_status_is_that_of_the_work(words: str, status: int) -> None:
    assert shell(f"hornbook {words} 2> /dev/full").returncode == status


class Full(io.StringIO):
    """A stream without a file behind it, on a full device."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_streams_without_a_file_behind_them() -> None:
    BesideStream(Full()).write("something")
    with pytest.raises(OSError, match="Standard output"):
        ResultStream(Full()).write("something")


# --- Ctrl-C ------------------------------------------------------------------------------------


def ctrl_c(trainer: Trainer) -> None:
    signal.raise_signal(signal.SIGINT)


def twice(trainer: Trainer) -> None:
    ctrl_c(trainer)
    ctrl_c(trainer)


def test_ctrl_c_in_training_keeps_the_work(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stopped_at(12, ctrl_c):
        status, out, err = typed(capsys, "train", str(names), *QUICK, "--out", "run")
    assert (status, out[:4]) == (130, "dev ")
    assert (
        "Stopped at step 12; progress is saved.\nResume with:  hornbook train --resume run" in err
    )
    with stopped_at(20, ctrl_c):
        status, out, err = typed(capsys, "train", "--resume", "run", "--json")
    assert (status, err) == (130, "")
    assert json.loads(out)["steps"] == 20
    assert typed(capsys, "train", "--resume", "run")[0] == 0


def test_a_second_ctrl_c_ends_training_at_once(
    names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(capsys, "train", str(names), *QUICK, "--out", "whole")[0] == 0
    with stopped_at(12, twice):
        status, out, err = typed(capsys, "train", str(names), *QUICK, "--out", "run")
    assert (status, out) == (130, "")
    assert "the last checkpoint is saved.\nResume with:  hornbook train --resume run\n" in err
    assert typed(capsys, "train", "--resume", "run")[0] == 0
    assert Run("run").summary.losses == Run("whole").summary.losses


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_who_waits_for_the_compiler_is_heard_at_once(
    names: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    status: int,
) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")
    flags = [*QUICK[:-3], "--gradients", "compiled", "--no-baseline"]
    assert typed(capsys, "train", str(names), *flags, "--out", "whole")[0] == 0
    load = ManySteps.load

    def stopped(steps: ManySteps) -> float:
        signal.raise_signal(getattr(signal, name))
        return load(steps)

    with monkeypatch.context() as patch:
        patch.setattr(ManySteps, "load", stopped)
        found, out, err = typed(capsys, "train", str(names), *flags, "--out", "run")
    assert (found, out) == (status, "")
    assert "Stopped at once; there is no checkpoint yet.\nResume with:  hornbook train" in err
    assert Run("run").directory.read_metrics() == []
    assert typed(capsys, "train", "--resume", "run")[0] == 0
    assert Run("run").summary.losses == Run("whole").summary.losses


@pytest.mark.parametrize(
    ("call", "said"), [(1, "the last checkpoint is saved"), (2, "Stopped at step 2;")]
)
def test_so_is_who_waits_for_torch_to_compile(
    names: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    said: str,
) -> None:
    calls = []

    def compiled(loss: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
        def of(batch: Any) -> Tensor:
            calls.append(batch)
            if len(calls) == call:
                signal.raise_signal(signal.SIGINT)
            return loss(batch)

        return of

    monkeypatch.setattr(gradients, "compiled", compiled)
    flags = [*QUICK[:-3], "--gradients", "autograd", "--compile", "--no-baseline"]
    found, _, err = typed(capsys, "train", str(names), *flags, "--out", "run")
    assert (found, len(calls)) == (130, call)
    assert said in err


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_request_to_end_keeps_the_work(
    names: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    name: str,
    status: int,
) -> None:
    number = getattr(signal, name)
    # Whoever runs the tests may ignore it, as `nohup` does: then so would the command.
    before = signal.signal(number, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(number, before))

    def asked_twice(trainer: Trainer) -> None:  # `timeout` and closing terminals do
        signal.raise_signal(number)
        signal.raise_signal(number)

    for out in ("run", "over"):
        assert typed(capsys, "train", str(names), "--model", "ngram", "--out", "over")[0] in (0, 1)
        with stopped_at(12, asked_twice):
            words = ["train", str(names), *QUICK, "--out", out]
            ended, result, err = typed(capsys, *words, *["--overwrite"] * (out == "over"))
        assert (ended, result[:4]) == (status, "dev ")
        assert (
            f"Stopped at step 12; progress is saved.\nResume with:  hornbook train --resume {out}"
            in err
        )
        assert Run(out).summary.steps == 12
        assert [p.name for p in Path().glob(".*")] == []
    assert typed(capsys, "train", "--resume", "over")[0] == 0
    assert signal.getsignal(number) is signal.SIG_DFL


def test_the_library_saves_before_a_request_to_end_has_effect(names: Path) -> None:
    came: list[Any] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(Run("run").summary))
    try:
        with stopped_at(3, lambda trainer: signal.raise_signal(signal.SIGTERM)):
            hornbook.train(names, out="run", training={"steps": 5, "threads": 1})
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [summary.steps for summary in came] == [3]


def test_what_is_to_be_ignored_is(names: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with (
            answering_interrupts(to_the_end=False),
            stopped_at(3, lambda trainer: signal.raise_signal(signal.SIGHUP)),
        ):
            run = hornbook.train(names, out="run", training={"steps": 5, "threads": 1})
    finally:
        signal.signal(signal.SIGHUP, before)
    assert run.summary.ending == "finished"


def test_ctrl_c_after_the_end_of_training_says_so(
    names: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: object, *given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hornbook.text.task.TextTask.baselines", interrupted)
    status, _, err = typed(capsys, "train", str(names), *QUICK[:-1], "--out", "run")
    assert status == 130
    assert "the run is saved to run" in err
    assert Run("run").summary.ending == "finished"


def test_a_second_ctrl_c_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("os.isatty", lambda number: False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with answering_interrupts(to_the_end=False):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert ended == []
            signal.raise_signal(signal.SIGINT)
            assert ended == [130]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_request_to_end_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("os.isatty", lambda number: False)
    with answering_interrupts(to_the_end=False):
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
        assert ended == []
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            signal.raise_signal(signal.SIGINT)
            assert ended == [143]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_ctrl_c_in_a_trial_is_130(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stopped_at(3, ctrl_c):
        assert main(["rate", str(names), "--model", "bigram", "--out", "rate.png"]) == 130
    assert "Stopped." in capsys.readouterr().err
    assert not Path("rate.png").exists()


# --- a listener of the caller's ----------------------------------------------------------------


@pytest.mark.parametrize(("kind", "at"), [(Began, 1), (Evaluated, 2)])
def test_a_listener_may_raise_and_the_run_resumes(names: Path, kind: type[Event], at: int) -> None:
    training = {
        "steps": 40, "evaluate_every": 5, "threads": 1, "precision": "float32", "gradients": "hand"
    }  # fmt: skip
    seen = 0

    def listen(event: Event) -> None:
        nonlocal seen
        if isinstance(event, kind):
            seen += 1
            if seen == at:
                raise ZeroDivisionError("of the caller's")

    def made(out: str, listen: Listener = nobody) -> Run:
        return hornbook.train(
            names, model="bigram", out=out, training=training, baseline=False, listen=listen
        )

    whole = made("whole")
    with pytest.raises(ZeroDivisionError, match="of the caller's"):
        made("run", listen)
    resumed = hornbook.resume("run")
    assert resumed.summary.losses == whole.summary.losses
