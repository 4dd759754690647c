"""Signals that ask a command to stop: Ctrl-C, a request to end, a terminal that has gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["INTERRUPTED", "Stopped", "answering_interrupts", "status_of_stop"]

INTERRUPTED = 130  # the status of a command that Ctrl-C ended
UNANSWERED: dict[str, Any] = {
    "SIGINT": signal.default_int_handler,
    "SIGTERM": signal.SIG_DFL,
    "SIGHUP": signal.SIG_DFL,  # not on Windows
}
"The signals that ask, each with its handler while nobody has chosen another."
SHOW_CURSOR = b"\x1b[?25h"  # a live line hides it


class Stopped(KeyboardInterrupt):
    """Somebody asks this process to stop: whatever puts things in order on Ctrl-C does so now.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def status_of_stop(stop: KeyboardInterrupt) -> int:
    """The status of a command that a signal ended, as shells give it: 128 and its number."""
    return 128 + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


class Interrupts:
    """Answers the signals: the first raises `Stopped`, so that what is begun is put in order.

    Ctrl-C after that ends the process at once, for it may come at any place of that answer, where
    it would only be a traceback. All files are written so that this harms none. Of the others a
    second one changes nothing: `timeout` and closing terminals send them twice.
    """

    seen = 0  # number of the first one

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal has come."""
        if not self.seen:
            self.seen = number
            raise Stopped(number)
        if number == signal.SIGINT:
            if os.isatty(2):
                os.write(2, SHOW_CURSOR + b"\n")
            os._exit(128 + self.seen)


@contextmanager
def answering_interrupts(*, to_the_end: bool) -> Iterator[None]:
    """A context in which the first signal stops the command, and Ctrl-C after it the process.

    Signals that somebody else answers, or that are to be ignored (`nohup`), are left alone.

    Args:
        to_the_end: the process ends after this context, and until it has, Ctrl-C ends it at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    interrupts = Interrupts()
    before: dict[int, Any] = {}
    for name, handler in UNANSWERED.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is handler:
            before[number] = signal.signal(number, interrupts)
    try:
        yield
    finally:
        if to_the_end:
            interrupts.seen = interrupts.seen or signal.SIGINT
        else:
            for number, earlier in before.items():
                signal.signal(number, earlier)
