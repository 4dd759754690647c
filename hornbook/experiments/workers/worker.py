"""A process of its own that does one piece of work after the other, as its parent leads it.

The two talk in lines of JSON: `hornbook.experiments.workers.process` tells how. The process has
the data, which it has read once. It is in a session of its own, so Ctrl-C reaches its parent
alone, which tells it to stop. When its parent is gone, be it killed, it stops after its step, and
what it has made is kept. Where the process dies, another goes on with what it did.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from hornbook import errors
from hornbook.actions import Action
from hornbook.compute.load import cores_allowed
from hornbook.errors import HornbookError
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.process import END, Work
from hornbook.records import JSON, as_json
from hornbook.runs.events import Compiling, Listener, nobody

__all__ = ["DiedError", "StoppedError", "Worker", "threads_for"]

KEPT = 4_000  # characters of what a process complained of
DEATHS = 3  # of processes that did the same: then it is given up


class DiedError(Exception):
    """The process has ended before its work; the message is what it said last."""


class StoppedError(Exception):
    """All is to stop: time is over, or somebody asked for it. What was begun can go on."""


def threads_for(jobs: int) -> int:
    """How many threads each of several processes may use."""
    return max(1, cores_allowed() // jobs)


class Worker:
    """A process that is led from here; it begins with its first work.

    Args:
        errand: the data that it reads.
        work: what it does: a function that is found by its module and name.
        threads: that the libraries in it may use.
    """

    def __init__(self, errand: Errand, work: Work, threads: int) -> None:
        self.errand, self.work, self.threads = errand, work, threads
        self.process: subprocess.Popen[str] | None = None
        self.complaints: IO[bytes] | None = None
        self.sending = threading.Lock()
        self.stopped = False

    def do(
        self,
        asked: Any,
        died: Callable[[str], None],
        reply: Callable[[JSON], JSON] = lambda question: None,
        listen: Listener = nobody,
    ) -> Any:
        """Have something done, by another process where one dies.

        Args:
            asked: what, as the work takes it.
            died: is told, in some words, how a process has died whose work another goes on with.
            reply: gives a reply to what the work asks on the way.
            listen: is told where the work compiles steps.

        Returns:
            What the work gives.

        Raises:
            DiedError: if one process after the other died of it.
            StoppedError: if it was stopped.
            HornbookError: that ended it.
        """
        for death in range(1, DEATHS + 1):
            try:
                return self.once(asked, reply, listen)
            except DiedError as error:
                if self.stopped:
                    raise StoppedError from error
                last = str(error)
                if death < DEATHS:
                    died(last)
        raise DiedError(f"Its process died {DEATHS} times ({last})")

    def once(self, asked: Any, reply: Callable[[JSON], JSON], listen: Listener) -> Any:
        """The same by one process."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        assert self.process is not None
        assert self.process.stdout is not None
        self.send({"do": asked})
        for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:  # its last words were cut short
                break
            if "question" in told:
                self.send({"reply": reply(told["question"]), "to": told["number"]})
            elif "compiling" in told:
                listen(Compiling(told["compiling"]))
            elif "failed" in told:
                raise error_of(told["failed"])
            elif "stopped" in told:
                raise StoppedError
            else:
                return told["done"]
        raise DiedError(self.last_words())

    def start(self) -> None:
        """Begin the process, another if one has died."""
        self.close()
        home = str(Path(__file__).parents[3])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
        libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        limits = dict.fromkeys(libraries, str(self.threads))
        work: Any = self.work
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        with self.sending:
            if self.stopped:
                raise DiedError("it was ended")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hornbook.experiments.workers.process",
                 f"{work.__module__}:{work.__qualname__}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaints,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": path, **limits},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # on Windows
            )  # fmt: skip
        self.send(as_json(self.errand))

    def send(self, value: Any) -> None:
        """Say something to the process.

        Raises:
            DiedError: if it is gone.
        """
        assert self.process is not None
        assert self.process.stdin is not None
        try:
            with self.sending:
                self.process.stdin.write(json.dumps(value) + "\n")
                self.process.stdin.flush()
        except (OSError, ValueError) as error:
            raise DiedError(self.last_words()) from error

    def stop(self) -> None:
        """Have the process stop after its step, and end; it is not begun again."""
        with self.sending:
            told, self.stopped = self.stopped, True
        if not told and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(DiedError):
                self.send({"stop": True})

    def end(self, seconds: float = END) -> None:
        """End the process: after its step, or at once if that takes longer than so."""
        self.stop()
        if self.process is None:
            return
        assert self.process.stdin is not None
        with contextlib.suppress(OSError), self.sending:
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()
        self.close()

    def kill(self) -> None:
        """End the process at once, if it is there; what it keeps is whole at any moment."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """Close what leads to a process that has ended."""
        if self.process is None:
            return
        for stream in (self.process.stdin, self.process.stdout, self.complaints):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def last_words(self) -> str:
        """How the process has ended, and what it complained of."""
        if self.process is None or self.complaints is None or self.complaints.closed:
            return "it was ended"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END)
        self.kill()  # it neither talks nor ends
        self.complaints.seek(0)
        lines = self.complaints.read()[-KEPT:].decode(errors="replace").strip().splitlines()
        status = self.process.returncode
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return f"{how}{': ' + lines[-1] if lines else ''}"


def error_of(told: dict[str, Any]) -> HornbookError:
    """The error that a process told of."""
    kind = getattr(errors, told["kind"], HornbookError)
    call = told["action"]
    action = call and Action(call["verb"], tuple(call["given"]), call["settings"])
    error: HornbookError = kind(told["message"], hint=told["hint"], setting=told["setting"],
                                action=action)  # fmt: skip
    return error
