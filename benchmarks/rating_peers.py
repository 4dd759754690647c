"""scikit-surprise and implicit, run by a Python that has them, for `benchmarks.ratings`.

    PEER_PYTHON benchmarks/rating_peers.py JOBS.json

Nothing of hornbook is imported here, and nothing is measured or chosen here: a job names a model,
its settings, a file of rows to train on and one of what is asked, and gets a file of predictions or
of recommended items, with the seconds that fitting took.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

LOW, HIGH = 0.5, 5.0


def predicted(job: dict[str, Any], train: Any, asked: Any) -> dict[str, Any]:
    """Ratings of pairs by a model of scikit-surprise."""
    import surprise

    known = {"SVD": surprise.SVD, "SVD++": surprise.SVDpp, "KNNBaseline": surprise.KNNBaseline}
    data = surprise.Dataset(surprise.Reader(rating_scale=(LOW, HIGH)))
    columns = (train[name].tolist() for name in ("users", "items", "values"))
    rows = data.construct_trainset([(u, i, r, None) for u, i, r in zip(*columns, strict=True)])
    settings = dict(job["settings"])
    if job["model"] == "KNNBaseline":
        options = {"name": "pearson_baseline", "user_based": False}
        options["shrinkage"] = settings.pop("shrinkage")
        settings |= {"sim_options": options, "verbose": False}
    else:
        settings["random_state"] = 0
    model = known[job["model"]](**settings)
    began = time.perf_counter()
    model.fit(rows)
    seconds = time.perf_counter() - began
    pairs = zip(asked["users"].tolist(), asked["items"].tolist(), strict=True)
    return {"found": np.array([model.predict(u, i).est for u, i in pairs]), "seconds": seconds}


def recommended(job: dict[str, Any], train: Any, asked: Any) -> dict[str, Any]:
    """The items that a model of implicit recommends to every user, best first."""
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
    from scipy.sparse import csr_matrix

    known = {
        "implicit ALS": AlternatingLeastSquares,
        "implicit cosine": CosineRecommender,
        "implicit BM25": BM25Recommender,
        "implicit TF-IDF": TFIDFRecommender,
    }
    users, items, k = (int(one) for one in asked["sizes"])
    ones = np.ones(len(train["users"]), np.float32)
    rows = csr_matrix((ones, (train["users"], train["items"])), shape=(users, items))
    settings = {**job["settings"], "num_threads": 1}
    if job["model"] == "implicit ALS":
        settings["random_state"] = 0
    model = known[job["model"]](**settings)
    began = time.perf_counter()
    model.fit(rows, show_progress=False)
    seconds = time.perf_counter() - began
    found, scores = model.recommend(np.arange(users), rows, N=k, filter_already_liked_items=True)
    return {"found": np.where(np.isfinite(scores), found, -1), "seconds": seconds}


def main() -> None:
    warnings.simplefilter("ignore")
    for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        with np.load(job["train"]) as train, np.load(job["asked"]) as asked:
            answer = recommended if "sizes" in asked else predicted
            np.savez(job["out"], **answer(job, train, asked))


if __name__ == "__main__":
    main()
