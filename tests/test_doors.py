"""The doctor says what a file is, and the line to type is right."""

from __future__ import annotations

import gzip
import io
import json
import shlex
import sys
from pathlib import Path

import pytest

from hornbook.text.corpus import Corpus, load_corpus
from hornbook.text.doctor.examine import CorpusReport, examine
from tests.command import typed
from tests.some_names import BUNDLED

NAMES = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()[:300]
HAIKU = "\n\n".join(f"an old pond {name}\na frog leaps in\nthe {name}" for name in NAMES[:40])
RECORDS = [{"id": n, "text": name} for n, name in enumerate(NAMES)]
FILES: dict[str, str] = {
    "names.txt": "\n".join(NAMES),
    "rows.jsonl": "".join(json.dumps(record) + "\n" for record in RECORDS),
    "rows.json": json.dumps(RECORDS),
    "list.json": json.dumps(NAMES),
    "named.csv": "id,name\n" + "".join(f'{n},"{name}"\n' for n, name in enumerate(NAMES)),
    "bare.tsv": "".join(f"{name}\t{n}\n" for n, name in enumerate(NAMES)),
    "page.html": "<!doctype html>\n" + "".join(f"<p>{name}</p>\n" for name in NAMES),
    "data.xml": "<?xml version='1.0'?>\n" + "".join(f"<n>{name}</n>\n" for name in NAMES),
    "haiku.txt": HAIKU,
    "plays.txt": "\n\n".join(f"A:\n{name}\n" * (1 + n % 4) for n, name in enumerate(NAMES)),
    "one.txt": ", ".join(NAMES),
}
NEXT: list[tuple[str, str, list[str]]] = [
    ("names.txt", "plain text", ["names.txt"]),
    ("rows.jsonl", "JSON lines with the fields id, text", ["rows.jsonl --column text"]),
    ("rows.json", "a JSON array with the fields id, text", ["rows.json --column text"]),
    ("list.json", "a JSON array", []),
    ("named.csv", "a table with 2 columns, cut by commas", ["named.csv --column name"]),
    ("bare.tsv", "a table with 2 columns without a header, cut by", ["bare.tsv --column 1"]),
    ("page.html", "HTML", []),
    ("data.xml", "XML", []),
    ("haiku.txt", "plain text, 40 parts between blank lines", ["haiku.txt"]),
    ("plays.txt", "plain text, ", ["plays.txt", "plays.txt --separator blank"]),
    ("one.txt", "plain text, one line", ["one.txt"]),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to be in, with the files."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    return tmp_path


def kind_and_next(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, list[str]]:
    """What the doctor says a file is, and what it says to type next."""
    status, out, err = typed(capsys, "doctor", *words)
    assert status == 0
    kind = next(line for line in out.splitlines() if line.startswith("file "))
    start = "  hornbook train "
    return kind, [line[len(start) :] for line in err.splitlines() if line.startswith(start)]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "kind", "following"), NEXT, ids=[name for name, _, _ in NEXT])
def test_the_line_to_type(
    name: str,
    kind: str,
    following: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found, lines = kind_and_next(capsys, name)
    assert kind in found
    assert lines == following
    for line in lines:
        words = shlex.split(line)
        assert typed(capsys, "train", *words, "--model", "ngram", "--order", "3")[0] == 0
        # By that door there is nothing left to say of the file's form.
        assert kind_and_next(capsys, *words)[1][:1] == [line]


@pytest.mark.usefixtures("here")
def test_what_was_asked_for_is_in_the_line_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = kind_and_next(capsys, "rows.jsonl", "--split", "90/10", "--separator", "line")
    assert lines == ["rows.jsonl --split 90/10 --column text"]
    _, lines = kind_and_next(capsys, "names.txt", "haiku.txt", "--distinct")
    assert lines == ["names.txt haiku.txt --distinct"]


@pytest.mark.usefixtures("here")
def test_gzip_and_folders_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    Path("folder/a.jsonl.gz").write_bytes(gzip.compress(FILES["rows.jsonl"].encode()))
    found, lines = kind_and_next(capsys, "folder")
    assert "JSON lines" in found
    assert lines == ["folder --column text"]
    status, out, _ = typed(capsys, "doctor", "folder", "--json")
    assert status == 0
    assert json.loads(out)["kind"].endswith("; compressed with gzip")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_has_the_same_doors(
    packed: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = FILES["rows.jsonl"].encode()

    def pipe() -> None:
        piped = io.BytesIO(gzip.compress(data) if packed else data)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(piped))

    pipe()
    assert kind_and_next(capsys, "-")[1] == ["- --column text"]
    pipe()
    status, _, err = typed(
        capsys, "train", "--model", "ngram", "--column", "text", "-", "--out", "run"
    )
    assert status == 0
    assert "read as lines (field 'text' of JSON lines, 300 values)" in err


@pytest.mark.usefixtures("here")
def test_two_columns_of_texts_that_nothing_names_may_be_pairs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [f"good word {'abcde'[n % 5] * (n // 5)},gutes Wort {n}" for n in range(5, 95)]
    Path("phrases.csv").write_text("\n".join(["phrase,meaning", *rows]), encoding="utf-8")
    said = "To learn one column from the other: --source-column "
    assert said in " ".join(typed(capsys, "doctor", "phrases.csv")[1].split())
    _, _, err = typed(capsys, "train", "phrases.csv", "--model", "ngram")
    assert said in err
    column = err.split(said)[1].split()[0].removesuffix(".")
    words = ("--source-column", column, "--model", "lookup", "--task", "pairs", "--out", "pairs")
    status, _, err = typed(capsys, "train", "phrases.csv", *words)
    assert status == 0, err


@pytest.mark.usefixtures("here")
def test_training_says_how_it_could_be_read_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    for name, said in (
        ("haiku.txt", "To read it as one long text: --mode text."),
        ("plays.txt", "parts as an example: --separator blank."),
        ("rows.jsonl", "to read only one of them: --column text."),
    ):
        _, _, err = typed(capsys, "train", name, "--model", "ngram", "--order", "3")
        assert said in err


def report(text: str, separator: str = "line", mode: str = "lines") -> CorpusReport:
    """Of a text that was asked to be read so."""
    return examine(
        Corpus("a", "a.txt", mode, "as requested", text, "utf-8", "LF", separator)  # type: ignore[arg-type]
    )


def named(found: CorpusReport) -> set[str]:
    """The names of the findings."""
    return {finding.name for finding in found.findings}


def test_examples_are_counted_as_such() -> None:
    found = report(f"{HAIKU}\n\n{HAIKU}\n", "blank")
    assert (found.examples, found.distinct_examples) == (80, 40)
    assert (found.lines, found.distinct_lines) == (240, 81)
    assert found.vocabulary["\n"] == 160
    assert found.lengths.max > 20
    (twice,) = (finding for finding in found.findings if finding.name == "repeated-lines")
    assert twice.title == "Some examples are repeated"
    assert "40 of 80 examples" in twice.detail
    assert not named(found) & {"blank-lines", "doubtful-mode"}


def test_another_way_of_reading_is_doubted() -> None:
    assert "doubtful-mode" in named(report(HAIKU))
    assert "doubtful-mode" in named(report(HAIKU, mode="text"))
    assert "doubtful-mode" not in named(report(HAIKU, "blank"))
    assert "doubtful-mode" not in named(report(FILES["plays.txt"], "blank"))


def test_a_list_on_one_line() -> None:
    assert "one-line" in named(report(FILES["one.txt"], mode="text"))
    prose = "It was the best of times, it was the worst of times, it was the age of wisdom, " * 9
    assert "one-line" not in named(report(prose, mode="text"))


def test_the_values_of_a_column_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "id,where\n" + "".join(f'{n},"{name}, there"\n' for n, name in enumerate(NAMES))
    )
    found = examine(load_corpus(path, column="where"))
    assert not named(found) & {"columns", "doubtful-mode", "other-reading"}
    assert found.kind == "the values of a column"
