"""From a file to data: duplicates, splits, titles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError, SettingsError
from hornbook.ratings.data import Kind, RatingsData
from hornbook.ratings.duplicates import added_up, last_of_each, repeated
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.loading import load_ratings
from hornbook.ratings.opening import open_ratings
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.splits import split_rows
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles
from hornbook.tasks.shares import shares_of

triples = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40
)


def made(rows: list[tuple[int, int, int]], *, timed: bool = True) -> Interactions:
    users, items, times = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    values = np.arange(1, len(rows) + 1, dtype=np.float32)
    return Interactions(users, items, values, times.astype(np.int64) if timed else None)


@given(triples, st.booleans())
def test_the_last_of_each_pair_counts(rows: list[tuple[int, int, int]], timed: bool) -> None:
    data = made(rows, timed=timed)
    found = repeated(data, 4)
    last: dict[tuple[int, int], tuple[int, int]] = {}
    sums: dict[tuple[int, int], int] = {}
    for n, (user, item, time) in enumerate(rows):
        key = (time if timed else 0, n)
        last[user, item] = max(last.get((user, item), key), key)
        sums[user, item] = sums.get((user, item), 0) + n + 1
    kept, added = last_of_each(data, found), added_up(data, found)
    assert sorted(kept.values.tolist()) == sorted(n + 1 for _, n in last.values())
    got = {(int(u), int(i)): v for u, i, v in zip(added.users, added.items, added.values,
                                                  strict=True)}  # fmt: skip
    assert got == sums
    assert len(found) - found.pairs == len(rows) - len(last)


@pytest.mark.parametrize("n", [10, 101, 100_004])
def test_random_is_the_lessons(n: int) -> None:
    rows = Interactions(*(np.zeros(n, np.int32),) * 2, np.zeros(n, np.float32))
    parts = split_rows(rows, 1, "random", RatingsOptions(split="80/20"))
    np.random.seed(42)
    drawn = np.random.permutation(n)[: int(0.2 * n)]
    assert set(np.flatnonzero(parts == 1)) == set(drawn)
    three = split_rows(rows, 1, "random", RatingsOptions(split="80/10/10"))
    assert set(np.flatnonzero(three > 0)) <= set(drawn) | set(np.flatnonzero(three == 2))
    assert (three == 1).sum() == n // 10


@given(triples)
def test_by_time_nothing_in_train_is_newer(rows: list[tuple[int, int, int]]) -> None:
    data = made(rows)
    parts = split_rows(data, 5, "time", RatingsOptions(split_by="time", split="60/20/20"))
    assert data.times is not None
    times = [data.times[parts == place] for place in range(3)]
    assert max(times[0], default=0) <= min(times[1], default=9)
    assert max(times[1], default=0) <= min(times[2], default=9)
    assert len(times[0]) == len(rows) * 60 // 100


@given(triples, st.sampled_from(["80/20", "80/10/10", "50/0/50", "100/0"]))
def test_the_last_of_each_user_are_held_out(rows: list[tuple[int, int, int]], split: str) -> None:
    data = made(rows)
    assert data.times is not None
    train, _, test = shares_of(split)
    parts = split_rows(data, 5, "last", RatingsOptions(split_by="last", split=split))
    for user in set(data.users.tolist()):
        own = np.flatnonzero(data.users == user)
        keys = [(int(data.times[row]), int(row)) for row in own]
        by_time = [parts[row] for _, row in sorted(keys)]
        assert by_time == sorted(by_time)
        assert by_time.count(0) == max(1, len(own) * train // 100)
        if not test:
            assert 2 not in by_time


@given(triples)
def test_last_out_takes_two_of_those_who_have_three(rows: list[tuple[int, int, int]]) -> None:
    data = made(rows)
    parts = split_rows(data, 5, "last-out", RatingsOptions(split_by="last-out"))
    for user in range(5):
        own = parts[data.users == user].tolist()
        wanted = [0] * (len(own) - 2) + [1, 2] if len(own) > 2 else [0] * len(own)
        assert sorted(own) == wanted


def text(users: int = 12, items: int = 10, *, times: bool = True) -> str:
    rng = np.random.default_rng(0)
    lines = ["user,item,rating" + ",time" * times]
    for user in range(users):
        for item in range(items):
            time = f",{1_000_000_000 + int(rng.integers(10**6))}" if times else ""
            lines.append(f"u{user},i{item},{int(rng.integers(1, 6))}{time}")
    return "\n".join(lines) + "\n"


def load(path: Path, content: str, kind: Kind = "ratings", **options: object) -> RatingsData:
    (path / "r.csv").write_text(content)
    return load_ratings(Source(path / "r.csv"), RatingsOptions(**options), kind)  # type: ignore[arg-type]


def test_loaded_and_kept(tmp_path: Path) -> None:
    (tmp_path / "titles.csv").write_text("item,title,genres\ni0,Up,A|B\ni2,Heat,B\n")
    data = load(tmp_path, text(), titles=str(tmp_path / "titles.csv"))
    assert dict(data.sizes) == {"train": 96, "dev": 12, "test": 12}
    assert data.scale == (1.0, 5.0)
    assert (data.title(0), data.title(1), data.title(2)) == ("Up", "i1", "Heat")
    assert data.features is not None
    assert data.features.of_item(0) == ("A", "B")
    told = "; ".join(data.about)
    for part in ("user 'user'", "in steps of 1", "since there are times", "8 items without"):
        assert part in told
    (tmp_path / "run").mkdir()
    files = HashedFiles(tmp_path / "run")
    data.keep(files)
    again = open_ratings(files, data.name, data.source, data.details)
    assert (again.titles, again.features, again.scale) == (data.titles, data.features, data.scale)
    for name, rows in data.splits.items():
        for column, values in rows.arrays().items():
            np.testing.assert_array_equal(again.splits[name].arrays()[column], values)


def test_without_times_rows_are_drawn(tmp_path: Path) -> None:
    data = load(tmp_path, text(times=False))
    assert any("at random, since there are no times" in remark for remark in data.remarks)
    for way in ("time", "last", "last-out"):
        with pytest.raises(SettingsError, match="needs times"):
            load(tmp_path, text(times=False), split_by=way)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"split_by": "last-out", "split": "80/20"}, "`split` has no effect"),
        ({"split_by": "time", "split_seed": 1}, "`split_seed` has no effect"),
        ({"split": "80/30"}, "add up to 100"),
        ({"split_by": "best"}, "must be one of"),
        ({"split_seed": -1}, "must be from 0"),
    ],
)
def test_settings_that_do_not_fit(options: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=told):
        load(tmp_path, text(), **options)  # type: ignore[arg-type]


def test_rated_again(tmp_path: Path) -> None:
    content = text() + "u0,i0,1,2000000000\nu0,i1,2.5,5\n"
    data = load(tmp_path, content, split="100/0")
    rows = data.splits["train"]
    assert rows.values[(rows.users == 0) & (rows.items == 0)].tolist() == [1]
    assert rows.values[(rows.users == 0) & (rows.items == 1)].tolist() != [2.5]
    assert any(remark.startswith("2 rows left out: the user has") for remark in data.remarks)
    clicks = load(tmp_path, content, "clicks", split="100/0").splits["train"]
    assert clicks.values.max() == 2
    assert len(clicks) == 120


def test_too_little_to_split(tmp_path: Path) -> None:
    small = "user,item,rating\na,x,1\nb,y,2\n"
    data = load(tmp_path, small)
    assert dict(data.sizes) == {"train": 2}
    assert any("too little data" in remark for remark in data.remarks)
    with pytest.raises(DataError, match="the dev split would be empty"):
        load(tmp_path, small, split="90/10")


def test_the_unseen_are_told(tmp_path: Path) -> None:
    data = load(tmp_path, text() + "u0,new,3,2000000000\n")
    assert "1 item only in dev or test: predictions for it use means and biases" in data.remarks
    assert data.items[-1] == "new"


def test_words_are_titles(tmp_path: Path) -> None:
    data = load(tmp_path, "user,title,rating\na,The Up,1\nb,Heat On,2\nb,The Up,4\n")
    assert data.titles == ("The Up", "Heat On")


@pytest.mark.parametrize("of", ["[[0]]", "[[0], [7]]", "[[0], 1]", '{"a": 1}'])
def test_damaged_features_are_refused(of: str, tmp_path: Path) -> None:
    import json

    from hornbook.ratings.opening import read_features

    with pytest.raises((ValueError, TypeError)):
        read_features({"names": ["A"], "of": json.loads(of)}, 2)
