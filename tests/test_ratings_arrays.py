"""Ratings from arrays and data frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook.ratings
from hornbook.errors import DataError, SettingsError
from hornbook.ratings.arrays import ratings_data

RANDOM = np.random.default_rng(0)
USERS = RANDOM.integers(100, 120, 200)
ITEMS = RANDOM.permutation(np.arange(200) % 12)
STARS = RANDOM.integers(1, 6, 200)


def test_a_run_comes_of_arrays(tmp_path: Path) -> None:
    titles = {item: f"film {item}" for item in range(12)}
    run = hornbook.ratings.fit(
        USERS, ITEMS, STARS, titles=titles, model="biases", out=tmp_path / "run"
    )
    assert run.task.name == "ratings"
    best = run.recommend("101", n=2)
    assert all(one.title == f"film {one.item}" for one in best)
    assert run.summary.measures["dev"]["rmse"] > 0
    again = hornbook.Run(run.path)
    assert again.recommend("101", n=2) == best


def test_without_ratings_each_row_is_a_click(tmp_path: Path) -> None:
    run = hornbook.ratings.fit(list(map(str, USERS)), ITEMS, model="popular", out=tmp_path / "run")
    assert run.task.name == "clicks"


class Frame:
    """As much of a data frame as is needed."""

    def __init__(self, **columns: Any) -> None:
        self.held, self.columns = columns, list(columns)

    def __getitem__(self, name: str) -> Any:
        held = self.held[name]
        return type("Series", (), {"to_numpy": lambda self: np.asarray(held)})()


def test_the_columns_of_a_frame_are_found_by_their_names() -> None:
    frame = Frame(userId=USERS, movieId=ITEMS, rating=STARS)
    ours, theirs = ratings_data(frame), ratings_data(USERS, ITEMS, STARS)
    for split, rows in ours.splits.items():
        np.testing.assert_array_equal(rows.items, theirs.splits[split].items)
    with pytest.raises(DataError, match="no column of users; its columns are 'movieId'"):
        ratings_data(Frame(movieId=ITEMS))
    with pytest.raises(SettingsError, match="a data frame alone"):
        ratings_data(frame, ITEMS)


def test_every_row_is_in_one_split_under_its_own_ids() -> None:
    data = ratings_data(USERS.astype(float), ITEMS.tolist(), STARS, times=np.arange(200))
    found = {
        (data.users[user], data.items[item]): value
        for rows in data.splits.values()
        for user, item, value in zip(rows.users, rows.items, rows.values, strict=True)
    }
    last = {(str(u), str(i)): s for u, i, s in zip(USERS, ITEMS, STARS, strict=True)}
    assert found == last  # of a pair that comes twice the last counts


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        (lambda: (USERS, ITEMS[:-1], STARS), "200 users and 199 items"),
        (lambda: (USERS, ITEMS, np.where(STARS > 4, np.nan, STARS)), "Ratings must be finite"),
        (lambda: (USERS, ITEMS, ["good"] * 200), "Ratings must be numbers"),
        (lambda: (USERS, ITEMS, np.ones(200)), "All ratings are 1"),
        (lambda: (USERS, None, STARS), "Items are missing"),
        (lambda: ([None] * 200, ITEMS, STARS), "Some users are missing"),
        (lambda: ([], [], []), "There are no users"),
        (lambda: (USERS[:, None], ITEMS, STARS), "must be one list"),
        (lambda: (USERS * 1e30, ITEMS, STARS), "users are too large for floats"),
        (lambda: (USERS, ITEMS + 2.0**60, STARS), "items are too large for floats"),
        (lambda: (["a", " "] * 100, ITEMS, STARS), "Some users are empty"),
        (lambda: (USERS, ITEMS, STARS * 1e300), "Ratings must be of at most 3.4e"),
        (lambda: (USERS, ITEMS, STARS * 1j), "must be real numbers"),
        (lambda: (USERS, np.zeros(200), STARS), "There is 1 item; at least two"),
    ],
)
def test_what_cannot_be_read_is_told(arrays: Callable[[], Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        ratings_data(*arrays())


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (np.full(200, 1e30), "Times must be of at most 4.61e"),
        (np.array(["NaT"] * 200, "datetime64[s]"), "Times must be finite"),
    ],
)
def test_times_that_cannot_be_kept_are_told(times: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        ratings_data(USERS, ITEMS, STARS, times=times)


def test_titles_are_texts() -> None:
    titles: dict[Any, Any] = {int(ITEMS[0]): None, int(ITEMS[1]): 7}
    data = ratings_data(USERS, ITEMS, STARS, titles=titles)
    assert {"", "7"} == set(data.titles)
