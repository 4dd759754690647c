"""What lasts in silence shows that it lives."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest

from hornbook.cli import alive as module
from hornbook.cli.alive import Alive
from hornbook.cli.output import Console
from hornbook.text.batches import WindowBatches
from hornbook.text.stream import Stream


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


@pytest.mark.parametrize("length", [1, 2, 1000, 70_001])
def test_windows_are_shuffled_as_a_permutation_would_be(length: int) -> None:
    stream = Stream(np.zeros(length + 3, dtype=np.uint8), 3, None, 0)
    batches = WindowBatches(stream, 4, 1, seed=7)
    batches.batch(0)
    assert (batches.order == np.random.default_rng([7, 0]).permutation(length)).all()
    assert batches.order.itemsize == 4
