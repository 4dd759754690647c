"""The sum of biases and a product: guests against ridge regression and a minimiser of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize

from hornbook.ratings.interactions import History
from hornbook.ratings.models.dot_product import DotProduct, Stretched

USERS, ITEMS, SIZE = 5, 12, 3
RATED = np.array([1, 4, 5, 9], np.int32)
GIVEN = np.array([5, 1, 3.5, 4], np.float32)


class Made(DotProduct):
    def __init__(self, squash: Stretched | None = None) -> None:
        random = np.random.default_rng(0)
        self.mean, self.squash = (0.0 if squash else 3.2), squash
        self.user_biases, self.item_biases = (
            random.normal(size=n).astype(np.float32) for n in (USERS, ITEMS)
        )
        self.user_vectors, self.item_vectors = (
            random.normal(size=(n, SIZE)).astype(np.float32) for n in (USERS, ITEMS)
        )
        self.low, self.high = 0.5, 5.0

    @property
    def n_parameters(self) -> int:
        return 0

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def load_arrays(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        pass

    def penalties(self, n: int) -> tuple[float, float]:
        return 0.5, 0.1 * n


class Beginning(Made):
    @property
    def prior(self) -> npt.NDArray[np.float64]:
        return np.array([0.3, -0.2, 0.1, 0.5])


def best(model: Made) -> npt.NDArray[np.float64]:
    def cost(theta: npt.NDArray[np.float64]) -> float:
        total = 0.0
        for item, value in zip(RATED, GIVEN, strict=True):
            x = model.mean + theta[0] + model.item_biases[item]
            x += theta[1:] @ model.item_vectors[item]
            if model.squash is not None:
                x = 0.5 + 4.5 / (1 + np.exp(-x))
            total += (value - x) ** 2 / 2
        away = theta - model.prior
        return float(total + 0.5 * 0.5 * away[0] ** 2 + 0.5 * 0.4 * away[1:] @ away[1:])

    found = minimize(cost, np.zeros(1 + SIZE), tol=1e-12, options={"gtol": 1e-9})
    return np.asarray(found.x)


@pytest.mark.parametrize("kind", [Made, Beginning])
@pytest.mark.parametrize("squash", [None, Stretched(0.5, 5.0)])
def test_a_guest_is_what_fits_best(kind: type[Made], squash: Stretched | None) -> None:
    model = kind(squash)
    bias, vector = model.fold(RATED, GIVEN)
    np.testing.assert_allclose([bias, *vector], best(model), atol=1e-5)


@pytest.mark.parametrize("squash", [None, Stretched(0.5, 5.0)])
def test_pulls_add_up_to_what_a_guest_adds(squash: Stretched | None) -> None:
    model = Made(squash)
    taste = model.guest(RATED, GIVEN)
    for item in (0, 4):
        terms = {term.name: term.value for term in taste.terms(item)}
        own = terms["bias of the user"] + terms["product of the vectors"]
        assert sum(pull.value for pull in taste.pulls(item)) == pytest.approx(own, abs=1e-6)
        assert [pull.item for pull in taste.pulls(item)] == RATED.tolist()
        total = sum(terms.values())
        score = 0.5 + 4.5 / (1 + np.exp(-total)) if squash else total
        assert taste.scores()[item] == pytest.approx(score, abs=1e-6)


def test_a_guest_with_no_ratings_is_the_prior() -> None:
    model = Beginning()
    nothing = RATED[:0], GIVEN[:0]
    bias, vector = model.fold(*nothing)
    np.testing.assert_allclose([bias, *vector], model.prior)
    assert model.guest(*nothing).pulls(3) == ()


@pytest.mark.parametrize("squash", [None, Stretched(0.5, 5.0)])
def test_pairs_rows_and_known_users_agree(squash: Stretched | None) -> None:
    model = Made(squash)
    scores = model.scores(np.arange(USERS, dtype=np.int32))
    assert scores.shape == (USERS, ITEMS)
    assert scores.dtype == np.float32
    user, item = np.repeat(np.arange(USERS), ITEMS), np.tile(np.arange(ITEMS), USERS)
    pairs = model.predict(user.astype(np.int32), item.astype(np.int32)).reshape(USERS, ITEMS)
    np.testing.assert_allclose(pairs, scores.clip(0.5, 5), atol=1e-5)
    for u in range(USERS):
        np.testing.assert_allclose(model.known(u).scores(), scores[u], atol=1e-5)
    assert len(model.known(2).items) == 0


def test_a_known_user_has_what_is_remembered() -> None:
    model = Made()
    model.remember(History(np.array([0, 0, 4, 4, 4, 4]), RATED, GIVEN))
    assert model.known(1).items.tolist() == RATED.tolist()
    assert len(model.known(1).pulls(0)) == 4
    assert len(model.known(0).items) == 0


def test_likeness_is_the_cosine() -> None:
    model = Made()
    model.item_vectors[7] = 0
    a, b = model.item_vectors[3], model.item_vectors[8]
    alike = model.alike(3)
    assert alike[8] == pytest.approx(a @ b / np.sqrt((a @ a) * (b @ b)), abs=1e-6)
    assert alike[3] == pytest.approx(1)
    assert alike[7] == 0


def test_the_stretched_sigmoid_overflows_nowhere_and_knows_its_slope() -> None:
    squash = Stretched(1.0, 5.0)
    assert squash(np.array([-1e4, 0.0, 1e4])).tolist() == [1.0, 3.0, 5.0]
    x = np.linspace(-3, 3, 7)
    finite = (squash(x + 1e-6) - squash(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(squash.slope(squash(x)), finite, atol=1e-8)
