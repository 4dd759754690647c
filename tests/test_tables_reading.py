"""Tables of many kinds: what is read, what it is read as, and what each mistake is told."""

from __future__ import annotations

import builtins
import contextlib
import datetime
import decimal
import gzip
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from hornbook.errors import DataError, HornbookError, MissingPackageError
from hornbook.sources.cells import Cells
from hornbook.sources.source import Source
from hornbook.tables.data import TableData
from hornbook.tables.frame import as_seconds
from hornbook.tables.loading import load_table
from hornbook.tables.options import TableOptions
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.reading import read_table
from hornbook.tables.understood import Understood
from hornbook.tables.written import MISSING
from hornbook.tables.written_dates import NO_DATE

ROWS = [(f"0{1000 + n}", n % 7 + 0.5, ["red", "blue", ""][n % 3], n * 1000.25) for n in range(60)]


def written(separator: str = ",", end: str = "\n", comma: bool = False, header: bool = True) -> str:
    def cell(value: object) -> str:
        return str(value).replace(".", ",") if comma and isinstance(value, float) else str(value)

    lines = [separator.join(map(cell, row)) for row in ROWS]
    head = [separator.join(("zip", "size", "colour", "price"))] if header else []
    return end.join([*head, *lines]) + end


def source(path: Path, content: str | bytes, name: str = "t.csv") -> Source:
    file = path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return Source(file)


def understood(given: Source, target: str = "price", **options: Any) -> Understood:
    made = TableOptions(target=target, **options)
    return Understood(read_table(given, made), made, given.where)


def test_one_table_in_many_forms_is_the_same(tmp_path: Path) -> None:
    plain = written()
    quoted = plain.replace("red", '"red\nor ""so"""')
    folder = tmp_path / "parts"
    folder.mkdir()
    head, *lines = plain.splitlines()
    for part, few in (("a", lines[:30]), ("b", lines[30:])):
        (folder / f"{part}.csv").write_text("\n".join([head, *few]) + "\n")
    table = pandas.DataFrame(ROWS, columns=["zip", "size", "colour", "price"])
    table["colour"] = table["colour"].replace("", None)
    table.to_parquet(tmp_path / "t.parquet", row_group_size=25)
    packed = source(tmp_path, (tmp_path / "t.parquet").read_bytes(), "copy")
    forms = [
        source(tmp_path, plain),
        source(tmp_path, written("\t"), "t.tsv"),
        source(tmp_path, written(";", comma=True), "t2.csv"),
        source(tmp_path, gzip.compress(plain.encode()), "t.csv.gz"),
        source(tmp_path, "\ufeff" + plain, "bom.csv"),
        source(tmp_path, written(end="\r\n"), "crlf.csv"),
        source(tmp_path, quoted, "quoted.csv"),
        source(tmp_path, table.to_json(orient="records", lines=True), "t.jsonl"),
        Source(folder), Source(tmp_path / "t.parquet"), packed,
    ]  # fmt: skip
    for form in forms:
        known = understood(form)
        kinds = {column.name: column.kind for column in known.columns}
        assert kinds == {"zip": "left out", "size": "number", "colour": "category"}, form
        assert known.frame.columns["price"].values.tolist() == [row[3] for row in ROWS]  # type: ignore[union-attr]
        assert known.frame.columns["size"].values.tolist() == [row[1] for row in ROWS]  # type: ignore[union-attr]
        codes = known.frame.columns["colour"].codes  # type: ignore[union-attr]
        assert (codes < 0).tolist() == [row[2] == "" for row in ROWS]
        assert "0" in known.table.cell("zip", 3)
        assert isinstance(load_table(form, TableOptions(target="price")), TableData)


def test_without_header_columns_have_numbers(tmp_path: Path) -> None:
    known = understood(source(tmp_path, written(header=False)), "4")
    assert known.frame.n == 60
    years = "land,2010,2011,2012\n" + "".join(f"L{n},{n},{n + 1},{n * 2}\n" for n in range(30))
    assert understood(source(tmp_path, years), "2012").frame.n == 30
    marks = "".join(f"{'pq'[n % 2]},{'xyz'[n % 3]},{'ab'[n % 2]}\n" for n in range(30))
    assert understood(source(tmp_path, marks), "3").frame.n == 30


@pytest.mark.parametrize("price", ["$2.46", "2,46 €", "1_000", "\u22124", "12%", "1e999", "inf"])
def test_a_first_row_with_any_number_is_no_header(tmp_path: Path, price: str) -> None:
    given = source(tmp_path, "".join(f"red;{price};{n};{n}\n" for n in range(2017, 2047)))
    assert read_table(given, TableOptions()).names == ("1", "2", "3", "4")


def test_many_columns_and_empty_names(tmp_path: Path) -> None:
    wide = ",".join(["", *(f"c{n}" for n in range(299))]) + "\n" + "".join(
        ",".join(str(n * m % 97 + 0.5) for m in range(300)) + "\n" for n in range(30))  # fmt: skip
    known = understood(source(tmp_path, wide), "c298")
    assert len(known.columns) == 299
    assert known.columns[0].name == "column 1"


KINDS: dict[str, tuple[list[object], str]] = {
    "iso": ([f"2020-01-{1 + n % 28:02}" for n in range(60)], "date"),
    "german": ([f"{1 + n % 28}.12.2020" for n in range(60)], "date"),
    "american": ([f"12/{1 + n % 28}/2020 4:30 PM" for n in range(60)], "date"),
    "zoned": ([f"2020-01-{1 + n % 28:02}T10:00:00+02:00" for n in range(60)], "date"),
    "date": ([20200100 + 1 + n % 28 for n in range(60)], "date"),
    "created_at": ([1.6e9 + n * 9000 for n in range(60)], "date"),
    "amount": ([f'"${n},{n % 10}00.50"' for n in range(1, 61)], "number"),
    "share": ([f"{n}.5 %" for n in range(60)], "number"),
    "flag": (["true" if n % 2 else "false" for n in range(60)], "category"),
    "plz": ([f"0{n % 9:04}" if n % 2 else 12345 for n in range(60)], "category"),
    "user_id": (list(range(60)), "left out"),
    "note": ([f"a text of its own {n}" for n in range(60)], "left out"),
    "gone": ([""] * 60, "left out"),
    "one": (["x"] * 60, "left out"),
    "holiday": (["0" if n % 9 else "a" for n in range(60)], "category"),
    "huge": ([f"{n}e300" for n in range(60)], "number"),
    "hour": ([n % 24 for n in range(60)], "category"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_column_is(name: str, tmp_path: Path) -> None:
    cells, kind = KINDS[name]
    lines = "".join(f"{cell},{n % 5}.5,{n}.25\n" for n, cell in enumerate(cells))
    given = source(tmp_path, f"{name},other,y\n{lines}")
    known = understood(given, "y")
    assert known.columns[0].kind == kind, known.columns[0]
    assert np.isfinite(load_table(given, TableOptions(target="y")).train.inputs.numbers).all()


DEEP = "x,y\n" + "".join(f"{n}.5,{n}\n" for n in range(49_000)) + "oops,3\n" + "1.5,2\n" * 999
FINE = "".join(f"{n}.5,{'red' if n % 2 else 'blue'},{n}.25\n" for n in range(60))
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "deep": (DEEP, {}, "line 49,002: 'oops' in column 'x' is not a number"),
    "date": (
        "d,y\n" + "".join(f"2020-01-{1 + n % 28:02},{n}.5\n" for n in range(60)) + "soon,1.5\n",
        {}, "line 62: 'soon' in column 'd' is not a date"),
    "infinite": (f"x,c,y\n{FINE}inf,red,1.5\n", {},
                 "line 62: 'inf' in column 'x', which is infinite, is not a number"),
    "target gone": (f"x,c,y\n{FINE}1.5,red,\n", {}, "line 62: the target 'y' is empty"),
    "target huge": (f"x,c,y\n{FINE}1.5,red,1e200\n", {}, "line 62: the target 'y' is beyond"),
    "no such target": (f"x,c,price\n{FINE}", {"target": "prise"}, "Did you mean price"),
    "no target": (f"x,c,y\n{FINE}", {"target": None}, "its columns are 'x', 'c', 'y'"),
    "one column": ("y\n1\n2\n3\n", {}, "is not a table: its first row is one cell"),
    "twice": (f"x,x,y\n{FINE}", {}, "2 columns named 'x': number 1, 2"),
    "ragged": (f"x,c,y\n{FINE}1,2\n", {}, "line 62: it has 2 cells, and 3 were expected"),
    "no rows": ("x,c,y\n", {}, "has no rows below its header"),
    "empty": ("", {}, "is empty"),
    "one row": ("x,c,y\n1,a,2\n", {}, "the same value in all rows"),
    "same target": ("x,c,y\n" + "1.5,a,7\n2.5,b,7\n" * 9, {}, "the same value in all rows"),
    "all targets gone": ("x,c,y\n" + "1.5,a,\n2.5,b,\n" * 9, {}, "The target 'y' is empty"),
    "NUL": (f"x,c,y\n{FINE}1.5,\0,2\n", {}, "NUL byte"),
    "classes": (
        "x,y\n" + "".join(f"{n},k{n % 2000}\n" for n in range(6000)), {}, "too many to be classes"),
    "not closed": (f'x,c,y\n{FINE}1.5,"red,2\n', {}, "not a table that can be read"),
    "no log": (f"x,c,y\n{FINE}1.5,red,-3\n", {"log_target": True}, "the target 'y' is not above 0"),
    "nothing to learn from": ("x,y\n" + "".join(f"a,{n}.5\n" for n in range(60)), {},
                              "no column to learn from"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_mistake_is_told(name: str, tmp_path: Path) -> None:
    text, options, message = WRONG[name]
    with pytest.raises(HornbookError, match=re.escape(message)) as caught:
        load_table(source(tmp_path, text), TableOptions(**{"target": "y", **options}))
    assert caught.value.hint


def test_bad_rows_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    options = TableOptions(target="y", bad_rows="skip")
    for name in ("date", "infinite", "target gone", "ragged", "target huge"):
        data = load_table(source(tmp_path, WRONG[name][0]), options)
        assert sum(data.sizes.values()) == 60, name
        assert any("left out" in remark for remark in data.remarks)


def typed_table() -> pyarrow.Table:
    n = 40
    day = datetime.date(2020, 1, 1)
    return pyarrow.table({
        "whole": pyarrow.array(range(n), pyarrow.int64()),
        "large": pyarrow.array([2**60 + k for k in range(n)]),
        "exact": pyarrow.array([decimal.Decimal(k) / 4 for k in range(n)]),
        "code": pyarrow.array([str(10 + k % 5) for k in range(n)]),
        "kind": pyarrow.array(["ab"[k % 2] for k in range(n)]).dictionary_encode(),
        "true": pyarrow.array([k % 2 == 0 if k else None for k in range(n)]),
        "day": pyarrow.array([day + datetime.timedelta(k) for k in range(n)]),
        "when": pyarrow.array([k * 10**9 for k in range(n)], pyarrow.timestamp("ns", "UTC")),
        "null": pyarrow.nulls(n),
        "y": pyarrow.array([None if k == 3 else k / 2 for k in range(n)]),
    })  # fmt: skip


def test_parquet_keeps_types(tmp_path: Path) -> None:
    parquet.write_table(typed_table(), tmp_path / "t.parquet", row_group_size=7)
    known = understood(Source(tmp_path / "t.parquet"), "y", bad_rows="skip")
    kinds = {column.name: column.kind for column in known.columns}
    assert kinds == {
        "whole": "number", "large": "number", "exact": "number", "code": "category",
        "kind": "category", "true": "category", "day": "date", "when": "date", "null": "left out",
    }  # fmt: skip
    assert known.frame.columns["code"].labels == ("10", "11", "12", "13", "14")  # type: ignore[union-attr]
    assert known.frame.columns["true"].labels == ("False", "True")  # type: ignore[union-attr]
    assert known.frame.columns["day"].seconds[1] == 1577923200  # type: ignore[union-attr]
    assert known.frame.columns["when"].seconds.tolist() == list(range(40))  # type: ignore[union-attr]
    assert known.bad.tolist() == [k == 3 for k in range(40)]
    assert known.table.cell("large", 1) == str(2**60 + 1)
    with pytest.raises(DataError, match="row 4: the target 'y' is empty"):
        understood(Source(tmp_path / "t.parquet"), "y")


def test_parquet_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = typed_table().append_column("list", pyarrow.array([[1, 2]] * 40))
    parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="'list' holds lists") as caught:
        understood(Source(tmp_path / "t.parquet"), "whole")
    assert "`ignore=list`" in caught.value.hint
    assert understood(Source(tmp_path / "t.parquet"), "whole", ignore=("list",)).frame.n == 40
    whole = (tmp_path / "t.parquet").read_bytes()
    for damaged in (b"PAR1", whole[:500], whole[:600] + b"\xff" * 300 + whole[900:]):
        with contextlib.suppress(DataError):  # the last may have hit no column that is read
            understood(source(tmp_path, damaged, "d.parquet"), "whole", ignore=("list",))
            assert len(damaged) == len(whole)
    real = builtins.__import__

    def without(name: str, *given: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="pyarrow")
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match="Reading Parquet requires pyarrow") as missing:
        understood(Source(tmp_path / "t.parquet"), "whole")
    assert "pip install pyarrow" in missing.value.hint


def test_a_column_that_was_asked_for_and_is_none_such_is_told_so(tmp_path: Path) -> None:
    rows = "\n".join(f"red,{n % 7},{n}" for n in range(30))
    where = source(tmp_path, f"colour,size,price\n{rows}\n")
    with pytest.raises(DataError, match="and no other is") as error:
        load_table(where, TableOptions(target="price", numerical=("colour",)))
    assert "leave the column out of `numerical`" in error.value.hint
    assert "categorical" not in error.value.hint


def test_a_text_for_nothing_among_numbers_is_named_with_the_setting(tmp_path: Path) -> None:
    few = "".join(f"{n}.5,{'k.A.' if n in (8, 9) else '?!' if n == 3 else n * 2.5}\n"
                  for n in range(100))  # fmt: skip
    given = source(tmp_path, f"price,size\n{few}")
    with pytest.raises(DataError, match=r"line 5: '\?!' in column 'size'") as caught:
        understood(given)
    assert "(`missing='k.A.'`)" in caught.value.hint
    assert not understood(given, missing=("k.A.", "?!")).bad.any()
    rows = [f"{n},{n / 7 if n % 4 else 'k.A.'}" for n in range(100)]
    many = "\n".join(rows)
    given = source(tmp_path, f"price,size\n{many}")
    with pytest.raises(DataError, match="no column to learn from") as caught:
        load_table(given, TableOptions(target="price"))
    assert "`missing='k.A.'`" in caught.value.hint
    given = source(tmp_path, "price,size,rooms\n" + "".join(f"{row},{len(row)}\n" for row in rows))
    data = load_table(given, TableOptions(target="price"))
    assert any("`missing='k.A.'`" in line for line in data.about)


def test_a_target_of_few_whole_numbers_is_said_to_be_read_as_one(tmp_path: Path) -> None:
    rows = "".join(f"{n}.5,{n % 3}\n" for n in range(60))
    given = source(tmp_path, f"size,kind\n{rows}")
    told = load_table(given, TableOptions(target="kind")).about
    (line,) = [line for line in told if "`predicts=class`" in line]
    assert "kind is predicted as a number, one of 0, 1, 2" in line
    for said in ("class", "number"):
        told = load_table(given, TableOptions(target="kind", predicts=said)).about
        assert not any("`predicts=class`" in line for line in told)


@pytest.mark.parametrize("setting", ["time", "group"])
def test_rows_are_not_split_by_the_target(setting: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"`{setting}` is the target 'price'"):
        understood(source(tmp_path, written()), **{setting: "price"})


def test_it_is_said_from_how_many_columns_the_inputs_are(tmp_path: Path) -> None:
    rows = "".join(f"{n}.5,{n % 9}.5,2024-01-{1 + n % 28:02}\n" for n in range(60))
    data = load_table(source(tmp_path, f"price,size,sold\n{rows}"), TableOptions(target="price"))
    assert data.extent.endswith(" from 2 columns")
    plain = load_table(source(tmp_path, written()), TableOptions(target="price"))
    assert "from" not in plain.extent


@pytest.mark.parametrize("form", ["%d.%m.%Y", "yyyymmdd", "seconds", "iso"])
def test_iso_dates_stand_beside_any_other_format(form: str, tmp_path: Path) -> None:
    other = {"%d.%m.%Y": "02.01.1970", "yyyymmdd": "19700102", "seconds": "86400"}.get(form, "")
    column = RawColumn(MISSING)
    column.add(Cells([other, "1970-01-03", "3 days"]))
    found = as_seconds(column.finish(), form).tolist()
    assert found == [86_400 if other else NO_DATE, 2 * 86_400, NO_DATE]
    if form.startswith("%"):
        rows = "".join(f"{n}.5,{n % 28 + 1}.12.2024\n" for n in range(60))
        given = source(tmp_path, f"price,sold\n{rows}7.5,2024-12-31\n")
        assert not understood(given).bad.any()


@pytest.mark.parametrize(("cell", "why"), [("(3)", "in accounting is -3"), ("inf", "is infinite")])
def test_what_looks_like_a_number_is_told_wherever_it_stands(
    cell: str, why: str, tmp_path: Path
) -> None:
    half = "".join(f"{n}.5,{cell if n % 2 else n / 7},{n % 3}\n" for n in range(100))
    given = source(tmp_path, f"price,size,rooms\n{half}")
    told = "\n".join(load_table(given, TableOptions(target="price")).about)
    assert f"size holds numbers and {cell!r}, which {why}" in told
    assert (
        f"left out: size (50 of 100 values are numbers, others are texts such as {cell!r})" in told
    )
    with pytest.raises(DataError, match="too many to be classes") as caught:
        understood(given, "size")
    assert f"{cell!r}, which {why}" in caught.value.hint
    few = "".join(f"{n}.5,{cell if n == 4 else n / 7}\n" for n in range(100))
    as_others = (
        "a number, as others are" if cell == "inf" else "written as others are, such as 1234"
    )
    with pytest.raises(DataError, match=f"which {why}, is not {as_others}"):
        understood(source(tmp_path, f"price,size\n{few}"))


def test_a_target_whose_squares_are_0_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{n + 1}e-305,{n}\n" for n in range(60))
    with pytest.raises(DataError, match="'price' lies within ±6e-304") as caught:
        understood(source(tmp_path, f"price,size\n{rows}"))
    assert "Multiply it, such as by 1e304." in caught.value.hint


@pytest.mark.parametrize(
    ("zone", "unit", "told"),
    [("Europe/Berlin", "ns", "2024-01-01 01:00:00+01:00"), ("-05:00", "us", "2023-12-31 19:00"),
     ("Mars/Base", "us", "Mars/Base"), ("UTC", "us", ""), (None, "us", "")],
)  # fmt: skip
def test_zones_of_parquet_are_told(
    zone: str | None, unit: Literal["us", "ns"], told: str, tmp_path: Path
) -> None:
    hours = [None, *(1_704_067_200 + 25_200 * n for n in range(59))]
    scale = {"us": 10**6, "ns": 10**9}[unit]
    times = pyarrow.array([None if one is None else one * scale + 7 for one in hours],
                          pyarrow.timestamp(unit, zone))  # fmt: skip
    parquet.write_table(pyarrow.table({"when": times, "y": range(60)}), tmp_path / "t.parquet")
    raw = read_table(Source(tmp_path / "t.parquet"), TableOptions(target="y")).columns["when"]
    assert raw.zoned.startswith(told)
    assert bool(raw.zoned) == bool(told)
