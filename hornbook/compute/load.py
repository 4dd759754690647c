"""How many processors this process may use, and whether it gets them to itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time

__all__ = ["cores_allowed", "free_processors", "is_busy", "share_of_processors"]

BUSY = 0.85  # a smaller share than this means that others are at work too
PERIOD = 0.03  # seconds: several turns of a scheduler that shares a processor out
BLOCK = bytes(2**20)
AGAIN = 5.0  # seconds that an answer is taken for true, so that asking takes no share of them


def share_of_processors(threads: int) -> float:
    """The part of its time that a thread was running while as many worked side by side.

    Near 1 on a quiet machine; about 2/3 for two threads beside one busy process on two processors.
    Each thread hashes, which Python lets run in parallel.

    Args:
        threads: how many processors are wanted.

    Returns:
        The smallest share among the threads; 0 if the system does not start them all.
    """
    shares: list[float] = []

    def work() -> None:
        began, ran = time.perf_counter(), time.thread_time()
        while time.perf_counter() - began < PERIOD:
            hashlib.sha256(BLOCK).digest()
        shares.append((time.thread_time() - ran) / (time.perf_counter() - began))

    workers: list[threading.Thread] = []
    with contextlib.suppress(RuntimeError, MemoryError):
        for _ in range(threads):
            (worker := threading.Thread(target=work)).start()
            workers.append(worker)
    for worker in workers:
        worker.join()
    return min(shares) if len(workers) == threads else 0.0


def is_busy(threads: int) -> bool:
    """Whether others are at work where so many threads are wanted.

    A busy machine is busy twice: the first threads of a process often wait for their first turn,
    and a processor that was idle has to wake up.
    """
    return all(share_of_processors(threads) < BUSY for _ in range(2))


class Answer:
    """What was last found, and when."""

    free: bool = False
    threads: int = 0
    at: float = -AGAIN


LAST = Answer()


def free_processors(most: int) -> int:
    """How many threads to share small pieces of work among: `most`, or 1 where others are at work.

    Of threads that wait for each other after every piece, the slowest tells how long it takes: on a
    busy machine one is faster. What was found in the last seconds is not looked for again.
    """
    if most <= 1:
        return 1
    now = time.monotonic()
    if LAST.threads != most or now - LAST.at >= AGAIN:
        LAST.free = not is_busy(most)
        LAST.threads, LAST.at = most, time.monotonic()
    return most if LAST.free else 1


def cores_allowed() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
