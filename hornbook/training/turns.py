"""Ways to do the same, timed in turns; what is far slower is dropped as soon as that shows."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["FAR", "ROUNDS", "Way", "clock_for", "in_turns", "seconds_of"]

ROUNDS = 3
FAR = 1.25  # times the best: what is slower than this after a round has lost
DISTURBED = 2.0  # the same on a clock that sees others' work too: one round may be slow for that
# The same after the first run, in which much is made that later ones find: times the fastest, and
# so many seconds more. What takes less than these is not a great loss.
COLD, WORTH = 3.0, 0.1


@dataclass
class Way:
    """One way."""

    run: Callable[[], None]
    "Does it."
    times: int = 1
    "How often a run does it."
    warm: bool = False
    "Whether it was run before."
    best: float = math.inf
    "Seconds for once, of the fastest run; the first one counts only where it told enough."


def in_turns(ways: Sequence[Way], clock: Callable[[], float] = time.perf_counter) -> None:
    """Time each, the best of a few rounds in which all have their turns.

    The first run of each warms up, and counts only for a way that is warm already.
    """
    first = []
    for way in ways:
        first.append(seconds_of(way, clock))
        way.best = first[-1] if way.warm else math.inf  # of this clock, beside these
        way.warm = True
    limit = max(COLD * min(first), min(first) + WORTH)
    going = []
    for way, seconds in zip(ways, first, strict=True):
        if seconds > limit:
            way.best = seconds
        else:
            going.append(way)
    for _ in range(ROUNDS):
        for way in going:
            way.best = min(way.best, seconds_of(way, clock))
        fastest = min(way.best for way in going)
        far = FAR if clock is time.thread_time else DISTURBED
        going = [way for way in going if way.best <= far * fastest]
        if len(going) == 1:
            return


def seconds_of(way: Way, clock: Callable[[], float]) -> float:
    """How long it takes once."""
    began = clock()
    way.run()
    return (clock() - began) / way.times


def clock_for(threads: int, device: str) -> Callable[[], float]:
    """The clock that tells the time of work done by so many threads, as well as it can be told.

    Of one thread it is the time in which that thread ran: little is seen of what else the machine
    does. Where several wait for each other, or for a device, that tells too little; and on Windows
    it goes on only sixty times a second.
    """
    alone = threads == 1 and device == "cpu" and sys.platform != "win32"
    return time.thread_time if alone else time.perf_counter
