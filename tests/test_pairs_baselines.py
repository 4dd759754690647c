"""Baselines that write: the table of train, and the nearest source, against plain programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.errors import RunError
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Writer
from hornbook.pairs.models.known_answers import KnownAnswers
from hornbook.pairs.models.lookup import Lookup
from hornbook.pairs.models.nearest import Nearest, NearestSettings
from hornbook.pairs.task import PairsTask
from hornbook.tokenizers.characters import CharTokenizer

PAIRS = [("ab", "xy"), ("ba", "yx"), ("ab", "zy"), ("ab", "zy"), ("abc", "zyx"), ("cc", "xx")]


def data(pairs: list[tuple[str, str]]) -> PairData:
    sources, targets = zip(*pairs, strict=True)
    given, said = (CharTokenizer.fit(side, boundary=True) for side in (["abcd"], ["xyzwv"]))
    return PairData("made up", "memory", {"train": Side(sources, targets)}, given, said)


def fitted(kind: Any, pairs: list[tuple[str, str]] = PAIRS, **given: Any) -> tuple[Any, PairData]:
    held = data(pairs)
    model = kind(kind.Settings(**given), held.shape)
    assert isinstance(model, Writer)
    PairsTask().fit(model, held)
    return model, held


def said(model: Writer, held: PairData, *texts: str, **how: Any) -> list[list[str]]:
    answers = model.answers([held.read(text) for text in texts], Decoding(**how))
    return [[held.writing.decode(one.ids) for one in each] for each in answers]


def test_a_source_of_train_is_answered_by_its_commonest_target() -> None:
    for kind in (Lookup, Nearest):
        assert said(*fitted(kind), "ab", "abc", "ba") == [["zy"], ["zyx"], ["yx"]]


def test_another_is_answered_token_by_token() -> None:
    # a stands over z twice and x, y once each; b over y four times; c over x three times; d never
    assert said(*fitted(Lookup), "bca", "dd", "bda") == [["yxz"], [""], ["yz"]]


def test_without_places_there_is_nothing_to_say() -> None:
    uneven = [("ab", "xyz"), ("ba", "x"), ("abc", "xyzwv"), ("cc", "xx")]
    assert said(*fitted(Lookup, uneven), "bca", "ab") == [[""], ["xyz"]]


def plain(one: str, other: str) -> int:
    """The edit distance by the plain dynamic program."""
    before = list(range(len(other) + 1))
    for at, ch in enumerate(one, 1):
        row = [at]
        for place, ch2 in enumerate(other, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (ch != ch2)))
        before = row
    return before[-1]


words = st.text("abcd", min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(words, st.text("xyzwv", min_size=1, max_size=3)), min_size=1), words)
def test_the_nearest_source_is_the_one_with_the_fewest_edits(
    pairs: list[tuple[str, str]], asked: str
) -> None:
    answers: dict[str, Counter[str]] = {}
    for source, target in pairs:
        answers.setdefault(source, Counter())[target] += 1
    order = sorted(answers, key=lambda one: plain(asked, one))  # the first of several stays first
    targets = [answers[one].most_common(1)[0][0] for one in order]
    model, held = fitted(Nearest, pairs)
    assert said(model, held, asked) == [[targets[0]]]
    several = said(model, held, asked, method="beam", n=3)[0]
    assert several == list(dict.fromkeys(targets))[:3]


def test_sources_beyond_the_limit_are_left_out_and_told() -> None:
    pairs = [(f"{a}{b}{c}", "x") for a in "abcd" for b in "abcd" for c in "abcd"]
    held = data(pairs)
    model = Nearest(NearestSettings(most=10), held.shape)
    (told,) = PairsTask().fit(model, held)
    assert told.startswith("Of 64 sources of train 10 are compared with")
    assert len(model.known) == 10
    assert PairsTask().fit(Nearest(NearestSettings(), held.shape), held) == ()


@pytest.mark.parametrize("kind", [Lookup, Nearest])
def test_it_is_kept_and_opened(kind: Any) -> None:
    model, held = fitted(kind)
    arrays = model.arrays()
    opened = kind(kind.Settings(), held.shape)
    opened.load_arrays(arrays)
    texts = ["ab", "bca", "dd", "cccc"]
    assert said(opened, held, *texts) == said(model, held, *texts)
    assert opened.n_parameters == model.n_parameters > 0
    wrong: dict[str, Any] = {
        "sources": arrays["sources"] + 99,
        "targets": arrays["targets"][1:],
        "sources.lengths": arrays["sources.lengths"][:-1],
        "targets.lengths": -arrays["targets.lengths"],
    }
    if kind is Lookup:
        wrong["counterparts"] = arrays["counterparts"] + 99
    for name, value in wrong.items():
        with pytest.raises(RunError, match="do not match"):
            kind(kind.Settings(), held.shape).load_arrays({**arrays, name: value})
        with pytest.raises(RunError, match="do not match"):
            kind(kind.Settings(), held.shape).load_arrays(
                {one: array for one, array in arrays.items() if one != name}
            )


def test_nothing_known_is_kept_too() -> None:
    held = data(PAIRS)
    none = KnownAnswers.from_arrays(KnownAnswers().arrays(), held.shape)
    assert len(none) == 0
    assert none.answer(held.read("ab")) is None
    assert np.array_equal(none.arrays()["sources"], np.zeros(0))
