"""Whether this process gets the processors to itself."""

from __future__ import annotations

import hashlib
import threading
import time

__all__ = ["BUSY", "share_of_processors"]

BUSY = 0.85  # a smaller share than this means that others are at work too
PERIOD = 0.03  # seconds: several turns of a scheduler that shares a processor out
BLOCK = bytes(2**20)


def share_of_processors(threads: int) -> float:
    """The part of its time that a thread was running while as many worked side by side.

    Near 1 on a quiet machine; about 2/3 for two threads beside one busy process on two processors.
    Each thread hashes, which Python lets run in parallel.

    Args:
        threads: how many processors are wanted.

    Returns:
        The smallest share among the threads.
    """
    shares: list[float] = []

    def work() -> None:
        began, ran = time.perf_counter(), time.thread_time()
        while time.perf_counter() - began < PERIOD:
            hashlib.sha256(BLOCK).digest()
        shares.append((time.thread_time() - ran) / (time.perf_counter() - began))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return min(shares)
