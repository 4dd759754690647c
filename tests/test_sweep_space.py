"""Ranges of settings: how they are written, what is refused, and what each family declares."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from hornbook.errors import SettingsError
from hornbook.experiments.sweep.declared import declared, declared_by
from hornbook.experiments.sweep.space import Space, read_space
from hornbook.experiments.sweep.spans import bare_type
from hornbook.experiments.sweep.sweep import sweep
from hornbook.ranges import Around, Choices, Range, spelled
from hornbook.settings import check
from hornbook.tasks import Family, Task, tasks
from hornbook.training.settings import TrainingSettings

TEXT = tasks()["text"]
DATA: Any = SimpleNamespace(kind="lines", sizes={"train": 1000, "dev": 100}, shape=None)


def space(over: Any, family: str = "gpt", fixed: Mapping[str, Any] | None = None) -> Space:
    return read_space(over, TEXT, TEXT.family(family), family, DATA, (fixed or {}, {}))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("n_embd=16..64", Range(16, 64)),
        ("n_embd=16..64:log", Range(16, 64, log=True)),
        ("n_embd=16..70:step=16", Range(16, 64, step=16)),
        ("n-embd=1e1..1e2", Range(10, 100)),
        ("learning_rate=1e-3..3e-2:log", Range(0.001, 0.03, log=True)),
        ("dropout=0..0.35:step=0.1", Range(0, 0.3, step=0.1)),
        ("norm=rms,layer", Choices(("rms", "layer"))),
        ("residual=true,no", Choices((True, False))),
        ("n_embd=16,32,64", Choices((16, 32, 64))),
        ("weight_decay=0,1e-1", Choices((0, 0.1))),
    ],
)
def test_a_range_is_read_as_it_is_written(written: str, read: Range | Choices) -> None:
    (found,) = space([written]).settings
    assert found.span == read
    again = f"{found.name}={spelled(found.span)}"
    assert space([again]).settings == (found,)


def test_lists_of_sizes_and_values_that_may_be_none() -> None:
    found = space(["n_hidden=64x32,128", "gain=none,1.5"], "mlp").settings
    assert [one.span for one in found] == [
        Choices(((64, 32), (128,))),
        Choices((None, 1.5)),
    ]


def test_ranges_can_be_objects_and_lists() -> None:
    found = space({"n_embd": Range(8, 16), "norm": ["rms", "none"], "dropout": "0..0.5"})
    assert found.written() == {"n_embd": "8..16", "norm": "rms,none", "dropout": "0..0.5"}
    assert space({"n_embd": "8..16", "dropout": (0.0, 0.2)}).size == 18
    assert found.size == float("inf")
    assert found.parted({"n_embd": 8, "norm": "rms", "dropout": 0.1})[1] == {}
    assert space({"n_layer": "1..2", "learning_rate": [0.1, 0.2]}).parted(
        {"n_layer": 1, "learning_rate": 0.1}
    ) == ({"n_layer": 1}, {"learning_rate": 0.1})


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("n_embd", "does not name a setting and its range"),
        ("n_embd=", "does not name a setting and its range"),
        ("n_embd=64..16", "is empty: it begins above its end.\nWrite 16..64"),
        ("n_embd=64..64", "is a single value"),
        ("n_embd=64", "nothing to choose from"),
        ("n_embd=1.5..4", "n_embd must be an integer"),
        ("n_embd=0..64", "must be from 1 to 16,384; it is 0"),
        ("n_embd=16..x", "'x' in '16..x' is not a number"),
        ("n_embd=16..64:lin", "no 'lin' in a range"),
        ("n_embd=16..64:step=0", "must be above 0 and at most 48"),
        ("n_embd=16..64:log:step=2", "has a step and is logarithmic"),
        ("n_embd=8,big", "n_embd must be an integer; it is 'big'"),
        ("n_embd=8,8", "8 stands twice"),
        ("dropout=0..0.5:log", "logarithmic and does not begin above 0"),
        ("dropout=0..inf", "has no end"),
        ("dropout=0..2", "must be from 0 to 0.95; it is 2"),
        ("norm=rms..layer", "'rms' in 'rms..layer' is not a number"),
        ("norm=1..2", "norm is not a number"),
        ("norm=rms,batch", "must be one of rms, layer, none"),
        ("residual=maybe,no", "must be true or false"),
        ("n_emd=16..64", "gpt has no setting n_emd.\nDid you mean n_embd?"),
        ("split=80/20,90/10", "split is an option of the data"),
        ("seed=1..10", "seed is not varied: what one seed is better by is luck"),
        ("threads=1,2", "changes how fast a net is trained"),
        ("watch=true,false", "changes what is recorded"),
    ],
)
def test_what_is_no_range_is_refused(over: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        space([over])
    assert said in str(caught.value)
    assert caught.value.setting == "over" or "empty" in said or "single" in said


@pytest.mark.parametrize("value", ["[16]", "16 32", "", "16x", "(8;4)"])
def test_how_a_list_is_written_is_said(value: str) -> None:
    with pytest.raises(SettingsError, match="is a list of numbers") as caught:
        space([f"n_hidden=64,{value}"], "mlp")
    assert f"{value!r} is none" in caught.value.message
    assert "64,64x32" in caught.value.hint


def test_what_is_fixed_or_named_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="`n_embd` is set to 64 and varied too"):
        space(["n_embd=16..64"], fixed={"n_embd": 64})
    with pytest.raises(SettingsError, match="n_embd has two ranges"):
        space(["n_embd=16..64", "n-embd=1..2"])
    with pytest.raises(SettingsError, match="setting of training by gradients, and ngram is made"):
        space(["learning_rate=0.1,0.2"], "ngram")
    with pytest.raises(SettingsError, match="is not a range"):
        space({"n_embd": 64})


def test_the_usual_space_is_what_is_declared_without_what_is_fixed() -> None:
    found = space(None)
    assert [one.name for one in found.settings] == ["n_layer", "n_embd", "dropout", "learning_rate"]
    assert found.written()["learning_rate"] == "0.0015..0.024:log"  # a quarter to four times 0.006
    assert "n_layer" not in space(None, fixed={"n_layer": 2}).written()
    assert "learning_rate" not in space(None, "ngram").written()
    pairs = tasks()["pairs"]
    with pytest.raises(SettingsError, match="Nothing is varied: copy declares no ranges"):
        read_space((), pairs, pairs.family("copy"), "copy", DATA, ({}, {}))


FAMILIES = [
    (task, name, line)
    for task in tasks().values()
    for name, line in task.families.items()
    if line.made_by != "mixing"
]


@pytest.mark.parametrize(("task", "name", "line"), FAMILIES, ids=[name for _, name, _ in FAMILIES])
def test_what_a_family_declares_fits_its_settings(task: Task[Any], name: str, line: Family) -> None:
    kind = line.load().Settings
    usual = kind()
    has_numbers = False
    for field in dataclasses.fields(kind):
        hint = typing.get_type_hints(kind, include_extras=True)[field.name]
        has_numbers = has_numbers or field.name not in ("seed", "most")
        span = declared(hint, None)
        if span is None:
            continue
        ends = span.values if isinstance(span, Choices) else (span.low, span.high)
        for value in ends:
            check(field.name, int(value) if bare_type(hint) is int else value, hint)
        over = {field.name: spelled(span)}  # as a person would write it
        (read,) = read_space(over, task, line, name, DATA, ({}, {})).settings
        assert read.span == span
        assert read.holds(getattr(usual, field.name)), "the first trial is the recommended one"
        for value in ends:  # alone, each end makes settings that can be
            dataclasses.replace(usual, **{field.name: value})
    assert bool(declared_by(line)) is (has_numbers or line.trained)


def test_a_range_around_what_is_recommended_stays_in_its_limits() -> None:
    hint = typing.get_type_hints(TrainingSettings, include_extras=True)["learning_rate"]
    assert any(isinstance(one, Around) for one in typing.get_args(hint))
    assert declared(hint, 0.01) == Range(0.0025, 0.04, log=True)
    assert declared(hint, None) is None
    assert declared(hint, 9e5) == Range(2.2e5, 1e6, log=True)  # 225,000 to two digits


def test_no_option_of_a_sweep_has_the_name_of_a_setting() -> None:
    from hornbook.cli.sweep import Options

    own = {field.name for field in dataclasses.fields(Options)}
    own |= set(inspect.signature(sweep).parameters)
    kinds = {task.options for task in tasks().values()} | {TrainingSettings}
    kinds |= {line.load().Settings for _, _, line in FAMILIES}
    for kind in kinds:
        assert not own & {field.name for field in dataclasses.fields(kind)}, kind.__name__
