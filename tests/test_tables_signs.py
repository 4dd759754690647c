"""The sign of percent or money is a part of how a column writes its numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import hornbook
from hornbook.errors import DataError
from hornbook.runs import Run
from hornbook.sources.cells import Cells
from hornbook.sources.source import Source
from hornbook.tables import TableRegressor
from hornbook.tables.doctor.examine import examine
from hornbook.tables.faults import FaultsError
from hornbook.tables.found_forms import form_among
from hornbook.tables.kinds import Seen, kind_of
from hornbook.tables.loading import load_table
from hornbook.tables.mapper import Mapper
from hornbook.tables.number_form import NumberForm
from hornbook.tables.options import TableOptions
from hornbook.tables.raw import Raw
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.signs import ANY_SIGN, is_pattern, signed
from hornbook.tables.spellings import respelled
from hornbook.tables.target import Target

ROWS = 120


def column(pieces: list[list[str]], form: NumberForm | None = None) -> Raw:
    made = RawColumn(separator=",", form=form)
    for piece in pieces:
        made.add(Cells(piece))
    return made.finish()


def as_file(path: Path, header: str, lines: list[str]) -> str:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("cell", "found"), [
    ("50%", ("50", "%", "#%")), ("-$5", ("-5", "$", "$#")), ("$-5", ("-5", "$", "$#")),
    ("5 €", ("5", "€", "# €")), ("1.032.000 €", ("1.032.000", "€", "# €")),
    ("EUR 5", ("5", "€", "EUR #")), ("5 CHF", ("5", "CHF", "# CHF")), ("$47k", ("47k", "$", "$#")),
    ("$5 €", ("5", "$€", "$#")), ("EUR5", ("EUR5", "", "")), ("SEK-12", ("SEK-12", "", "")),
    ("75 m²", ("75 m²", "", "")), ("5", ("5", "", "")), ("hello", ("hello", "", "")),
    ("%", ("%", "", "")),
])  # fmt: skip
def test_signs_beside_numbers(cell: str, found: tuple[str, str, str]) -> None:
    assert tuple(signed(cell)) == found
    assert is_pattern(found[2])
    assert not is_pattern(f"{found[2]}x")


@pytest.mark.parametrize(("cells", "form"), [
    (["50%", "7 %", "8 %"], NumberForm("plain", "", "# %")),
    (["5,5 %", "7 %"], NumberForm("comma", "", "# %")),
    (["£5", "5", "6", "7", "8"], NumberForm("plain", "", "£#")),
    (["5%", "5", "6", "7"], NumberForm()),
    (["5 EUR", "1.234,50 EUR"], NumberForm("comma", "", "# EUR")),
    (["$47k", "$5k"], NumberForm("plain", "k", "$#")),
    (["5 €", "6 EUR", "7 EUR"], NumberForm("plain", "", "# EUR")),
    (["red", "100% wool"], NumberForm()),
])  # fmt: skip
def test_the_sign_of_a_column(cells: list[str], form: NumberForm) -> None:
    assert form_among(cells, ";") == form


@pytest.mark.parametrize(("form", "cell", "value", "why"), [
    (NumberForm(sign="#%"), "50 %", 50, ""),
    (NumberForm(sign="#%"), "0.50", None, "lacks the sign '%' that others have"),
    (NumberForm(sign="#%"), "$5", None, "has the sign '$', where others have '%'"),
    (NumberForm(sign="£#"), "5 GBP", 5, ""),
    (NumberForm(sign="£#"), "5", 5, ""),
    (NumberForm(sign="£#"), "€5", None, "has the sign '€', where others have '£'"),
    (NumberForm(), "5%", None, "has the sign '%', and others have none"),
    (NumberForm(), "€5", None, "has the sign '€', and others have none"),
    (NumberForm(), "1.032.000 €", None, "has the sign '€'"),
    (NumberForm(sign="# €"), "1.032.000 €", None, "it would be 1,032,000"),
    (NumberForm("thousands"), "1.234,5", None, "it would be 1,234.5"),
    (NumberForm("plain", "kg", "$#"), "$5 kg", 5, ""),
    (NumberForm(sign=ANY_SIGN), "€5", 5, ""),
    (NumberForm(sign=ANY_SIGN), "50%", 50, ""),
])  # fmt: skip
def test_only_numbers_of_the_sign_of_a_column_are_read(
    form: NumberForm, cell: str, value: float | None, why: str
) -> None:
    np.testing.assert_equal(form.number_of(cell), np.nan if value is None else value)
    assert why in form.why_not(cell)
    assert bool(form.why_not(cell)) == bool(why)
    assert form.number_of(form.example()) == form.number_of(form.example())


def test_rows_decide_whichever_piece_they_stand_in() -> None:
    percents, plain = [f"{n}%" for n in range(10, 60)], [f"{n}.5" for n in range(400)]
    for pieces in ([percents, plain], [plain, percents], [plain + percents]):
        raw = column(pieces)
        assert (raw.form.sign, Seen("x", raw).n_numbers) == ("", 400)
    raw = column([["3"], percents])
    assert raw.form.sign == "#%"
    assert np.isnan(raw.as_numbers()).sum() == 1


@pytest.mark.parametrize(("pieces", "labels"), [
    ([["5%", "5 %", "10%"]], ["5%", "10%"]),
    ([["5 %", "5.0 %", "5"], ["5.0"]], ["5", "5 %"]),
    ([["$5", "5"], ["5.0", "-5"]], ["-$5", "$5"]),
    ([["5", "5 %"] * 3, ["5.0", "5", "7"]], ["5", "5 %", "7"]),
    ([["5 EUR", "EUR 5", "5 €", "5"]], ["5 EUR"]),
])  # fmt: skip
def test_labels_are_the_same_however_they_are_written(
    pieces: list[list[str]], labels: list[str]
) -> None:
    raw = column(pieces)
    assert list(raw.as_labels()[1]) == labels
    later = column(pieces[::-1], raw.form)
    assert list(later.as_labels()[1]) == labels


def test_a_category_is_known_by_its_sign_alone() -> None:
    percent, pounds = NumberForm(sign="# %"), NumberForm(sign="£#")
    assert respelled(("5%", "5"), ("5 %", "7 %"), percent) == ("5 %", "5")
    assert respelled(("5", "€5"), ("£5", "£7"), pounds) == ("£5", "€5")
    before = NumberForm(sign=ANY_SIGN)
    assert respelled(("5%", "5"), ("5 %", "7 %"), before) == ("5 %", "5 %")
    assert (percent.value_of("5 %"), pounds.value_of("£5"), pounds.value_of("-£5")) == (5, 5, -5)
    assert np.isnan(percent.value_of("5"))


def trained(path: Path, cells: list[str], **options: Any) -> Run:
    lines = [f"{cell},{n % 7},{n * 7 % ROWS}" for n, cell in enumerate(cells)]
    return hornbook.train(
        as_file(path / "a.csv", "a,b,y", lines), model="linear", out=path / "run", baseline=False,
        training={"steps": 2}, **{"target": "y", **options},
    )  # fmt: skip


def test_a_run_reads_no_number_of_another_sign(tmp_path: Path) -> None:
    run = trained(tmp_path, [f"{n * 7 % ROWS / 2}%" for n in range(ROWS)])
    run = Run(run.path)
    (a, _) = run.data.mapper.columns
    assert (a.kind, a.sign, a.written) == ("number", "#%", NumberForm(sign="#%"))
    assert "'%'" in a.reason
    assert len(run.predict(as_file(tmp_path / "n.csv", "a,b", ["50%,1", "50 %,1"]))) == 2
    lacks = r"'0\.50?' in column 'a', which lacks the sign '%' that others have, is not a number"
    new = as_file(tmp_path / "n.csv", "a,b", ["50%,1", "0.50,1"])
    with pytest.raises(DataError, match=rf"line 3: {lacks} written as in train, such as 12\.5%"):
        run.predict(new)
    assert np.isnan(run.predict(new, bad_rows="empty")[:]).tolist() == [False, True]
    with pytest.raises(DataError, match=lacks):
        run.evaluate(data=as_file(tmp_path / "e.csv", "a,b,y", ["0.50,1,1"]))
    (tmp_path / "n.jsonl").write_text('{"a": 0.5, "b": 1}\n', encoding="utf-8")
    for rows in (str(tmp_path / "n.jsonl"), {"a": [0.5], "b": [1]}, {"a": ["0.5"], "b": [1]}):
        with pytest.raises(DataError, match=lacks):
            run.predict(rows)


def test_amounts_without_a_sign_are_those_of_the_column(tmp_path: Path) -> None:
    run = trained(tmp_path, [f"£{n}" if n % 3 else str(n) for n in range(ROWS)])
    same = run.predict(as_file(tmp_path / "n.csv", "a,b", ["50,1", "£50,1", "50 GBP,1"]))
    assert len(set(same)) == 1
    assert run.predict({"a": [50.0], "b": [1]})[0] == same[0]
    with pytest.raises(DataError, match=r"'€50' .* has the sign '€', where others have '£'"):
        run.predict(as_file(tmp_path / "n.csv", "a,b", ["€50,1"]))
    assert any("amounts without a sign are read as £ too" in one for one in run.data.remarks)


def test_a_target_of_another_sign_is_not_measured(tmp_path: Path) -> None:
    cells = [f"{n / 2}%" for n in range(ROWS)]
    run = trained(tmp_path, cells, target="a", predicts="number", split_by="random")
    assert Run(run.path).data.target.sign == "#%"
    lacks = r"line 2: '0\.5' in column 'a', which lacks the sign '%' that others have"
    only = as_file(tmp_path / "e.csv", "a,b,y", ["0.5,1,1"])
    with pytest.raises(DataError, match=rf"can be read as a number\. .*{lacks}"):
        run.evaluate(data=only)
    more = as_file(tmp_path / "f.csv", "a,b,y", ["0.5,1,1", "7%,1,2", "8%,2,2"])
    figures = run.evaluate(data=more)[more]
    assert figures.figures["rows"] == 2
    assert any("1 row with a target" in one and "lacks the sign" in one for one in figures.remarks)
    told = run.predict({"a": ["0.5"], "b": [1], "y": [1]}).remarks
    assert any("row (from 0) 0: '0.5'" in one and "lacks the sign" in one for one in told)


def test_an_unclear_target_is_told(tmp_path: Path) -> None:
    lines = [f"{n * 7 % ROWS};{n % 5};{n},5" for n in range(ROWS)]
    run = hornbook.train(
        as_file(tmp_path / "a.csv", "a;b;y", lines), model="linear", out=tmp_path / "run",
        baseline=False, training={"steps": 2}, target="y",
    )  # fmt: skip
    only = as_file(tmp_path / "e.csv", "a,b,y", ["1,2,1.234"])
    told = r"line 2: '1\.234' in column 'y' is not clear in such a file: train writes .* 1234,5"
    with pytest.raises(DataError, match=rf"can be read as a number\. .*{told}"):
        run.evaluate(data=only)
    with pytest.raises(DataError, match="target 'y' is known"):
        run.evaluate(data=as_file(tmp_path / "e.csv", "a,b,y", ["1,2,"]))


@pytest.mark.parametrize(("odd", "why"), [
    ("0.2", "which lacks the sign '%' that others have"), ("€2", "has the sign '€'"),
])  # fmt: skip
def test_a_few_of_another_sign_are_faults(tmp_path: Path, odd: str, why: str) -> None:
    cells = [odd if n % 20 == 3 else f"{n / 2}%" for n in range(ROWS)]
    lines = [f"{cell},{n % 7},{n}" for n, cell in enumerate(cells)]
    path = as_file(tmp_path / "a.csv", "a,b,y", lines)
    with pytest.raises(FaultsError, match=rf"line 5: '{odd}'.*{why}.*6 such cells") as caught:
        load_table(Source(path), TableOptions(target="y"))
    assert "one way" in (caught.value.hint or "")
    assert "`missing" not in (caught.value.hint or "")
    kept = load_table(Source(path), TableOptions(target="y", bad_rows="skip"))
    assert sum(kept.sizes.values()) == ROWS - 6
    report = examine(Source(path), TableOptions(target="y"))
    assert any(one.name == "unreadable" and why in one.detail for one in report.findings)


def test_a_mixture_is_told_and_not_read(tmp_path: Path) -> None:
    cells = [f"{n / 2}%" if n % 2 else f"{n / 200}" for n in range(ROWS)]
    lines = [f"{cell},{n % 7},{n}" for n, cell in enumerate(cells)]
    path = as_file(tmp_path / "a.csv", "a,b,y", lines)
    data = load_table(Source(path), TableOptions(target="y"))
    assert [column.name for column in data.mapper.needed] == ["b"]
    (told,) = [one for one in data.remarks if one.startswith("a holds numbers and ")]
    assert told.endswith("write all its numbers in one way, such as 12.5%")
    report = examine(Source(path), TableOptions(target="y"))
    (found,) = [one for one in report.findings if one.name == "numbers-as-text"]
    assert "one way" in found.advice
    assert "missing" not in found.advice


@pytest.mark.parametrize("cell", ["1.032.000 €", "1.032.000", "(5)", "5 kg", "7%"])
def test_no_number_is_proposed_as_a_mark_of_what_is_missing(cell: str) -> None:
    from hornbook.tables.faulty_cells import faulty_cells
    from hornbook.tables.reading import Place, RawTable

    raw = column([[f"{n}.55" for n in range(60)] + [cell, "-"]])
    table = RawTable(("a",), {"a": raw}, raw.n, (Place("t.csv", range(raw.n)),))
    wrong = np.arange(raw.n) == 60
    fault = faulty_cells(table, kind_of(Seen("a", raw)), wrong, "y")
    assert fault.mark == ""
    assert "missing" not in fault.hint
    half = Seen("a", column([[f"{n}.55" for n in range(60)] + [cell] * 40]))
    assert half.is_mixed
    assert "missing" not in half.mixture
    unknown = Seen("a", column([[f"{n}.55" for n in range(60)] + ["k.A."] * 40]))
    assert "missing='k.A.'" in unknown.mixture


def test_runs_from_before_leave_signs_out() -> None:
    from hornbook.tables.frame import Frame, typed

    raw = column([[f"{n}%" for n in range(50)] * 2])
    one = kind_of(Seen("a", raw))
    mapper = Mapper.fit([one], Frame(raw.n, {"a": typed(raw, one)[0]}), 1)
    kept = json.loads(json.dumps(mapper.as_dict()))
    assert Mapper.from_dict(kept) == mapper
    del kept["columns"][0]["sign"]
    (before,) = Mapper.from_dict(kept).columns
    assert before.written == NumberForm(sign=ANY_SIGN)
    assert column([["5%", "0.5", "$7"]], before.written).as_numbers().tolist() == [5, 0.5, 7]
    kept["columns"][0]["sign"] = "x#"
    with pytest.raises(ValueError, match="sign of a column"):
        Mapper.from_dict(kept)
    target = Target("y", "number", high=1.0, sign="#%")
    held = dict(target.as_dict())
    assert Target.from_dict(held) == target
    del held["sign"]
    assert Target.from_dict(held).sign == ANY_SIGN


def test_estimators_hold_the_sign_too() -> None:
    x = pandas.DataFrame({"a": [f"{n / 2}%" for n in range(60)], "b": np.arange(60.0)})
    net = TableRegressor(steps=1, random_state=0).fit(x, np.arange(60.0))
    assert np.isfinite(net.predict(x)).all()
    with pytest.raises(ValueError, match=r"'0\.5' in column 'a', which lacks the sign '%'"):
        net.predict(pandas.DataFrame({"a": ["0.5"], "b": [1.0]}))
    x.loc[3, "a"] = "0.5"
    with pytest.raises(ValueError, match=r"row \(from 0\) 3: '0\.5'.*lacks the sign '%'"):
        TableRegressor(steps=1).fit(x, np.arange(60.0))
