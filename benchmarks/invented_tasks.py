"""Does a denoising autoencoder help? Other models on columns, on its codes, and on both.

    python -m benchmarks.invented_tasks [--data bikes digits cancer] [--labelled 50 200 2000]

A third of the rows are held out. The autoencoder reads all others without their target; a model
then learns from some of them with it. Figures are accuracies on what was held out, means over draws
of the labelled rows, with the standard error of the difference from the plain columns. Trees read
categories as numbers in the order of their labels, the others as one-hot.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hornbook.tables import SwapAutoencoder

BIKES = Path(__file__).parents[2] / "shared" / "data" / "bundle" / "bikeshare_islp.csv"
TOLD = ("bikers", "casual", "registered")
"Columns of the bike-share table that are the target, or add up to it."


def bikes() -> tuple[Any, Any]:
    """Hours of a year; whether more bikes than in the median hour were rented."""
    frame = pd.read_csv(BIKES)
    y = (frame["bikers"] > frame["bikers"].median()).to_numpy().astype(int)
    kept = [name for name in frame.columns if name not in TOLD and not name.startswith("Unnamed")]
    return frame[kept], y


def bundled(load: Callable[..., Any]) -> Callable[[], tuple[Any, Any]]:
    """A data set of scikit-learn's."""

    def read() -> tuple[Any, Any]:
        held = load(as_frame=True)
        return held.data, held.target.to_numpy()

    return read


DATA: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bikes": bikes,
    "digits": bundled(datasets.load_digits),
    "cancer": bundled(datasets.load_breast_cancer),
    "wine": bundled(datasets.load_wine),
}
MODELS: dict[str, Callable[[], Any]] = {
    "logistic regression": lambda: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=300)
    ),
    "5 nearest neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
    "boosting": lambda: HistGradientBoostingClassifier(
        random_state=0, max_iter=60, min_samples_leaf=5
    ),
}


def draws(pool: Any, y: Any, labelled: int, times: int) -> Iterator[Any]:
    """Labelled rows, of every class at least one."""
    for seed in range(times):
        random = np.random.default_rng(seed)
        rows = random.permutation(pool)[:labelled]
        while len(np.unique(y[rows])) < len(np.unique(y)):
            rows = random.permutation(pool)[:labelled]
        yield rows


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=["bikes", "digits", "cancer"], choices=DATA)
    parser.add_argument("--labelled", type=int, nargs="+", default=[50, 200, 2000])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--swap", type=float, default=0.15)
    given = parser.parse_args()
    print("| data | labelled | model | columns | codes | both |\n|---|---|---|---|---|---|")
    for name in given.data:
        frame, y = DATA[name]()
        order = np.random.default_rng(0).permutation(len(y))
        held_out, pool = order[: len(y) // 3], order[len(y) // 3 :]
        coder = SwapAutoencoder(
            n_hidden=(given.units,) * 3, steps=given.steps, swap=given.swap, random_state=0
        )
        began = time.perf_counter()
        coder.fit(frame.iloc[pool])
        seconds = time.perf_counter() - began
        rows_read, codes = coder.read(frame), coder.transform(frame)
        own = all(dtype.kind == "f" for dtype in frame.dtypes)
        plain = frame.to_numpy() if own else coder.plain(rows_read)
        numbered = plain if own else np.concatenate([rows_read.numbers, rows_read.codes], 1)
        for labelled in sorted({min(n, len(pool)) for n in given.labelled}):
            for model, make in MODELS.items():
                columns = numbered if model == "boosting" else plain
                inputs = (columns, codes, np.concatenate([columns, codes], 1))
                scores = []
                for rows in draws(pool, y, labelled, given.draws if labelled < len(pool) else 1):
                    found = [
                        make().fit(x[rows], y[rows]).score(x[held_out], y[held_out]) for x in inputs
                    ]
                    scores.append(found)
                means, apart = np.mean(scores, 0), np.array(scores) - np.array(scores)[:, :1]
                errors = apart.std(0) / np.sqrt(max(1, len(scores) - 1))
                cells = [f"{means[0]:.1%}"]
                cells += [f"{m:.1%} ({d:+.1%} ± {e:.1%})" for m, d, e in
                          zip(means[1:], apart.mean(0)[1:], errors[1:], strict=True)]  # fmt: skip
                told = f"| {name}, {len(pool):,} rows | {labelled:,} | {model} | "
                print(told + " | ".join(cells) + " |", flush=True)
        print(
            f"\n{name}: loss of mending {coder.loss[0]:.3f} → {coder.loss[1]:.3f} in "
            f"{seconds:.0f} s; {plain.shape[1]} columns, {codes.shape[1]} codes\n",
            flush=True,
        )


if __name__ == "__main__":
    main()
