"""Signals that ask a training to stop: it ends after the step, and is saved before they work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hornbook.training.trainer import Trainer

__all__ = ["Stops", "answered_later"]

ENDING = ("SIGTERM", "SIGHUP")
"Signals that ask the process to end, as a scheduler, a logout or `timeout` sends them."


class Stops:
    """Answers signals while a trainer runs.

    Attributes:
        ending: number of the signal that asks the process to end, to be answered once the run is
            saved; 0 if none has come.
    """

    def __init__(self) -> None:
        self.ending = 0
        self.before: dict[int, Any] = {}

    @contextmanager
    def stopping(self, trainer: Trainer) -> Iterator[None]:
        """A context in which a signal ends the training after the present step.

        A second Ctrl-C is answered as it was before; other signals may well be sent twice. So is
        each while steps are compiled, which takes long and leaves nothing to save.
        """
        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread only
            return

        def stop(number: int, frame: FrameType | None) -> None:
            again = number == signal.SIGINT and trainer.stop
            if number != signal.SIGINT:
                self.ending = self.ending or number
            trainer.stop = True
            if again or trainer.compiling:
                self.answered_as_before(number, frame)

        before = self.before = {}
        try:
            for name in ("SIGINT", *ENDING):
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                # What is to be ignored (`nohup`) still is; None was set by other than Python.
                if number and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, stop)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def answered_as_before(self, number: int, frame: FrameType | None) -> None:
        """Do what would have been done outside of the context."""
        handler = self.before[number]
        if not callable(handler):
            raise KeyboardInterrupt
        handler(number, frame)


@contextmanager
def answered_later() -> Iterator[Stops]:
    """A context that ends with what a signal asked for while a trainer ran in it.

    A process that has not chosen otherwise ends there.
    """
    stops = Stops()
    try:
        yield stops
    finally:
        if stops.ending:
            signal.raise_signal(stops.ending)
