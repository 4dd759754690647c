"""A worker's side of the talk: `python -m hornbook.experiments.workers.process MODULE:FUNCTION`.

It hears and says lines of JSON. The first tells which data to read (`Errand`), each further one
what the function is to do with them:

    {"do": …}      do that; the answer is {"done": …}, {"failed": …} or {"stopped": true}
    {"reply": …, "to": n}   to a {"question": …, "number": n} that was asked on the way
    {"compiling": …}        needs none: it is said where steps are compiled, which takes long
    {"stop": true} stop after the present step of a training, as Ctrl-C does, and end

When nobody is there any more to talk to, however that came about, it stops in the same way, and if
that takes long, at once.
"""

from __future__ import annotations

import _thread
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import IO, Any, TypeAlias

from hornbook.errors import HornbookError
from hornbook.experiments.workers.errand import Errand
from hornbook.records import JSON, as_json, read_record
from hornbook.runs.events import Compiling, Event
from hornbook.runs.prepare import Prepared

__all__ = ["END", "Talk", "Work", "main"]

END = 20.0  # seconds that a process may take to stop before it is ended


class Talk:
    """The process's side of the talk.

    Args:
        given: what it is told.
        told: where it answers.

    Attributes:
        stopping: set when all is to stop.
    """

    def __init__(self, given: IO[str], told: IO[str]) -> None:
        self.given, self.told = given, told
        self.words: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.stopping = threading.Event()
        self.busy, self.asked = False, 0

    def hear(self) -> None:
        """Hear what is said, in a thread of its own, until nobody is there any more."""
        try:
            for line in self.given:
                value = json.loads(line)
                if "stop" in value:
                    self.stop()
                else:
                    self.words.put(value)
        finally:  # be it in the middle of a line
            self.stop()

    def stop(self) -> None:
        """Have all stop, as by Ctrl-C."""
        if not self.stopping.is_set():
            self.stopping.set()
            interrupt()
            self.words.put(None)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """Answer the signal of Ctrl-C, where no training does: what is being made is given up."""
        if self.busy:
            raise KeyboardInterrupt

    def say(self, value: Any) -> None:
        """Say something; if nobody hears it, stop."""
        try:
            self.told.write(json.dumps(as_json(value)) + "\n")
            self.told.flush()
        except OSError:
            self.stop()

    def ask(self, question: JSON) -> JSON:
        """What the other side replies to a question; None if it is gone, or all is to stop."""
        self.asked += 1
        self.say({"question": question, "number": self.asked})
        while (heard := self.words.get()) is not None:
            if heard["to"] == self.asked:  # and not to one whose asking was interrupted
                reply: JSON = heard["reply"]
                return reply
        self.words.put(None)  # for `serve`, which ends by it
        return None

    def listen(self, event: Event) -> None:
        """Listen to a training: of all events, the other side is told that it compiles."""
        if isinstance(event, Compiling):
            self.say({"compiling": event.message})

    def serve(self, work: Work) -> None:
        """Do what is asked for, one piece of work after the other."""
        with self.answering():
            threading.Thread(target=self.hear, daemon=True).start()
            first = self.words.get()
            if first is None:
                return
            errand = read_record(Errand, first, "the errand")
            prepared = cache(errand.read)  # once it has come to an end
            while (asked := self.words.get()) is not None:
                if "do" in asked:
                    self.say(self.done(work, prepared, asked["do"]))

    def done(self, work: Work, prepared: Callable[[], Prepared], asked: JSON) -> dict[str, JSON]:
        """What is said of a piece of work."""
        answer: dict[str, JSON]
        try:
            self.busy = True
            if self.stopping.is_set():  # before there was anybody to be interrupted
                raise KeyboardInterrupt
            try:
                answer = {"done": work(prepared(), asked, self)}
            except HornbookError as error:
                answer = {"failed": told_of(error)}
            self.busy = False
        except KeyboardInterrupt:
            self.busy, answer = False, {"stopped": True}
        return answer

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A context in which the signal of Ctrl-C, that `stop` gives, is answered here."""
        before = signal.signal(signal.SIGINT, self.interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


Work: TypeAlias = Callable[[Prepared, JSON, Talk], JSON]
"""What a process does: given the data, and what is asked for; it may ask on the way, and whatever
it makes goes on if it is asked for again. `KeyboardInterrupt` stops it."""


def interrupt() -> None:
    """Send this process the signal of Ctrl-C; one that sleeps is woken, where there is a way."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()  # on Windows


def told_of(error: HornbookError) -> dict[str, JSON]:
    """An error in plain values."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "setting": error.setting,
        "action": as_json(error.action),
    }


def end_at_last(talk: Talk) -> None:
    """End the process if it is to stop and does not: as a kill, after which all goes on."""
    talk.stopping.wait()
    time.sleep(END)
    os._exit(1)


def main() -> None:
    """Talk over the standard streams; what else is printed goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    module, _, name = sys.argv[1].partition(":")
    work: Work = getattr(importlib.import_module(module), name)
    talk = Talk(sys.stdin, answers)
    threading.Thread(target=end_at_last, args=(talk,), daemon=True).start()
    talk.serve(work)


if __name__ == "__main__":
    main()
