"""What is wrong with a table is told in one list, in training, by the doctor, and in `predict`."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

import hornbook
from hornbook.errors import DataError
from hornbook.inspection.inspect import inspect
from hornbook.sources.source import Source
from hornbook.tables.doctor.examine import examine
from hornbook.tables.faults import FaultsError
from hornbook.tables.loading import load_table
from hornbook.tables.options import TableOptions

HEADER = "name,size,town,when,price"


def rows() -> list[str]:
    return [f"n{n % 20},{n % 71}.5,t{n % 4},2020-01-{n % 28 + 1:02d},{n % 37}" for n in range(200)]


def as_file(path: Path, changed: dict[int, str], header: str = HEADER) -> Path:
    """A table in which some lines, counted from 1, are others."""
    lines = [header, *rows()]
    for line, text in changed.items():
        lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n")
    return path


FIVE = {
    6: "n1,unknown,t1,2020-01-03,4",
    10: "n1,unknown,t1,2020-01-03,4",
    21: "n1,4.5,t1,2020-01-03",
    31: "n1,4.5,t1,2020-01-03,",
    41: "n1,4.5,t1,03 of May,3",
    46: "n1,4.5,t1,2020-01-03,abc",
}
TOLD = (
    "line 21: it has 4 cells, and 5 were expected",
    "line 46: 'abc' in column 'price' is not a number",
    "line 6: 'unknown' in column 'size' is not a number, as others are (2 such cells of 199",
    "line 41: '03 of May' in column 'when' is not a date",
    "line 31: the target 'price' is empty",
)


def test_five_faults_are_told_at_once_with_the_line_that_mends_them(tmp_path: Path) -> None:
    path = as_file(tmp_path / "t.csv", FIVE)
    with pytest.raises(FaultsError) as caught:
        load_table(Source(path), TableOptions(target="price"))
    for words in TOLD:
        assert words in caught.value.message
    action = caught.value.action
    assert action is not None
    mended = dict(action.settings)
    assert mended == {"target": "price", "missing": ("unknown",), "bad_rows": "skip"}
    data = load_table(Source(path), TableOptions.from_dict(mended))
    assert sum(data.sizes.values()) == 196
    assert any("3 rows with values that cannot be read left out: " in one for one in data.about)


def test_what_only_the_file_can_mend_is_told_with_the_rest(tmp_path: Path) -> None:
    changed = {**FIVE, 100: 'n1,4.5,"t1,2020-01-03,3'}
    path = as_file(tmp_path / "t.csv", changed, HEADER.replace("town", "name"))
    for bad_rows in ("refuse", "skip"):
        options = TableOptions.from_dict({"target": "price", "bad_rows": bad_rows})
        with pytest.raises(FaultsError, match="2 columns named 'name': number 1, 3") as caught:
            load_table(Source(path), options)
        assert "opens in the row of line 100 is not closed" in caught.value.message
        assert "line 6: 'unknown'" in caught.value.message
        assert caught.value.action is None


@pytest.mark.parametrize("bad_rows", ["refuse", "skip"])
def test_the_doctor_shows_all_faults_and_what_is_left_out(tmp_path: Path, bad_rows: str) -> None:
    path = as_file(tmp_path / "t.csv", FIVE)
    options = TableOptions.from_dict({"target": "price", "bad_rows": bad_rows})
    report = examine(Source(path), options)
    kind = "unreadable" if bad_rows == "refuse" else "skipped"
    (found,) = (one for one in report.findings if one.name == kind)
    for words in TOLD:
        assert words in found.detail
    if bad_rows == "skip":
        assert found.title == "6 rows of 200 left out (3.0%)"


def test_predict_tells_all_faults_and_writes_nothing(tmp_path: Path) -> None:
    run = hornbook.train(
        str(as_file(tmp_path / "t.csv", {})),
        target="price",
        model="linear",
        training={"steps": 5},
        out=tmp_path / "run",
    )
    new, out = as_file(tmp_path / "new.csv", FIVE), tmp_path / "out.csv"
    with pytest.raises(DataError, match="3 kinds of faults") as caught:
        run.predict(str(new), out=str(out))
    for words in (TOLD[0], "(2 such cells in all)", "'03 of May' in column 'when'"):
        assert words in caught.value.message
    assert not out.exists()
    action = caught.value.action
    assert action is not None
    assert action.settings == {"out": str(out), "bad_rows": "empty"}
    assert len(run.predict(str(new), out=str(out), bad_rows="empty")) == 199
    broken = as_file(tmp_path / "broken.csv", {50: 'n1,4.5,"t1,2020-01-03,3'})
    with pytest.raises(DataError, match="opens in the row of line 50 is not closed"):
        run.predict(str(broken), bad_rows="empty")


def test_the_page_tells_columns_and_rows_left_out_and_the_splits(tmp_path: Path) -> None:
    path = as_file(tmp_path / "t.csv", FIVE)
    lines = path.read_text().splitlines()
    numbered = [f"{lines[0]},note", *(f"{line},a text {n}" for n, line in enumerate(lines[1:]))]
    path.write_text("\n".join(numbered) + "\n")
    run = hornbook.train(
        str(path), target="price", bad_rows="skip", model="linear", training={"steps": 5},
        out=tmp_path / "run", split_by="random", baseline=False,
    )  # fmt: skip
    page = html.unescape(inspect(run).write(tmp_path / "page.html").read_text())
    assert "left out: note (each row has a text of its own" in page
    assert "1 row with a wrong number of cells left out" in page
    assert "'03 of May' in column 'when' is not a date" in page
    assert "split at random, seed 42" in page
    assert str(tmp_path) not in page
