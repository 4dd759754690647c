"""The map of items: colours by what is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hornbook.plots.colours import BLACK, BLUE
from hornbook.ratings.features import Features
from hornbook.ratings.views import KINDS, ends, kinds_of
from tests.ratings_made import made


def data_with(names: tuple[str, ...], of: tuple[tuple[int, ...], ...]) -> Any:
    data = made(items=len(of))
    data.features = Features(names, of)
    return data


def test_each_item_has_the_colour_of_its_first_common_feature() -> None:
    data = data_with(("Drama", "War", "Comedy"), ((0,), (1, 2), (2,), (), (2, 0)))
    found = kinds_of(data, np.array([4, 3, 1, 0]))
    # Of the four that are shown Comedy and Drama come twice, War once.
    told = {name: places for name, _, places in found}
    assert told == {"Comedy": [0], "War": [2], "Drama": [3], "others": [1]}
    assert {name: colour for name, colour, _ in found}["others"] == BLACK


def test_more_features_than_colours_are_others() -> None:
    n = len(KINDS) + 2
    names = tuple(map(str, range(n)))
    found = kinds_of(data_with(names, tuple((number,) for number in range(n))), np.arange(n))
    assert [name for name, _, _ in found] == [*names[: len(KINDS)], "others"]
    assert len({colour for _, colour, _ in found}) == len(found)
    assert sorted(place for _, _, places in found for place in places) == list(range(n))


def test_without_features_all_are_of_one_kind() -> None:
    data = made(items=5)
    assert kinds_of(data, np.array([3, 1])) == [("", BLUE, [0, 1])]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_ends_are_the_lowest_and_the_highest(n: int) -> None:
    low, high = ends(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), list("abcde"), n)
    assert low == [("b", 1.0), ("c", 2.0)][: min(n, 2)]
    assert high == [("d", 5.0), ("e", 4.0)][: min(n, 2)]
