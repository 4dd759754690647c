"""Two processes that train one model: the same run as one process makes, whatever happens.

Each test waits for two processes, so there are few. On the machine of the tests
there may be no GPU: the processes meet through gloo.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

import hornbook
from hornbook.cli import main
from hornbook.compute.device import choose_device
from hornbook.errors import SettingsError, TrainingError
from hornbook.runs import Run
from hornbook.runs.directory import RunDirectory
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.task import refuse_unshareable
from hornbook.training import TrainingSettings
from hornbook.training.distributed import World, together
from tests.forked import Forked
from tests.some_names import write_names
from tests.stopping import stopped_at
from tests.test_training import trainer

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not hasattr(signal, "SIGKILL"),
    reason="needs torch.distributed and POSIX signals",
)

STEPS, EVERY = 120, 10
PATIENCE = 600  # seconds, after which a process hangs, however much else the machine has to do
HELD_AT = 20  # the step after whose record `two` wait to be hit
# Nothing by chance, and nothing that makes rounding large (muon does).
MODEL: dict[str, Any] = {
    "block_size": 16, "n_layer": 1, "n_head": 2, "n_embd": 16, "dropout": 0.0,
}  # fmt: skip
TRAINING: dict[str, Any] = {
    "steps": STEPS, "batch_size": 8, "evaluate_every": EVERY, "threads": 1,
    "precision": "float32", "gradients": "hand", "optimizer": "adamw", "learning_rate": 0.003,
    "weight_decay": 0.01,
}  # fmt: skip
FLAGS = ["--model", "gpt", "--no-baseline"]
for name, value in (MODEL | TRAINING).items():
    FLAGS += [f"--{name.replace('_', '-')}", f"{value}"]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(800))


def single(names: Path, out: Path, **options: Any) -> Run:
    return hornbook.train(
        names, model="gpt", out=out, settings=GPTSettings(**MODEL), training=TRAINING,
        baseline=False, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def alone(names: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What one process makes of it, undisturbed."""
    return single(names, tmp_path_factory.mktemp("alone") / "run")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", **more}


def held(step: int, go: Path, words: tuple[str, ...]) -> int:
    """The command line, which after one of its records waits for a file: what happens meanwhile
    happens there, however fast the training is.
    """
    append = RunDirectory.append_metrics

    def appending(self: RunDirectory, record: Any) -> None:
        append(self, record)
        while record.step == step and not go.exists():
            time.sleep(0.01)

    RunDirectory.append_metrics = appending  # type: ignore[method-assign]
    return main(words)


# `python -m hornbook`, whose other processes wait for the launcher to end them, however long the
# first one takes to its end.
PATIENT = f"""
import sys
from importlib import import_module

main = import_module("hornbook.cli.main")
main.WAIT = {PATIENCE}
sys.exit(main.main())
"""


@contextmanager
def two(go: Path, *arguments: str) -> Iterator[list[Forked]]:
    """Both processes without a launcher, to be hit one by one; held until `go` is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        Forked(
            held, (HELD_AT, go, arguments),
            environment(
                RANK=f"{rank}", LOCAL_RANK=f"{rank}", WORLD_SIZE="2",
                MASTER_ADDR="127.0.0.1", MASTER_PORT=f"{port}",
            ),
            go.with_name(f"said-{rank}"),
        )
        for rank in (0, 1)
    ]  # fmt: skip
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def torchrun(log: Path, program: list[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """The status, and what each process said on stdout and on stderr."""
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "--log-dir", str(log), "--redirects", "3", *program, *arguments,
        ],
        env=environment(), capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    said = [
        [next(log.glob(f"*/attempt_0/{rank}/{name}.log")).read_text() for rank in (0, 1)]
        for name in ("stdout", "stderr")
    ]
    return done.returncode, said[0], said[1]


def examined(tmp_path: Path) -> list[str]:
    (tmp_path / "examined.py").write_text(PATIENT)
    return [str(tmp_path / "examined.py")]


def wait_until_held(path: Path, processes: list[Forked]) -> None:
    """Until the record after which they wait is there."""
    metrics, until = path / "metrics.jsonl", time.monotonic() + PATIENCE
    while not metrics.exists() or metrics.read_bytes().count(b"\n") <= HELD_AT // EVERY:
        assert time.monotonic() < until
        for process in processes:
            assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def same_losses(path: Path, alone: Run) -> None:
    """One line for each record, with the losses of the run that one process made."""
    found, expected = (
        [json.loads(line) for line in (p / "metrics.jsonl").read_text().splitlines()]
        for p in (path, alone.path)
    )
    assert [line["step"] for line in found] == list(range(0, STEPS + 1, EVERY))
    for one, other in zip(found, expected, strict=True):
        # A sum of two halves is rounded otherwise than a whole; training carries that on.
        assert one["batch"] == pytest.approx(other["batch"], abs=1e-4), one["step"]
        assert one["losses"] == pytest.approx(other["losses"], abs=1e-4), one["step"]
    first, last = (line["losses"]["dev"] for line in (found[0], found[-1]))
    assert last < first - 0.3
    assert Run(path).evaluate()["dev"].nats_per_token == pytest.approx(last, abs=1e-6)


# --- the same run ------------------------------------------------------------------------------


def test_two_processes_make_the_run_of_one(names: Path, alone: Run, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "both"
    status, said, complaints = torchrun(
        tmp_path / "log", ["-m", "hornbook"],
        "train", str(names), *FLAGS, "--out", str(out), "--json",
    )  # fmt: skip
    assert (status, complaints) == (0, ["", ""])
    same_losses(out, alone)
    assert [item.name for item in out.parent.iterdir()] == ["both"]
    # One summary, from the first.
    assert json.loads(said[0])["ending"] == "finished"
    assert said[1] == ""


def test_two_processes_share_a_large_corpus(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Read in pieces, encoded once, by the first; the second maps what that wrote.
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    alone = single(names, tmp_path / "alone", large="yes")
    shutil.rmtree(tmp_path / "cache")
    out = tmp_path / "both"
    with two(
        tmp_path / "go", "train", str(names), *FLAGS, "--large", "yes", "--out", str(out)
    ) as processes:
        (tmp_path / "go").touch()
        said = [process.communicate(timeout=PATIENCE) for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
    assert said[1] == ("", "")
    same_losses(out, alone)
    assert len(list((tmp_path / "cache" / "corpora").iterdir())) == 1


def test_two_that_were_killed_go_on_as_one(names: Path, alone: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with two(tmp_path / "go", "train", str(names), *FLAGS, "--out", str(out)) as processes:
        wait_until_held(out, processes)
        for process in processes:
            process.send_signal(signal.SIGKILL)
    assert not (out / "summary.json").exists()
    hornbook.resume(out)
    same_losses(out, alone)


def test_two_of_which_one_is_told_to_stop_end_at_the_same_step(
    names: Path, alone: Run, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with two(tmp_path / "go", "train", str(names), *FLAGS, "--out", str(out)) as processes:
        wait_until_held(out, processes)
        processes[1].send_signal(signal.SIGINT)
        (tmp_path / "go").touch()
        said = [process.communicate(timeout=PATIENCE) for process in processes]
        assert [process.returncode for process in processes] == [130, 130], said
    stopped = Run(out).summary
    assert stopped.ending == "interrupted"
    assert stopped.steps is not None
    assert HELD_AT <= stopped.steps < STEPS
    assert "Stopped at step" in said[0][1]
    assert said[1] == ("", "")
    hornbook.resume(out)
    same_losses(out, alone)


def test_ctrl_c_is_answered_while_the_other_is_stopped(names: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with two(tmp_path / "go", "train", str(names), *FLAGS, "--out", str(out)) as processes:
        wait_until_held(out, processes)
        processes[1].send_signal(signal.SIGSTOP)
        (tmp_path / "go").touch()
        # The first asks to stop after this step, which never ends; the second ends the wait.
        while processes[0].poll() is None:
            processes[0].send_signal(signal.SIGINT)
            time.sleep(1)
        assert processes[0].returncode == 130
    assert Run(out).directory.checkpoint.exists()


def test_one_that_was_stopped_goes_on_as_two(names: Path, alone: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with stopped_at(47):
        single(names, out)
    with two(tmp_path / "go", "train", "--resume", str(out)) as processes:
        said = [process.communicate(timeout=PATIENCE) for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        assert "Traceback" not in said[0][1]
        assert said[1] == ("", "")
    same_losses(out, alone)


# --- what goes wrong ---------------------------------------------------------------------------


def test_an_error_ends_both_with_one_message(names: Path, alone: Run, tmp_path: Path) -> None:
    status, said, complaints = torchrun(
        tmp_path / "log", examined(tmp_path),
        "train", str(names), *FLAGS, "--out", str(alone.path),
    )  # fmt: skip
    assert status == 1
    assert said == ["", ""]
    assert complaints[0].startswith(f"hornbook: {alone.path} already contains a run.\n")
    assert "Traceback" not in complaints[0]
    assert complaints[1] == ""


def test_batchnorm_is_refused_before_anything_is_written(
    names: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class First(World):
        """The first of two, whom the second follows in everything."""

        def from_first(self, make: Any) -> Any:
            return make()

    launched(monkeypatch)
    monkeypatch.setattr(World, "join", lambda: First(0, 2))
    out = tmp_path / "run"
    assert main(["train", str(names), "--steps", "5", "--out", str(out)]) == 1
    complaint = capsys.readouterr().err
    assert "BatchNorm" in complaint
    assert "--norm layer" in complaint
    assert "Traceback" not in complaint
    assert not out.exists()


def test_another_process_than_the_first_speaks_only_after_a_wait(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    launched(monkeypatch)
    nowhere = str(tmp_path / "nowhere")
    for rank, waits in (("0", 0), ("1", 1)):
        monkeypatch.setenv("RANK", rank)
        waited.clear()
        assert main(["train", "--resume", nowhere]) == 1
        assert len(waited) == waits
        # Whom the launcher has not ended by then has something of its own to say.
        assert capsys.readouterr().err.startswith(f"hornbook: {nowhere} does not exist")
        with pytest.raises(SystemExit):
            main(["train", "names", "--steps", "nonsense"])
        assert len(waited) == 2 * waits
        assert "nonsense" in capsys.readouterr().err
        with pytest.raises(SystemExit):
            main(["train", "--help"])
        assert "usage: hornbook train" in capsys.readouterr().out


def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torchrun tells the first of two."""
    for name, value in {
        "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29500",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def test_parallel_streams_are_for_one_process() -> None:
    model: Any = torch.nn.Linear(1, 1)
    with pytest.raises(SettingsError, match="Parallel streams"):
        refuse_unshareable(model, TrainingSettings(batches="parallel"))
    refuse_unshareable(model, TrainingSettings(batches="random"))


def test_a_process_without_a_gpu_of_its_own_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(SettingsError, match=r"no GPU for process 1"):
        choose_device("auto", 1)


def test_a_lost_process_is_an_error_that_says_how_to_go_on() -> None:
    with pytest.raises(TrainingError, match="Connection closed") as caught, together():
        raise RuntimeError("Connection closed by peer [127.0.0.1]:1234")
    assert "resume" in caught.value.hint.lower()


def test_one_that_was_told_to_stop_goes_on_until_all_know() -> None:
    made, _, _ = trainer(steps=5)

    class Deaf(World):
        """Another process that has not heard of it until the third step."""

        sums = 0

        def add_up(self, tensor: torch.Tensor) -> None:
            self.sums += 1
            if tensor.dtype is torch.float64 and self.sums < 6:
                tensor[1] = 0

    made.world = Deaf(0, 2)
    made.world.from_first = lambda make: make()  # type: ignore[method-assign]
    made.batches = Halves()
    made.stop = True
    assert made.run() == "interrupted"
    assert made.step == 3


class Halves:
    """Batches that can be taken apart, of two points each."""

    cursor, per_epoch = 0, 1

    def __next__(self) -> Any:
        return Half()


class Half(tuple[torch.Tensor, torch.Tensor]):
    """A batch, and, since all points are alike, each of its halves."""

    def __new__(cls) -> Half:
        return super().__new__(cls, (torch.ones(2, 1), torch.ones(2, 1)))

    def part(self, i: int, n: int) -> tuple[Half, float]:
        return self, 1 / n
