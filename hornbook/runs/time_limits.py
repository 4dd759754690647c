"""Calls of what may never answer, each with a time limit, in one thread that nothing waits for."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any

from hornbook.rendering import duration

__all__ = ["NoAnswerError", "Patient", "left_waiting"]

MOMENT = 0.2  # seconds, at most, until a signal is answered that comes during a wait
hanging: list[Patient] = []


class NoAnswerError(Exception):
    """A call has not come back within its time."""


def left_waiting() -> bool:
    """Whether a call was given up that goes on still: what it began may keep Python from ending."""
    return any(not one.idle.is_set() for one in hanging)


class Patient:
    """Makes calls one after the other in a thread of its own, and waits for each so long.

    What is called keeps its thread and its context from call to call, as services expect that hold
    the present training in a variable of the thread. A call that is given up is left to itself: the
    thread is a daemon, which does not keep a process from ending.

    Args:
        waiting: is called, once for each call, when nothing has come back for a while.
        a_while: seconds until then.
    """

    def __init__(self, waiting: Callable[[float], None], a_while: float) -> None:
        self.waiting, self.a_while = waiting, a_while
        self.calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self.idle = threading.Event()
        self.idle.set()
        self.raised: BaseException | None = None
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self.answer,), daemon=True).start()

    def __call__(self, call: Callable[[], Any], seconds: float) -> None:
        """Make a call, and wait for its end.

        Raises:
            NoAnswerError: if it has not ended in time, or one before it has not by now.
            Exception: whatever it raised.
        """
        if not self.idle.is_set():
            raise NoAnswerError("no answer has come yet")
        self.raised = None
        self.idle.clear()
        self.calls.put(call)
        self.wait(seconds)
        if self.raised is not None:
            raise self.raised

    def wait(self, seconds: float) -> None:
        """Wait for the end of the call that was made.

        Raises:
            NoAnswerError: if that takes too long.
        """
        first = min(self.a_while, seconds)
        try:
            if self.ended_in(first):
                return
            if seconds > first:
                self.waiting(seconds)
                if self.ended_in(seconds - first):
                    return
        finally:
            if not self.idle.is_set():  # given up, by a signal perhaps
                hanging.append(self)
        raise NoAnswerError(f"no answer came within {duration(seconds)}")

    def ended_in(self, seconds: float) -> bool:
        """Whether the call has ended within a time; signals are answered meanwhile."""
        for _ in range(int(seconds / MOMENT)):
            if self.idle.wait(MOMENT):
                return True
        return self.idle.wait(seconds % MOMENT)

    def end(self) -> None:
        """Let the thread end when it has nothing more to do."""
        self.calls.put(None)

    def answer(self) -> None:
        """Make the calls as they come; runs in the thread."""
        while (call := self.calls.get()) is not None:
            try:
                call()
            except BaseException as error:
                self.raised = error
            self.idle.set()
