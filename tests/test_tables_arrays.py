"""Tables in memory: arrays and data frames, in training and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hornbook.tables
from hornbook.errors import DataError, HornbookError
from hornbook.sources.source import Source
from hornbook.tables.arrays import table_of
from hornbook.tables.cells_in_memory import raw_of
from hornbook.tables.incoming import frame_of, piece_of
from hornbook.tables.later import Later
from hornbook.tables.loading import load_table
from hornbook.tables.options import TableOptions

RANDOM = np.random.default_rng(0)
N = 120
KIND = RANDOM.choice(["red", "blue", "green"], N)
SIZE = RANDOM.integers(1, 4, N)
AREA = RANDOM.normal(50, 10, N).round(3)
PRICE = (AREA * SIZE + (KIND == "red")).round(3)
FRAME = pd.DataFrame(
    {
        "kind": pd.Categorical(KIND),
        "size": pd.array(SIZE, dtype="Int64"),
        "area": AREA,
        "sold": pd.date_range("2020-01-01", periods=N),
        "new": RANDOM.random(N) > 0.5,
        "word": RANDOM.choice(["a", "b"], N),
        "price": PRICE,
    }
)


def test_a_run_comes_of_arrays(tmp_path: Path) -> None:
    run = hornbook.tables.fit(
        np.stack([KIND, SIZE.astype(str)], 1), AREA, PRICE,
        dev_rows=[-1, 3, 5], model="linear", training={"steps": 2}, out=tmp_path / "run",
        baseline=False,
    )  # fmt: skip
    assert [column.name for column in run.data.mapper.columns] == ["cat 1", "cat 2", "cont 1"]
    assert run.data.sizes == {"train": N - 3, "dev": 3}
    assert "split as given" in run.data.remarks
    np.testing.assert_array_equal(run.data.splits["dev"].target, PRICE[[3, 5, N - 1]])
    again = hornbook.Run(run.path)
    assert again.data.target.name == "y"


def test_a_frame_is_read_as_the_file_that_it_was_written_into(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "table.csv", index=False)
    options = {"target": "price", "split_by": "random"}
    ours = table_of(FRAME, options=options)
    theirs = load_table(Source(tmp_path / "table.csv"), TableOptions(**options))  # type: ignore[arg-type]
    kinds = [(one.name, one.kind, one.form) for one in ours.mapper.columns]
    assert kinds == [(one.name, one.kind, one.form) for one in theirs.mapper.columns]
    assert [kind for _, kind, _ in kinds] == [
        "category", "category", "number", "date", "category", "category",
    ]  # fmt: skip
    for split, rows in ours.splits.items():
        np.testing.assert_array_equal(rows.inputs.codes, theirs.splits[split].inputs.codes)
        np.testing.assert_array_equal(rows.inputs.numbers, theirs.splits[split].inputs.numbers)


def test_types_of_a_frame_say_what_columns_are() -> None:
    many = pd.DataFrame({"c": pd.Categorical(np.arange(N) // 2), "y": pd.Categorical(SIZE)})
    data = table_of(many, options={"target": "y"})
    assert [one.kind for one in data.mapper.columns] == ["category"]
    assert (data.kind, data.target.labels) == ("class", ("1", "2", "3"))


NA = pd.NA
COLUMNS: list[tuple[Any, list[float], list[str]]] = [
    ([1, None, 2.5], [1, np.nan, 2.5], ["1", "", "2.5"]),
    ([Decimal("1.5"), np.int8(2), float("nan")], [1.5, 2, np.nan], ["1.5", "2", ""]),
    ([True, None, False], [np.nan] * 3, ["True", "", "False"]),
    (["a", " b ", "NA"], [np.nan] * 3, ["a", "b", ""]),
    (["7", 8, "x"], [7, 8, np.nan], ["7", "8", "x"]),
    (np.array([1, np.inf, 2]), [1, np.nan, 2], ["1", "inf", "2"]),
    ([10**400, 1, 2], [np.nan, 1, 2], [str(10**400), "1", "2"]),
    (pd.array([1, NA, 3], dtype="Int32"), [1, np.nan, 3], ["1", "", "3"]),
    (pd.Series([True, NA, False], dtype="boolean"), [np.nan] * 3, ["True", "", "False"]),
    (pd.Series(["a", NA, "b"], dtype="string"), [np.nan] * 3, ["a", "", "b"]),
    (pd.Series([0.5, None, 1], dtype="float64[pyarrow]"), [0.5, np.nan, 1], ["0.5", "", "1"]),
    (pd.Series([0.0, 0, 1], dtype="Sparse[float]"), [0, 0, 1], ["0", "0", "1"]),
    (pd.to_timedelta(["36h", None, "12h"]), [1.5, np.nan, 0.5], ["1.5", "", "0.5"]),
    (pd.Series([2, 1, None], dtype="category"), [2, 1, np.nan], ["2", "1", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("column", "numbers", "labels"), COLUMNS)
def test_a_column_of_any_type(column: Any, numbers: list[float], labels: list[str]) -> None:
    raw = raw_of(column, "c")
    np.testing.assert_array_equal(raw.as_numbers(), numbers)
    codes, names = raw.as_labels()
    assert [names[code] if code >= 0 else "" for code in codes] == labels
    assert raw.missing.tolist() == [label == "" for label in labels]


@pytest.mark.parametrize(
    "column",
    [
        [date(2020, 1, 2), None, datetime(2020, 1, 3, 12)],
        np.array(["2020-01-02", "NaT", "2020-01-03T12"], "datetime64[s]"),
        pd.to_datetime(["2020-01-02 00:00", "NaT", "2020-01-03 12:00"]),
        pd.Series(pd.to_datetime(["2020-01-02 01:00", "NaT", "2020-01-03 13:00"])).dt.tz_localize(
            "Europe/Berlin"
        ),
        pd.Series(pd.to_datetime(["2020-01-02 00:00", "NaT", "2020-01-03 12:00"])).astype(
            "timestamp[ms][pyarrow]"
        ),
    ],
)
def test_dates_of_any_type(column: Any) -> None:
    raw = raw_of(column, "c")
    assert raw.declared == "date"
    assert raw.as_numbers()[::2].tolist() == [1577923200, 1578052800]
    codes, names = raw.as_labels()
    assert (codes.tolist(), names) == ([0, -1, 1], ("2020-01-02", "2020-01-03T12:00:00"))


def test_rows_that_come_later_are_found_by_names() -> None:
    data = table_of(FRAME, options={"target": "price", "split": "100/0", "split_by": "random"})
    whole = data.mapper.apply(frame_of(data.mapper, FRAME))
    np.testing.assert_array_equal(whole.codes, data.train.inputs.codes)
    turned = FRAME[FRAME.columns[::-1]].rename(columns={"kind": " Kind"}).assign(more=1)
    again = data.mapper.apply(frame_of(data.mapper, turned))
    np.testing.assert_array_equal(again.numbers, whole.numbers)
    as_lists = {name: FRAME[name].tolist() for name in FRAME}
    np.testing.assert_array_equal(
        data.mapper.apply(frame_of(data.mapper, as_lists)).codes, whole.codes
    )


INCOMING: list[tuple[Callable[[], Any], str]] = [
    (lambda: FRAME.rename(columns={"area": "areas"}), "lacks 1 column.*'area'.*\n.*'areas' the"),
    (lambda: FRAME[["kind"]], "lacks 5 columns"),
    (lambda: FRAME.assign(area="big"), r"row \(from 0\) 0: 'big' in column 'area' is not a number"),
    (lambda: FRAME.assign(area=FRAME["sold"]), "'area' holds dates, and held numbers"),
    (lambda: FRAME.assign(kind=1), r"'kind' holds numbers \(1\), and held texts \(blue\)"),
    (lambda: FRAME.assign(kind=FRAME["sold"]), r"'kind' holds dates \(2020-01-01\)"),
    (lambda: FRAME.assign(new=1), r"'new' holds numbers \(1\), and held truth values"),
    (lambda: FRAME.assign(sold="soon"), "'soon' in column 'sold' is not a date"),
    (lambda: FRAME.iloc[:0], "has no rows"),
    (lambda: FRAME.to_numpy(), "must be a data frame or a mapping"),
    (lambda: 5, "must be a data frame or a mapping"),
]


@pytest.mark.parametrize(("made", "told"), INCOMING, ids=[told for _, told in INCOMING])
def test_what_does_not_fit_the_run_is_told(made: Callable[[], Any], told: str) -> None:
    data = table_of(FRAME, options={"target": "price", "split_by": "random"})
    with pytest.raises(DataError, match=told):
        frame_of(data.mapper, made())


def test_pairs_of_arrays_come_later_too() -> None:
    data = table_of(KIND, AREA, PRICE, options={"split": "100/0"})
    mapped = data.mapper.apply(frame_of(data.mapper, (KIND, AREA)))
    np.testing.assert_array_equal(mapped.codes, data.train.inputs.codes)
    with pytest.raises(DataError, match="lacks 1 column"):
        frame_of(data.mapper, (KIND, None))


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: table_of(KIND, AREA), "`y` is missing"),
    (lambda: table_of(), "`y` is missing"),
    (lambda: table_of(FRAME), "not said which column to predict"),
    (lambda: table_of(FRAME, options={"target": "prise"}), "no column 'prise'"),
    (lambda: table_of(FRAME, options={"target": "sold"}), "holds dates"),
    (lambda: table_of(KIND, AREA[:-1], PRICE), "has 120 rows and column 'cont 1' 119"),
    (lambda: table_of(KIND, AREA, PRICE[:, None]), r"its shape is \(120, 1\)"),
    (lambda: table_of([["a", 1], ["b"]], None, [1, 2]), "different lengths"),
    (lambda: table_of(KIND.reshape(2, 6, 10), None, PRICE), "shape"),
    (lambda: table_of(KIND, np.full(N, 1j), PRICE), "complex128"),
    (lambda: table_of(KIND.astype("S"), AREA, PRICE), "decode"),
    (lambda: table_of(KIND, np.where(AREA > 50, "big", "7"), PRICE), r"row \(from 0\).*'big'"),
    (lambda: table_of(KIND, AREA, [None] * N), "'y' is empty"),
    (lambda: table_of(FRAME[["kind"]], FRAME[["kind"]], PRICE), "both have a column 'kind'"),
    (lambda: table_of(FRAME[["price"]], AREA, FRAME["price"]), "would be called 'price'"),
    (lambda: table_of(pd.concat([FRAME, FRAME], axis=1), options={"target": "price"}), "two col"),
    (lambda: table_of({"a": [{}, 1], "y": [1, 2]}, options={"target": "y"}), "of type dict"),
    (lambda: table_of({"a": [date.today(), 1], "y": [1, 2]}, options={"target": "y"}), "among"),
    (lambda: table_of({"a": "text", "y": [1, 2]}, options={"target": "y"}), "it is str"),
    (lambda: table_of(KIND, AREA, PRICE, dev_rows=[N]), "names row 120"),
    (lambda: table_of(KIND, AREA, PRICE, dev_rows=range(N)), "names all rows"),
    (lambda: table_of(KIND, AREA, PRICE, dev_rows=[]), "must be places"),
    (lambda: table_of(KIND, AREA, PRICE, dev_rows=[1], options={"split": "80/20"}), "no effect"),
    (lambda: table_of(KIND, AREA, PRICE, options={"only": "a=1"}), "rows of a file"),
]


@pytest.mark.parametrize(("call", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_cannot_be_read_is_told(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(HornbookError, match=told):
        call()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tarjet": "y"}, r"There is no argument `tarjet`\.\nDid you mean target\?"),
        ({"steps": 3}, r"`steps` is not an option of the data\.\nPut it in training"),
        ({"ignore": ["a", "a"]}, "`ignore` names column 'a' twice"),
    ],
)
def test_an_argument_of_fit_is_told_by_its_name(given: dict[str, Any], told: str) -> None:
    columns = {"a": [1.5, 2.5, 3.5], "b": [1.5, 2.5, 4.5], "y": [0.5, 1.5, 2.5]}
    with pytest.raises(HornbookError, match=told):
        hornbook.tables.fit(columns, **({"target": "y"} | given))


@pytest.mark.parametrize("missing", [-999, [-999, "k.A."], ("-999.0", "K.A.")])
def test_marks_of_missing_values_hold_for_numbers_in_memory(missing: Any) -> None:
    one = -999 if missing == -999 else "k.A."
    frame = pd.DataFrame(
        {
            "whole": np.where(np.arange(60) % 7, np.arange(60) + 100, -999),
            "real": np.where(np.arange(60) % 5, np.arange(60) / 7, -999.0),
            "mixed": [one if n % 6 == 0 else -999.0 if n % 4 == 0 else n + 0.25 for n in range(60)],
            "y": np.arange(60.0),
        }
    )
    data = table_of(frame, options={"target": "y", "missing": missing})
    assert [number.flagged for number in data.mapper.numbers] == [True] * 3
    assert all(number.median > 0 for number in data.mapper.numbers)
    plain = table_of(frame[["real", "y"]], options={"target": "y"})
    assert not plain.mapper.flags


HOURS = pd.date_range("2024-01-01", periods=60, freq="7h")
ZONED: list[tuple[Any, str]] = [
    (HOURS.tz_localize("Europe/Berlin"), "2024-01-01 00:00:00+01:00"),
    (HOURS.tz_localize("Europe/Berlin").astype(object).tolist(), "2024-01-01 00:00:00+01:00"),
    (pd.Series([pd.NaT, *HOURS.tz_localize("-05:00")[1:]]), "2024-01-01 07:00:00-05:00"),
    (HOURS.tz_localize("UTC"), ""),
    (HOURS, ""),
    (pd.Series([pd.NaT] * 60).dt.tz_localize("Asia/Tokyo"), ""),
]


@pytest.mark.parametrize(("times", "cell"), ZONED)
def test_zones_of_times_in_memory_are_told_as_those_of_a_file(times: Any, cell: str) -> None:
    frame = pd.DataFrame({"when": times, "x": np.arange(60.0) ** 0.5, "y": np.arange(60.0)})
    data = table_of(frame, options={"target": "y", "split_by": "random"})
    told = [one for one in data.remarks if "with a zone" in one]
    wanted = (
        f"when has times with a zone, such as {cell}: they are turned into UTC, and so are the "
        "hours and days made of them"
    )
    assert told == [wanted] * bool(cell)
    later = Later(data.mapper)
    if "when" in {column.name for column in data.mapper.needed}:
        piece_of(later, data.target, frame)
    assert later.zoned == ({"when": cell} if cell else {})


POLARS: list[tuple[str | None, str]] = [
    ("Europe/Berlin", "2024-01-01 00:00:00+01:00"), ("UTC", ""), (None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "cell"), POLARS)
def test_zones_of_polars_are_those_of_pandas(zone: str | None, cell: str) -> None:
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    frame = pd.DataFrame({"x": np.arange(60.0) ** 0.5, "y": np.arange(60.0)})
    frame["when"] = HOURS.tz_localize(zone)
    when = polars.Series("when", HOURS.tolist()).dt.replace_time_zone(zone)
    other = polars.DataFrame({"x": frame["x"].to_list(), "y": frame["y"].to_list(), "when": when})
    how = {"target": "y", "split_by": "random"}
    of_pandas, of_polars = table_of(frame, options=how), table_of(other, options=how)
    told = [one for one in of_polars.remarks if "with a zone" in one]
    assert told == [one for one in of_pandas.remarks if "with a zone" in one]
    assert len(told) == bool(cell)
    assert all(f"such as {cell}:" in one for one in told)
    assert of_polars.mapper == of_pandas.mapper
    np.testing.assert_array_equal(of_polars.train.inputs.numbers, of_pandas.train.inputs.numbers)
    later = Later(of_pandas.mapper)
    piece = piece_of(later, of_pandas.target, other)
    np.testing.assert_array_equal(
        piece.inputs.codes, piece_of(later, of_pandas.target, frame).inputs.codes
    )
    assert later.zoned == ({"when": cell} if cell else {})
