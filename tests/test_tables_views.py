"""Pictures of models of tables: what they say, and that odd data are drawn too."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import hornbook
from hornbook.errors import SettingsError
from hornbook.inspection.digits import percent, rounded, with_error
from hornbook.inspection.inspect import file_name, inspect
from hornbook.inspection.reliability import bins_of
from hornbook.reports import View
from hornbook.runs import Run, strip
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.features import CategoryFeature, NumberFeature
from hornbook.tables.gradient_case import made_up
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.presenting import shortest
from hornbook.tables.target import Target
from hornbook.tables.views import ViewSettings, views_of
from hornbook.tables.views.effect import effects_of
from hornbook.tables.views.embeddings import nearest_of, vectors_of
from hornbook.tables.views.importance import draw_importance, write_importance
from hornbook.tables.views.residuals import bands
from hornbook.tables.views.rows_seen import RowsSeen, date_text, short_number
from hornbook.tables.views.shuffled import likely
from hornbook.tables.views.worst import share_of_worst, table_of_worst

FEW = ViewSettings(rows=60, shuffles=2, mapped=40)


class Model:
    """Predicts `codes[:, 0] · 0.1 + numbers[:, 0]`, or classes by it; its vectors are random."""

    n_parameters = 1

    def __init__(self, outputs: int = 1, length: int = 3, *, constant: bool = False) -> None:
        self.outputs, self.length, self.constant = outputs, length, constant

    def predict(self, inputs: Mapped) -> npt.NDArray[np.float64]:
        value = 0.1 * inputs.codes[:, 0] if inputs.codes.shape[1] else np.zeros(len(inputs))
        if inputs.numbers.shape[1]:
            value = value + inputs.numbers[:, 0]
        if self.constant:
            value = np.zeros(len(inputs))
        if self.outputs == 1:
            return np.asarray(value, np.float64)
        logits = np.outer(value, np.arange(self.outputs) % 3)
        found = np.exp(logits)
        return np.asarray(found / found.sum(1, keepdims=True))

    def category_vectors(self, place: int) -> npt.NDArray[np.float32] | None:
        if not self.length:
            return None
        return np.random.default_rng(place).normal(size=(600, self.length)).astype(np.float32)

    def arrays(self) -> dict[str, Any]:
        return {}


def views_for(model: Model, data: TableData, settings: ViewSettings = FEW) -> dict[str, View]:
    run: Any = SimpleNamespace(model=model, data=data)
    return {one.name: one for one in views_of(run, settings)}


def a_table(labels: tuple[str, ...] = ("x", "y"), *, numbers: int = 1, classes: int = 0,
            rows: int = 80) -> TableData:  # fmt: skip
    """A category with some labels, some numbers, and a target that hangs on both."""
    random = np.random.default_rng(0)
    codes = random.integers(2, 2 + max(1, len(labels)), (rows, int(bool(labels)))).astype(np.int32)
    values = random.normal(size=(rows, numbers)).astype(np.float32)
    target: Any = random.normal(size=rows) + (codes[:, 0] if labels else 0)
    if classes:
        target = random.integers(0, classes, rows)
    categories = (CategoryFeature("a label: ", "", labels),) if labels else ()
    mapper = Mapper(
        (), categories,
        tuple(NumberFeature(f"n{k}", "", 0.0, 5.0, 2.0, flagged=False) for k in range(numbers)),
    )  # fmt: skip
    kind: Any = "class" if classes else "number"
    names = tuple(f"class {k}" for k in range(classes))
    whole = TableRows(Mapped(codes, values), target)
    return TableData("odd", "memory", {"train": whole}, mapper, Target("y", kind, names))


ODD = {
    "one category": a_table(("only",), numbers=0),
    "90 labels": a_table(tuple(f"label {n}" for n in range(90)), rows=200),
    "long and foreign labels": a_table(("x" * 90, "北京", "Æ", "a $b$ c")),
    "one number": a_table((), numbers=1),
    "two classes": a_table(classes=2),
    "30 classes": a_table(classes=30),
    "one row": a_table(rows=1),
}


@pytest.mark.parametrize("constant", [False, True], ids=["", "constant"])
@pytest.mark.parametrize("name", ODD)
def test_every_view_of_odd_data_is_drawn_and_written(name: str, constant: bool) -> None:
    data = ODD[name]
    views = views_for(Model(data.target.outputs, constant=constant), data)
    for view in views.values():
        if view.why_not:
            with pytest.raises(SettingsError):
                view.draw()
            continue
        assert view.draw().axes
        assert view.write().strip()
        table = view.tabulate()
        assert table is None or all(len(row) == len(table.heads) for row in table.rows)
    assert bool(views["calibration"].why_not) == (not data.target.labels)
    assert bool(views["residuals"].why_not) == bool(data.target.labels)


@pytest.mark.parametrize("length", [1, 2])
def test_line_breaks_in_names_and_labels_break_no_line(length: int) -> None:
    table = a_table()
    plain, broken = (
        TableData(
            "odd", "memory", table.splits,
            Mapper(
                (), tuple(replace(one, column=f"a{sign}b", labels=(f"x{sign}", "y"))
                          for one in table.mapper.categories),
                tuple(replace(one, column=f"n{sign}m") for one in table.mapper.numbers),
            ),
            replace(table.target, name=f"y{sign}z"),
        )
        for sign in ("⏎", "\r\n")
    )  # fmt: skip
    (expected, found) = (
        [view.write() for view in views_for(Model(length=length), data).values()
         if not view.why_not]
        for data in (plain, broken)
    )  # fmt: skip
    assert len(found) >= 5
    assert found == expected


@pytest.mark.parametrize("length", [0, 1, 2])
def test_vectors_of_any_length_or_none(length: int) -> None:
    views = views_for(Model(length=length), a_table(tuple("abcdefghijklmnopqrstuvwxyz")))
    if not length:
        assert "has no vectors" in views["embeddings"].why_not
        return
    view = views["embedding of a label: "]
    assert view.draw().axes
    assert view.write()


def test_a_column_that_matters_is_more_important_than_one_that_does_not() -> None:
    data = made_up("number", 0)
    seen = RowsSeen(Model(), data, 0, 4)
    found = {one.column: one for one in seen.importances}
    assert set(found) == {"c", "d", "e", "f", "g"}
    assert seen.importances[0].column in ("e", "c")
    assert found["f"].mean == found["d"].mean == 0  # the model does not read them
    assert found["e"].std > 0


def test_of_many_columns_those_are_measured_that_a_first_look_finds() -> None:
    asked = []

    def harm(columns: Sequence[str]) -> float:
        asked.append(columns)
        return sum({"3": 1.0, "777": 0.5, "778": 0.25}.get(one, 0.0) for one in columns)

    names = [str(n) for n in range(1_000)]
    found = likely(names, 4, harm)
    assert len(found) == 4
    assert {"3", "777", "778"} < set(found)
    assert found == sorted(found, key=int)
    assert len(asked) <= 2 * 4 * math.ceil(math.log2(1_000 / 4))
    assert likely(names, 0, harm) == likely(names, 1_000, harm) == names


def test_what_is_not_measured_is_said() -> None:
    data = made_up("number", 0)
    seen = RowsSeen(Model(), data, 0, 4, 2)
    assert {one.column for one in seen.importances} == {"c", "e"}
    told = "of the 2 columns that a first look found among 5"
    assert told in write_importance(seen)
    assert told in draw_importance(seen).axes[0].get_title(loc="left")
    assert "first look" not in write_importance(RowsSeen(Model(), data, 0, 4, 5))


def test_parts_of_a_date_are_shuffled_together() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(2, 9, (50, 2)).astype(np.int32)
    numbers = random.normal(size=(50, 3)).astype(np.float32)
    mapper = Mapper(
        (Column("when", "date", "", "iso"),),
        (CategoryFeature("when", "weekday", tuple("abcdefg")),
         CategoryFeature("other", "", tuple("abcdefg"))),
        (NumberFeature("when", "elapsed", 0.0, 16_000.0, 100.0, flagged=True),
         NumberFeature("x", "", 0.0, 0.0, 1.0, flagged=False)),
    )  # fmt: skip
    rows = TableRows(Mapped(codes, numbers), numbers[:, 0].astype(np.float64))
    data = TableData("dates", "memory", {"train": rows}, mapper, Target("y", "number"))
    seen = RowsSeen(Model(), data, 0, 1)
    order = random.permutation(50)
    made = seen.replaced(rows.inputs, ["when"], rows.inputs.take(order))
    assert (made.codes[:, 0] == codes[order, 0]).all()
    assert (made.codes[:, 1] == codes[:, 1]).all()
    assert (made.numbers[:, [0, 2]] == numbers[order][:, [0, 2]]).all()
    assert (made.numbers[:, 1] == numbers[:, 1]).all()
    assert seen.columns == ("when", "other", "x")
    assert seen.cells("when", [0])[0][:4] in ("(mis", *map(str, range(2013, 2015)))


def test_an_effect_is_that_of_the_model_in_the_units_of_the_table() -> None:
    data = replace_target(a_table(), mean=10.0, std=3.0)
    seen = RowsSeen(Model(), data, 0, 1)
    (category,) = effects_of(seen, "a label: ")
    assert category.labels == ("x", "y")
    assert np.diff(category.mean[0]) == pytest.approx([0.3])  # one code more, times 3
    (number,) = effects_of(seen, "n0")
    assert np.diff(number.mean[0]) == pytest.approx(np.diff(number.values) / 2 * 3, rel=1e-3)
    np.testing.assert_allclose(number.around[0], np.tile(number.mean[0], (80, 1)), rtol=1e-6)


def replace_target(data: TableData, **changes: Any) -> TableData:
    target = replace(data.target, **changes)
    return TableData("odd", "memory", data.splits, data.mapper, target)


def test_a_column_that_is_not_read_has_no_effect_to_show() -> None:
    with pytest.raises(SettingsError, match="does not read a column 'n1'") as told:
        views_for(Model(), a_table(), ViewSettings(effect=("n1",)))
    assert "Did you mean n0" in (told.value.hint or "")


def test_bins_hold_all_rows_and_say_how_often_it_came_true() -> None:
    sure = np.array([0.05, 0.05, 0.95, 1.0])
    found = bins_of(sure, np.array([False, True, True, True]))
    assert [(one.rows, one.share) for one in found] == [(2, 0.5), (2, 1.0)]
    assert found[1].interval is not None
    low, high = found[1].interval
    assert 0 < low < 1
    assert high == 1.0


def test_what_is_told_of_rows_of_few_groups_is_over_these() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(4), 250).astype(np.int32)
    off = np.repeat(random.normal(size=4), 250) + 0.1 * random.normal(size=1000)
    level = np.zeros(1000)
    rows, over = bands(level, off)[0], bands(level, off, groups=groups)[0]
    means = off.reshape(4, 250).mean(1)
    assert over.error == pytest.approx(means.std(ddof=1) / 2)
    assert over.error > 5 * rows.error
    one = bands(level, off, groups=groups * 0)[0]
    assert "±" not in one.told
    true = np.repeat([True, True, False, True], 250)
    (alike,) = bins_of(np.full(1000, 0.75), true)
    (apart,) = bins_of(np.full(1000, 0.75), true, groups=groups)
    assert alike.interval is not None
    assert apart.interval is not None
    assert apart.interval[0] < alike.interval[0] - 0.1
    assert apart.interval[1] == 1
    assert bins_of(np.full(1000, 0.75), true, groups=groups * 0)[0].interval is None


def test_bands_have_about_equally_many_rows() -> None:
    values = np.arange(100.0)
    found = bands(values, values * 0 + 2)
    assert [one.rows for one in found] == [10] * 10
    assert {(one.mean, one.error) for one in found} == {(2.0, 0.0)}
    assert len(bands(np.ones(5), np.ones(5))) == 1


def test_the_worst_hundredth_and_its_share() -> None:
    n, share = share_of_worst(np.array([1.0] * 198 + [100.0, 2.0]))
    assert n == 2
    assert share == pytest.approx(102 / 300)
    assert share_of_worst(np.zeros(3)) == (1, 0.0)


def test_the_worst_rows_come_first_with_their_values() -> None:
    data = a_table()
    seen = RowsSeen(Model(), data, 0, 1)
    table = table_of_worst(seen, 3, 2)
    losses = np.sort(seen.errors.losses)[::-1]
    assert table.heads[:3] == ("y", "predicted", "error")
    assert [row[3] for row in table.rows] == [f"{x / losses.sum():.1%}" for x in losses[:3]]
    assert {row[4] for row in table.rows} | {row[5] for row in table.rows} & {"x", "y"}


def test_vectors_are_those_of_categories_that_train_has() -> None:
    data = a_table(tuple("abc"))
    data.splits["train"].inputs.codes[:] = 3
    vectors, codes = vectors_of(Model(), data, 0, 10)
    assert codes.tolist() == [3]
    assert nearest_of(vectors).shape == (1, 0)
    assert nearest_of(np.array([[0.0], [1.0], [5.0]]), 1).tolist() == [[1], [0], [1]]


def test_numbers_and_dates_are_told_without_false_digits() -> None:
    told = {
        0.30000001: "0.3", 12345.6: "12,346", -0.0: "0", 1_234_567.8: "1,234,568", 1e38: "1e+38",
        -math.inf: "-inf", 1.5e-7: "1.5e-07",
    }  # fmt: skip
    assert {x: short_number(x) for x in told} == told
    assert short_number(1e12 + 1.25, 2.0) == "1,000,000,000,001.25"
    assert [shortest(x, 2.0) for x in (1e12 + 1.25, 3.14159)] == ["1,000,000,000,001.2", "3.142"]
    assert [shortest(x, 1e38) for x in (1.23456e38, -0.0)] == ["1.235e+38", "0"]
    assert [date_text(x) for x in (16_647.00001, 16_647.5)] == ["2015-07-31", "2015-07-31 12:00"]


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (130.0712, 1.8993, "130.1"), (28.174, 1.3437, "28.2"), (0.20256, 0.065, "0.20"),
        (5.26, 0.4, "5.3"), (12_345.6, 300.0, "12,300"), (-0.001, 0.5, "0.0"), (0.0, 0.0, "0"),
        (0.018284, 0.0, "0.0183"), (0.1, 0.0, "0.100"), (123.4, math.nan, "123"),
        (7.0, math.inf, "7.00"),
        (3e20, 1e18, "3.0e+20"), (2e-9, 1e-10, "2.0e-09"), (math.inf, 1.0, "inf"),
    ],
)  # fmt: skip
def test_numbers_have_the_digits_that_their_error_leaves(
    value: float, error: float, told: str
) -> None:
    assert rounded(value, error) == told


def test_shares_and_errors_are_told_in_few_digits() -> None:
    assert with_error(130.0712, 1.8993) == "130.1 ± 1.9"
    assert with_error(28.174, 0.70876) == "28.2 ± 0.7"
    assert with_error(2.0, 0.0) == with_error(2.0, math.nan) == "2.00"
    assert [percent(0.3169), percent(0.3169, 0.0004), percent(1.0)] == ["32%", "31.69%", "100%"]


def test_a_terminal_is_told_what_is_more_than_chance() -> None:
    data = a_table(numbers=2, rows=400)
    data.train.target[:] = Model().predict(data.train.inputs)
    few = ViewSettings(rows=0, shuffles=3)
    lines = views_for(Model(), data, few)["importance"].write().splitlines()
    assert lines[-1] == "  no more than chance: n1"
    assert len(lines) == 4
    assert all(re.fullmatch(r"  (a label: |n0 +)  +[\d.]+ ± [\d.]+", line) for line in lines[1:-1])
    wrong = a_table(rows=400)
    wrong.train.target[:] = Model().predict(wrong.train.inputs)
    wrong.train.target[wrong.train.inputs.codes[:, 0] == 3] += 2.0
    text = views_for(Model(), wrong, ViewSettings(rows=0))["residuals"].write()
    assert "  a label:   y: -2.00" in text
    assert "x: " not in text  # of the other label the model is right


def test_of_many_classes_the_one_that_moves_most_is_told() -> None:
    data = a_table(classes=5, rows=300)
    first, *lines = views_for(Model(5), data)["effects"].write().splitlines()
    assert "the class that it moves most" in first
    assert len(lines) == len(set(lines)) == 2
    assert all(re.search(r"\(class \d\)  .*%", line) for line in lines)


def test_the_bands_that_came_true_otherwise_are_told() -> None:
    data = a_table(classes=2, rows=400)
    text = views_for(Model(2), data, ViewSettings(rows=0))["calibration"].write()
    bins = bins_of(Model(2).predict(data.train.inputs)[:, 1], data.train.target == 1)
    off = [
        one for one in bins if one.interval and not one.interval[0] <= one.mean <= one.interval[1]
    ]
    assert off
    assert text.count("came true ") - 1 == len(off)
    assert f"within chance: {len(bins) - len(off)} of {len(bins)} bands" in text
    assert f"came true {off[0].share:.0%}" in text


def test_pictures_have_names_of_their_own() -> None:
    assert file_name("Embedding of x1", ()) == "embedding-of-x1"
    assert file_name("Embedding of 北京?", ()) == "embedding-of-北京"
    assert file_name("??", ("picture",)) == "picture-2"


@pytest.mark.usefixtures("unpainted")
def test_a_run_is_inspected_with_and_without_its_data(tmp_path: Path) -> None:
    rows = [f"{'abc'[n % 3]},{n % 7},{2 * (n % 3) + n % 7}.5" for n in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["letter,size,y", *rows]))
    run: Run = hornbook.train(
        tmp_path / "t.csv", target="y", model="linear", out=tmp_path / "run", baseline=False,
        training={"steps": 3, "batch_size": 16},
    )  # fmt: skip
    for line in run.task.preview(run.model, run.data):
        assert re.fullmatch(r"(-?[\d.]{1,5} → -?[\d.]{1,6})", line)
        assert all(len(re.sub(r"^0\.0*|\D", "", one)) <= 4 for one in line.split(" → "))
    assert run.task.previewed == "true → predicted"
    assert "90 rows" not in run.task.introduce(run)
    assert "72 rows of t to predict column 'y' from 2 other columns" in run.task.introduce(run)
    samples = run.task.samples(run)
    assert samples is not None
    assert all("→" in one.text for one in samples.made)
    (table,) = run.task.show(run)
    assert not isinstance(table, str)
    assert table.heads == ("letter", "size", "y", "predicted")
    assert run.task.next_steps(run)[0].verb == "predict"
    found = inspect(run)
    assert "What it predicts" in found.page().html()
    assert next(one for one in found.drawn_views if one.title == "Worst").table is not None
    strip(run.path)
    bare = inspect(Run(run.path))
    assert {one.why_not != "" for one in bare.views} == {True}
    assert bare.run.task.samples(bare.run) is None
    assert bare.run.task.show(bare.run) == ()
    bare.page()
