"""Columns of a file of rows, in pieces."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError
from hornbook.sources import rows as rows_module
from hornbook.sources import stream
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source

HEADER = ["user", "item", "rating"]
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")).map(str.strip)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=12)
plain = st.lists(
    st.lists(st.text("ab1.é-", min_size=1, max_size=5), min_size=3, max_size=3),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", 16)
    monkeypatch.setattr(rows_module, "BATCH", 3)


def read(path: Path, *, header: bool = True) -> list[list[str]]:
    rows = Rows(Source(path))
    chunks = list(rows.chunks(range(len(rows.names)), header=header))
    assert not any(chunk.ragged for chunk in chunks)
    assert all(len(c) == len(chunk.lines) for chunk in chunks for c in chunk.columns)
    return [list(row) for chunk in chunks for row in zip(*chunk.columns, strict=True)]


@given(tables, st.sampled_from([",", "\t", ";", "|"]), st.sampled_from(["\n", "\r\n"]),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))  # fmt: skip
def test_quoted_tables_come_back(
    folder: Path, table: list[list[str]], separator: str, end: str, codec: str
) -> None:
    held = io.StringIO(newline="")
    writer = csv.writer(held, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([HEADER, *table])
    (folder / "t.csv").write_bytes(held.getvalue().encode(codec))
    assert read(folder / "t.csv") == table


@given(plain, st.sampled_from([",", "\t", ";", "|", "::"]), st.sampled_from(["\n", "\r\n", "\r"]),
       st.booleans(), st.booleans())  # fmt: skip
def test_plain_tables_come_back(
    folder: Path, table: list[list[str]], separator: str, end: str, last: bool, trailing: bool
) -> None:
    lines = [separator.join(row) + separator * trailing for row in [HEADER, *table]]
    (folder / "t.csv").write_text(end.join(lines) + end * last, newline="")
    got = read(folder / "t.csv")
    assert [row[:3] for row in got] == table


@given(tables, st.booleans(), st.booleans())
def test_json_comes_back(folder: Path, table: list[list[str]], array: bool, wide: bool) -> None:
    records = [dict(zip(HEADER, row, strict=True)) for row in table]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    text = json.dumps(records, indent=2 if wide else None) if array else lines
    (folder / "t.json").write_text(text)
    assert read(folder / "t.json") == table


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('user,item\na,b\n\n"c\nc",d\ne,f\ng\nh,i,\nj,k,l\n')
    chunks = list(Rows(Source(path)).chunks((0,), header=True))
    assert [line for chunk in chunks for line in chunk.lines] == [2, 4, 6, 8]
    assert [one for chunk in chunks for one in chunk.ragged] == [(7, 1), (9, 3)]


def test_two_ragged_rows_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("user,item,rating\na,b,1\na,b\na,b,c,1\nc,d,2\n")
    chunks = list(Rows(Source(path)).chunks((0, 2), header=True))
    assert [one for chunk in chunks for one in chunk.ragged] == [(3, 2), (4, 4)]
    assert [list(chunk.columns[1]) for chunk in chunks if chunk.lines] == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ('user,item\na,b\n"c,d\n', "line 3: unexpected end of data"),
        (
            'user,item\n"a\nb",b\na,"c\nd,e\n' + "f,g\n" * 9,
            "opens in the row of line 4 is not closed",
        ),
        ('user,item\na,"c\nd,"e"\nf,g\n', "in the row of line 2 is not closed, or closes"),
        ('{"a": 1}\n{"a"\n', "line 2 is not JSON"),
        ('{"a": 1}\n[1]\n', "line 2 is JSON, but not an object"),
        ('[{"a": 1}, 2]', "item 2: it is not an object"),
        ('[{"a": 1} {"a": 1}]', "item 1: there is no comma"),
        ('[{"a": 1},\n{"a"', "item 2: it is not JSON"),
        ('[{"a": 1}\n', "item 1: the file ends"),
        ('[{"a": NaN}]', "NaN is not a number of JSON"),
    ],
)
def test_damage_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(DataError, match=told):
        read(tmp_path / "t")


@pytest.mark.parametrize("text", ["[]", "[ ]\n"])
def test_an_empty_array_has_no_rows(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    assert read(tmp_path / "t") == []


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n", "a,b,c\n1,2\n3,4\n", 'a,b\n"1",2,3\n'])
def test_a_header_of_another_length_makes_rows_ragged(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    chunks = list(Rows(Source(tmp_path / "t")).chunks((0,), header=True))
    assert [one[0] for chunk in chunks for one in chunk.ragged] == [2, 3][: text.count("\n") - 1]
    assert not any(chunk.lines for chunk in chunks)


@pytest.mark.parametrize("quote", ["", '"'])
def test_empty_lines_before_a_header(quote: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(f"\n  \n{quote}a{quote},b\n\n1,2\n")
    chunks = list(Rows(Source(tmp_path / "t")).chunks((0,), header=True))
    assert [list(chunk.columns[0]) for chunk in chunks if chunk.lines] == [["1"]]
    assert [line for chunk in chunks for line in chunk.lines] == [5]


def test_decimal_commas_do_not_cut_a_table(tmp_path: Path) -> None:
    path = tmp_path / "german.csv"
    path.write_text("a;b;c\n" + "1,5;2,5;3,5\n" * 30)
    rows = Rows(Source(path))
    assert (rows.separator, rows.names) == (";", ("a", "b", "c"))


@pytest.mark.parametrize(("text", "separator"), [
    ("sep=;\na;b\n1,5;2\n3,5;4\n", ";"), ("\ufeffSEP=,\r\na,b\r\n\"1,5\",2\r\n\"3,5\",4\r\n", ","),
    ("sep=\t\n\na\tb\n1,5\t2\n3,5\t4", "\t"), ('"sep=|"\na|b\n1,5|2\n3,5|4\n', "|"),
])  # fmt: skip
def test_a_first_line_may_say_what_stands_between_cells(
    text: str, separator: str, tmp_path: Path
) -> None:
    (tmp_path / "t").write_bytes(text.encode())
    rows = Rows(Source(tmp_path / "t"))
    assert (rows.separator, rows.names) == (separator, ("a", "b"))
    chunks = list(rows.chunks((0, 1), header=True))
    found = [[cell for chunk in chunks for cell in chunk.columns[place]] for place in (0, 1)]
    assert found == [["1,5", "3,5"], ["2", "4"]]
    begins = 4 if "\n\n" in text else 3
    assert [line for chunk in chunks for line in chunk.lines] == [begins, begins + 1]


def test_such_a_line_alone_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("sep=;\n")
    with pytest.raises(DataError, match="is empty"):
        Rows(Source(tmp_path / "t"))


def test_a_first_line_longer_than_the_first_look_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "LOOKED", 16)
    path, width = tmp_path / "wide.tsv", 50
    names = "\t".join(f"column{n}" for n in range(width))
    path.write_text(f"{names}\n" + "\t".join("x" * width) + "\n", encoding="utf-8")
    rows = Rows(Source(path))
    assert rows.width == width
    (chunk,) = rows.chunks((0, width - 1), header=True)
    assert [list(cells) for cells in chunk.columns] == [["x"], ["x"]]
    path.write_text("a" * 40 + "\tb\nc\td\n", encoding="utf-8")
    assert Rows(Source(path)).width == 2
