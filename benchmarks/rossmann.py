"""Sales of a hundred stores in the last six weeks: nets of tables beside trees.

    pip install lightgbm scikit-learn pandas
    python -m benchmarks.rossmann --source ../shared/data/rossmann [--only tabm LightGBM] [--out F]

Everyone reads the same columns (`rossmann_table`), learns the logarithm of the sales, and chooses
from a few settings, nets from fewer than trees since each takes longer, by the six weeks before
dev, from the rows before these; then all rows before dev are fitted with five seeds, trees but
LightGBM with three. Nothing looks at dev before the last lines: nets are trained to the end of
their steps, and no step is chosen on it. `+ vectors` is a tree that reads the vectors of categories
that the net named after it has learned, in place of their codes. Rungs with `and` are means of the
logarithms of two.

Given are the root of the mean squared percentage error (RMSPE) of each seed's predictions, mean and
ends over seeds; that of the mean of all seeds ("joint"); the intervals of how far both are from
those of the best tree on dev (paired, over stores); RMSPE without the worst 1 % of the rows, and
the share of the squared error that these carry; and the processor's seconds of one fit, of trees on
vectors without the net.
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

from hornbook.experiments.reproduce.rossmann_table import options, write_table
from hornbook.extras import has
from hornbook.sources.source import Source
from hornbook.tables.baselines import as_columns
from hornbook.tables.data import TableData
from hornbook.tables.evaluation import scores_of
from hornbook.tables.loading import load_table
from hornbook.tables.mapper import Mapped
from hornbook.tables.measures import NumberErrors
from hornbook.tables.models.families import FAMILIES
from hornbook.tables.task import TableTask
from hornbook.tasks.scores import Scores, paired_interval
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
    seeds: int = 5
    "At most: trees differ little from seed to seed."
    after: str = ""
    "A net that was measured before: its chosen settings are those of the net that gives vectors."


def grid(**choices: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    return [dict(zip(choices, one, strict=True)) for one in itertools.product(*choices.values())]


NETS: dict[Any, Any] = {}
"Trained ones: trees read the vectors of the very nets that are measured."


def trained(name: str, data: TableData, settings: Settings, seed: int) -> Any:
    """A net, by the recipe of its family, once."""
    key = (name, data, tuple(sorted(settings.items())), seed)
    if key not in NETS:
        NETS[key] = train(name, data, settings, seed)
    return NETS[key]


def train(name: str, data: TableData, settings: Settings, seed: int) -> Any:
    """A net; `longer` and `rate` multiply its steps and its rate."""
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
    """Trees, perhaps on the vectors of a net of ours; `net` are its settings."""

    def fit(data: TableData, settings: Settings, seed: int) -> Floats:
        columns: Callable[[Mapped], npt.NDArray[np.float32]] = as_columns
        chosen = dict(settings)
        of_net = chosen.pop("net", {})
        if vectors_of:
            columns = columns_of(data, trained(vectors_of, data, of_net, seed))
        given, wanted = columns(data.train.inputs), data.target.encode(data.train.target)
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
    {"num_leaves": 127, "learning_rate": 0.03, "n_estimators": 1000, "colsample_bytree": 0.3},
]
BOOSTING = [
    {"max_leaf_nodes": 31, "learning_rate": 0.05, "max_iter": 1000, "max_features": 0.5},
    {"max_leaf_nodes": 63, "learning_rate": 0.05, "max_iter": 700, "max_features": 0.5},
]
FOREST = grid(n_estimators=[50], max_features=[0.35, 0.5], min_samples_leaf=[2])
SMALL_FOREST = grid(n_estimators=[20], max_features=[0.2], min_samples_leaf=[2])
CONTENDERS = [
    Contender("means", [{}], means, seeds=1),
    Contender("linear", grid(ridge=[0.1, 10]), net("linear")),
    Contender("LightGBM", LIGHT, tree("LightGBM"), "lightgbm"),
    Contender("tabm", grid(rate=[1, 0.5]), net("tabm")),
    Contender("LightGBM + vectors of tabm", LIGHT[1:3], tree("LightGBM", "tabm"), "lightgbm",
              seeds=3, after="tabm"),
    Contender("mixed-input", grid(dropout=[0.1, 0.25]), net("mixed-input")),
    Contender("random forest", FOREST, tree("forest"), "sklearn", seeds=3),
    Contender("boosting", BOOSTING, tree("boosting"), "sklearn", seeds=3),
    Contender("forest + vectors of tabm", SMALL_FOREST, tree("forest", "tabm"), "sklearn",
              seeds=3, after="tabm"),
]  # fmt: skip
TREES = ("random forest", "boosting", "LightGBM")
TOGETHER = (("mixed-input", "tabm"), ("tabm", "LightGBM"), ("tabm", "boosting"))


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


def measure(
    one: Contender, inner: TableData, whole: TableData, seeds: int, of_net: Settings
) -> Result:
    """Choose settings on the inner split, and fit with every seed."""
    choices = [{**settings, "net": of_net} if one.after else settings for settings in one.grid]
    tried = []
    for settings in choices:
        began = time.process_time()
        tried.append(scored(inner, one.fit(inner, settings, 0)).figure)
        took = time.process_time() - began
        print(f"  {one.name:28} inner {tried[-1]:.4f}  {took:4.0f} s  {settings}", flush=True)
    best = int(np.argmin(tried))
    if one.after:  # not part of the time of the trees
        for seed in range(min(seeds, one.seeds)):
            trained(one.after, whole, of_net, seed)
    began, predicted = time.process_time(), []
    for seed in range(min(seeds, one.seeds)):
        found = scored(whole, one.fit(whole, choices[best], seed))
        predicted.append(found.predicted.tolist())
    seconds = (time.process_time() - began) / len(predicted)
    return Result(one.name, dict(choices[best]), tried[best], predicted, seconds)


@dataclass(frozen=True)
class MeanOfSeeds(Scores):
    """What is to be expected of one seed: squares that are means over seeds, shape (n,)."""

    squares: Floats

    @property
    def losses(self) -> Floats:
        """The squares."""
        return self.squares

    @property
    def of(self) -> Callable[[Floats], Floats]:
        """The root."""
        return np.sqrt


def show(whole: TableData, results: Sequence[Result], rows: Path) -> None:
    """The table of all, and the rows on which the best are worst."""
    dev = whole.splits["dev"]

    def errors(predicted: Any) -> NumberErrors:
        return NumberErrors(dev.groups, np.asarray(predicted), dev.target, relative=True)

    # Means of logarithms: what learned the logarithm is averaged in it.
    logs = {r.name: np.log(r.predicted).mean(0) for r in results}
    for pair in TOGETHER:
        if all(name in logs for name in pair):
            logs[" and ".join(pair)] = (logs[pair[0]] + logs[pair[1]]) / 2
    joint = {name: errors(np.exp(found)) for name, found in logs.items()}
    single = {
        r.name: MeanOfSeeds(dev.groups, np.mean([errors(p).losses for p in r.predicted], 0))
        for r in results
    }
    rivals = [name for name in TREES if name in joint]
    rival = min(rivals, key=lambda name: joint[name].figure, default=None)
    print(f"\n{'RMSPE':28} {'inner':>7} {'one seed (ends of seeds)':>24} {'joint':>7} "
          f"{'less ' + str(rival) + ': one seed':>26} {'joint':>20} {'without 1 %':>12} "
          f"{'share of 1 %':>12} {'seconds':>8}")  # fmt: skip
    known = {r.name: r for r in results}
    for name, own in joint.items():
        inner = ends = seconds = apart = apart_joint = ""
        if name in known:
            each = [errors(one).figure for one in known[name].predicted]
            ends = f"{np.mean(each):.4f} ({min(each):.4f}–{max(each):.4f})"
            inner, seconds = f"{known[name].inner:.4f}", f"{known[name].seconds:.0f}"
        if rival is not None and name != rival:
            apart_joint = ends_of(own, joint[rival])
            apart = ends_of(single[name], single[rival]) if name in single else ""
        kept = np.sort(own.losses)[: -worst_of(own)]
        share = 1 - kept.sum() / own.losses.sum()
        print(f"{name:28} {inner:>7} {ends:>24} {own.figure:7.4f} {apart:>26} {apart_joint:>20} "
              f"{kept.mean() ** 0.5:12.4f} {share:12.0%} {seconds:>8}")  # fmt: skip
    show_worst(rows, {name: joint[name] for name in (rival, "tabm") if name in joint})


def ends_of(one: Scores, other: Scores) -> str:
    """The paired interval in words."""
    found = paired_interval(one, other)
    if found is None:
        return "one group"
    return f"{found.low:+.4f} to {found.high:+.4f}"


def worst_of(errors: NumberErrors) -> int:
    """A hundredth of the rows."""
    return max(1, len(errors.losses) // 100)


def show_worst(rows: Path, joint: Mapping[Any, NumberErrors]) -> None:
    """The days that are predicted worst."""
    import pandas as pd

    table = pd.read_csv(rows)
    for name, own in joint.items():
        held = table.iloc[len(table) - len(own.losses) :].reset_index(drop=True)
        worst = np.argsort(own.losses)[::-1][: worst_of(own)]
        share = own.losses[worst].sum() / own.losses.sum()
        print(f"\nthe worst 1 % of {name}'s rows carry {share:.0%} of the squared error:")
        for row in worst[:12]:
            day = held.iloc[row]
            print(f"  store {day['Store']:>5} on {day['Date']}: sold {own.target[row]:,.0f}, "
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
            of_net = next((r.settings for r in results if r.name == one.after), {})
            results.append(measure(one, inner, whole, args.seeds, of_net))
            if args.out is not None:
                args.out.write_text(json.dumps([dataclasses.asdict(r) for r in results]))
        show(whole, results, rows)


if __name__ == "__main__":
    main()
