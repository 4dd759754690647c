"""The doctor of tables: each fault planted is found, and none in sound data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn import datasets

import hornbook
from hornbook.cli.main import main
from hornbook.errors import DataError
from hornbook.inspection.inspect import inspect
from hornbook.reports import Report
from hornbook.sources.source import Source
from hornbook.tables.doctor.columns import MOST
from hornbook.tables.doctor.dependencies import given_columns
from hornbook.tables.doctor.examine import examine
from hornbook.tables.frame import Categories
from hornbook.tables.loading import load_table
from hornbook.tables.options import TableOptions

BIKES = Path(__file__).parent.parent / "../shared/data/bundle/bikeshare_islp.csv"
ROSSMANN = Path(__file__).parent.parent / "../shared/data/rossmann/train_100stores.csv"
Frame = pandas.DataFrame


def sound(n: int = 600) -> Frame:
    """A table with nothing wrong: a number hangs on three columns, with noise."""
    rng = np.random.default_rng(0)
    size, age = rng.normal(100, 20, n).round(2), rng.normal(40, 10, n).round(1)
    town = rng.choice(["Bonn", "Kiel", "Ulm"], n)
    price = 3 * size - age + np.array([{"Bonn": 50, "Kiel": 0, "Ulm": -20}[one] for one in town])
    return Frame(
        {"size": size, "age": age, "town": town, "price": (price + rng.normal(0, 40, n)).round(1)}
    )


def report(path: Path, table: Frame, **options: object) -> Report:
    table.to_csv(path / "t.csv", index=False)
    given = {"target": "price", **options}
    return examine(Source(path / "t.csv"), TableOptions(**given))  # type: ignore[arg-type]


def names(found: Report) -> set[str]:
    return {finding.name for finding in found.findings}


def test_sound_data_has_no_finding(tmp_path: Path) -> None:
    found = report(tmp_path, sound())
    assert names(found) == set(), found.findings
    json.dumps(found.figures)
    (columns,) = found.tables
    assert [row[:2] for row in columns.rows] == [
        ("size", "number"), ("age", "number"), ("town", "category"), ("price", "target")
    ]  # fmt: skip
    assert found.facts["splits"].startswith("train 480; dev 60; test 60 (split at random")
    assert found.facts["best columns"].startswith("size 0.")
    assert [action.verb for action in found.proposed] == ["best", "train"]


RNG = np.random.default_rng(1)
Change = Callable[[Frame], Frame]


def with_cell(table: Frame, row: int, name: str, value: object) -> Frame:
    cells = table[name].astype(object).tolist()
    cells[row] = value
    return table.assign(**{name: cells})


def wide(table: Frame) -> Frame:
    """Weights of a long tail."""
    return table.assign(price=np.exp(RNG.normal(3, 1.2, len(table))).round(2))


PLANTED: dict[str, tuple[Change, str]] = {
    "leak": (lambda t: t.assign(euro=t.price * 1.1), "ignore=euro"),
    "unreadable": (lambda t: with_cell(t, 400, "size", "big"), "bad_rows=skip"),
    "commas": (lambda t: t.assign(size=[f"{x:.2f}".replace(".", ",") for x in t["size"]]), ""),
    "numbers-as-text": (
        lambda t: t.assign(age=[x if n % 4 else "unknown" for n, x in enumerate(t.age)]),
        "missing=unknown",
    ),
    "dates-as-numbers": (
        lambda t: t.assign(made=[20200101 + n % 28 + 100 * (n % 12) for n in range(len(t))]),
        "dates=made",
    ),
    "same-columns": (lambda t: t.assign(inches=t["size"] * 2.54), "ignore=inches"),
    "left-out": (lambda t: t.assign(number=range(1, len(t) + 1), same="x"), "categorical=number"),
    "much-missing": (
        lambda t: t.assign(note=[x if n % 5 == 0 else float("nan") for n, x in enumerate(t.age)]),
        "ignore=note",
    ),
    "mark-of-missing": (
        lambda t: t.assign(age=[-999 if n % 30 == 0 else x for n, x in enumerate(t.age)]),
        "missing=-999",
    ),
    "outliers": (lambda t: with_cell(t, 7, "age", 4e6), ""),
    "many-categories": (
        lambda t: t.assign(street=[f"street {RNG.integers(0, 200)}" for _ in range(len(t))]),
        "min_count=10",
    ),
    "duplicates-across-splits": (lambda t: pandas.concat([t, t[:300]]), "split_by=group"),
    "too-little": (lambda t: t[:120], ""),
    "more-columns-than-rows": (
        lambda t: t[:210].join(
            pandas.DataFrame(RNG.normal(size=(210, 210)).round(3)).add_prefix("c")
        ),
        "",
    ),
    "skewed-target": (wide, "log_target"),
    "zeros": (
        lambda t: t.assign(
            open=[n % 6 != 0 for n in range(len(t))],
            price=[x if n % 6 else 0 for n, x in enumerate(t.price)],
        ),
        "only=open=True",
    ),
    "few-values": (lambda t: t.assign(price=(t.price // 60).clip(1, 6).astype(int)), "class"),
    "group-leak": (
        lambda t: t.assign(patient=[f"p{n // 6}" for n in range(len(t))]), "group=patient"
    ),
    "rare-classes": (
        lambda t: t.assign(price=["a", "b", "c", *"ab" * (len(t) // 2 - 2), "a"]), ""
    ),
    "imbalance": (
        lambda t: t.assign(price=["rare" if n % 20 == 0 else "often" for n in range(len(t))]),
        "class_weights=balanced",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    change, typed = PLANTED[name]
    found = report(tmp_path, change(sound()))
    told = [one for one in found.findings if one.name == name]
    assert told, names(found)
    for one in told:
        assert one.title
        assert one.detail.endswith((".", "?"))
        assert one.advice.endswith(".")
    assert typed in told[0].advice
    assert name in str(found.figures["findings"])
    allowed = {
        "rare-classes": {"imbalance"},
        "few-values": {"duplicates"},
        "numbers-as-text": {"many-categories"},
    }
    assert names(found) - {name} <= allowed.get(name, set()), found.findings


def test_spellings_that_differ_by_case_or_blanks_are_told(tmp_path: Path) -> None:
    ways = ("Yes", "no one", "yes", "Yes", "no  one", "no one")
    table = sound()
    table = table.assign(
        price=[ways[n % 6] for n in range(600)],
        town=[one.upper() if n == 9 else one for n, one in enumerate(table.town)],
    )
    found = [one for one in report(tmp_path, table).findings if one.name == "spellings"]
    assert [one.severity for one in found] == ["warning", "note"]
    assert "'price' has classes" in found[0].title
    assert found[0].detail.startswith("'Yes' (200), 'yes' (100); 'no one' (200), 'no  one' (100).")
    assert "'KIEL' (1)" in found[1].detail
    data = load_table(Source(tmp_path / "t.csv"), TableOptions(target="price"))
    assert [line.split(":")[0] for line in data.about if "only by case" in line] == [
        "price has classes that differ only by case or blanks",
        "town has categories that differ only by case or blanks",
    ]
    assert len(data.target.labels) == 4


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (("DE", "NA", "FR", "IT"), "NA"), (("de", "na", "fr", "it"), "na"),
        (("DE", "na", "FR", "IT"), ""), (("DE", "NA", "FR", "FRA"), ""),
        (("DE", "NA", "FR", "FR"), ""), (("DE", "", "FR", "IT"), ""),
    ],
)  # fmt: skip
def test_a_code_that_is_read_as_missing_is_told(
    codes: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    table = sound().assign(country=[codes[n % 4] for n in range(600)])
    found = [one for one in report(tmp_path, table).findings if one.name == "code-as-missing"]
    assert len(found) == bool(told)
    data = load_table(Source(tmp_path / "t.csv"), TableOptions(target="price"))
    lines = [line for line in data.about if line.startswith("country holds codes")]
    assert len(lines) == bool(told)
    if told:
        assert f"{told!r} is read as missing" in found[0].title
        assert found[0].detail.startswith("150 rows of 600")
        assert f"{told!r} is read as missing there" in lines[0]


def test_columns_that_are_the_target_together(tmp_path: Path) -> None:
    table = sound()
    table = table.assign(net=(table.price * RNG.random(len(table))).round(1))
    found = report(tmp_path, table.assign(tax=(table.price - table.net).round(1)))
    (leak,) = [one for one in found.findings if one.title == "Some columns together are the target"]
    assert leak.detail.startswith("net + tax = price")
    assert "`ignore=net tax`" in leak.advice
    found = report(tmp_path, table.assign(pieces=table["size"], price=table["size"] * table["age"]))
    assert any("size · age = price" in one.detail for one in found.findings) or any(
        "age" in one.advice for one in found.findings
    )


def test_what_gives_the_target_away_is_told_at_training_and_of_the_run(tmp_path: Path) -> None:
    table = sound()
    table = table.assign(net=(table.price * RNG.random(len(table))).round(1))
    table.assign(tax=(table.price - table.net).round(1)).to_csv(tmp_path / "t.csv", index=False)
    options: dict[str, Any] = {"target": "price", "model": "linear", "training": {"steps": 1}}
    run = hornbook.train(str(tmp_path / "t.csv"), out=tmp_path / "run", **options)
    told = [finding.title for finding in inspect(run).findings if finding.severity == "problem"]
    assert "Some columns together are the target" in told
    (line,) = [line for line in run.data.about if line.startswith("problem: ")]
    assert "net + tax = price" in line
    assert "`ignore=net tax`" in line
    better = hornbook.train(
        str(tmp_path / "t.csv"), out=tmp_path / "better", ignore=["net", "tax"], **options
    )
    assert not better.data.leaks
    assert not [line for line in better.data.about if line.startswith("problem: ")]


def test_a_column_that_is_the_target_is_told_at_training(tmp_path: Path) -> None:
    table = sound()
    table.assign(euro=table.price * 1.1).to_csv(tmp_path / "t.csv", index=False)
    data = load_table(Source(tmp_path / "t.csv"), TableOptions(target="price"))
    (line,) = [line for line in data.about if line.startswith("problem: ")]
    assert "'euro' alone gives the target away" in line


def test_dates_that_are_split_at_random_leak(tmp_path: Path) -> None:
    table = sound().assign(sold=pandas.date_range("2020-01-01", periods=600).astype(str))
    assert "leak-in-time" not in names(report(tmp_path, table))
    found = report(tmp_path, table, split_by="random")
    assert names(found) == {"leak-in-time"}
    assert "`time=sold`" in found.findings[0].advice


def test_what_drifts_is_told_with_a_number(tmp_path: Path) -> None:
    table = sound().assign(sold=pandas.date_range("2020-01-01", periods=600).astype(str))
    table["age"] += np.linspace(0, 60, 600).round(1)
    (drift,) = report(tmp_path, table).findings
    assert drift.name == "drift"
    assert drift.severity == "note"
    assert "'age' " in drift.detail
    assert "'size'" not in drift.detail


def test_without_a_target_columns_are_told_and_targets_proposed(tmp_path: Path) -> None:
    found = report(tmp_path, sound(), target=None)
    assert names(found) == {"no-target"}
    assert "`target=price`" in found.findings[0].advice
    assert found.proposed[0].settings == {"target": "price"}
    assert [row[1] for row in found.tables[0].rows] == ["number", "number", "category", "number"]


@pytest.mark.parametrize("target", ["y", None])
def test_of_many_columns_those_are_shown_that_tell_most(
    target: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    frame = pandas.DataFrame(random.normal(size=(60, 80)), columns=[f"c{n}" for n in range(80)])
    frame["word"], frame["y"] = ["a", "b", "c"] * 20, 3 * frame["c77"]
    path = tmp_path / "wide.csv"
    frame.to_csv(path, index=False)
    report = examine(Source(path), TableOptions(target=target))
    (table,) = report.tables
    names = [row[0] for row in table.rows]
    assert (len(names), table.beyond) == (MOST, 82 - MOST)
    assert ("c77" in names) == ("y" in names) == (target is not None)
    assert names == [one for one in frame.columns if one in names]  # in the order of the file
    numbers = 80 if target else 81
    assert report.facts["columns"] == f"number {numbers}; category 1"
    words = ["doctor", str(path), *(["--target", target] if target else ["--task", "tables"])]
    assert main(words) == 0
    assert f"and {82 - MOST} more; --json prints all" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["columns"]) == 82


def test_what_cannot_be_split_or_understood_is_a_finding(tmp_path: Path) -> None:
    found = report(tmp_path, sound(), split_by="time")
    assert names(found) == {"no-splits"}
    assert found.proposed == ()
    found = report(tmp_path, sound().assign(price=1))
    assert names(found) == {"unreadable"}
    with pytest.raises(DataError, match="Did you mean price"):
        report(tmp_path, sound(), target="prize")


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
def test_it_does_not_cry_wolf(name: str, tmp_path: Path) -> None:
    table = getattr(datasets, f"load_{name}")(as_frame=True).frame
    if name != "diabetes":
        table["target"] = "class " + table["target"].astype(str)
    assert names(report(tmp_path, table, target="target")) <= {"too-little"}


def test_the_bikes_and_the_stores() -> None:
    if not BIKES.is_file() or not ROSSMANN.is_file():
        pytest.skip("the lesson's tables are not here")
    found = examine(Source(BIKES), TableOptions(target="bikers"))
    assert found.findings[0].detail.startswith("casual + registered = bikers")
    known = TableOptions(target="bikers", ignore=("casual", "registered"))
    assert names(examine(Source(BIKES), known)) <= {"skewed-target"}


def towns(n: int = 3_000) -> Frame:
    """Rows with a postcode, the town that it is of, and whether the town lies in the north."""
    rng = np.random.default_rng(4)
    code = rng.integers(0, 40, n)
    return Frame(
        {
            "size": rng.normal(100, 20, n).round(2),
            "postcode": [f"{10115 + 7 * one}" for one in code],
            "town": [f"town {one // 4}" for one in code],
            "north": np.where(code < 20, "yes", "no"),
            "other": rng.integers(0, 5, n).astype(str),
            "price": rng.normal(300, 50, n).round(1),
        }
    )


def test_columns_that_others_give_are_told(tmp_path: Path) -> None:
    found = report(tmp_path, towns())
    assert names(found) == {"given-columns"}, found.findings
    (one,) = found.findings
    assert one.detail.startswith("'town' by 'postcode'; 'north' by 'town'. Each of the 40 values")
    assert "in all 3,000 rows" in one.detail
    assert one.advice.endswith("`ignore=town north`.")


def test_rows_that_break_what_others_hold_to_are_told(tmp_path: Path) -> None:
    table = towns()
    odd = with_cell(with_cell(table, 7, "town", "Tonw"), 9, "town", "")
    found = report(tmp_path, odd)
    (one,) = [one for one in found.findings if one.name == "nearly-given"]
    assert one.title == "'postcode' nearly always gives 'town'"
    assert "In 99.97% of 2,999 rows" in one.detail
    assert "; 1 row has another, such as " in one.detail
    assert (
        f"t.csv, line 9: postcode={table.postcode[7]} with town=Tonw, usually {table.town[7]}."
        in one.detail
    )


@pytest.mark.parametrize("share", [0.0, 0.004, 0.05])
def test_what_gives_a_column_agrees_with_pandas(share: float) -> None:
    table = towns()
    rng = np.random.default_rng(8)
    table.loc[rng.random(len(table)) < share, "town"] = "elsewhere"
    columns = {
        name: Categories(codes.astype(np.int32), tuple(labels))
        for name in ("postcode", "town", "north", "other")
        for codes, labels in (pandas.factorize(table[name], sort=True),)
    }
    found = {(one.by, one.name): one.apart
             for one in given_columns(columns, rng.permutation(len(table)))}  # fmt: skip
    wanted = {}
    for by, name in [("postcode", "town"), ("town", "north"), ("postcode", "north")]:
        usual = table.groupby(by)[name].agg(lambda cells: cells.value_counts().iloc[0])
        apart = len(table) - int(usual.sum())
        if apart <= 0.01 * len(table):
            wanted[by, name] = apart
    if share:  # a town of all places tells of no place, but a postcode does
        wanted.pop(("town", "north"), None)
    else:
        wanted.pop(("postcode", "north"))
    assert found == wanted
