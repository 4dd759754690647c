"""Listed runs by what is known of them: conditions, order, columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hornbook.errors import SettingsError
from hornbook.runs.columns import Condition, chosen, known_columns, sorted_by, value_of
from hornbook.runs.listed_run import ListedRun

GRU = ListedRun(
    Path("runs/wide-gru"), "finished", task="text", family="gru", data="names (1a2b)",
    data_name="names", parameters=12_000, steps=200, steps_asked=200, measure="loss", split="dev",
    value=1.9, figures={"train": {"loss": 1.7}, "dev": {"loss": 1.9, "bits": 2.7}}, seconds=4.5,
    changed=datetime(2026, 11, 3, 9, 30, tzinfo=UTC), tags=("good", "wide one"),
    settings={"n_hidden": [64], "dropout": 0.0, "tie": True, "rates": [], "init": None},
)  # fmt: skip
MLP = replace(
    GRU, path=Path("runs/mlp"), family="mlp", data="names (3c4d)", parameters=80_000, value=2.1,
    figures={"train": {"loss": 1.5}, "dev": {"loss": 2.1}}, tags=(), comment="no dropout",
    changed=datetime(2026, 11, 20, tzinfo=UTC),
    settings={"n_hidden": [256, 160], "dropout": 0.2, "tie": False},
)  # fmt: skip
FILMS = replace(
    GRU, path=Path("runs/films"), task="clicks", family="ease", data="films", data_name="films",
    parameters=None, steps=None, measure="recall", best="highest", value=0.3, tags=("good",),
    figures={"dev": {"recall": 0.3}}, settings={"l2": 100.0}, seconds=None,
)  # fmt: skip
BETTER = replace(FILMS, path=Path("runs/better"), value=0.4, figures={"dev": {"recall": 0.4}})
DAMAGED = ListedRun(Path("runs/bad"), "damaged", note="run.json is damaged")
ROWS = [GRU, MLP, FILMS, BETTER, DAMAGED]


def names(rows: list[ListedRun]) -> list[str]:
    return [row.path.name for row in rows]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("dev<2", ["wide-gru", "films", "better"]),
        ("dev<=1.9", ["wide-gru", "films", "better"]),
        ("train > 1.6", ["wide-gru"]),
        ("dev.bits>=2", ["wide-gru"]),
        ("family=gru", ["wide-gru"]),
        ("family==gru, mlp", ["wide-gru", "mlp"]),
        ("model!=ease", ["wide-gru", "mlp", "bad"]),
        ("data=names", ["wide-gru", "mlp"]),
        ("data=names (3c4d)", ["mlp"]),
        ("data!=names", ["films", "better", "bad"]),
        ("tag=good", ["wide-gru", "films", "better"]),
        ("tag=wide one", ["wide-gru"]),
        ("tags!=good", ["mlp", "bad"]),
        ("tags=", ["mlp", "bad"]),
        ("status=finished", ["wide-gru", "mlp", "films", "better"]),
        ("parameters=12000", ["wide-gru"]),
        ("parameters=1.2e4", ["wide-gru"]),
        ("n_hidden=256x160", ["mlp"]),
        ("tie=yes", ["wide-gru"]),
        ("dropout=0", ["wide-gru"]),
        ("dropout!=0", ["mlp", "films", "better", "bad"]),
        ("name~GRU", ["wide-gru"]),
        ("note~drop", ["mlp"]),
        ("when>=2026-11-04", ["mlp"]),
        ("when<2026-11-03T10", ["wide-gru", "films", "better"]),
        ("when=2026-11-20", ["mlp"]),
        ("l2=none", ["wide-gru", "mlp", "bad"]),
    ],
)
def test_a_condition_holds_for_the_runs_that_it_says(where: str, expected: list[str]) -> None:
    assert names(chosen(ROWS, [where])) == expected


def test_a_list_of_one_number_is_compared_as_that_number() -> None:
    assert names(chosen([GRU, FILMS], ["n_hidden>50"])) == ["wide-gru"]
    assert chosen([GRU, FILMS], ["n_hidden>64"]) == []


def test_all_of_several_conditions_have_to_hold() -> None:
    assert names(chosen(ROWS, ["dev<3", "tag=good", "task=text"])) == ["wide-gru"]
    assert chosen([], ["whatever=1"]) == []


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("dev", "is not a condition"),
        ("", "is not a condition"),
        ("dev<", "compares with nothing"),
        ("dev<low", "'low' is none"),
        ("family<3", "not a number"),
        ("n_hidden>50", "not a number"),
        ("when>yesterday", "'yesterday' is none"),
        ("famly=gru", "none of the runs has 'famly'"),
        ("dev.los<2", "none of the runs has 'dev.los'"),
    ],
)
def test_a_condition_that_says_nothing_is_refused(where: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        chosen(ROWS, [where])
    assert caught.value.setting == "where"


def test_an_unknown_column_gets_the_nearest() -> None:
    with pytest.raises(SettingsError) as caught:
        chosen(ROWS, ["drpout=0"])
    assert "Did you mean dropout?" in caught.value.hint
    with pytest.raises(SettingsError) as caught:
        sorted_by(ROWS, "drpout")
    assert "Did you mean dropout?" in caught.value.hint


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("parameters", ["wide-gru", "mlp", "films", "better", "bad"]),
        ("-parameters", ["mlp", "wide-gru", "films", "better", "bad"]),
        ("when", ["wide-gru", "films", "better", "mlp", "bad"]),
        ("-when", ["mlp", "wide-gru", "films", "better", "bad"]),
        ("name", ["bad", "better", "films", "mlp", "wide-gru"]),
        ("train", ["mlp", "wide-gru", "films", "better", "bad"]),
        ("dropout", ["wide-gru", "mlp", "films", "better", "bad"]),
        ("test", ["wide-gru", "mlp", "films", "better", "bad"]),
        ("n_hidden", ["mlp", "wide-gru", "films", "better", "bad"]),
    ],
)
def test_runs_are_sorted_and_what_is_unknown_comes_last(column: str, expected: list[str]) -> None:
    assert names(sorted_by(ROWS, column)) == expected


def test_the_best_figure_comes_first_whichever_way_is_better() -> None:
    assert names(sorted_by([FILMS, BETTER], "dev")) == ["better", "films"]
    assert names(sorted_by([FILMS, BETTER], "-dev")) == ["films", "better"]
    assert names(sorted_by([MLP, GRU], "figure")) == ["wide-gru", "mlp"]
    nan = replace(GRU, path=Path("runs/nan"), figures={"dev": {"loss": float("nan")}})
    assert names(sorted_by([nan, MLP, GRU], "-dev")) == ["mlp", "wide-gru", "nan"]


def test_what_a_column_holds() -> None:
    assert value_of(GRU, "dev") == value_of(GRU, "dev.loss") == 1.9
    assert value_of(FILMS, "dev") == 0.3  # its own measure
    assert value_of(GRU, "test") is None
    assert value_of(MLP, "n_hidden") == "256x160"
    assert value_of(GRU, "rates") == ""
    assert {"dev", "train.loss", "dev.bits", "dropout", "l2", "when"} <= set(known_columns(ROWS))
    assert Condition.read("tag==x") == Condition("tags", "=", "x")
