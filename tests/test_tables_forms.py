"""Numbers of a column are read alike however they are written, whatever the column is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hornbook
import hornbook.tables
from hornbook.errors import DataError
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run
from hornbook.sources.cells import Cells
from hornbook.sources.source import Source
from hornbook.tables import TableRegressor
from hornbook.tables.doctor.examine import examine
from hornbook.tables.found_forms import form_among
from hornbook.tables.kinds import Seen, kind_of
from hornbook.tables.mapper import Mapper
from hornbook.tables.number_form import NumberForm
from hornbook.tables.options import TableOptions
from hornbook.tables.raw import Raw
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.unread import unread
from hornbook.tables.zones import unknown_zone

GERMAN = str.maketrans(",.", ".,")


def column(pieces: list[list[str]], separator: str = ",", form: NumberForm | None = None) -> Raw:
    made = RawColumn(separator=separator, form=form)
    for piece in pieces:
        made.add(Cells(piece))
    return made.finish()


def labels_of(raw: Raw) -> list[str]:
    codes, labels = raw.as_labels()
    return [labels[code] for code in codes.tolist()]


values = st.lists(st.integers(-(10**7), 10**7).map(lambda n: n / 4), min_size=1, max_size=12)


@given(values, st.sampled_from(["", "kg", " m²", "k"]), st.integers(0, 12))
def test_numbers_of_any_style_are_the_same(numbers: list[float], unit: str, cut: int) -> None:
    plain = [repr(one) + unit for one in numbers]
    english = [f"{one:,.2f}" + unit for one in numbers]
    german = [cell.translate(GERMAN) for cell in english]
    found = [
        column([cells[:cut], cells[cut:]], separator, NumberForm(style, unit.strip()))  # type: ignore[arg-type]
        for cells, separator, style in [
            (plain, ",", "plain"), (english, ",", "thousands"), (german, ";", "comma"),
        ]
    ]  # fmt: skip
    wanted = np.array(numbers) * (1_000 if unit == "k" else 1)
    for raw in found:
        np.testing.assert_array_equal(raw.as_numbers(), wanted)
        assert labels_of(raw) == labels_of(found[0])


@given(values, st.sampled_from(["", " kg"]), st.integers(0, 12))
def test_the_form_is_found(numbers: list[float], unit: str, cut: int) -> None:
    german = [f"{one:,.2f}{unit}".translate(GERMAN) for one in [*numbers, 1234.5]]
    for separator in ",;":
        raw = column([german[:cut], german[cut:]], separator)
        assert raw.form == NumberForm("comma", unit.strip())
        np.testing.assert_array_equal(raw.as_numbers(), [*numbers, 1234.5])


def test_a_thousand_is_not_one() -> None:
    raw = column([["1", "1.000", "2.500,5"]], ";")
    assert labels_of(raw) == ["1", "1000", "2500.5"]
    # in a piece of their own, beside commas between cells
    raw = column([["1.000", "7"], ["1.234,5", "1,5"]])
    assert labels_of(raw) == ["1000", "7", "1234.5", "1.5"]
    assert labels_of(column([["1.000", "1.500"], ["1.25", "1"]])) == ["1", "1.5", "1.25", "1"]


def test_a_mark_of_what_is_missing_is_read_as_the_column_is() -> None:
    made = RawColumn({"", "1"}, ";", NumberForm("comma"))
    for piece in (["1", "3"], ["1.000", "1,0"]):
        made.add(Cells(piece))
    assert made.finish().missing.tolist() == [True, False, False, True]


def as_file(path: Path, header: str, lines: list[str]) -> str:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def test_categories_stay_apart_in_training_and_predict(tmp_path: Path) -> None:
    amounts = ["1", "1.000", "2.000", "1,5"]
    lines = [f"{amounts[n % 4]};{n % 4 * 100};{n % 3}" for n in range(120)]
    path = as_file(tmp_path / "a.csv", "a;y;c", lines)
    options: dict[str, Any] = {"target": "y", "categorical": ["a"], "split_by": "random"}
    how = {"steps": 120, "evaluate_every": 60}
    run = hornbook.train(path, model="linear", out=tmp_path / "run", baseline=False,
                         training=how, **options)  # fmt: skip
    kept = json.loads((tmp_path / "run/data/mapper.json").read_text(encoding="utf-8"))["mapper"]
    (a,) = [one for one in kept["columns"] if one["name"] == "a"]
    assert (a["form"], a["unit"]) == ("comma", "")
    assert run.data.mapper.categories[0].labels == ("1", "1.5", "1000", "2000")
    more = hornbook.resume(tmp_path / "run", steps=180)
    assert more.data.mapper == run.data.mapper
    by_file = more.predict(path)
    by_frame = more.predict({"a": [line.split(";")[0] for line in lines],
                             "c": [float(line[-1]) for line in lines]})  # fmt: skip
    by_json = tmp_path / "new.jsonl"
    numbers = {"1": 1, "1.000": 1000, "2.000": 2000, "1,5": 1.5}
    by_json.write_text("".join(
        json.dumps({"a": numbers[amounts[n % 4]], "c": n % 3}) + "\n" for n in range(120)
    ), encoding="utf-8")  # fmt: skip
    np.testing.assert_array_equal(by_file[:], by_frame[:])
    np.testing.assert_array_equal(by_file[:], more.predict(by_json)[:])
    assert np.ptp(by_file[:]) > 0
    assert len({round(one) for one in by_file[:4]}) == 4
    assert not any("does not know" in one for one in by_file.remarks)


def test_an_estimator_reads_new_rows_as_those_of_fit() -> None:
    x = pandas.DataFrame({"a": ["1", "1.000,0", "2.000", "7"] * 30, "b": np.arange(120.0)})
    net = TableRegressor(steps=1, random_state=0, categorical=["a"]).fit(x, np.arange(120.0))
    mapper = net.learned_.mapper
    assert mapper.columns[0].form == "comma"
    alone = net.read(pandas.DataFrame({"a": ["2.000", "1"], "b": [1.0, 2.0]}))
    labels = [mapper.categories[0].label(code) for code in alone.codes[:, 0]]
    assert labels == ["2000", "1"]


@pytest.mark.parametrize(("cells", "form"), [
    (["75 m²", "80m²"], NumberForm("plain", "m²")),
    (["3,5 kg", "4 kg"], NumberForm("comma", "kg")),
    (["47k", "900"], NumberForm("plain", "k")),
    (["1 day", "2 days", "3 days"], NumberForm("plain", "days")),
    (["1 m", "2 km"], NumberForm()),
    (["47k", "1.2M"], NumberForm()),
    (["1st", "2nd", "3rd"], NumberForm()),
    (["5 AM", "6 PM"], NumberForm()),
    (["1e5", "2e5"], NumberForm()),
])  # fmt: skip
def test_units(cells: list[str], form: NumberForm) -> None:
    assert form_among(cells, ";") == form


def test_only_numbers_of_the_unit_of_a_column_are_read() -> None:
    form = NumberForm("plain", "m")
    for cell, why in [("5 km", "has the unit 'km', where others have 'm'"), ("5", "lacks the unit"),
                      ("<5 m", "is a bound"), ("~5", "is not exact")]:  # fmt: skip
        assert np.isnan(form.number_of(cell))
        assert why in form.why_not(cell)
    assert form.number_of("5m") == 5
    assert form.label_of("5.0m") == "5 m"
    assert form.value_of("5 m") == 5
    assert NumberForm("plain", "k").number_of("1.001k") == 1001


def test_a_unit_is_told_and_kept(tmp_path: Path) -> None:
    lines = [f"{n + 20} m²,{n * 2}" for n in range(120)]
    path = as_file(tmp_path / "a.csv", "area,price", lines)
    run = hornbook.train(path, target="price", model="linear", out=tmp_path / "run",
                         baseline=False, training={"steps": 2})  # fmt: skip
    (area,) = run.data.mapper.columns
    assert (area.kind, area.unit) == ("number", "m²")
    assert "'m²'" in area.reason
    assert any("'m²'" in one for one in run.data.remarks)
    assert len(run.predict({"area": ["75 m²", "75m²"]})) == 2
    for odd in ("75", "75 ha"):
        new = as_file(tmp_path / "new.csv", "area,x", [f"{odd},1"])
        with pytest.raises(DataError, match=r"unit.*not a number"):
            run.predict(new)
    with pytest.raises(DataError, match="not a number"):
        run.predict({"area": [75.0]})


@pytest.mark.parametrize(("texts", "told"), [
    (["1 m", "2 km", "3 m"], "several units, such as 'm' and 'km'"),
    (["<5", ">10", "7"], "bound"),
    (["ca. 40", "~30"], "not exact"),
    (["2020-01-01 12:00 MEZ", "2020-01-02 12:00 MEZ"], "'MEZ'"),
    (["2020-01-01 12:00 GMT+1", "2020-01-02 12:00 GMT+1"], "'GMT+1'"),
    (["red", "green"], ""),
    (["1:20 cm", "1:30 cm"], ""),
    ([f"{n} {street}" for n, street in enumerate("abcdefgh")], ""),
])  # fmt: skip
def test_what_is_not_read_is_told(texts: list[str], told: str) -> None:
    found = unread(texts)
    assert told in found
    assert bool(found) == bool(told)
    if told:
        seen = Seen("x", column([texts * 30]))
        assert told in kind_of(seen).reason


def test_the_doctor_tells_what_is_not_read(tmp_path: Path) -> None:
    lines = [f"{n} {'km' if n % 2 else 'm'},2020-01-{n % 28 + 1:02d} 12:00 MEZ,{n}"
             for n in range(90)]  # fmt: skip
    path = as_file(tmp_path / "a.csv", "way,when,y", lines)
    report = examine(Source(path), TableOptions(target="y"))
    found = {one.title: one for one in report.findings if one.name == "unread"}
    assert len(found) == 2
    assert any("'MEZ'" in one.detail and "+01:00" in one.advice for one in found.values())


def test_zones_that_have_one_meaning_are_read() -> None:
    zones = {"UTC": 0, "Z": 0, "GMT": 0, "+02:00": 2, "EST": -5, "Europe/Berlin": 2}
    from hornbook.tables.written_dates import date_of, has_zone

    for form, day in [("iso", "2020-07-01"), ("%d.%m.%Y", "01.07.2020")]:
        for zone, hours in zones.items():
            cell = f"{day} 12:00 {zone}"
            assert date_of(f"{day} 12:00", form) - date_of(cell, form) == 3600 * hours
            assert has_zone(cell) == bool(hours)
            assert not unknown_zone(cell)
    assert unknown_zone("2020-07-01 12:00 MEZ") == "MEZ"
    told = pandas.Timestamp("2020-07-01 12:00", tz="Europe/Berlin").timestamp()
    assert date_of("2020-07-01 12:00 Europe/Berlin", "iso") == told


def test_predict_tells_of_zones_as_training_does(tmp_path: Path) -> None:
    lines = [f"2020-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d} 12:00 EST,{n}" for n in range(200)]
    path = as_file(tmp_path / "a.csv", "when,y", lines)
    run = hornbook.train(path, target="y", model="linear", out=tmp_path / "run", baseline=False,
                         training={"steps": 1})  # fmt: skip
    told = [one for one in run.data.remarks if "turned into UTC" in one]
    assert len(told) == 1
    assert told[0] + "." in run.predict(path).remarks
    new = as_file(tmp_path / "new.csv", "when,x", ["2020-01-01 12:00 MEZ,1"])
    with pytest.raises(DataError, match="whose zone 'MEZ' is not known"):
        run.predict(new)


def ordered(cells: list[str], separator: str = ",") -> Mapper:
    from hornbook.tables.frame import Frame, typed
    from hornbook.tables.kinds import column_as

    raw = column([cells], separator)
    one = column_as(Seen("hour", raw), "category", "")
    return Mapper.fit([one], Frame(raw.n, {"hour": typed(raw, one)[0]}), 1)


@pytest.mark.parametrize("cells", [
    ["$50", "$100", "$1,000"], ["10 %", "5 %", "7,5 %"], ["1.234,5", "2", "3,5"],
    ["10 kg", "5 kg", "7 kg"],
])  # fmt: skip
def test_categories_with_signs_have_their_order(cells: list[str]) -> None:
    (hour,) = ordered(cells, ";" if "," in cells[0] or "%" in cells[0] else ",").categories
    by_size = [hour.labels[at] for at in np.argsort(hour.values)]
    assert len(hour.values) == 3
    sizes = [float("".join(c for c in one.replace(",", "." if "%" in one else "")
                           if c in "0123456789.")) for one in by_size]  # fmt: skip
    assert sizes == sorted(sizes)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 40), min_size=3, max_size=20, unique=True), st.integers(-99, 99))
def test_an_unseen_number_has_its_place(numbers: list[int], new: int) -> None:
    from hornbook.tables.frame import Categories, Frame

    mapper = ordered(list(map(str, numbers)) * 10 + ["many"])
    (hour,) = mapper.categories
    assert hour.order[hour.labels.index("many") + 2] == 0
    of = dict(zip(hour.labels, hour.values, strict=True))
    low, high = min(numbers), max(numbers)
    step = (high - low) / (len(numbers) - 1)
    slope = (of[str(high)] - of[str(low)]) / (high - low)
    wanted = of[str(low)] + slope * (np.clip(new, low - step, high + step) - low)
    given_ = Categories(np.array([0, 1, -1], np.int32), (str(new), "text"))
    mapped = mapper.apply(Frame(3, {"hour": given_}))
    if new in numbers:
        assert mapped.places is None
    else:
        assert mapped.codes[:, 0].tolist() == [0, 0, 1]
        places = np.zeros((3, 1)) if mapped.places is None else mapped.places
        np.testing.assert_allclose(places[:, 0], [wanted, 0, 0], atol=1e-5)
    assert Mapper.from_dict(json.loads(json.dumps(mapper.as_dict()))) == mapper


def test_a_trend_goes_on_in_years_that_train_never_has(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    year = random.integers(2010, 2021, 1500)
    frame = pandas.DataFrame({"year": year, "a": random.normal(size=1500),
                              "y": year - 2010 + random.normal(size=1500)})  # fmt: skip
    run = hornbook.tables.fit(frame, target="y", dev_rows=year == 2020, model="linear",
                              out=tmp_path / "run", baseline=False,
                              training={"steps": 600})  # fmt: skip
    assert any("train never has" in one and "numerical" in one for one in run.data.remarks)
    mean = float(np.mean(run.predict(frame[year == 2020])[:]))
    last = float(np.mean(run.predict(frame[year == 2019])[:]))
    middle = float(np.mean(run.predict(frame[year == 2015])[:]))
    assert mean > middle + (last - middle) / 2
    again = Run(tmp_path / "run")
    places = again.data.splits["dev"].inputs.places
    assert places is not None
    assert (places > 0).all()
    np.testing.assert_array_equal(places, run.data.splits["dev"].inputs.places)
    assert "by its place" in " ".join(run.predict(frame[year == 2020]).remarks)
    (problem,) = [one for one in inspect(again).findings if one.name == "never-in-train"]
    assert (problem.severity, problem.title) == ("warning", "Train never has the values of 'year'")
    assert "all rows of dev have values in 'year'" in problem.detail
    assert "Read it as a number (`numerical=year`)" in problem.advice


def test_the_doctor_tells_of_values_that_train_never_has(tmp_path: Path) -> None:
    days = pandas.date_range("2010-01-01", "2014-12-31", freq="3D")
    lines = [f"{day.date()},{day.year},{n % 7}" for n, day in enumerate(days)]
    path = as_file(tmp_path / "a.csv", "when,year,y", lines)
    how = TableOptions(target="y", predicts="number", dev_from="2013-01-01", test_from="2014-01-01")
    report = examine(Source(path), how)
    (found,) = [one for one in report.findings if one.name == "never-in-train"]
    assert "'year'" in found.title
    assert "numerical" in found.advice
    # What is proposed is typed in place of what was: it has that, too.
    lines = [f"{line},{line[-1]}" for line in lines]
    path = as_file(tmp_path / "b.csv", "when,year,y,known_later", lines)
    report = examine(Source(path), replace(how, ignore=("known_later",)))
    (found,) = [one for one in report.findings if one.name == "never-in-train"]
    assert "`ignore=known_later year`" in found.advice
    run = hornbook.train(
        path, model="linear", training={"steps": 2}, baseline=False, out=tmp_path / "run",
        **{**how.as_dict(), "ignore": ["known_later"]},
    )  # fmt: skip
    (found,) = [one for one in inspect(run).findings if one.name == "never-in-train"]
    assert "`ignore=known_later year`" in found.advice
