"""MovieLens small, where it is at hand: figures that would give away a model that is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hornbook.ratings.data import RatingsData
from hornbook.ratings.evaluation import evaluate
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.models.ease import EASE, EASESettings
from hornbook.ratings.models.means import Biases, BiasSettings, Mean, MeanSettings
from hornbook.ratings.models.popular import Popular, PopularSettings

RATINGS = Path(__file__).parents[2] / "shared" / "data" / "movielens-small" / "ratings.csv"


@pytest.mark.skipif(not RATINGS.exists(), reason="the shared data are not here")
def test_the_ladder_stands_in_its_order() -> None:
    columns = np.loadtxt(RATINGS, delimiter=",", skiprows=1, max_rows=20_000)
    users, of = np.unique(columns[:, 0], return_inverse=True)
    items, to = np.unique(columns[:, 1], return_inverse=True)
    values = columns[:, 2].astype(np.float32)
    rows = Interactions(of.astype(np.int32), to.astype(np.int32), values)
    held = np.random.default_rng(42).random(len(rows)) < 0.2
    splits = {"train": rows.take(~held), "dev": rows.take(held)}
    ids = [[str(n) for n in found] for found in (users, items)]
    data = RatingsData("ml", "ml", "ratings", splits, *ids, scale=(0.5, 5.0))
    mean = evaluate(Mean(MeanSettings(), data.shape).fit(data), data, "dev").measures["rmse"]
    biases = evaluate(Biases(BiasSettings(), data.shape).fit(data), data, "dev").measures["rmse"]
    assert 0.88 < biases < 0.95
    assert mean > biases + 0.1
    clicks = RatingsData("ml", "ml", "clicks", splits, *ids)
    popular = evaluate(Popular(PopularSettings(), data.shape).fit(clicks), clicks, "dev", 4_000)
    ease = evaluate(EASE(EASESettings(), data.shape).fit(clicks), clicks, "dev", 4_000)
    assert ease.measures["ndcg"] > popular.measures["ndcg"] + 0.1
    assert ease.measures["coverage"] > 2 * popular.measures["coverage"]
