"""Parts of dates, held against pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.tables.date_parts import CATEGORIES, NUMBERS, DateParts
from hornbook.tables.frame import Categories, Dates, Numbers
from hornbook.tables.written_dates import NO_DATE

PANDAS: dict[str, Callable[[Any], Any]] = {
    "month": lambda of: of.month_name().str[:3],
    "week": lambda of: of.isocalendar().week.astype(str),
    "day": lambda of: of.day.astype(str),
    "weekday": lambda of: of.day_name(),
    "hour": lambda of: of.hour.astype(str),
    "year": lambda of: of.year,
    "day of year": lambda of: of.day_of_year,
    "month start": lambda of: of.is_month_start,
    "month end": lambda of: of.is_month_end,
    "quarter start": lambda of: of.is_quarter_start,
    "quarter end": lambda of: of.is_quarter_end,
    "year start": lambda of: of.is_year_start,
    "year end": lambda of: of.is_year_end,
}
EDGES = [
    "1969-12-31T23:59:59",
    "1970-01-01",
    "2000-02-29",
    "2020-12-31",
    "2021-01-03",
    "2016-01-01",
]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-4_000_000_000, 8_000_000_000), max_size=30))
def test_each_part_is_that_of_pandas(seconds: list[int]) -> None:
    edges = [int(pandas.Timestamp(one).timestamp()) for one in EDGES]
    whole = np.array([*edges, *seconds], np.int64)
    of = pandas.Series(pandas.to_datetime(whole, unit="s")).dt
    dates = Dates(np.append(whole, NO_DATE))
    assert {*CATEGORIES, *NUMBERS} - {"elapsed"} == set(PANDAS)
    for name, wanted in PANDAS.items():
        found = DateParts(dates).part(name)
        if isinstance(found, Categories):
            assert found.codes[-1] == -1
            assert [found.labels[code] for code in found.codes[:-1]] == wanted(of).tolist()
        else:
            assert np.isnan(found.values[-1])
            np.testing.assert_array_equal(found.values[:-1], wanted(of).to_numpy(np.float64))


def test_elapsed_is_in_days() -> None:
    found = DateParts(Dates(np.array([0, 43_200, -86_400]))).part("elapsed")
    assert isinstance(found, Numbers)
    assert found.values.tolist() == [0, 0.5, -1]
