"""What is in the environment, left over or made by torchrun, and who listens to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hornbook.errors import SettingsError
from hornbook.training.launch import Launch
from tests.command import typed
from tests.some_names import write_names

WHOLE = {
    "WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "MASTER_ADDR": "host", "MASTER_PORT": "29500"
}  # fmt: skip


def given(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in WHOLE:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_what_torchrun_sets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, WHOLE)
    assert Launch.from_environment() == Launch(3, 4, 1)


@pytest.mark.parametrize("variables", [{}, {"WORLD_SIZE": "1", "RANK": "x"}, {"RANK": "7"}])
def test_one_process_is_alone(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    given(monkeypatch, variables)
    assert Launch.from_environment() == Launch()


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORLD_SIZE", value) for value in ("", "abc", "0", "-1", "2.0", " 2", "²", "9" * 30)]
    + [("RANK", value) for value in ("4", "-1", "abc")]
    + [("LOCAL_RANK", value) for value in ("4", "")]
    + [("MASTER_PORT", value) for value in ("0", "65536", "x")],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    given(monkeypatch, WHOLE | {name: value})
    with pytest.raises(SettingsError, match="must be a whole number") as caught:
        Launch.from_environment()
    assert name in caught.value.message
    assert repr(value) in caught.value.message
    assert "torchrun" in caught.value.hint
    assert "unset WORLD_SIZE" in caught.value.hint


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        (["MASTER_PORT"], "MASTER_PORT is not set"),
        (["RANK", "MASTER_ADDR", "MASTER_PORT"], "RANK, MASTER_ADDR and MASTER_PORT are not set"),
    ],
)
def test_what_is_missing_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, left_out: list[str], named: str
) -> None:
    given(monkeypatch, {name: value for name, value in WHOLE.items() if name not in left_out})
    with pytest.raises(SettingsError, match=named):
        Launch.from_environment()


@pytest.mark.parametrize("variables", [{"WORLD_SIZE": "abc"}, {"WORLD_SIZE": "2", "RANK": "1"}])
def test_only_training_listens(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    variables: dict[str, str],
) -> None:
    given(monkeypatch, {})
    out, names = str(tmp_path / "run"), str(write_names(tmp_path / "names.txt", slice(200)))
    assert typed(capsys, "train", names, "--model", "ngram", "--out", out)[0] == 0
    given(monkeypatch, variables)
    for words in (
        ["sample", out, "-n", "1"], ["score", out, "emma"], ["doctor", names], ["models"],
        ["evaluate", out], ["rate", names, "--model", "bigram"],
    ):  # fmt: skip
        status, said, _ = typed(capsys, *words)
        assert (status, bool(said)) == (0, True), words
    for words in (["train", names, "--model", "ngram"], ["train", "--resume", out]):
        status, said, complaint = typed(capsys, *words)
        assert (status, said) == (1, "")
        assert complaint.startswith("hornbook: The environment variable WORLD_SIZE is ")


# A process that waits for another which never comes, as for one that was stopped.
WAITING = """
import os, sys, threading, time, signal
from pathlib import Path
import torch
from hornbook.training.distributed import World

joined = Path(sys.argv[1]) / os.environ["RANK"]
if sys.argv[2] == "join":
    joined.touch()
world = World.join()
joined.touch()
if world.rank == 0:
    world.add_up(torch.ones(3)) if sys.argv[2] == "sum" else world.gather(torch.ones(3))
else:
    world.from_first(lambda: time.sleep(1000)) if sys.argv[2] == "object" else time.sleep(1000)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize(("what", "hit"), [("join", 0), ("sum", 0), ("gather", 0), ("object", 1)])
def test_ctrl_c_ends_the_wait_for_another(tmp_path: Path, what: str, hit: int) -> None:
    import signal
    import socket
    import time

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WAITING, str(tmp_path), what], stderr=subprocess.PIPE,
            env={**os.environ, "RANK": f"{rank}", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                 "MASTER_PORT": port},
        )
        for rank in range(1 if what == "join" else 2)
    ]  # fmt: skip
    try:
        while not all((tmp_path / f"{rank}").exists() for rank in range(len(processes))):
            time.sleep(0.01)
        time.sleep(0.5)  # longer than it takes to begin to wait; an earlier signal is answered too
        processes[hit].send_signal(signal.SIGINT)
        assert processes[hit].wait(120) in (130, -signal.SIGINT)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
