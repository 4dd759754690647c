"""Processes that need no second to import PyTorch: forked from one that has."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

# What a training loads in any case. Imported once in each process of the check that forks.
PRELOADED = (
    "torch.distributed", "hornbook.cli.train", "hornbook.runs.resume", "hornbook.runs.training",
    "hornbook.text.task",
)  # fmt: skip


class Forked:
    """A process, asked and told as a `subprocess.Popen` whose output is piped.

    It does `work(*given)`, which ends with its status, in an environment of its own.
    """

    def __init__(
        self, work: Callable[..., Any], given: tuple[Any, ...], environment: Mapping[str, str],
        said: Path,
    ) -> None:  # fmt: skip
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([work.__module__, *PRELOADED])
        self.streams = said.with_suffix(".out"), said.with_suffix(".err")
        asked = (work, given, dict(environment), *self.streams)
        self.process = context.Process(target=begin, args=asked)
        self.process.start()

    @property
    def returncode(self) -> int | None:
        """The status; less than 0, if a signal ended it; None while it lives."""
        return self.process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it to a process that lives."""
        assert self.process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        if self.returncode is None:
            self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end, for so many seconds at most: what it wrote."""
        self.process.join(timeout)
        assert self.returncode is not None, "it does not end"
        out, err = (path.read_text(encoding="utf-8") for path in self.streams)
        return out, err


def begin(
    work: Callable[..., Any], given: tuple[Any, ...], environment: Mapping[str, str], out: Path,
    err: Path,
) -> None:  # fmt: skip
    """In the new process: its own streams and environment, then the work."""
    for number, path in ((1, out), (2, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2)
    )
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(work(*given))
