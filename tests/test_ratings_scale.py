"""The scale of ratings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.ratings.scale import Scale, ScaleFinder


def found(*values: float) -> Scale:
    finder = ScaleFinder()
    for value in values:
        finder.see(np.array([value], float))
    return finder.found


@given(
    st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0, 10.0]),
    st.sets(st.integers(-5, 20), min_size=2),
    st.floats(-3, 3),
)
def test_the_step_is_found(step: float, places: set[int], low: float) -> None:
    scale = found(*(low + step * place for place in places))
    common = int(np.gcd.reduce(np.diff(sorted(places))))
    assert scale.low == pytest.approx(low + step * min(places))
    assert scale.step == pytest.approx(step * common)


def test_scales() -> None:
    assert str(found(1, 2, 5)) == "1 to 5 in steps of 1"
    assert found(3, 3).step is None
    assert found(*np.random.default_rng(0).random(50).tolist()).step is None
    assert found(*range(2_000)).step is None
