"""Whether others are at work on this machine."""

from __future__ import annotations

import os
import threading
import time

import pytest

from hornbook.cli.main import let_waiting_threads_sleep
from hornbook.compute import load
from hornbook.compute.load import free_processors, is_busy, share_of_processors


def test_a_thread_that_waits_for_its_turn_has_a_smaller_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Waiting:
        """A clock on which a thread runs a third of the time."""

        began = time.perf_counter()
        perf_counter = staticmethod(time.perf_counter)

        @staticmethod
        def thread_time() -> float:
            return (time.perf_counter() - Waiting.began) / 3

    monkeypatch.setattr(load, "time", Waiting)
    assert share_of_processors(2) == pytest.approx(1 / 3, rel=1e-3)


def test_it_is_a_share() -> None:
    assert 0 < share_of_processors(1) <= 1.01


@pytest.mark.parametrize(("share", "free"), [(0.99, 3), (0.5, 1)])
def test_work_is_shared_where_processors_are_free(
    share: float, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def shared(threads: int) -> float:
        asked.append(threads)
        return share

    monkeypatch.setattr(load, "LAST", load.Answer())
    monkeypatch.setattr(load, "share_of_processors", shared)
    assert [free_processors(3), free_processors(3)] == [free, free]
    tries = 1 if free == 3 else 2  # what looks busy is looked at again
    assert asked == [3] * tries  # not for every token
    load.LAST.at -= load.AGAIN
    assert free_processors(3) == free
    assert asked == [3] * (2 * tries)
    assert free_processors(1) == 1
    assert asked == [3] * (2 * tries)  # one needs no company


@pytest.mark.parametrize(
    ("shares", "busy"), [([0.5, 0.97], False), ([0.5, 0.5], True), ([0.97], False)]
)
def test_a_busy_machine_is_busy_twice(
    shares: list[float], busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = list(shares)
    monkeypatch.setattr(load, "share_of_processors", lambda threads: left.pop(0))
    assert is_busy(2) == busy
    assert not left


@pytest.mark.parametrize("told", ["", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_waiting_threads_sleep_unless_the_environment_decides(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.setenv(name, "")  # so that it is as before in the end
        monkeypatch.delenv(name)
    if told:
        monkeypatch.setenv(told, "7")
    let_waiting_threads_sleep()
    found = os.environ.get("OMP_WAIT_POLICY")
    assert found == {"": "PASSIVE", "OMP_WAIT_POLICY": "7"}.get(told)


def test_threads_that_cannot_be_started_have_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    start, begun = threading.Thread.start, []

    def one(thread: threading.Thread) -> None:
        begun.append(thread)
        if len(begun) > 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", one)
    assert load.share_of_processors(2) == 0
