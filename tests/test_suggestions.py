"""The nearest of the names that there are, or none."""

from __future__ import annotations

import pytest

from hornbook.suggestions import (
    did_you_mean,
    edits,
    nearest,
    settings_without_commas,
    without_commas,
)

FLAGS = ["--json", "--model", "--mode", "--n-hidden", "--no-page", "--learning-rate", "--dev", "-n"]


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("", "abc", 3), ("abc", "acb", 1), ("model", "modle", 1), ("kitten", "sitting", 3),
     ("ca", "abc", 3), ("same", "same", 0)],
)  # fmt: skip
def test_a_swap_is_one_slip(one: str, other: str, far: int) -> None:
    assert edits(one, other) == edits(other, one) == far


@pytest.mark.parametrize(
    ("given", "meant"),
    [("--modle", "--model"), ("--n-hiden", "--n-hidden"), ("--learn", "--learning-rate"),
     ("--no-dev", None), ("--no", None), ("--jsno", "--json"), ("-m", None), ("", None),
     ("--model" * 1000, None)],
)  # fmt: skip
def test_the_nearest_flag(given: str, meant: str | None) -> None:
    assert nearest(given, FLAGS) == meant


def test_other_words_and_parts_of_names() -> None:
    also = {"transformer": "gpt"}
    assert did_you_mean("Transfomer", ["mlp", "gpt"], also=also) == "Did you mean gpt? "
    assert did_you_mean("shakespeare", ["names", "tiny-shakespeare"]).endswith("shakespeare? ")
    assert did_you_mean("names.csv", ["names"]) == "Did you mean names? "
    assert did_you_mean("rnn", ["gru"]) == ""


def test_names_that_commas_join_are_given_apart() -> None:
    known = ["mlp", "gru", "Last, First"]
    assert without_commas("mlp,gru", known, setting="models") == (
        "Give several without commas: `models=mlp gru`. "
    )
    assert without_commas("mlp,", known, among=["mlp,", "gru"]) == (
        "Give several without commas: mlp gru. "
    )
    assert without_commas("mlp,", known) == "Give it without the comma: mlp. "
    assert without_commas("mpl, grru", known).endswith("mpl grru. ")
    for other in ("mlp", "Doe, John", ",", "", "x,y"):
        assert without_commas(other, known) == ""


def test_settings_that_commas_join_are_given_apart() -> None:
    told = settings_without_commas("dev<2, gru.n_hidden=5", "where")
    assert told == "Give several without commas: `where='dev<2' gru.n_hidden=5`. "
    for one in ("family=gru,lstm", "n_hidden=200,100", "n_embd=8..64:log", "dev<2"):
        assert settings_without_commas(one, "where") == ""
