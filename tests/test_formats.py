"""What a text is, by looking at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hornbook.sources import formats
from hornbook.sources.datasets import BUNDLED
from hornbook.sources.formats import look

SHARED = Path(__file__).parents[2] / "shared"
ROWS = "".join(f"{n},name{n},{n * 7}\n" for n in range(40))
RECORDS = [{"id": n, "by": {"name": f"name {n}"}, "body": f"said {n} times"} for n in range(40)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
NAMES = "emma\nolivia\nava\nisabella\n" * 10


@pytest.mark.parametrize(
    ("text", "told", "best"),
    [
        (f"id,word,n\n{ROWS}", "a table with 3 columns, cut by commas", "word"),
        (ROWS, "a table with 3 columns without a header, cut by commas", "2"),
        (ROWS.replace(",", "\t"), "3 columns without a header, cut by tabs", "2"),
        ('a;text\n"1;2";x\n"3\n4";y\n5;z\n', "a table with 2 columns, cut by semicolons", "text"),
        ("sep=;\na;text\n1;x\n2;y\n3;z\n", "a table with 2 columns, cut by semicolons", "text"),
        (LINES, "JSON lines with the fields id, by.name, body", "body"),
        (LINES.split("\n")[0], "JSON lines with the fields", "body"),
        (json.dumps(RECORDS), "a JSON array with the fields id, by.name, body", "body"),
        (json.dumps(RECORDS, indent=1), "a JSON array with the fields", "body"),
        (json.dumps(["emma", "ava"]), "a JSON array", ""),
        (json.dumps({"all": RECORDS}, indent=1), "a JSON document", ""),
        ("<!DOCTYPE html>\n<html><p>emma</p></html>", "HTML", ""),
        ("<div><p>emma</p>\n<p>ava</p>\n<p>mia</p></div>", "HTML", ""),
        ("<?xml version='1.0'?><a><b>emma</b></a>", "XML", ""),
        ("<set><n>emma</n><n>ava</n><n>mia</n></set>", "XML", ""),
    ],
)
def test_what_a_text_is(text: str, told: str, best: str) -> None:
    form = look(text)
    assert form is not None
    assert told in str(form)
    assert form.best == best


@pytest.mark.parametrize(
    "text",
    [
        NAMES,
        "one, two\n" * 2,  # too few rows to tell
        "a, b\nc\n" * 20,
        "so much depends, upon\na red wheel, barrow\nglazed with rain, water\nbeside, them\n",
        "[1] the first note\n[2] the second\n",
        "{curly} words\nin a line\n" * 5,
        "<3 emma\n<3 ava\n",
        "Well, said he.\nNo, said she, not so, not ever.\n" * 10,
        "CC(=O)O\nC1=CC=CC=C1\n[Na+].[Cl-]\n" * 9,
    ],
)
def test_what_is_just_text(text: str) -> None:
    assert look(text) is None


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.txt")), ids=lambda path: path.name)
def test_the_bundled_texts_are_just_text(path: Path) -> None:
    assert look(path.read_text(encoding="utf-8")) is None


@pytest.mark.skipif(not (SHARED / "cases").exists(), reason=f"no cases at {SHARED}")
def test_cases() -> None:
    found = {path.name: look(path.read_text()) for path in (SHARED / "cases").glob("*.[tj]*")}
    assert str(found.pop("rows.jsonl")) == "JSON lines with the fields id, text"
    assert set(found.values()) == {None}


@pytest.mark.parametrize("text", [LINES, json.dumps(RECORDS), f"id,word,n\n{ROWS}"])
def test_a_look_ends_within_a_long_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = look(text)
    monkeypatch.setattr(formats, "LOOKED", len(text) * 2 // 3 + 1)
    assert look(text) == whole


def test_a_header_is_one_though_its_words_occur_below() -> None:
    rows = "module,name,summary\n" + "".join(f"os,f{n},what {n} does\n" for n in range(20))
    found = look(rows + "os,name,the name of the system\n")
    assert found is not None
    assert (found.header, found.columns) == (True, ("module", "name", "summary"))
    names = look("emma,F\n" + "".join(f"n{n},{'FM'[n % 2]}\n" for n in range(20)))
    assert names is not None
    assert not names.header


def test_a_last_column_without_a_name_and_without_cells_does_not_hide_the_header() -> None:
    rows = [f"{'mf'[n % 2]},{'yes' if n % 3 else 'no'}," for n in range(30)]
    form = look("\n".join(["sex,smoker,", *rows]) + "\n")
    assert form is not None
    assert form.header
    assert form.columns == ("sex", "smoker", "3")
    assert not look("\n".join(rows) + "\n").header  # type: ignore[union-attr]
