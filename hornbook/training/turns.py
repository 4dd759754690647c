"""Ways to do the same, timed in turns; what is far slower is dropped as soon as that shows."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["ROUNDS", "Way", "clock_for", "in_turns"]

ROUNDS = 3
FAR = 1.25  # times the best: what is slower than this after a round has lost
# The same after the first run, in which much is made that later ones find: times the fastest, and
# so many seconds more. What takes less than these is no great loss.
COLD, WORTH = 3.0, 0.1


@dataclass
class Way:
    """One way."""

    run: Callable[[], None]
    "Does it once."
    warmed: float | None = None
    "Seconds of the first run; None before it."
    best: float = math.inf
    "Seconds of the fastest run since; of the first where that one told enough."


def in_turns(ways: Sequence[Way], clock: Callable[[], float] = time.perf_counter) -> None:
    """Time each, the best of a few rounds in which all have their turns.

    A way that was timed before needs no first run.
    """
    for way in ways:
        way.best = math.inf  # on this clock, beside these
        if way.warmed is None:
            way.warmed = seconds_of(way, clock)
    colds = [way.warmed or 0.0 for way in ways]
    limit = max(COLD * min(colds), min(colds) + WORTH)
    going = []
    for way, cold in zip(ways, colds, strict=True):
        if cold > limit:
            way.best = cold
        else:
            going.append(way)
    for _ in range(ROUNDS):
        for way in going:
            way.best = min(way.best, seconds_of(way, clock))
        fastest = min(way.best for way in going)
        going = [way for way in going if way.best <= FAR * fastest]
        if len(going) == 1:
            return


def seconds_of(way: Way, clock: Callable[[], float]) -> float:
    """How long it takes once."""
    began = clock()
    way.run()
    return clock() - began


def clock_for(threads: int, device: str) -> Callable[[], float]:
    """The clock that tells the time of work done by so many threads, as well as it can be told.

    Of one thread it is the time in which that thread ran: little is seen of what else the machine
    does. Where several wait for each other, or for a device, that tells too little; and on Windows
    it goes on only sixty times a second.
    """
    alone = threads == 1 and device == "cpu" and sys.platform != "win32"
    return time.thread_time if alone else time.perf_counter
