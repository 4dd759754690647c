"""Ways that are timed in turns."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from hornbook.training.turns import COLD, DISTURBED, FAR, WORTH, Way, in_turns


class Clock:
    """Goes on while something is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def way(self, name: str, seconds: Sequence[float]) -> Way:
        """One whose runs take these seconds, one after the other."""

        left = iter(seconds)

        def run() -> None:
            self.turns.append(name)
            self.now += next(left)

        return Way(run)

    def __call__(self) -> float:
        return self.now


def test_the_best_of_several_rounds_counts() -> None:
    clock = Clock()
    # The first run, which warms up, counts for neither; a disturbance of one round does not.
    ways = [clock.way("a", [9, 4, 90, 6]), clock.way("b", [4, 5, 60, 4.5])]
    in_turns(ways, clock)
    assert [way.best for way in ways] == [4, 4.5]
    assert clock.turns == ["a", "b"] * 4
    assert all(way.warm for way in ways)


def test_a_run_that_does_it_several_times_is_told_for_once() -> None:
    clock = Clock()
    ways = [clock.way("a", [9, 4, 5, 6]), clock.way("b", [90, 32, 33, 34])]
    ways[1].times = 10
    in_turns(ways, clock)
    assert [way.best for way in ways] == pytest.approx([4, 3.2])
    assert clock.turns[:4] == ["a", "b"] * 2


@pytest.mark.parametrize(("far", "of_a_thread"), [(FAR, True), (DISTURBED, False)])
def test_what_is_far_slower_after_a_round_has_no_more(
    far: float, of_a_thread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    if of_a_thread:
        monkeypatch.setattr(time, "thread_time", clock)
    ways = [clock.way("a", [1, 1]), clock.way("b", [1, far + 0.01])]
    in_turns(ways, clock)
    assert [way.best for way in ways] == pytest.approx([1, far + 0.01])
    assert clock.turns == ["a", "b"] * 2


def test_one_slow_round_on_a_clock_that_sees_others_decides_nothing() -> None:
    clock = Clock()
    ways = [clock.way("two", [1, FAR + 0.3, 0.6, 0.6]), clock.way("one", [1, 1, 1, 1])]
    in_turns(ways, clock)
    assert [way.best for way in ways] == pytest.approx([0.6, 1])


@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_slower_by_far_at_first_has_one_run(swapped: bool) -> None:
    clock = Clock()
    ways = [clock.way("a", [1, 0.8]), clock.way("b", [COLD + 0.01])]
    in_turns(ways[::-1] if swapped else ways, clock)
    assert [way.best for way in ways] == pytest.approx([0.8, COLD + 0.01])
    assert sorted(clock.turns) == ["a", "a", "b"]


def test_what_takes_little_may_be_slow_at_first() -> None:
    clock = Clock()
    ways = [clock.way("a", [0.01] * 4), clock.way("b", [0.9 * WORTH] + [0.005] * 3)]
    in_turns(ways, clock)
    assert ways[1].best == pytest.approx(0.005)


def test_the_first_run_of_a_way_that_is_warm_counts() -> None:
    clock = Clock()
    known = clock.way("a", [3, 1, 1, 1, 0.9, 1, 1, 1])
    in_turns([known, clock.way("b", [3, 1.1, 1.1, 1.1])], clock)
    assert known.best == 1
    in_turns([known, clock.way("c", [2.8, 1.1, 1.1, 1.1])], clock)
    assert known.best == pytest.approx(0.9)


def test_what_another_clock_told_is_forgotten() -> None:
    other, clock = Clock(), Clock()
    known = other.way("a", [30] * 4)
    in_turns([known], other)
    left = iter([1.0] * 4)

    def run() -> None:
        clock.now += next(left)

    known.run = run
    new = clock.way("b", [3, 2, 2, 2])
    in_turns([known, new], clock)
    assert [known.best, new.best] == [1, 2]
