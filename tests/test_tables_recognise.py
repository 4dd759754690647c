"""Which files are tables where no target is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tables.header import has_header
from hornbook.tables.loading import load_table
from hornbook.tables.recognise import recognise
from hornbook.tasks import choose_task
from tests.command import typed

TABLES = {
    "houses": "size,rooms,town,price\n" + "".join(
        f"{70 + n},{n % 4},{'Bonn' if n % 2 else 'Kiel'},{n * 900.5}\n" for n in range(20)),
    "iris": "a,b,c,d,species\n" + "".join(f"{n}.1,3.5,1.4,0.2,{'xy'[n % 2]}\n" for n in range(9)),
    "dated": "date;store;sales\n" + "".join(f"2015-07-{n:02};A;{n},5\n" for n in range(1, 20)),
    "titanic": "Survived,Pclass,Name,Sex,Age,Fare\n" + "".join(
        f'{n % 2},{n % 3},"Doe, Mr. J{n}",male,{20 + n},{7.25 + n}\n' for n in range(20)),
    "json": "".join(f'{{"a": {n}, "b": {n * 2}, "c": "x"}}\n' for n in range(9)),
}  # fmt: skip
OTHERS = {
    "names with counts": "name,sex,count\n" + "".join(f"Name{n},F,{n * 7}\n" for n in range(9)),
    "names by year": "year,name,sex,count\n" + "".join(
        f"1999,Name{n},F,{n * 7}\n" for n in range(9)),
    "text and label": "text,label\n" + "".join(f"what a film {n},{n % 2}\n" for n in range(9)),
    "poems": "id,year,text\n" + "".join(f"{n},19{n},a line of a poem {n}\n" for n in range(9)),
    "reviews": "id,stars,review\n" + "".join(
        f"{n},{n % 5},I did not like this one for {n} reasons at all\n" for n in range(9)),
    "molecules": "smiles,logp,weight\n" + "".join(
        f"CC{'O' * n},{n}.5,{n * 12}\n" for n in range(9)),
    "words": "one line\nand one more\nand a third\n",
    "no header": "".join(f"{n},{n * 2},{n % 3}\n" for n in range(9)),
    "empty": "",
}  # fmt: skip


def task_of(path: Path, text: str) -> str:
    file = path / "data.csv"
    file.write_text(text, encoding="utf-8")
    return choose_task(Source(file))[0].name


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_known_and_both_ways_on_told(name: str, tmp_path: Path) -> None:
    assert task_of(tmp_path, TABLES[name]) == "tables"
    claim = recognise(Source(tmp_path / "data.csv"), {})
    assert claim is not None
    assert claim.strength == 1
    with pytest.raises(DataError, match="not said which column to predict") as caught:
        load_table(Source(tmp_path / "data.csv"))
    assert "Set `target` to one of them" in caught.value.hint
    assert "`task=text`" in caught.value.hint
    assert "`column`" in caught.value.hint


@pytest.mark.parametrize("name", [one for one in OTHERS if one != "empty"])
def test_texts_are_no_tables(name: str, tmp_path: Path) -> None:
    assert task_of(tmp_path, OTHERS[name]) == ("pairs" if name == "text and label" else "text")


FLATS = "price,rooms,sold,town,description\n" + "".join(
    f'{900 + n * 37 % 50},{n % 5},2024-01-{1 + n:02},{"xy"[n % 2]},"{"by the sea " * 7}{n}"\n'
    for n in range(20)
)


@pytest.mark.parametrize("verb", ["train", "doctor"])
def test_a_table_beside_a_column_of_texts_is_asked_for_with_both_lines(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "flats.csv").write_text(FLATS, encoding="utf-8")
    status, _, err = typed(capsys, verb, str(file))
    assert status == 1
    assert "'description' holds texts; --target can be any other column" in err
    assert err.splitlines()[-2:] == [
        f"hornbook {verb} {file} --task tables --target price",
        f"hornbook {verb} {file} --task text --column description",
    ]
    assert choose_task(Source(file), options={"target": "price"})[0].name == "tables"
    assert choose_task(Source(file), options={"column": "description"})[0].name == "text"


def test_a_poem_with_its_numbers_is_no_row_of_a_table(tmp_path: Path) -> None:
    rows = "".join(f"{n},{1900 + n},Poe,17,{'a long line of a poem ' * 4}{n}\n" for n in range(9))
    assert task_of(tmp_path, f"id,year,author,page,text\n{rows}") == "text"


def test_ratings_and_clicks_are_their_own(tmp_path: Path) -> None:
    rows = "".join(f"{n % 4},{n},{n % 5},{n * 10}\n" for n in range(20))
    assert task_of(tmp_path, f"userId,movieId,rating,timestamp\n{rows}") == "ratings"
    assert task_of(tmp_path, f"user,item,amount,weight\n{rows}") == "clicks"


def test_a_target_tells_and_what_cannot_be_read_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(OTHERS["poems"], encoding="utf-8")
    claim = recognise(Source(tmp_path / "data.csv"), {"target": "year"})
    assert claim is not None
    assert claim.strength == 20
    (tmp_path / "data.csv").write_text("", encoding="utf-8")
    assert recognise(Source(tmp_path / "data.csv"), {}) is None
    assert recognise(Source(tmp_path / "none.csv"), {}) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("FILE --model mlp --target price", "mlp belongs to the task text, and --target is a"),
        ("--model mlp --target price FILE", "mlp belongs to the task text, and --target is a"),
        ("FILE --model mixed --target price", "Did you mean mixed-input? Families of tables:"),
        ("FILE --model forest", "Unknown model family 'forest'."),
        ("--model forest --task tables FILE", "Unknown model family 'forest'."),
    ],
)
def test_the_families_of_tables_are_told_where_another_is_asked_for(
    line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "houses.csv").write_text(TABLES["houses"], encoding="utf-8")
    status, _, err = typed(capsys, "train", *line.replace("FILE", str(file)).split())
    assert status == 1
    assert said in err
    assert err.endswith("Families of tables: linear, mixed-input, tabm.\n")


@pytest.mark.parametrize("verb", ["train", "rate", "best", "doctor"])
def test_help_says_how_to_see_the_flags_of_tables(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = typed(capsys, verb, "--help")
    assert f"Those for your data: hornbook {verb} DATA --help." in out
    assert f"hornbook {verb} --task TASK --help. Other tasks: ratings, clicks, tables, words" in out
    _, out, _ = typed(capsys, verb, "--task", "tables", "--help")
    assert "--target COLUMN" in out
    assert "those of task tables." in out


def test_the_doctor_and_the_question_propose_the_same_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "flats.csv").write_text(FLATS, encoding="utf-8")
    for header, target in (
        ("price", "price"),
        ("size", "town"),
        ("sale_price", "sale_price"),
        ("species", "species"),
    ):
        file.write_text(FLATS.replace("price", header, 1), encoding="utf-8")
        claim = recognise(Source(file), {})
        assert claim is not None
        assert claim.settings == {"target": target}
        _, _, err = typed(capsys, "doctor", str(file), "--task", "tables")
        assert f"hornbook doctor {file} --target {target}" in err


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["a,2020,2022,x", "1,2,3,", "2,3,4,", "3,5,1,"], True),
        (["id;2020;2030", "1;2;3", "2;3;4"], True),
        (["q,7,w,", "yes,2,no,", "no,3,no,"], False),
        (["5.1,NA,3,setosa", "4,2,3,virginica", "4,4,3,virginica"], False),
        (["7,unknown,3,a", "4,2,3,b", "4,4,3,b", "5,unknown,1,b"], False),
        (["sex,smoker,", "m,yes,", "f,yes,", "f,no,"], True),
    ],
)
def test_a_first_row_names_columns_if_its_texts_are_none_of_the_data(
    tmp_path: Path, lines: list[str], named: bool
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    assert has_header(Rows(Source(path))) is named
