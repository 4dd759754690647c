"""Threads that wait for each other: whatever befalls one of them, none waits for ever."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

from hornbook.errors import TrainingError
from hornbook.kernels import entries
from hornbook.training import many_steps
from hornbook.training.helpers import Helpers
from hornbook.training.many_steps import ManySteps
from tests.test_many_steps import trainer

LIMIT = 20  # seconds after which parts are taken to wait for ever


def nothing() -> None:
    """Nobody is told to give up."""


def meeting(helpers: Helpers, count: int) -> list[int]:
    """Parts that all have to be there at the same time; their numbers."""
    barrier = threading.Barrier(count)

    def work(number: int) -> int:
        barrier.wait(LIMIT)
        return number

    return helpers.all(work, barrier.abort)


def test_each_part_has_a_thread_of_its_own() -> None:
    """Also where earlier parts were so short that one thread could have done them all."""
    helpers = Helpers(5)
    for _ in range(20):
        assert helpers.all(lambda number: number, nothing) == [0, 1, 2, 3, 4]
        assert meeting(helpers, 5) == [0, 1, 2, 3, 4]


def test_threads_end_with_who_asks_them() -> None:
    before = {*threading.enumerate()}
    helpers = Helpers(4)
    meeting(helpers, 4)
    begun = {*threading.enumerate()} - before
    assert len(begun) == 3
    del helpers
    gc.collect()
    for one in begun:
        one.join(LIMIT)
        assert not one.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    helpers = Helpers(3)
    meeting(helpers, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = os.fork()
    if not child:
        os._exit(0 if meeting(helpers, 3) == [0, 1, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_what_a_part_raises_is_raised_once_all_have_ended(failing: int) -> None:
    helpers, told, ended = Helpers(3), threading.Event(), []

    def work(number: int) -> None:
        if number == failing:
            raise KeyboardInterrupt
        assert told.wait(LIMIT)
        ended.append(number)

    with pytest.raises(KeyboardInterrupt):
        helpers.all(work, told.set)
    assert len(ended) == 2
    assert meeting(helpers, 3) == [0, 1, 2]


def fail_to_start(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the system start so many threads, and no more."""
    started: list[Any] = []
    start = threading.Thread.start

    def starting(thread: threading.Thread) -> None:
        if len(started) == after:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)


@pytest.mark.parametrize("after", [0, 1])
def test_a_thread_that_cannot_be_started_is_an_error(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")
    steps = ManySteps(trainer("the lecture's", threads=3))
    fail_to_start(monkeypatch, after)
    with pytest.raises(TrainingError, match=f"no more than {after + 1} of 3 threads") as told:
        steps.load()
    with pytest.raises(TrainingError, match="threads"):
        steps.advance(3)
    assert "threads=1" in str(told.value.hint)
    assert steps.trainer.step == 0
    monkeypatch.undo()
    steps.advance(3)
    assert steps.trainer.step == 3


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize("net", ["deep", "Llama"])
def test_steps_end_where_a_thread_does_not_come(
    net: str, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait inside compiled code for sums of BatchNorm, or do what it would have."""
    pytest.importorskip("numba", reason="Numba is not installed")
    made = trainer(net, threads=3)
    steps, before = ManySteps(made), made.flat.values.clone()
    assert steps.threads == 3
    steps.load()
    compiled: Callable[..., int] = entries.advance

    def advance(*given: Any) -> int:
        if given[-3] == failing:
            time.sleep(0.01)  # the others are waiting by now
            raise MemoryError
        return compiled(*given)

    monkeypatch.setattr(many_steps, "advance", advance)
    with pytest.raises(MemoryError):
        steps.advance(9)
    assert torch.equal(made.flat.values, before)
    assert (made.step, made.batches.cursor) == (0, 0)
    monkeypatch.undo()
    steps.advance(9)
    whole = trainer(net, threads=3)
    ManySteps(whole).advance(9)
    assert torch.equal(made.flat.values, whole.flat.values)


@pytest.mark.parametrize("how", [{}, {"clip": 0.3}])
def test_shares_of_a_thread_that_sleeps_are_made_by_another(
    how: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine may send it to sleep; the numbers are the same."""
    pytest.importorskip("numba", reason="Numba is not installed")

    alone, whole = (trainer("Llama", threads=2, **how) for _ in range(2))
    ManySteps(whole).advance(9)
    compiled: Callable[..., int] = entries.advance
    done = threading.Event()

    def advance(*given: Any) -> int:
        if given[-3] == 1:
            assert done.wait(LIMIT)
            return compiled(*given)
        found = compiled(*given)
        done.set()
        return found

    monkeypatch.setattr(many_steps, "advance", advance)
    ManySteps(alone).advance(9)
    assert torch.equal(alone.flat.values, whole.flat.values)
    assert alone.loss_sum == whole.loss_sum
