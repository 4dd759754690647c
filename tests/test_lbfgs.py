"""The descent of the log-linear model, held against scipy's and against places that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from hornbook.pairs.models.lbfgs import Place, lowest, reached

Found = tuple[float, torch.Tensor]


def bowl(seed: int, size: int, steepest: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A symmetric matrix with eigenvalues from 1 to the steepest, and a right side."""
    generator = torch.Generator().manual_seed(seed)
    turn, _ = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    bends = torch.logspace(0, np.log10(steepest), size, dtype=torch.float64)
    right = torch.randn(size, generator=generator, dtype=torch.float64)
    return turn @ torch.diag(bends) @ turn.T, right


@pytest.mark.parametrize("steepest", [1.0, 1e2, 1e5])
def test_the_lowest_point_of_a_bowl_solves_its_equations(steepest: float) -> None:
    matrix, right = bowl(1, 30, steepest)

    def function(at: torch.Tensor) -> Found:
        slope = matrix @ at - right
        return float(at @ (slope - right)) / 2, slope

    found = lowest(function, torch.zeros(30, dtype=torch.float64), 2_000, 1e-9)
    known = np.linalg.solve(matrix.numpy(), right.numpy())
    np.testing.assert_allclose(found.numpy(), known, rtol=0, atol=1e-8)


@pytest.mark.parametrize("ridge", [1e-3, 1.0])
def test_logistic_regression_ends_where_scipys_does(ridge: float) -> None:
    draws = np.random.default_rng(2)
    x, y = draws.normal(size=(80, 12)) * 4, np.sign(draws.normal(size=80))
    calls = 0

    def function(at: torch.Tensor) -> Found:
        nonlocal calls
        calls += 1
        score = torch.from_numpy(x * y[:, None]) @ at
        loss = torch.nn.functional.softplus(-score).sum() + ridge / 2 * at.square().sum()
        back = -torch.sigmoid(-score)
        return float(loss), torch.from_numpy(x * y[:, None]).T @ back + ridge * at

    def theirs(at: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = function(torch.from_numpy(at))
        return value, slope.numpy()

    best = minimize(
        theirs, np.zeros(12), jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0}
    )
    calls = 0
    found = lowest(function, torch.zeros(12, dtype=torch.float64), 300, 1e-8)
    np.testing.assert_allclose(found.numpy(), best.x, atol=1e-7)
    assert calls <= 2 * best.nfev


def test_a_first_step_that_is_far_too_short_or_long_is_mended() -> None:
    def function(at: torch.Tensor) -> Found:  # lowest at 3
        return float((at - 3).square()), 2 * (at - 3)

    at, way = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    value, slope = function(at)
    begin = Place(0.0, value, slope, float(slope))
    for first in (1e-5, 1e5):
        there = reached(function, at, way, begin, first)
        assert there is not None
        assert abs(there.along) <= 0.9 * 6
        assert there.value <= 9 - 1e-4 * there.far * 6


def test_where_it_is_flat_already_nothing_moves() -> None:
    start = torch.full((3,), 2.0, dtype=torch.float64)
    found = lowest(lambda at: (0.0, torch.zeros_like(at)), start, 10, 0.0)
    assert torch.equal(found, start)
    assert found is not start
