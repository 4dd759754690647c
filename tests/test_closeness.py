"""Nearest examples and the share from memory, against brute force, SciPy and made-up memories."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
from scipy import stats

from hornbook.text.closeness import (
    Close,
    Nearest,
    compared_at_most,
    mean_apart,
    memorised_share,
    nearest_examples,
)

LETTERS = "aeinrlsmtkod"


@cache
def edits(a: str, b: str) -> int:
    """Levenshtein's distance as it is defined."""
    if not a or not b:
        return len(a) + len(b)
    same = edits(a[1:], b[1:]) + (a[0] != b[0])
    return min(same, edits(a[1:], b) + 1, edits(a, b[1:]) + 1)


def word(draw: random.Random, evenness: float = 1.0) -> str:
    """A made-up name; the less even, the more typical it is."""
    weights = [(1 / (place + 1)) ** evenness for place in range(len(LETTERS))]
    return "".join(draw.choices(LETTERS, weights, k=draw.choice([3, 4, 5, 6, 7])))


def test_nearest_examples_are_those_of_a_search() -> None:
    draw = random.Random(0)
    train, held, asked = ([word(draw) for _ in range(n)] for n in (40, 20, 30))
    asked += [train[3], train[3], held[5], "", "größe日"]
    found = nearest_examples(asked, train, held)
    assert [one.text for one in found] == list(dict.fromkeys(asked))
    for one in found:
        to_train = [edits(one.text, example) for example in train]
        to_held = [edits(one.text, example) for example in held]
        assert one.count == asked.count(one.text)
        assert one.edits == min(to_train)
        assert one.example == train[to_train.index(one.edits)]
        assert one.held_edits == min(to_held)
        assert one.held_example == held[to_held.index(one.held_edits)]
        every = [*to_train, *to_held]
        ours = to_train.count(min(every))
        assert one.in_train == ours / every.count(min(every))


def test_distances_held_some_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    train, asked = ([word(draw) for _ in range(n)] for n in (50, 40))
    whole = nearest_examples(asked, train)
    monkeypatch.setattr("hornbook.text.closeness.CHUNK", 120)
    assert nearest_examples(asked, train) == whole
    assert {one.held_edits for one in whole} == {None}
    long = nearest_examples(["a" * 300], ["b" * 400])
    assert (long[0].edits, long[0].relative) == (400, 1.0)


def test_figures_weigh_what_came_often() -> None:
    near = Nearest("anna", 3, 0, "anna", None, None, 1.0)
    far = Nearest("bo", 1, 2, "anna", None, None, 1.0)
    one = Nearest("emma", 1, 1, "emmas", None, None, 1.0)
    found = Close.of([near, far, one])
    assert (found.n, found.copies, found.near) == (5, 0.6, 0.2)
    assert found.edits == pytest.approx(3 / 5)
    assert found.relative == pytest.approx((0.5 + 0.2) / 5)


def test_the_interval_of_two_means_is_welchs() -> None:
    draw = np.random.default_rng(0)
    a, b = draw.normal(1, 2, 30), draw.normal(0, 1, 12)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    found = mean_apart(a, b)
    assert found is not None
    # The degrees of freedom are rounded down, so it is a little wider.
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.01)
    assert found.low <= expected.low
    assert mean_apart([1.0], b) is None
    assert mean_apart([2, 2], [1, 1]) is not None


@pytest.mark.parametrize("evenness", [1.0, 2.0])
@pytest.mark.parametrize("truth", [0.0, 0.5])
def test_the_share_from_memory_is_found_and_typical_samples_are_not_taken_for_it(
    truth: float, evenness: float
) -> None:
    """Samples of which a known share is copied; the others may be more typical than the data."""
    draw, within, too_high = random.Random(2), 0, 0
    for _ in range(20):
        words = sorted({word(draw) for _ in range(360)})
        draw.shuffle(words)
        cut = len(words) * 4 // 5
        train, held = words[:cut], words[cut:]
        made = [
            draw.choice(train) if draw.random() < truth else word(draw, evenness)
            for _ in range(100)
        ]
        found = memorised_share(nearest_examples(made, train, held), len(train), len(held))
        assert found is not None
        within += truth in found.interval
        too_high += found.interval.low > truth
    assert within >= 18
    assert too_high <= 1


def test_what_hangs_together_counts_less() -> None:
    same = [Nearest("anna", 50, 0, "anna", 3, "bo", 1.0)]
    found = memorised_share(same, 80, 20)
    assert found is not None
    assert found.groups == 1
    assert found.interval.low == 0  # one example says nothing, however often it is drawn
    many = [Nearest(f"a{n}", 1, 0, f"a{n}", 3, "bo", 1.0) for n in range(50)]
    found = memorised_share(many, 80, 20)
    assert found is not None
    assert found.groups == 50
    assert found.memorised == 1
    assert found.interval.low > 0.6
    assert memorised_share(many, 100, 0) is None


def test_long_examples_are_compared_in_bounded_time() -> None:
    assert compared_at_most(["x" * 6], ["y" * 6] * 30_000) > 1_000
    assert compared_at_most(["x" * 1_000], ["y" * 1_000] * 30_000) == 20
