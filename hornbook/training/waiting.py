"""Waiting for other processes so that Ctrl-C ends the wait.

Python answers a signal between two of its own instructions. A call of torch that waits for another
process runs none until that process answers, and one that has been stopped never does. So nothing
here waits inside torch for longer than a moment.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

__all__ = ["in_background", "is_abandoned", "wait_for"]

MOMENT = 0.2  # seconds, at most, until Ctrl-C is answered
GPU_MOMENT = 0.0001
INTERRUPTED = 130  # the status of a process that Ctrl-C ended

abandoned = False


def wait_for(work: Any, *, on_gpu: bool = False) -> None:
    """Wait for a collective operation of torch.distributed that was begun with `async_op`.

    Args:
        work: what the operation gave.
        on_gpu: whether NCCL does it, which takes a wait with a limit that has passed for a failure,
            and ends all connections. It is asked again and again instead.

    Raises:
        RuntimeError: if it failed, for another process has ended.
        KeyboardInterrupt: on Ctrl-C; the operation is abandoned, and the process must end.
    """
    try:
        while on_gpu and not work.is_completed():
            time.sleep(GPU_MOMENT)
        if on_gpu:
            work.wait()
            return
        while True:
            try:
                work.wait(timedelta(seconds=MOMENT))
                return
            except RuntimeError:
                if work.is_completed():  # it failed; otherwise only the moment is over
                    work.wait()
                    return
    except KeyboardInterrupt:
        abandon()
        raise


def in_background(call: Callable[[], object]) -> None:
    """Run a call that may block inside torch, and wait for its end.

    Raises:
        Exception: whatever the call raised.
        KeyboardInterrupt: on Ctrl-C; the call is abandoned, and the process must end.
    """
    raised: list[Exception] = []

    def run() -> None:
        try:
            call()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(MOMENT)
    except KeyboardInterrupt:
        abandon()
        raise
    if raised:
        raise raised[0]


def is_abandoned() -> bool:
    """Whether an operation was left unfinished: torch would wait for it before it shuts down."""
    return abandoned


def abandon() -> None:
    """See to it that the process ends with what it had to do, and not with torch's threads.

    They wait for the other process still, and Python would wait for them.
    """
    global abandoned
    if not abandoned:
        abandoned = True
        atexit.register(end)


def end() -> None:
    """End this process with what it has written, and nothing else."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(INTERRUPTED)
