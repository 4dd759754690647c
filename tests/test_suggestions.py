"""The nearest of the names that there are, or none."""

from __future__ import annotations

import pytest

from hornbook.suggestions import did_you_mean, edits, nearest

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
