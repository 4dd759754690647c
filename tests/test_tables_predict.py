"""Predictions of a file of rows: what comes out, and what each kind of odd file gets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, HornbookError, RunError, SettingsError
from hornbook.runs import Run, strip
from hornbook.tables.arrays import fit
from hornbook.tables.later import UNKNOWN
from hornbook.tables.measures import NumberErrors
from hornbook.tables.questions.lines import free_names, number_text
from hornbook.tables.questions.tally import Tally
from hornbook.tables.spellings import respelled
from hornbook.tables.target import Target
from hornbook.tasks.scores import ClassScores
from tests.command import typed

HEADER = "city,size,when,sold"
ROWS = [
    f"{('north', 'south', 'Æon, east')[n % 3]},{n % 7 + 0.5},2015-0{n % 9 + 1}-1{n % 5},"
    f"{n % 11 + n % 3}"
    for n in range(90)
]


def quoted(row: str) -> str:
    city, _, rest = row.rpartition(",2015")[0].rpartition(",")
    return f'"{city}",{rest},2015{row.rpartition(",2015")[2]}'


def as_file(folder: Path, *rows: str, header: str = HEADER, name: str = "new.csv") -> str:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def trained(folder: Path, name: str, **options: Any) -> Run:
    how = {"steps": 2, "batch_size": 16}
    run: Run = hornbook.train(
        as_file(folder, *map(quoted, ROWS), name="train.csv"), model="linear", out=folder / name,
        split_by="random", training=how, baseline=False, **options,
    )  # fmt: skip
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("predict")
    return {
        "number": trained(folder, "number", target="sold"),
        "class": trained(folder, "class", target="city"),
    }


GOOD = "north,1.5,2015-03-11,4"


# --- what comes out ----------------------------------------------------------------------------


def test_columns_stay_as_they_are_and_one_is_added(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = as_file(
        tmp_path,
        '2015-03-11;" a;b ";01;north;4',
        "2015-04-12;;2;;",
        header="when;note;size;CITY;sold",
    )
    status, out, err = typed(capsys, "predict", str(runs["number"].path), path)
    assert status == 0
    first, second, third = csv.reader(io.StringIO(out), delimiter=";")
    assert first == ["when", "note", "size", "CITY", "sold", "prediction"]
    assert second[:5] == ["2015-03-11", "a;b", "01", "north", "4"]
    assert third[:5] == ["2015-04-12", "", "2", "", ""]
    found = runs["number"].predict(path)
    assert [float(second[5]), float(third[5])] == pytest.approx(list(found), rel=1e-5)
    assert "on 1 row ('sold', which the file has)" in err


def test_classes_come_with_the_probability_of_the_most_likely_one(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = runs["class"], as_file(tmp_path, "1.5,2015-03-11,4", header="size,when,sold")
    found = run.predict(path)
    assert found.classes == ("north", "south", "Æon, east")
    assert found.probabilities.sum() == pytest.approx(1)
    assert found[0] == found.classes[found.probabilities[0].argmax()]
    _, out, err = typed(capsys, "predict", str(run.path), path)
    assert out.splitlines()[0] == "size,when,sold,prediction,probability"
    assert err.strip() == ""
    _, out, _ = typed(capsys, "predict", str(run.path), path, "--probabilities")
    row = next(csv.DictReader(io.StringIO(out)))
    chances = [float(row[f"probability of {one}"]) for one in found.classes]
    assert chances == pytest.approx(found.probabilities[0], rel=1e-5)


def test_json_lines_stay_json_lines(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.jsonl"
    given = [
        {"city": "south", "size": 3.5, "when": "2015-03-11", "more": {"deep": [1, None]}},
        {"city": None, "size": None, "when": "2015-03-11"},
    ]
    path.write_text("\n".join(map(json.dumps, given)), encoding="utf-8")
    run = str(runs["number"].path)
    _, out, _ = typed(capsys, "predict", run, str(path))
    lines = [json.loads(line) for line in out.splitlines()]
    assert [{k: v for k, v in line.items() if k != "prediction"} for line in lines] == given
    _, out, _ = typed(capsys, "predict", run, str(path), "--json")
    whole = json.loads(out)
    assert whole["predictions"] == lines
    assert (whole["rows"], whole["target"]) == (2, "sold")


def test_pieces_are_predicted_as_the_whole_is(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_file(tmp_path, *map(quoted, ROWS))
    run = runs["number"]
    whole = run.predict(path)
    monkeypatch.setattr("hornbook.sources.rows.BATCH", 7)
    parts = run.predict(path)
    np.testing.assert_allclose(parts.prediction, whole.prediction, rtol=1e-6)
    assert parts.figures == pytest.approx(whole.figures)
    target = np.array([float(row.rpartition(",")[2]) for row in ROWS])
    assert whole.figures == pytest.approx(
        {k: v for k, v in NumberErrors(None, whole.prediction, target).as_dict().items()
         if k in whole.figures}
    )  # fmt: skip
    assert any("72 stood in train" in one for one in whole.remarks)


@pytest.mark.parametrize("pieces", [1, 4])
def test_a_tally_of_pieces_has_the_figures_of_the_whole(pieces: int) -> None:
    random = np.random.default_rng(0)
    wanted = np.exp(random.normal(size=40))
    predicted = wanted * np.exp(0.1 * random.normal(size=40))
    number = Tally(Target("y", "number"))
    chances = random.dirichlet((1, 1), 40)
    classes = random.integers(0, 2, 40)
    of_class = Tally(Target("y", "class", ("a", "b")))
    for rows in np.array_split(np.arange(40), pieces):
        told = np.ones(len(rows), bool)
        number.add(predicted[rows], wanted[rows], told)
        of_class.add(chances[rows], classes[rows], told)
    assert number.figures() == pytest.approx(NumberErrors(None, predicted, wanted).as_dict())
    assert of_class.figures() == pytest.approx(
        ClassScores(None, chances, classes).as_dict(), rel=1e-5
    )


def test_what_is_not_measured_is_said() -> None:
    tally = Tally(Target("y", "logarithm"))
    tally.add(np.ones(3), np.array([0.0, np.nan, 2.0]), np.array([True, True, False]))
    assert tally.figures() == {}
    assert tally.remarks() == [
        "2 rows with a target that is not a finite number above 0: not in the errors."
    ]
    tally = Tally(Target("y", "class", ("a", "b")))
    tally.add(np.full((2, 2), 0.5), np.array([UNKNOWN, 1]), np.array([True, True]))
    assert (tally.rows, tally.unknown) == (1, 1)


# --- where rows come from ----------------------------------------------------------------------

MIXED = "city,code,open,size,when,sold"
MIXED_ROWS = [
    f"{('north', 'south', '')[n % 3]},0{n % 4 + 1},{('true', 'False')[n % 2]},"
    f"{('', n + 0.5)[n % 5 > 0]},2015-0{n % 9 + 1}-1{n % 5},{n % 11 + n % 3}"
    for n in range(60)
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run, and rows that it can predict, however they are given."""
    import pandas as pd

    folder = tmp_path_factory.mktemp("mixed")
    path = as_file(folder, *MIXED_ROWS, header=MIXED)
    run = hornbook.train(path, target="sold", model="linear", out=folder / "run", baseline=False,
                         split_by="random", training={"steps": 3, "batch_size": 16},
                         categorical=["code", "open"])  # fmt: skip
    frame = pd.read_csv(path, parse_dates=["when"])
    assert [str(frame[name].dtype) for name in ("code", "open")] == ["int64", "bool"]
    frame.to_parquet(folder / "new.parquet")
    plain = frame.assign(when=frame["when"].dt.strftime("%Y-%m-%d"))
    plain.to_json(folder / "new.jsonl", orient="records", lines=True)
    return {"run": run, "frame": frame, "csv": path, "jsonl": folder / "new.jsonl",
            "parquet": folder / "new.parquet"}  # fmt: skip


def test_the_same_rows_get_the_same_predictions_wherever_they_come_from(
    mixed: dict[str, Any],
) -> None:
    run, frame = mixed["run"], mixed["frame"]
    wanted = run.predict(mixed["csv"])
    assert not any("'code'" in one or "'open'" in one for one in wanted.remarks)
    turned = {name: frame[name].tolist() for name in reversed(frame.columns)}
    for given in (mixed["jsonl"], mixed["parquet"], frame, turned, frame.assign(more=1)):
        found = run.predict(given)
        np.testing.assert_array_equal(found.prediction, wanted.prediction)
        assert found.figures == pytest.approx(wanted.figures)
        assert found.remarks == wanted.remarks


def test_parquet_comes_back_as_csv_or_with_its_types(
    mixed: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pandas as pd
    import pyarrow.parquet as parquet

    run, frame = mixed["run"], mixed["frame"]
    path = tmp_path / "new.parquet"
    odd = frame.assign(tags=[["a", "b"]] * len(frame), at=frame["when"] + pd.Timedelta("90s"))
    odd.to_parquet(path, row_group_size=25)
    wanted = run.predict(path)
    _, out, err = typed(capsys, "predict", str(run.path), str(path))
    first = next(csv.DictReader(io.StringIO(out)))
    assert (first["when"], first["at"]) == ("2015-01-10", "2015-01-10T00:01:30")
    assert (first["city"], first["open"], first["tags"]) == ("north", "True", "")
    assert float(first["prediction"]) == pytest.approx(wanted[0], rel=1e-5)
    assert "Column 'tags' holds lists" in err
    (tmp_path / "out.csv").write_text(out)
    again = run.predict(tmp_path / "out.csv")  # what was written can be read
    np.testing.assert_array_equal(again.prediction, wanted.prediction)

    kept = tmp_path / "out.parquet"
    for _ in range(2):  # its own file is replaced
        status, out, _ = typed(capsys, "predict", str(run.path), str(path), "--out", str(kept))
        assert (status, out) == (0, "")
    table = parquet.read_table(kept)
    assert table.schema.names == [*odd.columns, "prediction"]
    assert table.select(list(odd.columns)).equals(parquet.read_table(path))
    np.testing.assert_array_equal(table["prediction"].to_numpy(), wanted.prediction)

    _, out, _ = typed(capsys, "predict", str(run.path), str(path), "--json")
    row = json.loads(out)["predictions"][0]
    assert (row["size"], row["tags"], row["open"]) == (None, ["a", "b"], True)
    assert row["when"].startswith("2015-01-10")
    with pytest.raises(RunError, match="it is not replaced"):
        run.predict(mixed["parquet"], out=path)
    with pytest.raises(SettingsError, match="Only a Parquet file comes back as one"):
        run.predict(mixed["csv"], out=kept)


def test_what_is_wrong_with_rows_in_memory_is_said(mixed: dict[str, Any], tmp_path: Path) -> None:
    run, frame = mixed["run"], mixed["frame"]
    wrong = frame.assign(size=["big", *frame["size"][1:]])
    with pytest.raises(DataError, match=r"row \(from 0\) 0: 'big' in column 'size'"):
        run.predict(wrong)
    found = run.predict(wrong, bad_rows="empty")
    assert np.isnan(found.prediction).tolist() == [True] + [False] * (len(frame) - 1)
    with pytest.raises(DataError, match="lacks 1 column that the model reads: 'when'"):
        run.predict(frame.drop(columns="when"))
    with pytest.raises(SettingsError, match="no setting out"):
        run.predict(frame, out="new.csv")
    for given in (frame.assign(size=frame["when"]), tmp_path / "new.parquet"):
        frame.assign(size=frame["when"]).to_parquet(tmp_path / "new.parquet")
        with pytest.raises(DataError, match="'size' holds dates, and held numbers"):
            run.predict(given)
    frame.assign(size=[[1.0]] * len(frame)).to_parquet(tmp_path / "new.parquet")
    with pytest.raises(DataError, match="'size', which the run reads, holds lists"):
        run.predict(tmp_path / "new.parquet")


def test_arrays_are_predicted_as_they_were_given_to_fit(tmp_path: Path) -> None:
    x_cat, x_cont = np.arange(60) % 3, np.linspace(0, 1, 60)
    run = fit(
        x_cat, x_cont, np.where(x_cat == 1, "b", "a"), model="linear", out=tmp_path / "run",
        baseline=False, training={"steps": 2, "batch_size": 16},
    )  # fmt: skip
    found = run.predict((x_cat[:9], x_cont[:9]))
    assert found.probabilities.shape == (9, 2)
    assert set(found) <= {"a", "b"}
    with pytest.raises(DataError, match="lacks 1 column"):
        run.predict((x_cat, None))


# --- names and numbers -------------------------------------------------------------------------


def test_no_column_that_is_added_has_the_name_of_another() -> None:
    assert free_names(["a"], "y", ["probability"]) == ["prediction", "probability"]
    assert free_names(["prediction"], "y", []) == ["prediction of y"]
    taken = ["prediction", "prediction of y", "prediction of y 2"]
    assert free_names(taken, "y", []) == ["prediction of y 3"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.8, "1234568"), (12.345678, "12.3457"), (0.0012345678, "0.00123457"), (-3.0, "-3"),
     (0.0, "0"), (1e30, "1.00000e+30"), (float("nan"), "")],
)  # fmt: skip
def test_a_number_has_six_digits(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [(1e12 + 1.56789, 2.0, "1000000000001.568"), (48.13754321, 5e-4, "48.1375432"),
     (44.763812, 18.0, "44.7638"), (0.0012345678, 18.0, "0.00123457"),
     (1.23456789e20, 1e16, "1.2345679e+20"), (0.0, 2.0, "0"), (5.5, 1e-300, "5.5"),
     (float("nan"), 2.0, "")],
)  # fmt: skip
def test_a_number_shows_by_how_much_predictions_differ(
    value: float, spread: float, text: str
) -> None:
    assert number_text(value, spread) == text


def test_predictions_that_differ_behind_many_digits_are_written_with_them(tmp_path: Path) -> None:
    rows = [f"{n / 50},{1e12 + n / 50}" for n in range(100)]
    train = as_file(tmp_path, *rows, header="x,y", name="train.csv")
    run: Run = hornbook.train(
        train, target="y", model="linear", out=tmp_path / "run", training={"steps": 300},
        baseline=False,
    )  # fmt: skip
    made = run.predict(train)
    assert float(np.std(made.prediction)) > 0.4
    for kind, read in (("csv", None), ("jsonl", json.loads)):
        out = tmp_path / f"out.{kind}"
        run.predict(train, out=out)
        lines = out.read_text().splitlines()
        found = (
            [read(line)["prediction"] for line in lines]
            if read else [float(line.rpartition(",")[2]) for line in lines[1:]]
        )  # fmt: skip
        np.testing.assert_allclose(np.array(found) - 1e12, made.prediction - 1e12, atol=0.001)


def test_categories_are_known_by_other_spellings_of_a_number() -> None:
    assert respelled(("1.0", "2", "x"), ("1", "2")) == ("1", "2", "x")
    assert respelled(("7", "12"), ("07", "12")) == ("07", "12")
    assert respelled(("7",), ("07", "007")) == ("7",)  # which of both is not known
    assert respelled(("true", "FALSE"), ("False", "True")) == ("True", "False")


@pytest.mark.parametrize(("form", "separator", "cells", "found"), [
    ("comma", ",", ["1.234", "5"], [True, False]),
    ("comma", ",", ["1.234", "0,5"], [False, False]),
    ("comma", ";", ["1.234"], [False]),
    ("thousands", ";", ["1,234", "5"], [True, False]),
    ("thousands", ";", ["1,234", "1.5"], [False, False]),
    ("thousands", ",", ["1,234"], [False]),
    ("plain", ";", ["1.234"], [False]),
    ("plain", ";", ["1.234 €", "850 €"], [True, False]),
    ("plain", ",", ["1.234", "850", "2.345", "3.456", "4.567", "5.678"],
     [True, False, True, True, True, True]),
    ("comma", ",", ["1.234", "850", "2.345", "3.456", "4.567", "5.678"], [False] * 6),
])  # fmt: skip
def test_marks_that_mean_two_things_are_not_guessed(
    form: str, separator: str, cells: list[str], found: list[bool]
) -> None:
    from hornbook.sources.cells import Cells
    from hornbook.tables.points import unclear

    assert unclear(Cells(cells), form, separator).tolist() == found


# --- odd files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        ([GOOD.rpartition(",")[0]], "City ,sizes,when",
         ["has no column 'size'", "Did you mean sizes?"]),
        (["1"], "sold", ["has no column 'city'", "nor 'size', 'when'"]),
        ([GOOD, "north,big,2015-03-11,4"], HEADER,
         ["line 3: 'big' in column 'size' is not a number", "--bad-rows empty"]),
        (["north,inf,2015-03-11,4"], HEADER, ["line 2: 'inf' in column 'size'"]),
        (["north,1,11.03.2015,4"], HEADER,
         ["line 2: '11.03.2015' in column 'when' is not a date", "such as 2015-07-31"]),
        ([GOOD, "north,1"], HEADER, ["line 3: it has 2 cells, and 4 were expected"]),
        ([], HEADER, ["has no rows below its header"]),
        ([GOOD], "city,size,size,when", ["2 columns named 'size'"]),
        (["south,1,2015-03-11,4"], GOOD, ["has no header", "The run reads 'city', 'size', 'when'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_nothing_is_written(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    rows: list[str], header: str, told: list[str],
) -> None:  # fmt: skip
    path, out = as_file(tmp_path, *rows, header=header), tmp_path / "out.csv"
    status, _, err = typed(capsys, "predict", str(runs["number"].path), path, "--out", str(out))
    assert status == 1
    for words in told:
        assert words in " ".join(err.split())
    assert {one.name for one in tmp_path.iterdir()} == {"new.csv"}


def test_an_empty_file_and_none(runs: dict[str, Run], tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="is empty"):
        runs["number"].predict(tmp_path / "empty.csv")
    with pytest.raises(DataError, match="There is no file"):
        runs["number"].predict("names")


def test_rows_that_cannot_be_read_can_be_left_empty(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = as_file(tmp_path, "north,big,2015-03-11,4", GOOD, "north,1")
    run = runs["number"]
    found = run.predict(path, bad_rows="empty")
    assert np.isnan(found.prediction).tolist() == [True, False]
    _, out, err = typed(capsys, "predict", str(run.path), path, "--bad-rows", "empty")
    assert out.splitlines()[1] == "north,big,2015-03-11,4,"
    assert "1 row with a cell that cannot be read" in err
    assert "1 row with a wrong number of cells left out" in err
    named = runs["class"].predict(path, bad_rows="empty")
    assert named[0] is None
    assert named[1] in named.classes


def test_what_the_run_does_not_know_is_told(runs: dict[str, Run], tmp_path: Path) -> None:
    path = as_file(tmp_path, "west,1.5,2015-03-11,", "west,,2015-12-11,")
    told = "\n".join(runs["number"].predict(path).remarks)
    assert (
        "2 rows of 2 with a category in 'city' that the run does not know, such as 'west'" in told
    )
    assert "1 row of 2 with a category in 'when: month'" in told
    assert "1 row without 'size', which was never missing in train" in told
    assert "far beyond" not in told


def test_numbers_of_another_unit_are_told(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # train has 0.5 to 6.5: what is a little beyond is usual, a hundred times as much is a slip
    rows = [f"north,{size},2015-03-11,4" for size in ("650", "-70", "12.4", "-5.4", "3")]
    run = runs["number"]
    told = "\n".join(run.predict(as_file(tmp_path, *rows)).remarks)
    assert "2 rows of 5 with 'size' far beyond what train has (0.5 to 6.5), such as 650" in told
    assert told == "\n".join(run.predict(frame_of(rows)).remarks)
    _, out, err = typed(capsys, "evaluate", str(run.path), as_file(tmp_path, *rows))
    assert "far beyond what train has" in out + err


@pytest.mark.parametrize(("day", "told"), [
    ("1900-03-11", "1900-03-11"), ("2200-03-11", "2200-03-11"), ("2015-12-24", ""),
])  # fmt: skip
def test_dates_of_another_century_are_told(
    day: str, told: str, runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs["number"]
    path = as_file(tmp_path, f"north,3,{day},4", "north,3,2015-03-11,4")
    remarks = "\n".join(run.predict(path).remarks)
    assert ("far beyond" in remarks) == bool(told)
    if told:
        assert "1 row of 2 with 'when' far beyond what train has (2015-01-10 to 2015-0" in remarks
        assert f"such as {told}: nothing was learned there. Another century?" in remarks
        _, out, err = typed(capsys, "evaluate", str(run.path), path)
        assert f"such as {told}: nothing was learned there" in out + err


def test_a_missing_date_that_train_always_has_is_told(runs: dict[str, Run], tmp_path: Path) -> None:
    path = as_file(tmp_path, "north,3,,4", "north,3,2015-03-11,4")
    told = "\n".join(runs["number"].predict(path).remarks)
    assert "1 row without 'when', which was never missing in train" in told


def frame_of(rows: list[str]) -> dict[str, list[str]]:
    cells = [row.split(",") for row in rows]
    return dict(zip(HEADER.split(","), map(list, zip(*cells, strict=True)), strict=True))


@pytest.mark.parametrize(("style", "cell", "value"), [
    ("comma", "1.234,5", 1234.5), ("comma", "1.234", 1234.0),
    ("thousands", "1,234.5", 1234.5), ("", "1234.5", 1234.5),
])  # fmt: skip
def test_numbers_are_read_as_train_writes_them(style: str, cell: str, value: float) -> None:
    from hornbook.sources.cells import Cells
    from hornbook.tables.kinds import form_named
    from hornbook.tables.raw_column import RawColumn

    column = RawColumn(separator=";", form=form_named(style, ""))
    column.add(Cells([cell]))
    assert column.finish().as_numbers().tolist() == [value]


def test_what_may_be_either_is_not_read() -> None:
    from hornbook.sources.cells import Cells
    from hornbook.tables.number_form import NumberForm
    from hornbook.tables.raw_column import RawColumn

    column = RawColumn(separator=";", form=NumberForm("comma"))
    column.add(Cells(["12.5"]))  # neither 12,5 nor 125
    assert np.isnan(column.finish().as_numbers()).all()


def test_a_run_with_decimal_commas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{n % 5};{n % 13 * 100},25;{n % 4},5" for n in range(60)]
    path = as_file(tmp_path, *lines, header="a;b;y")
    run = hornbook.train(path, target="y", model="linear", out=tmp_path / "run", baseline=False,
                         training={"steps": 1}, split_by="random")  # fmt: skip
    one = as_file(tmp_path, "1;1.200,25", header="a;b", name="one.csv")
    same = as_file(tmp_path, '{"a": 1, "b": 1200.25}', header="", name="one.jsonl")
    assert run.predict(one)[0] == run.predict(same)[0]
    few, as_json = ("1;1,234", '{"a": 1, "b": 1.234}')  # JSON has no points between thousands
    few = as_file(tmp_path, few, header="a;b", name="few.csv")
    as_json = as_file(tmp_path, as_json, header="", name="few.jsonl")
    assert run.predict(few)[0] == run.predict(as_json)[0]
    _, out, _ = typed(capsys, "predict", str(run.path), one)
    cell = out.splitlines()[1].split(";")[2]
    assert float(cell.replace(",", ".")) == pytest.approx(run.predict(one)[0], rel=1e-5)
    assert "." not in cell
    mixed = as_file(tmp_path, '{"a": 1, "b": 1.234}', '{"a": 1, "b": "1,234"}', header="",
                    name="mixed.jsonl")  # fmt: skip
    assert run.predict(mixed)[0] == run.predict(mixed)[1]
    other = as_file(tmp_path, "1,1.234,1.234", header="a,b,y", name="other.csv")
    with pytest.raises(DataError, match=r"line 2: '1.234' in column 'b' is not clear"):
        run.predict(other)
    left = run.predict(other, bad_rows="empty")
    assert np.isnan(left[0])
    assert not left.figures


def test_a_table_without_a_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{n * 7 % 11},{n % 5},{n % 3}.5,{n}" for n in range(60)]
    path = tmp_path / "bare.csv"
    path.write_text("\n".join(lines))
    run = hornbook.train(path, task="tables", target="1", model="linear", out=tmp_path / "run",
                         baseline=False, training={"steps": 1}, split_by="random")  # fmt: skip
    (tmp_path / "some.csv").write_text("3,1.5,4\n2,0.5,9\n")  # the target was the first column
    (tmp_path / "more.csv").write_text("1,3,1.5,4\n1,2,0.5,9\n")
    less, more = (run.predict(tmp_path / name) for name in ("some.csv", "more.csv"))
    assert list(less) == list(more)
    _, out, _ = typed(capsys, "predict", str(run.path), str(tmp_path / "some.csv"))
    assert out.startswith("3,1.5,4,")
    assert len(out.splitlines()) == 2
    (tmp_path / "some.csv").write_text("3,1.5\n2,0.5\n")
    with pytest.raises(DataError, match="3 were expected, or one more"):
        run.predict(tmp_path / "some.csv")
    (tmp_path / "some.csv").write_text("a,b,c\n3,1.5,4\n")
    with pytest.raises(DataError, match="begins with a header"):
        run.predict(tmp_path / "some.csv")


# --- the file that is written ------------------------------------------------------------------


def test_the_file_is_what_standard_output_has(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = as_file(tmp_path, GOOD, "south,2,2015-03-11,"), tmp_path / "out.csv"
    run = str(runs["number"].path)
    _, shown, _ = typed(capsys, "predict", run, path)
    _, nothing, err = typed(capsys, "predict", run, path, "--out", str(out))
    assert (nothing, out.read_text()) == ("", shown)
    assert "2 rows with predictions" in err
    status, _, _ = typed(capsys, "predict", run, path, "--out", str(out))  # is replaced
    assert status == 0
    runs["number"].predict(path, out=tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])["city"] == "north"


def test_nothing_of_somebodys_is_replaced(runs: dict[str, Run], tmp_path: Path) -> None:
    path, run = as_file(tmp_path, GOOD), runs["number"]
    refused: list[tuple[str, type[HornbookError], str]] = [
        (path, RunError, "it is not replaced"),
        (str(tmp_path / "out.xlsx"), SettingsError, "must end in"),
        (str(tmp_path / "none" / "out.csv"), RunError, "There is no directory"),
    ]
    for out, kind, words in refused:
        with pytest.raises(kind, match=words):
            run.predict(path, out=out)
    assert [one.name for one in tmp_path.iterdir()] == ["new.csv"]


def test_probabilities_need_classes(runs: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="needs classes"):
        runs["number"].predict(as_file(tmp_path, GOOD), probabilities=True)


# --- runs --------------------------------------------------------------------------------------


def test_a_run_without_its_data_still_predicts(tmp_path: Path) -> None:
    run = trained(tmp_path, "run", target="sold")
    path = as_file(tmp_path, GOOD)
    before = list(run.predict(path))
    strip(run.path)
    bare = Run(run.path)
    assert not bare.data.kept
    assert list(bare.predict(path)) == before


def test_help_has_the_flags_of_the_runs_own_task(
    runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    def helped(*words: str) -> str:
        with pytest.raises(SystemExit):
            hornbook.cli.main(["predict", *words, "--help"])
        return " ".join(capsys.readouterr().out.split())

    assert "--probabilities" in helped(str(runs["number"].path))
    assert "--probabilities" in helped("--json", str(runs["number"].path))
    told = helped()
    assert "--user" in told
    assert "Runs of the task tables have other flags" in told
