"""Ctrl-C, once and twice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["INTERRUPTED", "answering_interrupts"]

INTERRUPTED = 130  # the status of a command that Ctrl-C ended
SHOW_CURSOR = b"\x1b[?25h"  # a live line hides it


class Interrupts:
    """Answers SIGINT: the first raises KeyboardInterrupt, so that what is begun is put in order.

    A second one ends the process at once, for it may come at any place of that answer, where it
    would only be a traceback. All files are written so that this harms none.
    """

    seen = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal has come."""
        if self.seen:
            if os.isatty(2):
                os.write(2, SHOW_CURSOR + b"\n")
            os._exit(INTERRUPTED)
        self.seen = True
        raise KeyboardInterrupt


@contextmanager
def answering_interrupts(*, to_the_end: bool) -> Iterator[None]:
    """A context in which a second Ctrl-C ends the process.

    Args:
        to_the_end: the process ends after this context, and until it has, a first one ends it too.
    """
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or before is not signal.default_int_handler:
        yield  # somebody else answers it, or nobody is to
        return
    interrupts = Interrupts()
    signal.signal(signal.SIGINT, interrupts)
    try:
        yield
    finally:
        if to_the_end:
            interrupts.seen = True
        else:
            signal.signal(signal.SIGINT, before)
