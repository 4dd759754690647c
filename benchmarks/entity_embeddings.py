"""Guo and Berkhahn's table: learners without and with the embeddings of a net (arXiv 1604.06737).

    python -m benchmarks.entity_embeddings --data ../shared/data/rossmann

table    Nearest neighbours, a random forest, gradient boosting and a net, on store, weekday, day,
         month, year, promotion and state of 100 Rossmann stores; the last six weeks are dev, days
         without sales are left out. Without: one-hot vectors (neighbours, net) or whole numbers
         (trees). With: the vectors that `EntityEmbeddings` learned on train. Intervals are of the
         difference, paired, over stores.
states   Distances between the vectors of states against kilometres on the map, as rank correlation;
         the interval is a bootstrap over states, the p-value Mantel's, by permuted states.
calendar Distances between the vectors of weekdays and of months against days and months apart
         around the circle; and their order along the first principal component.

The paper's data are all 1,115 stores; what is counted there on the state of 1,115 stores is here
that of 100, of which Hamburg has one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from hornbook.tables import EntityEmbeddings, TableRegressor
from hornbook.tables.measures import NumberErrors
from hornbook.tasks.scores import paired_interval

Floats = npt.NDArray[np.float64]
DEV_FROM = "2015-06-20"
FEATURES = ("Store", "DayOfWeek", "Day", "Month", "Year", "Promo", "State")
PLACES: Mapping[str, tuple[float, float]] = {
    "BE": (52.50, 13.40), "BW": (48.54, 9.04), "BY": (48.95, 11.40), "HBNI": (52.78, 9.08),
    "HE": (50.60, 9.03), "HH": (53.55, 10.00), "NW": (51.48, 7.55), "RP": (49.95, 7.31),
    "SH": (54.18, 9.82), "SN": (51.05, 13.35), "ST": (52.01, 11.70), "TH": (50.90, 11.03),
}  # fmt: skip
"The middle of each state, in degrees north and east."
EARTH = 6_371.0  # km
DRAWS = 1_000


def read(folder: Path) -> tuple[Any, Any]:
    """Train and dev, with the features and Sales."""
    table = pd.read_csv(folder / "train_100stores.csv", dtype={"StateHoliday": str})
    table = table.merge(pd.read_csv(folder / "store_states.csv"), on="Store")
    table = table[table["Sales"] > 0]
    dates = pd.to_datetime(table["Date"])
    table = table.assign(Day=dates.dt.day, Month=dates.dt.month, Year=dates.dt.year)
    table = table.assign(State=table["State"].str.replace(",", ""))
    late = dates >= pd.Timestamp(DEV_FROM)
    return table[~late], table[late]


def on_logarithms(learner: Any) -> Any:
    """A learner of log Sales, whose predictions are Sales."""
    return TransformedTargetRegressor(learner, func=np.log, inverse_func=np.exp)


def learners(seed: int) -> dict[str, Callable[[], Any]]:
    """Those that stand without and with embeddings, by name."""
    return {
        "nearest neighbours": lambda: KNeighborsRegressor(10, weights="distance"),
        "gradient boosting": lambda: HistGradientBoostingRegressor(
            max_iter=1_000, learning_rate=0.05, early_stopping=False, random_state=seed
        ),
        "random forest": lambda: RandomForestRegressor(
            50, max_depth=35, max_features=1 / 3, random_state=seed
        ),
    }


def without(train: Any, dev: Any, name: str, learner: Any) -> Floats:
    """Sales of dev by a learner of the features themselves."""
    columns = list(FEATURES)
    if name == "nearest neighbours":
        model = make_pipeline(OneHotEncoder(), learner)
        x, y = train[columns], dev[columns]
    else:
        model, states = learner, sorted(train["State"].unique())
        x, y = (
            part[columns].assign(State=part["State"].map(states.index)) for part in (train, dev)
        )
    return np.asarray(on_logarithms(model).fit(x, train["Sales"]).predict(y))


def scores(predicted: Floats, dev: Any) -> NumberErrors:
    """How good predictions of dev are."""
    stores = dev["Store"].to_numpy(np.int32)
    return NumberErrors(stores, predicted, dev["Sales"].to_numpy(np.float64), relative=True)


def embeddings(train: Any, seed: int) -> EntityEmbeddings:
    """The net with embeddings, which learns log Sales; all its columns are categories."""
    made = EntityEmbeddings(
        categorical=list(FEATURES), early_stopping=False, random_state=seed, passthrough=False
    )
    return made.fit(train[list(FEATURES)], np.log(train["Sales"]))


def table(train: Any, dev: Any, made: EntityEmbeddings, seed: int) -> None:
    """Print the table of one seed, whose embeddings are given."""
    print(f"seed {seed}\n{'':20}{'without':>16}{'with':>18}{'':6}RMSPE with less without")
    print(f"{'':20}{'MAPE   RMSPE':>16}{'MAPE   RMSPE':>18}")
    columns, sales = list(FEATURES), train["Sales"]
    x, y = train[columns], dev[columns]
    began = time.perf_counter()
    vectors, of_dev = made.transform(x), made.transform(y)
    one_hot = make_pipeline(
        OneHotEncoder(sparse_output=False),
        TableRegressor(
            categorical=(), early_stopping=False, random_state=seed, log_target=True
        ),
    ).fit(x, sales)  # fmt: skip
    embedded = np.exp(made.learned_.predict(made.read(y)))
    show("net", scores(one_hot.predict(y), dev), scores(embedded, dev))
    for name, make in learners(seed).items():
        plain = scores(without(train, dev, name, make()), dev)
        fed = on_logarithms(make()).fit(vectors, sales).predict(of_dev)
        show(name, plain, scores(fed, dev))
    print(f"{time.perf_counter() - began:,.0f} s\n", flush=True)


def show(name: str, plain: NumberErrors, fed: NumberErrors) -> None:
    """Print a row."""
    one, other = plain.as_dict(), fed.as_dict()
    apart = paired_interval(fed, plain)
    assert apart is not None  # rows, not one group
    print(
        f"{name:20}{one['mape']:9.4f}{one['rmspe']:8.4f}{other['mape']:10.4f}{other['rmspe']:8.4f}"
        f"      {other['rmspe'] - one['rmspe']:+.4f} [{apart.low:+.4f}, {apart.high:+.4f}]",
        flush=True,
    )


def category(made: EntityEmbeddings, name: str) -> tuple[list[str], Floats]:
    """The labels of a category and their vectors."""
    place = [one.column for one in made.learned_.mapper.categories].index(name)
    labels = list(made.learned_.mapper.categories[place].labels)
    vectors: Floats = made.learned_.vectors(place)[2:]
    return labels, vectors


def apart(vectors: Floats) -> Floats:
    """Distances between all vectors, as shares of their mean; shape (n, n)."""
    found = np.sqrt(np.square(vectors[:, None] - vectors[None]).sum(2))
    return np.asarray(found / found[np.triu_indices(len(found), 1)].mean())


def kilometres(states: Sequence[str]) -> Floats:
    """Distances between states on the globe, shape (n, n)."""
    north, east = np.radians(np.array([PLACES[state] for state in states])).T
    half = (
        np.sin((north[:, None] - north) / 2) ** 2
        + np.cos(north[:, None]) * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    )
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(half)))


def around(n: int) -> Floats:
    """Steps between n places on a circle, shape (n, n)."""
    steps = np.abs(np.arange(n)[:, None] - np.arange(n))
    return np.asarray(np.minimum(steps, n - steps), np.float64)


def ranks(values: Floats) -> Floats:
    """Ranks, tied ones their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def rank_correlation(one: Floats, other: Floats, chosen: npt.NDArray[np.int64]) -> float:
    """Spearman's, over the pairs of some places; a pair of a place with itself does not count."""
    left, right = np.triu_indices(len(chosen), 1)
    left, right = chosen[left], chosen[right]
    pairs = left != right
    a, b = ranks(one[left, right][pairs]), ranks(other[left, right][pairs])
    if not (len(a) and np.ptp(a) and np.ptp(b)):  # as few places, drawn again and again, are
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def compared(what: str, learned: Floats, real: Floats) -> None:
    """Print the rank correlation of two tables of distances."""
    n = len(real)
    rng, every = np.random.default_rng(0), np.arange(n)
    found = rank_correlation(learned, real, every)
    drawn = [rank_correlation(learned, real, rng.integers(0, n, n)) for _ in range(DRAWS)]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    shuffled = 0
    for _ in range(DRAWS):
        order = rng.permutation(n)
        shuffled += rank_correlation(learned[np.ix_(order, order)], real, every) >= found
    chance = (shuffled + 1) / (DRAWS + 1)
    print(
        f"{what}: rank correlation {found:.2f} [{low:.2f}, {high:.2f}], p = {chance:.4f}",
        flush=True,
    )


def in_order(labels: Sequence[str], vectors: Floats) -> str:
    """The labels along the first principal component."""
    centred = vectors - vectors.mean(0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    return " ".join(labels[place] for place in np.argsort(along))


def geography(nets: Sequence[EntityEmbeddings]) -> None:
    """Print what the vectors of states, weekdays and months say, mean distances over the nets."""
    for name, title in (("State", "states"), ("DayOfWeek", "weekdays"), ("Month", "months")):
        labels = category(nets[0], name)[0]
        learned = np.mean([apart(category(made, name)[1]) for made in nets], 0)
        real = kilometres(labels) if name == "State" else around(len(labels))
        compared(f"{title} ({len(labels)})", np.asarray(learned), real)
        for made in nets:
            print(f"    along the first component: {in_order(*category(made, name))}", flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description="embeddings as features, and what they know")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rossmann"))
    parser.add_argument("--seeds", type=int, default=3, help="nets, each with a table")
    asked = parser.parse_args()
    train, dev = read(asked.data)
    print(f"{len(train):,} rows of train, {len(dev):,} of dev, {train['Store'].nunique()} stores\n")
    nets = [embeddings(train, seed) for seed in range(asked.seeds)]
    geography(nets)
    for seed, made in enumerate(nets):
        table(train, dev, made, seed)


if __name__ == "__main__":
    main()
