"""What questions are answered with: tables of rows."""

from __future__ import annotations

import math

import pytest

from hornbook.tasks.questions import cells


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.3694, 0.09646], ["0.3694", "0.0965"]),
        ([0.5, 0.00012], ["0.50000", "0.00012"]),
        ([5273.25, 1.5], ["5,273.2", "1.5"]),
        ([0.5, 1e-12], ["0.500000", "0.000000"]),
        ([0.0, math.inf], ["0", "infinite"]),
        (["a", 3], ["a", "3"]),
        ([], []),
    ],
)
def test_a_column_has_equally_many_digits_after_the_point(
    values: list[object], shown: list[str]
) -> None:
    assert cells(values) == shown
