"""What stands beside a net: neighbours only where they are quick."""

from __future__ import annotations

import pytest

from hornbook.ratings import baselines
from hornbook.ratings.task import ClicksTask, RatingsTask
from hornbook.tasks import Task
from tests.ratings_made import made


def test_neighbours_are_left_out_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for task, quick in ((RatingsTask(), "biases of users"), (ClicksTask(), "the most popular")):
        assert isinstance(task, Task)
        both = [one.name for one in baselines.baselines(task, made(kind=task.kind))]
        assert both[0].startswith(quick)
        assert both[1] == "item neighbours"
        data = made(kind=task.kind)
        with monkeypatch.context() as patched:
            patched.setattr(baselines, "WORK", baselines.work(data) - 1)
            assert [one.name for one in baselines.baselines(task, data)] == both[:1]


def test_the_work_grows_with_pairs_of_items_and_of_each_users() -> None:
    data = made()
    pairs = sum(len(items) ** 2 for items, _ in data.history)
    assert baselines.work(data) == 5 * 20**2 + 4 * pairs
