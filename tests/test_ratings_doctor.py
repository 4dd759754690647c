"""The doctor of ratings: each fault planted is found, and none in sound data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hornbook.errors import DataError
from hornbook.ratings.data import Kind
from hornbook.ratings.doctor.checks import gini
from hornbook.ratings.doctor.examine import examine
from hornbook.ratings.options import RatingsOptions
from hornbook.reports import Report
from hornbook.sources.source import Source

SMALL = Path(__file__).parent.parent / "../shared/data/movielens-small"
NOW = 1_600_000_000.0
Row = list[object]  # user, item, rating, time


def sound(users: int = 40, items: int = 60, each: int = 30) -> list[Row]:
    """Ratings with nothing wrong."""
    rng = np.random.default_rng(1)
    rows: list[Row] = []
    for user in range(users):
        begin = 1_200_000_000 + int(rng.integers(10**8))
        for place, item in enumerate(rng.permutation(items)[:each]):
            value = float(np.clip(np.round(2 * rng.normal(3.4, 1)) / 2, 0.5, 5))
            rows.append([f"u{user}", f"i{item}", value, begin + 3_600 * place])
    return rows


def report(path: Path, rows: list[Row], kind: Kind = "ratings", **options: object) -> Report:
    lines = [",".join(map(str, row)) for row in rows]
    header = "user,item,rating,time" if len(rows[0]) == 4 else "user,item,rating"
    (path / "r.csv").write_text("\n".join([header, *lines]))
    made = RatingsOptions(**options)  # type: ignore[arg-type]
    return examine(Source(path / "r.csv"), made, kind, now=NOW)


def names(found: Report) -> set[str]:
    return {finding.name for finding in found.findings}


@pytest.mark.parametrize("kind", ["ratings", "clicks"])
def test_sound_data_has_no_finding(kind: Kind, tmp_path: Path) -> None:
    found = report(tmp_path, sound(), kind)
    assert names(found) == set()
    json.dumps(found.figures)


def plant(*extra: Row) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: rows + list(extra)


def all_of(place: int, change: Callable[[Row], object]) -> Callable[[list[Row]], list[Row]]:
    def changed(rows: list[Row]) -> list[Row]:
        return [[*row[:place], change(row), *row[place + 1 :]] for row in rows]

    return changed


def number(value: object) -> int:
    assert isinstance(value, int)
    return value


TIME = 1_300_000_000
PLANTED: dict[str, Callable[[list[Row]], list[Row]]] = {
    "repeated-ratings": lambda rows: [*rows, rows[0]],
    "contradicting-ratings": lambda rows: [*rows, [*rows[0][:2], 0.5, 1], [*rows[0][:2], 5.0, 2]],
    "one-rating-users": plant(["once", "i1", 3.0, TIME]),
    "off-the-scale": plant(["u1", "odd", 50.0, TIME]),
    "milliseconds": all_of(3, lambda row: number(row[3]) * 1_000),
    "times-of-1970": plant(["u1", "odd", 3.0, 0]),
    "times-in-future": plant(["u1", "odd", 3.0, 1_900_000_000]),
    "bursts": plant(*(["fast", f"i{n}", 1.0 + n % 4, TIME + n] for n in range(12))),
    "one-value-users": plant(*(["same", f"i{n}", 5.0, TIME + 99 * n] for n in range(12))),
    "zeros": lambda rows: rows + [[f"u{n % 40}", f"z{n}", 0.0, TIME] for n in range(900)],
    "long-tail": lambda rows: rows + [[f"u{n % 40}", f"rare{n}", 3.0, TIME] for n in range(200)],
    "too-little": lambda rows: rows[:500],
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    found = report(tmp_path, PLANTED[name](sound()))
    one = next((one for one in found.findings if one.name == name), None)
    assert one is not None, names(found)
    assert one.title
    assert one.detail.endswith(".")
    assert one.advice.endswith(".")
    assert name in str(found.figures["findings"])
    allowed = {"zeros": {"long-tail"}, "long-tail": {"one-rating-users"}}
    assert names(found) - {name} <= allowed.get(name, set())


def test_a_value_off_the_scale_is_named(tmp_path: Path) -> None:
    rows = [*sound(), ["u1", "odd", 50.0, TIME], ["u1", "odd2", 3.7, TIME]]
    found = {one.name: one for one in report(tmp_path, rows).findings}
    assert "3.7 (1×), 50 (1×)" in found["off-the-scale"].detail
    assert "2 ratings beside" in found["off-the-scale"].detail
    assert "steps of 0.5" in found["off-the-scale"].detail


def test_a_random_split_of_dated_rows_leaks(tmp_path: Path) -> None:
    found = report(tmp_path, sound(), split_by="random")
    assert names(found) == {"leak-in-time"}
    train, best = found.proposed[1], found.proposed[0]
    assert (best.verb, train.verb) == ("best", "train")
    assert train.settings == {"split_by": "last"}
    undated = report(tmp_path, [row[:3] for row in sound()])
    assert names(undated) == set()
    for way in ("last", "time"):
        assert "leak-in-time" not in names(report(tmp_path, sound(), split_by=way))


def test_titles_are_held_against_the_rows(tmp_path: Path) -> None:
    titles = tmp_path / "titles.csv"
    lines = [f"i{n},Film {n}" for n in range(1, 62)]
    titles.write_text("item,title\n" + "\n".join(lines) + "\n")
    found = {one.name: one for one in report(tmp_path, sound(), titles=str(titles)).findings}
    assert set(found) == {"no-title", "never-rated"}
    assert "1 item of 60, such as 'i0'" in found["no-title"].detail
    assert "2 items" in found["never-rated"].detail


def test_one_user_with_all_rows(tmp_path: Path) -> None:
    rows = [[f"u{n}", f"i{n % 7}", 1.0 + n % 5] for n in range(50)]
    rows += [["robot", f"x{n}", 1.0 + n % 5] for n in range(1_001)]
    found = {one.name: one for one in report(tmp_path, rows).findings}
    assert "'robot' (1,001)" in found["suspicious-users"].detail


def test_splits_that_cannot_be_made_are_a_finding(tmp_path: Path) -> None:
    found = report(tmp_path, [row[:3] for row in sound()], split_by="time")
    assert names(found) == {"no-splits"}
    assert found.proposed == ()
    assert found.facts["splits"] == "none: the data cannot be split"


def test_facts_and_figures(tmp_path: Path) -> None:
    found = report(tmp_path, sound())
    assert found.facts["size"] == "1,200 ratings of 60 items by 40 users"
    assert found.facts["density"].startswith("50%")
    assert (
        found.facts["ratings per user"]
        == "min 30, 25% 30, median 30, 75% 30, 95% 30, max 30; mean 30"
    )
    assert found.facts["scale"].startswith("0.5 to 5 in steps of 0.5, mean 3.")
    assert found.facts["times"].startswith("2008-02-28 to 2011-03-01")
    assert "means of users and items: RMSE" in found.facts["baseline on dev"]
    assert found.figures["splits"] == {"train": 960, "dev": 120, "test": 120}


def test_another_kind_names_its_task(tmp_path: Path) -> None:
    assert report(tmp_path, sound(), "clicks").proposed[1].settings == {"task": "clicks"}
    assert report(tmp_path, sound()).proposed[1].settings == {}


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a finite number"):
        report(tmp_path, [["a", "b", "x", 1]])


def test_gini() -> None:
    assert gini(np.full(10, 3)) == pytest.approx(0)
    assert gini(np.array([0] * 99 + [5])) == pytest.approx(0.99)


def test_the_lessons_ratings() -> None:
    if not SMALL.is_dir():
        pytest.skip("the lesson's ratings are not here")
    options = RatingsOptions(titles=str(SMALL / "movies.csv"))
    found = examine(Source(SMALL / "ratings.csv"), options, now=NOW)
    assert names(found) == {"bursts", "long-tail", "never-rated"}
    assert {finding.severity for finding in found.findings} == {"note"}
