"""The shuffle is Python's own, number for number."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.text import shuffle
from hornbook.text.shuffle import shuffled


@given(st.integers(0, 300), st.integers(-3, 2**70), st.integers(1, 9), st.data())
def test_every_place_is_that_of_python(
    n: int, seed: int, at_once: int, data: st.DataObject
) -> None:
    numbers = list(range(n))
    random.Random(seed).shuffle(numbers)
    least = data.draw(st.integers(0, n))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffle, "AT_ONCE", at_once)
        assert shuffled(n, seed, least).tolist() == numbers[least:]


@pytest.mark.parametrize("n", [65_535, 65_536, 65_537, 150_000])
def test_of_many_too(n: int) -> None:
    numbers = list(range(n))
    random.Random(42).shuffle(numbers)
    assert shuffled(n, 42).tolist() == numbers
