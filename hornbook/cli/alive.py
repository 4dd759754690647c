"""A sign of life on standard error, for work that says nothing of itself for more than a moment."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rich.status import Status

from hornbook.cli.output import Console, notes

__all__ = ["Alive", "alive"]

SILENCE = 2.0  # seconds


class Alive:
    """Says what goes on once it has lasted too long in silence.

    At a terminal a moving line, which goes when the work is over; elsewhere one line, which is not
    repeated while the same goes on.

    Args:
        console: of standard error.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.lock = threading.Lock()
        self.timer: threading.Timer | None = None
        self.status: Status | None = None
        self.said = ""

    def begin(self, what: str) -> None:
        """Something begins that may last; whatever went on before is over."""
        self.end()
        self.timer = threading.Timer(SILENCE, self.say, (what,))
        self.timer.daemon = True
        try:
            self.timer.start()
        except (RuntimeError, MemoryError):  # the system starts no thread: the work goes on
            self.timer = None

    def say(self, what: str) -> None:
        """Show it."""
        with self.lock, contextlib.suppress(OSError, ValueError, RuntimeError):
            if self.timer is None:
                return  # it has just ended
            if self.console.is_terminal:
                self.status = self.console.status(f"{what} …")
                self.status.start()
            elif what != self.said:
                self.console.print(f"{what} …")
                self.said = what

    def end(self) -> None:
        """It is over."""
        with self.lock:
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None
            if self.status is not None:
                self.status.stop()
                self.status = None


@contextlib.contextmanager
def alive(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A context in which something is done that may last."""
    sign = Alive(notes())
    if not quiet:
        sign.begin(what)
    try:
        yield
    finally:
        sign.end()
