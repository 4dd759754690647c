"""The mapper: as scikit-learn codes and scales, the same from JSON, and hostile JSON refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from hornbook.errors import DataError
from hornbook.tables.features import category_of
from hornbook.tables.frame import Categories, Dates, Frame, Numbers
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapper
from hornbook.tables.target import Target, target_of
from hornbook.tables.written import as_label
from hornbook.tables.written_dates import NO_DATE

COLUMNS = (
    Column("colour", "category", ""),
    Column("size", "number", ""),
    Column("when", "date", "", "iso"),
    Column("note", "left out", ""),
)


def frame(colours: list[str | None], sizes: list[float], seconds: list[int] | None = None) -> Frame:
    labels = tuple(sorted({one for one in colours if one is not None}, reverse=True))
    codes = [-1 if one is None else labels.index(one) for one in colours]
    days = seconds if seconds is not None else list(range(0, 86_400 * len(colours), 86_400))
    return Frame(
        len(colours),
        {
            "colour": Categories(np.array(codes, np.int32), labels),
            "size": Numbers(np.array(sizes, np.float64)),
            "when": Dates(np.array(days, np.int64)),
        },
    )


colours = st.sampled_from(["red", "green", "blue", None])
sizes = st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")))
rows = st.lists(st.tuples(colours, sizes), min_size=2, max_size=40)


@settings(max_examples=10, deadline=None)
@given(rows, rows)
def test_as_scikit_learn(
    train: list[tuple[str | None, float]], new: list[tuple[str | None, float]]
) -> None:
    given_, later = (frame(*map(list, zip(*one, strict=True))) for one in (train, new))
    mapper = Mapper.fit(COLUMNS, given_, 1)
    mapped = mapper.apply(later)
    assert np.isfinite(mapped.numbers).all()
    names = [one.name for one in mapper.categories]
    if "colour" in names:
        coder = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-2, encoded_missing_value=-1
        )
        table = [
            pandas.DataFrame(
                {"c": [np.nan if row[0] is None else row[0] for row in one]}, dtype=object
            )
            for one in (train, new)
        ]
        wanted = coder.fit(table[0]).transform(table[1])[:, 0]
        known = [one for one in coder.categories_[0] if isinstance(one, str)]
        place = names.index("colour")
        labels = [mapper.categories[place].label(code) for code in mapped.codes[:, place]]
        assert labels == [
            known[int(one)] if one >= 0
            else "(missing)" if row[0] is None else "(unseen)"
            for one, row in zip(wanted, new, strict=True)
        ]  # fmt: skip
    numbers = [one.name for one in mapper.numbers]
    values, others = (np.array([[row[1]] for row in one]) for one in (train, new))
    if "size" in numbers:
        place = numbers.index("size")
        scaler = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(values)
        if np.nanstd(values) > 1e-3:
            np.testing.assert_allclose(
                mapped.numbers[:, place], scaler.transform(others)[:, 0], rtol=1e-4, atol=1e-4
            )
        if mapper.numbers[place].flagged:
            flag = len(numbers) + list(mapper.flags).index(mapper.numbers[place])
            wanted = MissingIndicator(features="all").fit(values).transform(others)[:, 0]
            np.testing.assert_array_equal(mapped.numbers[:, flag], wanted)
    again = Mapper.from_dict(json.loads(json.dumps(mapper.as_dict())))
    assert again == mapper
    np.testing.assert_array_equal(again.apply(later).codes, mapped.codes)
    np.testing.assert_array_equal(again.apply(later).numbers, mapped.numbers)


def test_what_train_has_once_is_unseen_unless_it_is_a_part_of_a_date() -> None:
    mapper = Mapper.fit(COLUMNS, frame(["red", "red", "blue", None], [1, 2, 3, 4]), 2)
    named = {one.name: one for one in mapper.categories}
    assert named["colour"].labels == ("red",)
    assert named["when: weekday"].labels == ("Thursday", "Friday", "Saturday", "Sunday") or set(
        named["when: weekday"].labels
    ) == {"Thursday", "Friday", "Saturday", "Sunday"}
    assert [one.name for one in mapper.needed] == ["colour", "size", "when"]


def of_labels(name: str, labels: list[str | None], min_count: int = 1) -> Mapper:
    held = tuple(sorted({one for one in labels if one is not None}))
    codes = np.array([-1 if one is None else held.index(one) for one in labels], np.int32)
    columns = (Column(name, "category", ""),)
    return Mapper.fit(columns, Frame(len(labels), {name: Categories(codes, held)}), min_count)


def test_a_category_of_numbers_has_their_order_too() -> None:
    mapper = of_labels("hour", ["10", "2", "2.5", "2", None, "7"])
    (hour,) = mapper.categories
    rows = np.array([10, 2, 2.5, 2, 7])
    wanted = (np.array([float(one) for one in hour.labels]) - np.append(rows, 2.5).mean()) / (
        np.append(rows, 2.5).std()  # the median stands for what is missing
    )
    np.testing.assert_allclose(hour.values, wanted, rtol=1e-6)
    assert hour.order[:2] == (0, 0)
    assert len(hour.order) == hour.codes
    assert Mapper.from_dict(json.loads(json.dumps(mapper.as_dict()))) == mapper


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("hour", ["1", "2", "1", "2"]),
        ("hour", ["1", "2", "many", "many"]),
        ("hour", ["01", "02", "10", "11"]),
        ("store", ["1", "2", "3", "4"]),
    ],
    ids=["two", "a text", "zeros before", "labels by name"],
)
def test_what_tells_no_order(name: str, labels: list[str | None]) -> None:
    assert of_labels(name, labels).categories[0].order == ()


def test_a_mapper_from_before_orders_is_read() -> None:
    told = json.loads(json.dumps(of_labels("hour", ["1", "2", "3"]).as_dict()))
    del told["categories"][0]["values"], told["categories"][0]["scale"], told["columns"][0]["unit"]
    assert Mapper.from_dict(told).categories[0].order == ()


def test_a_mapper_from_before_the_ends_of_numbers_is_read_and_a_wrong_end_refused() -> None:
    values = np.array([1.0, 3.0, np.nan, 2.0])
    made = Mapper.fit([Column("x", "number", "asked")], Frame(4, {"x": Numbers(values)}))
    assert made.numbers[0].ends == (1.0, 3.0)
    far = made.numbers[0].is_far(np.array([-1.1, -0.9, 4.9, 5.1, np.nan]))
    np.testing.assert_array_equal(far, [True, False, False, True, False])
    kept = json.loads(json.dumps(made.as_dict()))
    assert Mapper.from_dict(kept) == made
    (number,) = kept["numbers"]
    for ends in ([3.0, 1.0], [1.0], "x", [1.0, float("nan")]):
        with pytest.raises((TypeError, ValueError)):
            Mapper.from_dict({**kept, "numbers": [{**number, "ends": ends}]})
    del number["ends"]
    older = Mapper.from_dict(kept)
    assert older.numbers[0].ends is None
    assert not older.numbers[0].is_far(np.array([1e300])).any()


def test_huge_numbers_overflow_nowhere() -> None:
    huge = [1e308, -1e308, 1.5e308, 0.0]
    mapper = Mapper.fit(COLUMNS, frame(["a", "b", "a", "b"], huge))
    (size,) = [one for one in mapper.numbers if one.name == "size"]
    assert np.isfinite([size.mean, size.std, size.median]).all()
    found = size.encode(Numbers(np.array([*huge, np.nan])))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:4], np.array([0.375, -1.625, 0.875, -0.125]) / 0.96 * 0.96,
                               atol=1.0)  # fmt: skip
    tiny = Mapper.fit(COLUMNS, frame(["a", "b"], [1e-300, 2e-300]))
    assert (
        "size" not in [one.name for one in tiny.numbers]
        or np.isfinite(tiny.apply(frame(["a"], [1e300])).numbers).all()
    )


def test_missing_dates_are_missing_in_each_part() -> None:
    mapper = Mapper.fit(COLUMNS, frame(["a", "b", "a"], [1, 2, 3], [0, 10**9, NO_DATE]))
    mapped = mapper.apply(frame(["a"], [1.0], [NO_DATE]))
    for place, one in enumerate(mapper.categories):
        if one.part:
            assert mapped.codes[0, place] == 1


MAPPER = Mapper.fit(COLUMNS, frame(["red", "red", "blue", None], [1, 2, np.nan, 4]), 1).as_dict()
TARGETS = [
    Target("t", "number", mean=1.0, std=2.0, low=0.0, high=5.0),
    Target("t", "logarithm", mean=1.0, std=2.0, low=1.0, high=5.0),
    Target("t", "class", ("a", "b"), weights=(1.0, 2.0)),
]
ODD: list[Any] = [
    None, True, -1, 1.5, 10**400, float("nan"), float("inf"), "", "x", [], [1], ["x"], ["x", "x"],
    {}, {"a": 1}, [[]], [{}], [None],
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            found += places(inner, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    made = copy.deepcopy(value)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return made


def test_any_field_of_a_mapper_may_be_wrong() -> None:
    for path in places(MAPPER):
        for odd in ODD:
            try:
                made = Mapper.from_dict(changed(MAPPER, path, odd))
            except (KeyError, TypeError, ValueError):
                continue
            mapped = made.apply(frame(["red", None, "new"], [1, 2, np.nan]))
            assert np.isfinite(mapped.numbers).all(), (path, odd)
            assert mapped.codes.min(initial=0) >= 0
            json.dumps(made.as_dict())


def test_a_target_of_equal_floats_is_refused_whatever_their_deviation_is() -> None:
    same = np.full(96, 0.1)
    assert same.std() > 0  # rounding alone
    with pytest.raises(DataError, match=r"All rows of train have the target 0\.1"):
        target_of("y", "number", same, (), balanced=False)
    assert target_of("y", "number", np.array([0.1, 0.2]), (), balanced=False).spread > 0


@pytest.mark.parametrize("target", TARGETS, ids=lambda one: one.kind)
def test_any_field_of_a_target_may_be_wrong(target: Target) -> None:
    told = json.loads(json.dumps(target.as_dict()))
    assert Target.from_dict(told) == target
    for path in places(told):
        for odd in ODD:
            try:
                made = Target.from_dict(changed(told, path, odd))
            except (KeyError, TypeError, ValueError):
                continue
            values = np.array([0, 1]) if made.kind == "class" else np.array([1.0, 2.0])
            made.decode(made.encode(values))
            assert made.outputs >= 1
            assert np.isfinite(made.ends).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["columns"].append(m["columns"][0]),
        lambda m: m["numbers"].append(m["numbers"][0]),
        lambda m: m["categories"][0].update(column="size"),
        lambda m: m["categories"][0].update(part="year"),
        lambda m: m["categories"][0].update(values=[0.5]),
        lambda m: m["numbers"][0].update(std=0),
        lambda m: m["columns"][2].update(form="%Q"),
        lambda m: m["columns"][0].update(form="iso"),
        lambda m: m["columns"][0].update(kind="text"),
        lambda m: m["columns"].__setitem__(0, "colour"),
    ],
)
def test_what_does_not_fit_is_refused(change: Any) -> None:
    made = copy.deepcopy(json.loads(json.dumps(MAPPER)))
    change(made)
    with pytest.raises((KeyError, TypeError, ValueError)):
        Mapper.from_dict(made)


@pytest.mark.parametrize(
    "numbers", [[4_006_381_333_900 + n for n in range(8)], [n * 1e-26 for n in range(5)]]
)
def test_numbers_that_a_float_hardly_tells_apart_have_no_order(numbers: list[float]) -> None:
    labels = tuple(map(as_label, map(float, numbers)))
    codes = np.arange(40, dtype=np.int32) % len(labels)
    (found,) = category_of("ean", "", Categories(codes, labels), 1)
    assert found.values == ()


def test_an_order_that_no_mapper_writes_is_refused() -> None:
    codes = np.arange(40, dtype=np.int32) % 4
    frame = Frame(40, {"hour": Categories(codes, ("1", "2", "3", "5"))})
    written = Mapper.fit([Column("hour", "category", "")], frame).as_dict()
    assert Mapper.from_dict(written).categories[0].values
    written["categories"][0]["values"][1] = 1e39  # type: ignore[index, call-overload]
    with pytest.raises(ValueError, match="beyond"):
        Mapper.from_dict(written)
