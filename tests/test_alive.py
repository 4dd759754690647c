"""What lasts in silence shows that it lives."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest

import hornbook
from hornbook.cli import alive as module
from hornbook.cli import main
from hornbook.cli.alive import Alive
from hornbook.cli.output import Console
from hornbook.cli.progress import Teller
from hornbook.runs.events import Evaluated, Event
from tests.some_names import write_names


class Said(io.StringIO):
    """A stream that tells when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Event()

    def write(self, text: str) -> int:
        self.came.set()
        return super().write(text)


@pytest.mark.parametrize("terminal", [False, True])
def test_it_is_said_after_a_while(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.0)
    out = Said()
    sign = Alive(Console(out, force_terminal=terminal))
    sign.begin("Counting")
    assert out.came.wait(600)
    sign.end()
    assert "Counting …" in out.getvalue()


def test_what_is_quick_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 600.0)
    out = Said()
    sign = Alive(Console(out))
    for what in ("Reading", "Counting"):
        sign.begin(what)
    sign.end()
    sign.say("Counting")  # a timer that was just about to
    assert out.getvalue() == ""


def test_in_a_log_the_same_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 600.0)
    out = Said()
    sign = Alive(Console(out))
    for what in ("Training", "Training", "Measuring", "Training"):
        sign.begin(what)
        sign.say(what)
    sign.end()
    assert out.getvalue().split("\n") == ["Training …", "Measuring …", "Training …", ""]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["gradcheck", "bigram", "--directions", "1"], "Checking the gradients"),
        (["score", "run", "emma"], "Reading the run"),
        (["sample", "run", "-n", "1"], "Reading the run"),
    ],
)
def test_commands_that_may_be_silent_for_long_show_it(
    words: list[str], what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    if "run" in words:
        hornbook.train(write_names(Path("names.txt"), slice(100)), model="ngram", out="run")
    begun: list[str] = []
    monkeypatch.setattr(Alive, "begin", lambda self, what: begun.append(what))
    assert main(words) == 0
    assert what in begun


def test_after_the_last_evaluation_nothing_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    teller, said = Teller(), []

    def listen(event: Event) -> None:
        teller.tell(event)
        if isinstance(event, Evaluated):
            said.append(teller.next_is(event))

    file = write_names(tmp_path / "some.txt", slice(0, 60))
    hornbook.train(file, model="bigram", training={"steps": 2, "evaluate_every": 1}, listen=listen)
    teller.alive.end()
    assert said == ["Training", "Training", "Evaluating the trained net and its baselines"]


def test_where_no_thread_can_be_started_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    with module.alive("Work"):
        pass
