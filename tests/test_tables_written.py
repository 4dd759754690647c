"""How numbers and dates are written in tables."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.tables.frame import date_or_iso
from hornbook.tables.number_style import number_style
from hornbook.tables.written import (
    NumberStyle,
    as_label,
    is_long,
    number_of,
    why_no_number,
)
from hornbook.tables.written_dates import DATE_FORMATS, NO_DATE, date_format, date_of, other_reading

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_a_number_is_read_as_float_does(value: float) -> None:
    assert number_of(repr(value)) == value


@given(st.floats(-(10**12), 10**12), st.booleans())
def test_a_number_of_any_style_is_itself(value: float, signed: bool) -> None:
    english = f"{value:,.3f}"
    german = english.translate(str.maketrans(",.", ".,"))
    told = float(f"{value:.3f}")
    assert number_of(("$" if signed else "") + english, "thousands") == told
    assert number_of(german + (" €" if signed else ""), "comma") == told


@given(st.text(max_size=30), st.sampled_from(["plain", "comma", "thousands"]))
def test_any_text_is_a_finite_number_or_none(text: str, style: NumberStyle) -> None:
    value = number_of(text, style)
    assert math.isnan(value) or math.isfinite(value)


@pytest.mark.parametrize(
    ("cell", "style", "value"),
    [
        ("12.5", "comma", None),  # a point within a table of decimal commas is not a comma
        ("1,5", "thousands", None),
        ("1.234", "comma", 1234),
        ("0.123", "comma", None),
        ("1.234.567,89", "comma", 1234567.89),
        ("1,234,567.89", "thousands", 1234567.89),
        ("1,23,456", "thousands", None),
        ("-$5", "plain", -5),
        ("$-5", "plain", -5),
        ("12 %", "plain", 12),
        ("€ 3,50", "comma", 3.5),
        ("1,5e3", "comma", 1500),
        ("1 234", "plain", 1234),
        ("-1\u202f234\u202f567,5 €", "comma", -1234567.5),
        ("12'345.60", "plain", 12345.6),
        ("12\u2019345", "thousands", 12345),
        ("1 234 567", "comma", 1234567),
        ("1 234'567", "plain", None),
        ("030 123", "plain", None),  # of a telephone
        ("12 34", "plain", None),
        ("5' 123", "plain", None),
        ("1_000", "plain", None),
        ("inf", "plain", None),
        ("1e400", "plain", None),
        ("", "comma", None),
        ("", "thousands", None),
        (",", "comma", None),
        ("-", "comma", None),
    ],
)
def test_numbers(cell: str, style: NumberStyle, value: float | None) -> None:
    found = number_of(cell, style)
    assert math.isnan(found) if value is None else found == value


@pytest.mark.parametrize(
    ("cells", "separator", "style"),
    [
        (["1,5", "2,25"], ",", "comma"),
        (["1,234", "5,678"], ",", "thousands"),
        (["1,234", "5,678"], ";", "comma"),
        (["1,234", "5,6"], ",", "comma"),
        (["1.234,5", "2.000"], ";", "comma"),
        (["1,234.5", "2,000"], ";", "thousands"),
        (["12.5", "13.5", "1,5"], ";", "plain"),  # one that is a fault
        (["Smith, John", "Doe, Jane 3"], ",", "plain"),
        (["1.234", "2.345"], ";", "plain"),
        (["1.234.567", "2.345"], ";", "comma"),
        (["564.000 €", "1.032.000 €"], ";", "comma"),
        (["564.000 €", "72.000 €"], ";", "comma"),  # no money has three decimals
        (["$3.459", "$3.599"], ",", "plain"),  # but fuel, where commas part cells
        (["850", "999", "1.050", "1.234", "2.345", "3.000", "4.500"], ";", "comma"),
        (["850 €", "1.050 €", "1.234 €", "2.345 €", "3.000 €", "4.500 €"], ",", "comma"),
        (["850", "1,050", "1,234", "2,345", "3,000", "4,500"], ";", "thousands"),
        (["850", "1.050", "1.234", "2.345", "3.000", "4.5"], ";", "plain"),
        (["0.850", "1.050", "1.234", "2.345", "3.000", "4.500"], ";", "plain"),
        (["8500", "1.050", "1.234", "2.345", "3.000", "4.500"], ";", "plain"),
        ([], ",", "plain"),
    ],
)
def test_the_style_is_that_in_which_most_are_numbers(
    cells: list[str], separator: str, style: str
) -> None:
    assert number_style(cells, separator) == style


def test_another_column_with_decimal_commas_tells_what_a_point_is() -> None:
    assert number_style(["1.234", "2.345"], ";", commas=True) == "comma"
    assert number_style(["12.5", "2.345"], ";", commas=True) == "plain"
    assert number_style(["564 €", "2.345 €"], ";", commas=True) == "comma"
    assert number_style(["564 €", "2.345 €"], ",", commas=True) == "comma"


@given(finite)
def test_a_label_is_the_number_again(value: float) -> None:
    assert float(as_label(value)) == value
    assert "." not in as_label(float(int(value % 1000)))


days = st.dates(date(1902, 1, 1), date(2098, 12, 31))


@given(days, st.sampled_from([form for form in DATE_FORMATS if form != "iso"]))
def test_a_date_of_any_format_is_that_day(day: date, form: str) -> None:
    day = day.replace(year=2000 + day.year % 60) if "%y" in form else day
    day = day.replace(day=1) if "%d" not in form else day
    at_noon = day.strftime(form) + " 12:30"
    since = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    assert date_of(day.strftime(form), form) == since
    assert date_of(at_noon, form) == since + 12.5 * 3600
    assert date_of(at_noon + " PM", form) == since + 12.5 * 3600


@given(st.datetimes(datetime(1902, 1, 1), datetime(2098, 1, 1)), st.integers(-12, 14))
def test_iso_times_and_zones_are_as_in_pandas(moment: datetime, zone: int) -> None:
    told = moment.replace(microsecond=0).isoformat()
    zoned = f"{told}{zone:+03d}:00"
    assert date_of(told, "iso") == pandas.Timestamp(told).timestamp()
    assert date_of(zoned, "iso") == pandas.Timestamp(zoned).timestamp()
    assert date_of(f"{told}Z", "iso") == date_of(told, "iso")


@given(st.text(max_size=50), st.sampled_from(DATE_FORMATS))
def test_any_text_is_a_date_or_none(text: str, form: str) -> None:
    assert isinstance(date_of(text, form), int)


def test_the_format_is_the_one_that_most_fit() -> None:
    first = date(2020, 1, 1)
    german = [(first + timedelta(n)).strftime("%d.%m.%Y") for n in range(300)]
    american = [(first + timedelta(n)).strftime("%m/%d/%Y") for n in range(300)]
    british = [(first + timedelta(n)).strftime("%d/%m/%Y") for n in range(300)]
    assert date_format(german) == "%d.%m.%Y"
    assert date_format(american) == "%m/%d/%Y"
    assert date_format(british) == "%d/%m/%Y"
    assert date_format(["2015-07-31T10:00:00", "2015-08-01"]) == "iso"
    assert date_format([*german, "unknown"]) == "%d.%m.%Y"  # one that is a fault
    assert date_format([*german[:5], "unknown"]) == ""
    assert date_format(["red", "green"]) == ""
    assert date_format([]) == ""
    assert date_format(["12345678" * 9]) == ""


def test_months_and_days_that_may_be_swapped_are_known() -> None:
    months = [f"{n % 12 + 1:02d}/01/{2010 + n // 12}" for n in range(30)]
    assert date_format(months) == "%m/%d/%Y"  # not the first days of Januaries
    assert date_format([f"01/{cell[:2]}{cell[5:]}" for cell in months]) == "%d/%m/%Y"
    assert other_reading(months, "%m/%d/%Y") == "%d/%m/%Y"
    assert other_reading([*months, "01/13/2010"], "%m/%d/%Y") == ""
    assert other_reading(["01.02.2010"], "%d.%m.%Y") == ""


def test_what_is_no_date() -> None:
    for cell, form in [
        ("2015", "iso"),
        ("20150230", "iso"),
        ("1.13.2015", "%d.%m.%Y"),
        ("", "iso"),
    ]:
        assert date_of(cell, form) == NO_DATE
    assert date_of("20150731", "iso") == 1438300800


def test_a_typographic_minus_sign_is_one() -> None:
    for cell, style, value in [
        ("\u22123", "plain", -3.0), ("\u2212$3.5", "plain", -3.5), ("1e\u22123", "plain", 0.001),
        ("\u22121.234,5", "comma", -1234.5), ("\u22121,234", "thousands", -1234.0),
    ]:  # fmt: skip
        assert number_of(cell, style) == value  # type: ignore[arg-type]
    assert is_long("\u2212" + "1" * 17, 1e17)


def test_what_looks_like_a_number_and_is_none_is_told() -> None:
    for cell in ("(3)", "3-", "$3-", "3\u2212"):
        assert math.isnan(number_of(cell))
        assert why_no_number(cell) == "which in accounting is -3"
    assert why_no_number("(1.234,5)", "comma") == "which in accounting is -1.234,5"
    assert why_no_number("-inf") == "which is infinite"
    for cell in ("", "x", "(x)", "()", "-", "(3", "nan", "k.A.", "1-2"):
        assert why_no_number(cell) == ""


def test_beside_another_format_only_dates_with_dashes_are_iso() -> None:
    assert date_or_iso("31.12.2021", "%d.%m.%Y") == date_or_iso("2021-12-31", "%d.%m.%Y")
    for text in ("20211231", "2021-W09-5", "2021-123"):  # fromisoformat takes some of them
        assert date_or_iso(text, "%d.%m.%Y") == NO_DATE
