"""Something done in a process of its own, which may be killed while it does it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError

__all__ = ["Outcome", "Started", "kill_at_write", "limit_files", "started"]

DONE, REFUSED, INTERRUPTED, BROKEN = 0, 3, 130, 4
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"}
TOO_LONG = 120.0  # seconds: a child that takes longer hangs


@dataclass(frozen=True)
class Outcome:
    """How a child ended."""

    how: str
    "done, refused, interrupted, killed, broken or hanging."
    told: str = ""
    "The error's words, or a traceback."


class Started:
    """A child at work."""

    def __init__(self, process: int, told: int) -> None:
        self.process, self.told = process, told

    def send(self, number: int) -> None:
        """Send it a signal; it may have ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, number)

    def wait(self) -> Outcome:
        """Its end."""
        until = time.monotonic() + TOO_LONG
        while (ended := os.waitpid(self.process, os.WNOHANG))[0] == 0:
            if time.monotonic() > until:
                self.send(signal.SIGKILL)
                os.waitpid(self.process, 0)
                os.close(self.told)
                return Outcome("hanging")
            time.sleep(0.002)
        with os.fdopen(self.told, "rb") as pipe:
            words = pipe.read().decode()
        if os.WIFSIGNALED(ended[1]):
            return Outcome("killed")
        names = {DONE: "done", REFUSED: "refused", INTERRUPTED: "interrupted"}
        return Outcome(names.get(os.WEXITSTATUS(ended[1]), "broken"), words)


def started(work: Callable[[], Any], *before: Callable[[], None]) -> Started:
    """Begin some work in a child, after what `before` does to the child."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return Started(process, reading)
    status, words = BROKEN, ""
    try:
        os.close(reading)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for change in before:
            change()
        work()
        status = DONE
    except HornbookError as error:
        status, words = REFUSED, str(error)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:
        words = traceback.format_exc()
    finally:
        os.write(writing, words.encode()[:60_000])
        os._exit(status)


def kill_at_write(number: int, folder: Path) -> Callable[[], None]:
    """Have a child kill itself just before its so-manieth change of the files in a folder."""

    def install() -> None:
        seen = 0

        def look(event: str, given: tuple[Any, ...]) -> None:
            nonlocal seen
            writes = event in WRITES or (
                event == "open"
                and isinstance(given[2], int)
                and given[2] & (os.O_CREAT | os.O_RDWR)
            )
            if writes and str(given[0]).startswith(str(folder)):
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        sys.addaudithook(look)

    return install


def limit_files(size: int) -> Callable[[], None]:
    """Let no file of a child grow beyond some bytes, as on a disk that is full."""

    def install() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return install
