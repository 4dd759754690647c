"""Fair timing: turns are taken in rounds, so that a drift of the machine meets everyone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch
from threadpoolctl import threadpool_limits

__all__ = ["in_turns", "use_threads"]


def in_turns(
    tasks: Mapping[str, Callable[[], object]],
    *,
    calls: int,
    rounds: int = 15,
    before: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """The median seconds a call of each task, over rounds in which each has its turn.

    `before` is called ahead of every turn, untimed. With `time.process_time`, of processor seconds,
    as the clock, little is seen of what else the machine does.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        for _ in range(max(3, calls // 10)):
            task()
    for _ in range(rounds):
        for name, task in tasks.items():
            before()
            began = clock()
            for _ in range(calls):
                task()
            times[name].append((clock() - began) / calls)
    return {name: statistics.median(found) for name, found in times.items()}


def use_threads(number: int) -> None:
    """As many from here on, torch's and NumPy's alike: as a training has them.

    By torch's alone, what goes by NumPy's BLAS would still share its products among all processors.
    """
    torch.set_num_threads(number)
    threadpool_limits(number, user_api="blas")
