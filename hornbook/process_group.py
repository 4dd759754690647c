"""Running a program as a group of its own, of which nothing is left when its time is over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

__all__ = ["Piped", "pipe_through", "run_group"]

GRACE = 2.0  # seconds from asking processes to end to ending them
COMPLAINT = 65_536  # bytes of standard error that are kept


@dataclass(frozen=True)
class Piped:
    """How a command ended that was given something to read."""

    status: int
    "Its exit status; negative: the signal that ended it."
    out: bytes
    "What it wrote to standard output, as far as it was read."
    err: bytes
    "The beginning of what it wrote to standard error."


def run_group(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> int:
    """Run a command without standard streams, and give its exit status.

    However it ends, so do the processes that it started, unless they left its session on purpose.
    On Windows, which has no such groups, the process alone is ended.

    Args:
        command: its words.
        environment: of the process.
        seconds: how long it may run.

    Raises:
        subprocess.TimeoutExpired: if it takes longer.
    """
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        return process.wait(seconds)
    finally:  # Ctrl-C reaches this process alone, for that one is in another session
        end(process)


def pipe_through(command: str, given: bytes, seconds: float, *, most: int) -> Piped:
    """Run a command of the shell on some bytes, and give what it makes of them.

    It need not read them all. However it ends, so do the processes that it started, as above.

    Args:
        command: a line for the shell.
        given: its standard input.
        seconds: how long it may run.
        most: bytes of its output that are read; when it writes more it is ended.

    Raises:
        subprocess.TimeoutExpired: if it takes longer.
    """
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, shell=True, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    until = time.monotonic() + seconds
    out, err = bytearray(), bytearray()
    threads = [
        threading.Thread(target=write, args=(process.stdin, given), daemon=True),
        threading.Thread(target=read, args=(process.stderr, err, COMPLAINT), daemon=True),
        threading.Thread(target=read, args=(process.stdout, out, most + 1), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        threads[-1].join(seconds)
        if threads[-1].is_alive():  # something that it started may still write
            raise subprocess.TimeoutExpired(command, seconds)
        if len(out) <= most:
            process.wait(max(0.0, until - time.monotonic()))
    finally:
        end(process)  # which closes the pipes, and so ends the threads
    threads[1].join(GRACE)
    return Piped(process.returncode, bytes(out), bytes(err))


def write(stream: IO[bytes], given: bytes) -> None:
    """Write all of it, or as much as is read."""
    with contextlib.suppress(OSError), stream:
        stream.write(given)


def read(stream: IO[bytes], into: bytearray, most: int) -> None:
    """Read until there is no more, or `most` bytes are there; then whoever writes finds it shut."""
    with contextlib.suppress(OSError, ValueError), stream:
        while part := os.read(stream.fileno(), 65_536):
            into += part[: most - len(into)]
            if len(into) == most:
                return


def end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a process's group: ask first, then insist."""
    if not hasattr(os, "killpg"):
        process.kill()
        process.wait()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not signalled(process, number):
            break
        until = time.monotonic() + GRACE
        while signalled(process, 0) and time.monotonic() < until:
            time.sleep(0.01)
    process.wait()


def signalled(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to all of the group; false if none of it is left."""
    process.poll()  # an ended process stays in its group until it is asked for
    try:
        os.killpg(process.pid, number)
    except OSError:
        return False
    return True
