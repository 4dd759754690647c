"""Rows of tables that are held out: whole times, whole groups, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError, HornbookError, SettingsError
from hornbook.sources.source import Source
from hornbook.tables.column_of_times import of_births
from hornbook.tables.loading import load_table
from hornbook.tables.options import TableOptions
from hornbook.tables.splits import Times, split_rows

few = st.lists(st.integers(0, 9), min_size=1, max_size=40)
shares = st.sampled_from(["auto", "80/20", "98/1/1", "60/20/20", "34/33/33"])


@given(few, shares, st.integers(0, 99))
def test_no_group_is_in_two_splits_and_none_that_can_be_filled_is_empty(
    rows: list[int], split: str, seed: int
) -> None:
    options = TableOptions(split_by="group", group="g", split=split, split_seed=seed)
    parts, _ = split_rows(len(rows), options, None, np.array(rows, np.int32))
    for group in set(rows):
        assert len({int(parts[at]) for at, one in enumerate(rows) if one == group}) == 1
    wanted = {place for place, share in enumerate(options.shares) if share}
    if len(set(rows)) >= len(wanted):
        assert set(parts.tolist()) == wanted


@given(few, shares)
def test_no_time_is_in_two_splits_and_the_newest_are_held_out(rows: list[int], split: str) -> None:
    times = Times("t", np.array(rows, np.float64), dates=False)
    parts, _ = split_rows(len(rows), TableOptions(split_by="time", split=split), times, None)
    order = np.lexsort((parts, np.array(rows)))
    assert (np.diff(parts[order]) >= 0).all()
    assert len({(time, int(part)) for time, part in zip(rows, parts, strict=True)}) == len(
        set(rows)
    )


def test_a_first_time_that_may_be_two_dates_is_refused() -> None:
    times = Times("t", np.array([0.0, 1e9]), dates=True)
    assert times.read("31.05.2001", "dev_from") == times.read("2001-05-31", "dev_from")
    for text in ("05/01/2001", "01-05-2001"):
        with pytest.raises(SettingsError, match="may be either of two"):
            times.read(text, "dev_from")
    with pytest.raises(SettingsError, match="is none"):
        times.read("2001-13-01", "dev_from")


@pytest.mark.parametrize(("given", "told"), [
    ({"split_by": "group", "group": "g"}, "has 1 group in column 'g': the dev split"),
    ({"dev_from": "2030-01-01"}, "'d' has times from 2020-01-01 to 2020-01-20: the dev split"),
    ({"dev_from": "2020-01-09", "test_from": "2020-01-03"}, "the dev split would be empty"),
])  # fmt: skip
def test_a_split_that_would_be_empty_says_of_what_there_is_too_little(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    rows = [f"a,2020-01-{n % 20 + 1:02d},{n % 7 + 0.5},{n % 9}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["g,d,x,y", *rows]))
    with pytest.raises(HornbookError) as error:
        load_table(Source(str(tmp_path / "t.csv")), TableOptions(target="y", **given))  # type: ignore[arg-type]
    assert told in str(error.value)


def dated(path: Path, dates: list[str]) -> Source:
    (file := path / "t.csv").write_text(
        "t,x,y\n" + "".join(f"{t},{n % 7},{n * 1.5}\n" for n, t in enumerate(dates)), "utf-8"
    )
    return Source(file)


def test_too_few_different_times_are_told_with_what_to_do(tmp_path: Path) -> None:
    two = dated(tmp_path, ["2024-01-01", "2024-01-02"] * 30)
    for by in ("auto", "time"):
        with pytest.raises(DataError, match="'t' has 2 different times in 60 rows") as caught:
            load_table(two, TableOptions(target="y", split_by=by))
        assert "`split_by=random`" in caught.value.hint
    load_table(two, TableOptions(target="y", split_by="random"))
    load_table(two, TableOptions(target="y", split="80/20"))
    few = dated(tmp_path, ["2024-01-01", "2024-01-02"] * 3)  # nor would a random split do
    assert list(load_table(few, TableOptions(target="y")).sizes.values())[:1] == [6]


def test_a_row_without_a_time_is_named_by_its_line(tmp_path: Path) -> None:
    dates = [f"2024-01-{1 + n % 28:02}" for n in range(60)]
    dates[40] = ""
    how = TableOptions(target="y", split_by="time")
    with pytest.raises(DataError, match="line 42: column 't' is empty, so the row has no time"):
        load_table(dated(tmp_path, dates), how)
    dates[3] = "yesterday"  # left out, so later rows have other places
    with pytest.raises(DataError, match="line 42: column 't' is empty"):
        load_table(dated(tmp_path, dates), replace(how, bad_rows="skip"))


def test_where_no_one_asked_a_column_with_missing_dates_does_not_split(tmp_path: Path) -> None:
    dates = [f"2024-01-{1 + n % 28:02}" for n in range(60)]
    dates[40] = ""
    about = load_table(dated(tmp_path, dates), TableOptions(target="y")).about
    assert any("1 row of 60 have none" in line for line in about)
    assert any("split at random" in line for line in about)


def test_of_several_columns_of_dates_the_one_that_splits_is_said(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    rows = [f"2024-{1 + n % 12:02}-01,2025-01-{1 + n % 28:02},{n}" for n in range(60)]
    path.write_text("\n".join(["begun,ended,y", *rows]) + "\n")
    about = load_table(Source(path), TableOptions(target="y")).about
    assert any("begun tells which rows are the newest; ended could too" in one for one in about)


@pytest.mark.parametrize(
    "name", ["born", "birth_date", "DateOfBirth", "dob", "geb. am", "Geburtstag"]
)
def test_dates_of_birth_split_last(tmp_path: Path, name: str) -> None:
    path = tmp_path / "members.csv"
    rows = [f"{1950 + n % 50}-05-{1 + n % 28:02},2024-{1 + n % 12:02}-01,{n}" for n in range(60)]
    path.write_text("\n".join([f"{name},joined,y", *rows]) + "\n")
    for asked in ({}, {"split_by": "time"}, {"dev_from": "2024-10-01"}):
        about = load_table(Source(path), TableOptions.from_dict({"target": "y", **asked})).about
        assert any("split by 'joined'" in line for line in about)
    path.write_text("\n".join([f"{name},y", *(row[:11] + row[22:] for row in rows)]) + "\n")
    about = load_table(Source(path), TableOptions(target="y")).about
    assert any("split at random" in line for line in about)
    assert any(f"{name} has dates, but by its name those of births" in line for line in about)
    about = load_table(Source(path), TableOptions(target="y", split_by="time")).about
    assert any(f"split by {name!r}" in line for line in about)


@pytest.mark.parametrize("name", ["gebucht", "Gebiet", "borrowed", "reborn at", "date"])
def test_other_dates_are_none_of_birth(name: str) -> None:
    assert not of_births(name)


def test_a_zone_of_times_is_said_once(tmp_path: Path) -> None:
    times = [f"2024-01-{1 + n % 28:02}T00:30:00" for n in range(60)]
    for zone, told in (("", 0), ("Z", 0), ("+00:00", 0), ("+02:00", 1), ("-0530", 1)):
        about = load_table(
            dated(tmp_path, [time + zone for time in times]), TableOptions(target="y")
        ).about
        assert sum("turned into UTC" in line for line in about) == told


def test_intervals_over_few_groups_are_said_to_be_wide(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    for patients, few, single in ((10, 0, 2), (50, 2, 0), (200, 0, 0)):
        rows = [f"p{n % patients},{n % 7},{n}" for n in range(600)]
        path.write_text("\n".join(["patient,x,y", *rows]) + "\n")
        options = TableOptions(target="y", split_by="group", group="patient")
        about = load_table(Source(path), options).about
        assert sum("intervals over so few are wide" in line for line in about) == few
        assert sum("is one group: no interval" in line for line in about) == single
