"""The random order of windows, held or computed."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.text import random_order
from hornbook.text.batches import WindowBatches
from hornbook.text.random_order import RandomOrder
from hornbook.text.stream import Stream


@pytest.mark.parametrize("length", [1, 2, 1000, 70_001])
def test_windows_are_shuffled_as_a_permutation_would_be(length: int) -> None:
    wanted = np.random.default_rng([7, 0]).permutation(length)
    order = RandomOrder(length, [7, 0])
    assert order.held is not None
    assert order.held.itemsize == 4
    assert (order.held == wanted).all()
    stream = Stream(np.arange(length + 3, dtype=np.uint32), 3, None, 0)
    _, targets = WindowBatches(stream, 4, 1, seed=7).several(length)
    assert (targets[:, 0] - stream.first == wanted).all()


@pytest.mark.parametrize("n", [2, 3, 5, 255, 256, 257, 20_011])
def test_what_is_computed_is_a_permutation_too(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_order, "HELD", 1)
    order = RandomOrder(n, [7, 0])
    assert order.held is None
    whole = order[:n]
    assert (np.sort(whole) == np.arange(n)).all()
    assert (np.concatenate([order[: n // 3], order[n // 3 :]]) == whole).all()
    if n > 1000:
        assert (RandomOrder(n, [7, 1])[:n] != whole).mean() > 0.99
        for lag in (1, 2, 7):  # neighbours have nothing to do with each other
            assert abs(np.corrcoef(whole[lag:], whole[:-lag])[0, 1]) < 0.03
        counts = np.histogram(whole[: n // 4], bins=16)[0]  # a part of it is spread evenly
        assert ((counts - n / 64) ** 2 / (n / 64)).sum() < 45


def test_no_memory_for_a_large_one() -> None:
    n = 10**12 + 39
    some = RandomOrder(n, [1, 2])[n - 1000 : n]
    assert len(set(some.tolist())) == 1000
    assert ((some >= 0) & (some < n)).all()
