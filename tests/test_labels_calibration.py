"""Temperature scaling: the lowest loss, and only where it helps with other texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize_scalar

from hornbook.pairs.calibration import calibrate, fitted_temperature, held_out_gains, losses
from hornbook.pairs.models.contract import Arrays, Labeller
from hornbook.pairs.rows import Ids

N = 400
ALONE = np.arange(N)


class Fixed(Labeller):
    """Scores that are looked up by the first token of a text."""

    def __init__(self, table: npt.NDArray[np.float64]) -> None:
        self.table = table

    @property
    def n_parameters(self) -> int:
        return self.table.size

    def scores(self, sources: Sequence[Ids]) -> npt.NDArray[np.float64]:
        return self.table[[int(one[0]) for one in sources]]

    def arrays(self) -> Arrays:
        return {}

    def load_arrays(self, arrays: Arrays) -> None:
        raise NotImplementedError


def made(sharper: float, labels: int = 3) -> tuple[Fixed, list[Ids], Ids]:
    """A model whose scores are so many times what they should be, and texts with their labels."""
    random = np.random.default_rng(1)
    scores = random.normal(size=(N, labels))
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    target = np.array([random.choice(labels, p=share) for share in shares], np.int64)
    return Fixed(sharper * scores), [np.array([n, 0]) for n in range(N)], target


@pytest.mark.parametrize("sharper", [0.2, 1.0, 5.0])
def test_the_temperature_is_the_one_with_the_lowest_loss(sharper: float) -> None:
    model, _, target = made(sharper)
    found = fitted_temperature(model.table, target)
    best = minimize_scalar(
        lambda t: losses(model.table, target, np.exp(t)).mean(), bounds=(-4, 4), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert found == pytest.approx(np.exp(best.x), rel=1e-5)


def test_a_model_that_is_too_sure_is_mended() -> None:
    model, sources, target = made(5.0)
    told = calibrate(model, sources, target, ALONE)
    assert "surer than it was right" in told
    assert 3.5 < model.temperature < 7
    picked = model.log_probabilities(sources)[np.arange(N), target]
    assert -picked.mean() == pytest.approx(losses(model.table, target, model.temperature).mean())


def test_and_one_that_is_not_sure_enough() -> None:
    model, sources, target = made(0.2)
    assert "less sure than it was right" in calibrate(model, sources, target, ALONE)
    assert model.temperature < 0.3


def test_what_is_right_already_stays_as_it_is() -> None:
    model, sources, target = made(1.0)
    model.temperature = 3.0  # of an earlier training
    assert calibrate(model, sources, target, ALONE) == ""
    assert model.temperature == 1.0


def test_gains_are_of_texts_that_were_not_fitted_to() -> None:
    model, _, target = made(5.0)
    gains = held_out_gains(model.table, target, ALONE)
    own = fitted_temperature(model.table, target)
    most = losses(model.table, target, 1.0) - losses(model.table, target, own)
    assert 0 < gains.mean() < most.mean()


def test_few_texts_tell_no_temperature() -> None:
    model, sources, target = made(5.0)
    assert calibrate(model, sources[:19], target[:19], ALONE[:19]) == ""
    assert calibrate(model, sources, target, ALONE % 19) == ""  # 19 texts, each many times
    assert calibrate(model, sources, target, ALONE % 20) != ""


def test_no_text_is_held_out_from_itself() -> None:
    """Scores that say each text's label twenty times over: of a text that is new, nothing."""
    random = np.random.default_rng(3)
    owners = np.repeat(np.arange(40), 20)
    scores, target = 2 * random.normal(size=(40, 3)), random.integers(0, 3, 40)
    apart = held_out_gains(scores[owners], target[owners], owners)
    mixed = held_out_gains(scores[owners], target[owners], np.arange(800))
    folds = [np.unique(apart[owners == one]).size for one in range(40)]
    assert folds == [1] * 40  # each text has one gain, for it lies in one fold
    assert apart.mean() < mixed.mean()
