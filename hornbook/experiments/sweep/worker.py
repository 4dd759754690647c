"""A process of its own that makes one trial after the other, for a sweep of several jobs.

The two talk in lines of JSON: what to make goes in, evaluations and endings come out. The process
stops after its step, and what it has made is kept, when its sweep is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hornbook.errors import HornbookError, RunError
from hornbook.experiments.making import data_sums
from hornbook.experiments.sweep.making import Judge, Made, Recipe, make_trial
from hornbook.experiments.sweep.storage import StoppedError
from hornbook.experiments.sweep.trials import LostError
from hornbook.records import as_json, read_record
from hornbook.runs.events import nobody
from hornbook.runs.prepare import prepare
from hornbook.sources.source import Source

__all__ = ["END", "DiedError", "Errand", "Worker"]

END = 20.0  # seconds that a process may take to stop before it is ended
KEPT = 4_000  # characters of what a process complained of


class DiedError(Exception):
    """The process has ended before its trial did; the message is what it said last."""


@dataclass(frozen=True)
class Errand:
    """What a process is for."""

    places: tuple[str, ...]
    "The data, as they were named."
    task: str
    options: Mapping[str, Any]
    "Of loading and splitting."
    files: Mapping[str, str]
    "SHA-256 of the data as they were split."


class Worker:
    """A process that makes trials.

    Args:
        errand: what it is for.
        threads: that the libraries in it may use.
    """

    def __init__(self, errand: Errand, threads: int) -> None:
        self.errand, self.threads = errand, threads
        self.process: subprocess.Popen[str] | None = None
        self.complaints: IO[bytes] | None = None
        self.sending = threading.Lock()
        self.ended = False

    def start(self) -> None:
        """Begin the process, another if one has died."""
        self.close()
        home = str(Path(__file__).parents[3])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
        limits = dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(self.threads)
        )
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hornbook.experiments.sweep.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, **limits},
            start_new_session=True,  # Ctrl-C is told by the sweep, once
        )
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

    def make(self, recipe: Recipe, judge: Judge) -> Made:
        """Have a trial made.

        Args:
            recipe: what is made.
            judge: is asked at each evaluation.

        Raises:
            DiedError: if the process has ended before.
            HornbookError: whatever would go wrong with every other trial, too.
        """
        if self.process is None or self.process.poll() is not None:
            self.start()
        assert self.process is not None
        assert self.process.stdout is not None
        self.send(as_json(recipe))
        lost = False
        for line in self.process.stdout:
            told = json.loads(line)
            if "evaluation" in told:
                try:
                    verdict = "end" if judge(told["evaluation"], float(told["value"])) else "on"
                except (LostError, StoppedError) as error:
                    lost, verdict = lost or isinstance(error, LostError), "stop"
                self.send({"verdict": verdict})
            elif "failed" in told:
                raise RunError(told["failed"], hint=told["hint"])
            else:
                made = read_record(Made, told, "a trial")
                return Made("lost") if lost and made.ending == "stopped" else made
        raise DiedError(self.last_words())

    def stop(self) -> None:
        """Have the process stop after its step."""
        if self.process is not None and self.process.poll() is None and not self.ended:
            with contextlib.suppress(DiedError):
                self.send({"stop": True})

    def end(self) -> None:
        """End the process: after its step, or at once if that takes long."""
        self.stop()
        self.ended = True
        if self.process is None:
            return
        assert self.process.stdin is not None
        with contextlib.suppress(OSError), self.sending:
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END)
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


class Talk:
    """The process's side of the talk.

    Args:
        given: what it is told.
        told: where it answers.
    """

    def __init__(self, given: IO[str], told: IO[str]) -> None:
        self.given, self.told = given, told
        self.words: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.stopping = threading.Event()
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self) -> None:
        """Hear what is said; when nobody is there any more, stop."""
        for line in self.given:
            value = json.loads(line)
            if value.get("stop"):
                self.stopping.set()
            else:
                self.words.put(value)
        self.stopping.set()
        self.words.put(None)

    def say(self, value: Any) -> None:
        """Say something; if nobody hears it, stop."""
        try:
            self.told.write(json.dumps(as_json(value)) + "\n")
            self.told.flush()
        except OSError:
            self.stopping.set()

    def judge(self, evaluation: int, value: float) -> bool:
        """Ask whether to end a training."""
        self.say({"evaluation": evaluation, "value": repr(value)})
        answer = self.words.get()
        if answer is None:
            self.words.put(None)  # for `work`, which ends by it
        if answer is None or answer["verdict"] == "stop":
            self.stopping.set()
            return False
        return bool(answer["verdict"] == "end")

    def work(self) -> None:
        """Make what is asked for, one trial after the other."""
        first = self.words.get()
        if first is None:
            return
        errand = read_record(Errand, first, "the errand")
        prepared = None
        while (asked := self.words.get()) is not None:
            recipe = read_record(Recipe, asked, "a recipe")
            self.stopping.clear()
            try:
                if prepared is None:
                    prepared = prepare(Source(errand.places), errand.task, errand.options)
                    if data_sums(prepared.data) != errand.files:
                        raise RunError(
                            f"{', '.join(errand.places)} has changed since the sweep was begun.",
                            hint="Put the data back as they were, or choose another `out`.",
                        )
                self.say(make_trial(prepared, recipe, self.judge, self.stopping.is_set, nobody))
            except HornbookError as error:
                self.say({"failed": error.message, "hint": error.hint})


def main() -> None:
    """Talk over the standard streams; what else is printed goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Talk(sys.stdin, answers).work()


if __name__ == "__main__":
    main()
