"""Running a program as a group of its own, of which nothing is left when its time is over."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

__all__ = ["run_group"]

GRACE = 2.0  # seconds from asking processes to end to ending them


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
