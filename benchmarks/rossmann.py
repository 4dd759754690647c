"""Sales of a hundred stores in the last six weeks: nets of tables beside trees.

    pip install lightgbm scikit-learn pandas
    python -m benchmarks.rossmann --source ../shared/data/rossmann [--only tabm LightGBM] [--out F]

Everyone reads the same columns (`rossmann_table`), learns the logarithm of the sales, and chooses
from as many settings by the six weeks before dev, from the rows before these; then all rows before
dev are fitted with five seeds. Nothing looks at dev before the last line: nets are trained to the
end of their steps, and no step is chosen on it. `+ vectors` is a tree that reads the vectors of
categories that the net named before it has learned, in place of their codes.

Given are the root of the mean squared percentage error (RMSPE) of each seed's predictions, mean and
ends over seeds, that of their mean, the interval of how far the mean's is from that of the best
tree (paired, over stores), and RMSPE without the worst 1 % of the mean's rows, which are named.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.rossmann_table import options, write_table
from hornbook.extras import has
from hornbook.sources.source import Source
from hornbook.tables.baselines import as_columns
from hornbook.tables.data import TableData
from hornbook.tables.evaluation import scores_of
from hornbook.tables.loading import load_table
from hornbook.tables.mapper import Mapped
from hornbook.tables.measures import NumberErrors, paired_interval
from hornbook.tables.models.families import FAMILIES
from hornbook.tables.task import TableTask
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

Settings = Mapping[str, Any]
Floats = npt.NDArray[np.float64]
Fit = Callable[[TableData, Settings, int], Floats]
"Data, settings and a seed to predictions of dev, standardised."


@dataclass(frozen=True)
class Contender:
    """Someone who is compared, and the settings that they choose from."""

    name: str
    grid: Sequence[Settings]
    fit: Fit
    needs: str = ""
    "A package."
    seeded: bool = True


def grid(**choices: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    return [dict(zip(choices, one, strict=True)) for one in itertools.product(*choices.values())]


def trained(name: str, data: TableData, settings: Settings, seed: int) -> Any:
    """A net, by the recipe of its family; `longer` and `rate` multiply its steps and its rate."""
    task, family = TableTask(), FAMILIES[name]
    chosen = dict(settings)
    longer, rate = float(chosen.pop("longer", 1)), float(chosen.pop("rate", 1))
    recipe = family.training_for(data.kind, len(data.train))
    recipe = replace(
        recipe,
        steps=round(longer * recipe.steps),
        learning_rate=rate * recipe.learning_rate,
        weight_decay=float(chosen.pop("weight_decay", recipe.weight_decay)),
        gradients="hand",
        precision="float32",
        seed=seed,
    )
    made = family.load()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = made(made.Settings.from_dict(chosen), data.shape, generator)
    task.acquaint(model, data)
    trainer = Trainer(model, task.batches(model, data, recipe), recipe, Evaluation)
    model.train()
    for _ in range(recipe.steps):
        trainer.update()
    model.eval()
    return model


def net(name: str) -> Fit:
    """A family of ours."""

    def fit(data: TableData, settings: Settings, seed: int) -> Floats:
        found: Floats = trained(name, data, settings, seed).predict(data.splits["dev"].inputs)
        return found

    return fit


def means(data: TableData, settings: Settings, seed: int) -> Floats:
    """Means of the logarithm by store, weekday and promotion."""
    names = [one.name for one in data.mapper.categories]
    places = [names.index(name) for name in ("Store", "DayOfWeek", "Promo")]
    sizes = [data.shape.codes[place] for place in places]

    def cell(inputs: Mapped) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = np.ravel_multi_index(
            tuple(inputs.codes[:, places].T), sizes
        ).astype(np.int64)
        return found

    wanted = data.target.encode(data.train.target)
    at, n = cell(data.train.inputs), int(np.prod(sizes))
    sums, counts = np.bincount(at, wanted, n), np.bincount(at, minlength=n)
    found: Floats = (sums / np.maximum(counts, 1))[cell(data.splits["dev"].inputs)]
    return found


def columns_of(data: TableData, model: Any) -> Callable[[Mapped], npt.NDArray[np.float32]]:
    """Rows as trees read them, with a net's vectors of categories in place of codes."""
    vectors = [model.category_vectors(place) for place in range(len(data.shape.codes))]

    def columns(inputs: Mapped) -> npt.NDArray[np.float32]:
        parts = [table[inputs.codes[:, place]] for place, table in enumerate(vectors)]
        return np.concatenate((*parts, inputs.numbers), 1)

    return columns


def tree(kind: str, vectors_of: str = "") -> Fit:
    """Trees, perhaps on the vectors of a net of ours with its usual settings."""

    def fit(data: TableData, settings: Settings, seed: int) -> Floats:
        columns: Callable[[Mapped], npt.NDArray[np.float32]] = as_columns
        if vectors_of:
            columns = columns_of(data, trained(vectors_of, data, {}, seed))
        given, wanted = columns(data.train.inputs), data.target.encode(data.train.target)
        chosen = dict(settings)
        own = chosen.pop("categories", False) and not vectors_of
        categories = list(range(len(data.shape.codes))) if own else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, extra = made(kind, chosen, seed, categories)
            model.fit(given, wanted, **extra)
            return np.asarray(model.predict(columns(data.splits["dev"].inputs)), np.float64)

    return fit


def made(kind: str, settings: Settings, seed: int, categories: list[int]) -> tuple[Any, Any]:
    """A model that is to be fitted, and what else its `fit` is told."""
    if kind == "LightGBM":
        import lightgbm

        model = lightgbm.LGBMRegressor(
            random_state=seed, verbose=-1, subsample=0.9, subsample_freq=1, n_jobs=THREADS,
            **settings,
        )  # fmt: skip
        return model, {"categorical_feature": categories} if categories else {}
    import sklearn.ensemble as trees

    if kind == "boosting":
        early = {"early_stopping": False, "random_state": seed}
        named = categories or None
        return trees.HistGradientBoostingRegressor(
            categorical_features=named, **early, **settings
        ), {}
    return trees.RandomForestRegressor(random_state=seed, n_jobs=THREADS, **settings), {}


THREADS = 1
LIGHT = [
    {"num_leaves": 31, "learning_rate": 0.05, "n_estimators": 1500, "colsample_bytree": 0.7},
    {"num_leaves": 63, "learning_rate": 0.05, "n_estimators": 1000, "colsample_bytree": 0.6},
    {"num_leaves": 127, "learning_rate": 0.03, "n_estimators": 1000, "colsample_bytree": 0.5},
    {"num_leaves": 127, "learning_rate": 0.03, "n_estimators": 2000, "colsample_bytree": 0.3},
    {"num_leaves": 255, "learning_rate": 0.03, "n_estimators": 1000, "colsample_bytree": 0.4},
    {"num_leaves": 63, "learning_rate": 0.05, "n_estimators": 1000, "colsample_bytree": 0.6,
     "categories": True},
]  # fmt: skip
BOOSTING = [
    {"max_leaf_nodes": 31, "learning_rate": 0.05, "max_iter": 1500, "max_features": 0.5},
    {"max_leaf_nodes": 63, "learning_rate": 0.05, "max_iter": 1000, "max_features": 0.5},
    {"max_leaf_nodes": 127, "learning_rate": 0.03, "max_iter": 1000, "max_features": 0.5},
    {"max_leaf_nodes": 63, "learning_rate": 0.1, "max_iter": 500, "max_features": 0.5},
    {"max_leaf_nodes": 127, "learning_rate": 0.05, "max_iter": 1000, "max_features": 0.3},
    {"max_leaf_nodes": 63, "learning_rate": 0.05, "max_iter": 1000, "max_features": 0.5,
     "categories": True},
]  # fmt: skip
FOREST = grid(n_estimators=[100], max_features=[0.2, 0.35, 0.5], min_samples_leaf=[1, 2])
CONTENDERS = [
    Contender("means", [{}], means, seeded=False),
    Contender("linear", grid(ridge=[0.1, 1, 10], longer=[1, 2]), net("linear")),
    Contender("random forest", FOREST, tree("forest"), "sklearn"),
    Contender("boosting", BOOSTING, tree("boosting"), "sklearn"),
    Contender("LightGBM", LIGHT, tree("LightGBM"), "lightgbm"),
    Contender("mixed-input", grid(dropout=[0.1, 0.2], longer=[0.5, 1, 2]), net("mixed-input")),
    Contender("tabm", grid(rate=[0.5, 1, 2], longer=[1, 2]), net("tabm")),
    Contender("forest + vectors of tabm", FOREST[2:4], tree("forest", "tabm"), "sklearn"),
    Contender("LightGBM + vectors of tabm", LIGHT[1:3], tree("LightGBM", "tabm"), "lightgbm"),
]
TREES = ("random forest", "boosting", "LightGBM")


@dataclass(frozen=True)
class Result:
    """What one has reached."""

    name: str
    settings: Settings
    inner: float
    "RMSPE of the settings on the six weeks before dev."
    predicted: list[list[float]]
    "Of each seed, in the units of the table."
    seconds: float
    "Of the processor, for one fit."


def scored(data: TableData, predicted: Floats) -> NumberErrors:
    """Errors of predictions that are standardised."""
    found = scores_of(data.target, predicted, data.splits["dev"])
    assert isinstance(found, NumberErrors)
    return found


def measure(one: Contender, inner: TableData, whole: TableData, seeds: int) -> Result:
    """Choose settings on the inner split, and fit with every seed."""
    tried = [scored(inner, one.fit(inner, settings, 0)).figure for settings in one.grid]
    for figure, settings in zip(tried, one.grid, strict=True):
        print(f"  {one.name:28} inner {figure:.4f}  {dict(settings)}", flush=True)
    best = int(np.argmin(tried))
    began, predicted = time.process_time(), []
    for seed in range(seeds if one.seeded else 1):
        found = scored(whole, one.fit(whole, one.grid[best], seed))
        predicted.append(found.predicted.tolist())
    seconds = (time.process_time() - began) / len(predicted)
    return Result(one.name, dict(one.grid[best]), tried[best], predicted, seconds)


def show(whole: TableData, results: Sequence[Result], rows: Path) -> None:
    """The table of all, and the rows on which the best are worst."""
    import pandas as pd

    dev = whole.splits["dev"]

    def errors(predicted: Any) -> NumberErrors:
        return NumberErrors(dev.groups, np.asarray(predicted), dev.target, relative=True)

    # Means of logarithms: what learned the logarithm is averaged in it.
    joint = {r.name: errors(np.exp(np.log(r.predicted).mean(0))) for r in results}
    rivals = [name for name in TREES if name in joint]
    rival = min(rivals, key=lambda name: joint[name].figure, default=None)
    print(f"\n{'':28} {'inner':>7} {'RMSPE of seeds':>23} {'joint':>7} {'without 1 %':>12} "
          f"{'less ' + str(rival):>22} {'seconds':>8}")  # fmt: skip
    for r in results:
        each = np.array([errors(one).figure for one in r.predicted])
        own = joint[r.name]
        kept = np.sort(own.losses)[: -max(1, len(own.losses) // 100)]
        apart = ""
        if rival is not None and r.name != rival:
            found = paired_interval(own, joint[rival])
            apart = f"{found.low:+.4f} to {found.high:+.4f}"
        ends = f"({each.min():.4f}–{each.max():.4f})"
        print(f"{r.name:28} {r.inner:7.4f} {each.mean():7.4f} {ends} "
              f"{own.figure:7.4f} {kept.mean() ** 0.5:12.4f} {apart:>22} {r.seconds:8.0f}"
        )  # fmt: skip
    table = pd.read_csv(rows)
    held = table.iloc[len(table) - len(dev) :].reset_index(drop=True)
    for name in filter(None, (rival, "tabm" if "tabm" in joint else None)):
        own = joint[name]
        worst = np.argsort(own.losses)[::-1][: max(1, len(own.losses) // 100)]
        share = own.losses[worst].sum() / own.losses.sum()
        print(f"\nthe worst 1 % of {name}'s rows carry {share:.0%} of the squared error:")
        for row in worst[:12]:
            day = held.iloc[row]
            print(f"  store {day['Store']:>5} on {day['Date']}: sold {dev.target[row]:,.0f}, "
                  f"predicted {own.predicted[row]:,.0f}")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--source", type=Path, default=Path("../shared/data/rossmann"))
    parser.add_argument("--only", nargs="*", default=[one.name for one in CONTENDERS])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep results here, and go on from them")
    args = parser.parse_args()
    global THREADS
    THREADS = args.threads
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        rows, early = Path(folder) / "rossmann.csv", Path(folder) / "early.csv"
        write_table(args.source, rows, early)
        whole = load_table(Source(rows), options(until_dev=False))
        inner = load_table(Source(early), options(until_dev=True))
        print("\n".join(whole.about), flush=True)
        results = []
        if args.out is not None and args.out.exists():
            results = [Result(**one) for one in json.loads(args.out.read_text())]
        for one in CONTENDERS:
            if one.name not in args.only or one.name in [r.name for r in results]:
                continue
            if one.needs and not has(one.needs):
                print(f"{one.name} needs {one.needs}, which is not installed")
                continue
            results.append(measure(one, inner, whole, args.seeds))
            if args.out is not None:
                args.out.write_text(json.dumps([dataclasses.asdict(r) for r in results]))
        show(whole, results, rows)


if __name__ == "__main__":
    main()
