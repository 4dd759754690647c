"""One column of a table, or one field of JSON."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError
from hornbook.sources.columns import read_column

TABLE = 'id,name,note\n1,emma,"a, b"\n2,,x\n3,ava,"two\nlines"\n'
TABS = "emma\t1\nava\t2\nmia\t3\n"
LINES = (
    '{"id": 1, "text": "emma", "by": {"name": "x"}}\n\n'
    '{"id": 2, "text": null}\n{"id": 3}\n{"id": 4, "text": " "}\n{"id": 5, "text": "a\\r\\nb\\n"}\n'
)


@pytest.mark.parametrize(
    ("text", "name", "values", "empty", "about"),
    [
        (TABLE, "name", ["emma", "ava"], 1, "column 'name'"),
        (TABLE, "note", ["a, b", "x", "two\nlines"], 0, "column 'note'"),
        (TABLE.replace(",", ";"), "name", ["emma", "ava"], 1, "column 'name'"),
        ("sep=;\n" + TABLE.replace(",", ";"), "name", ["emma", "ava"], 1, "column 'name'"),
        (TABS, "1", ["emma", "ava", "mia"], 0, "column 1, read without a header: its first"),
        (TABLE, "2", ["name", "emma", "ava"], 1, "its first value is 'name'"),
        ("1,2\na,b\nc,d\n", "2", ["2", "b", "d"], 0, "column 2, read without a header"),
        ("2019,2020\na,b\nc,d\n", "2020", ["b", "d"], 0, "column '2020'"),
        ("name\nemma\nava\n", "name", ["emma", "ava"], 0, "column 'name'"),
        ("a,b\n1,x\n2\n", "b", ["x"], 1, "column 'b'"),
        (LINES, "text", ["emma", "a\nb"], 3, "field 'text' of JSON lines"),
        (LINES, "by.name", ["x"], 4, "field 'by.name'"),
        (LINES, "id", ["1", "2", "3", "4", "5"], 0, "field 'id'"),
        ('{\n "text": "emma",\n "n": 1\n}\n', "text", ["emma"], 0, "field 'text'"),
        ('[{"a.b": "x"}, {"a": {"b": "y"}}]', "a.b", ["x", "y"], 0, "field 'a.b' of a JSON array"),
    ],
)
def test_a_column(text: str, name: str, values: list[str], empty: int, about: str) -> None:
    found = read_column(text, "given", name)
    assert (list(found.values), found.empty) == (values, empty)
    assert about in found.about


@pytest.mark.parametrize(
    ("text", "name", "said", "hint"),
    [
        (
            TABLE,
            "nme",
            "no column 'nme'; its first row has 'id', 'name', 'note'",
            "Did you mean na",
        ),
        (TABLE, "0", "no column '0'", "a number from 1 to 3"),
        (TABLE, "4", "no column '4'", "a number from 1 to 3"),
        (TABS, "name", "no column 'name'; its first row has 'emma', '1'", "from 1 to 2"),
        ("emma\nava\n", "name", "its first line, 'emma', is one column", "`column=1`"),
        ("a,a\n1,2\n", "a", "2 columns named 'a'", "Rename"),
        ('a,b\n1,"x\n2,y\n', "b", "not a table that can be read", "quotation mark"),
        ("a,b\n1,\n2, \n", "b", "column 'b' has only empty values", "another column"),
        (LINES, "txet", "no field 'txet'; its fields are 'id', 'text', 'by.name'", "mean text?"),
        (LINES, "name", "no field 'name'", "mean by.name?"),
        (LINES, "by", "the field 'by' of record 1 is an object", "Its fields: 'name'"),
        ('{"a": ["x"]}\n', "a", "is a list", "holds text"),
        ('{"a": 1}\nno\n{"a": 2}\n', "a", "line 2 is not JSON", "one JSON object"),
        ('{"a": 1}\n{"a": ', "a", r"line 2 \(the last: is the file cut off\?\)", "one JSON object"),
        ('{"a": 1}\n[1]\n', "a", "line 2 is JSON, but not an object", "one JSON object"),
        ('["a", "b"]', "a", "not of objects with fields", "one per line"),
        ('[{"a": 1}', "a", "begins as a JSON array, but is not JSON", "complete"),
        ("<!doctype html><p>a</p>\n<p>b</p>", "p", "no columns: it is HTML", "Leave `column` out"),
    ],
)
def test_what_is_not_there_or_damaged_is_named(text: str, name: str, said: str, hint: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_column(text, "given", name)
    assert hint in caught.value.hint
    assert caught.value.setting == "column"


WORDS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=9)


@given(st.lists(WORDS, min_size=1))
def test_values_are_those_that_were_written(cells: list[str]) -> None:
    kept = [cell for cell in cells if cell.strip()]
    if kept:
        lines = "".join(json.dumps({"n": 1, "text": cell}) + "\n" for cell in cells)
        assert list(read_column(lines, "given", "text").values) == kept


def test_a_cell_may_be_long_and_the_limit_of_the_process_stays() -> None:
    before, long = csv.field_size_limit(), "a" * 200_000
    assert read_column(f"n,text\n1,{long}\n", "given", "text").values == (long,)
    assert csv.field_size_limit() == before
