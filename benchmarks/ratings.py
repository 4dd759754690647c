"""Ratings predicted and items ranked, beside the programs that people use for it.

    python -m venv peers && peers/bin/pip install scikit-surprise implicit
    python -m benchmarks.ratings --ratings ratings.csv --peer-python peers/bin/python

errors   Five folds of rows: root of the mean squared error of every family beside scikit-surprise's
         SVD, SVD++ and item-based KNNBaseline (pearson_baseline). Within the train rows of each
         fold a fifth is held out, on which everyone chooses settings; then all of it is fitted.
ranking  The last 20 % of each user's ratings, read as clicks: recall, NDCG and coverage at 10 over
         all items, beside implicit's ALS and item neighbours. Everyone chooses settings by NDCG on
         the last 20 % of what is left. Intervals of differences are paired, over users.

The peers are run as a program of their own and exchange files; this one needs neither.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.peer_process import Job, done_by
from hornbook.ratings.data import Kind, RatingsData
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.measures import Errors, Ranking, best_items, rank, rating_errors
from hornbook.ratings.models.contract import Recommender
from hornbook.ratings.models.ease import EASE
from hornbook.ratings.models.factors import ALS, ImplicitALS
from hornbook.ratings.models.families import RATINGS
from hornbook.ratings.models.item_knn import ItemKNN
from hornbook.ratings.models.means import Biases, Mean, Means
from hornbook.ratings.models.neighbours import KNN
from hornbook.ratings.models.popular import Popular
from hornbook.statistics import difference_interval
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

PEERS = Path(__file__).with_name("rating_peers.py")
K = 10
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Contender:
    """Someone who is compared, and the settings that they may choose from."""

    name: str
    grid: Sequence[Settings]
    make: Callable[[RatingsData, Settings], Recommender] | None = None
    "Makes a model of ours; None: a peer."


def grid(**choices: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    return [dict(zip(choices, one, strict=True)) for one in itertools.product(*choices.values())]


def fitted(kind: Any) -> Callable[[RatingsData, Settings], Recommender]:
    """A family that is made in one pass."""

    def make(data: RatingsData, settings: Settings) -> Recommender:
        model: Recommender = kind(kind.Settings(**settings), data.shape).fit(data)
        return model

    return make


def trained(name: str) -> Callable[[RatingsData, Settings], Recommender]:
    """A net, by the recipe of its family; `longer` multiplies its steps, chosen like a setting."""
    family = RATINGS[name]

    def make(data: RatingsData, settings: Settings) -> Recommender:
        chosen = dict(settings)
        longer, train = float(chosen.pop("longer", 1.0)), data.splits["train"]
        recipe = family.training_for(data.kind, len(train))
        steps = round(longer * recipe.steps)
        recipe = replace(recipe, steps=steps, gradients="hand", precision="float32")
        net = family.load()
        model = net(net.Settings.from_dict(chosen), data.shape, torch.Generator().manual_seed(0))
        model.remember(data.history)
        batches = ArrayBatches(
            train.users, train.items, train.values, batch_size=recipe.batch_size, seed=recipe.seed
        )
        trainer = Trainer(model, batches, recipe, Evaluation)
        model.train()
        for _ in range(recipe.steps):
            trainer.update()
        model.eval()
        return cast(Recommender, model)

    return make


ERRORS = [
    Contender("mean", [{}], fitted(Mean)),
    Contender("means", grid(user_shrinkage=[5.0, 15.0], item_shrinkage=[3.0, 8.0]), fitted(Means)),
    Contender("biases", [{"tune": True}], fitted(Biases)),
    Contender("knn", grid(shrinkage=[60.0, 120.0], neighbours=[60]), fitted(KNN)),
    Contender(
        "als",
        grid(size=[16, 32], penalty=[8.0, 10.0], penalty_per_rating=[0.02, 0.04], rounds=[10]),
        fitted(ALS),
    ),
    Contender("dot-bias", grid(ridge=[4, 6, 8], longer=[0.75, 1, 1.5]), trained("dot-bias")),
    Contender("history", grid(ridge=[3, 4, 5], longer=[0.75, 1, 1.5]), trained("history")),
    Contender("SVD", grid(n_factors=[100], n_epochs=[100, 160], reg_all=[0.1, 0.14])),
    Contender("SVD++", grid(n_epochs=[30], reg_all=[0.05, 0.1], cache_ratings=[True])),
    Contender("KNNBaseline", grid(shrinkage=[60, 120], k=[60])),
]
RANKING = [
    Contender("popular", [{}], fitted(Popular)),
    Contender(
        "item-knn",
        grid(neighbours=[300], shrinkage=[0.0, 5.0], popularity=[0.4, 0.5], idf=[False, True]),
        fitted(ItemKNN),
    ),
    Contender("ease", grid(penalty=[100.0, 200.0, 300.0, 400.0, 600.0, 1000.0]), fitted(EASE)),
    Contender(
        "implicit-als",
        grid(size=[16, 32, 64], penalty=[3.0, 10.0, 30.0], confidence=[1.0, 3.0], rounds=[15]),
        fitted(ImplicitALS),
    ),
    Contender(
        "implicit ALS",
        grid(
            factors=[32, 64, 128],
            regularization=[3.0, 10.0, 30.0, 60.0, 100.0],
            alpha=[2.0, 4.0, 8.0, 16.0],
        ),
    ),
    Contender("implicit cosine", grid(K=[20, 50, 100, 200, 400])),
    Contender("implicit BM25", grid(K=[50, 100, 200, 400], K1=[1.2, 10.0, 100.0], B=[0.2, 0.75])),
    Contender("implicit TF-IDF", grid(K=[20, 50, 100, 200, 400])),
]


@dataclass(frozen=True)
class Split:
    """Rows to fit and rows to measure on."""

    train: Interactions
    held: Interactions
    users: int
    items: int
    kind: Kind

    def data(self) -> RatingsData:
        """As our models take them."""
        names = [str(n) for n in range(max(self.users, self.items))]
        splits = {"train": self.train, "dev": self.held}
        users, items = names[: self.users], names[: self.items]
        return RatingsData("", "", self.kind, splits, users, items, scale=(0.5, 5.0))

    def sub(self, train: Interactions, held: Interactions) -> Split:
        """Of the same users and items."""
        return Split(train, held, self.users, self.items, self.kind)


@dataclass
class Answers:
    """What was predicted or recommended, and the seconds that fitting took."""

    found: npt.NDArray[Any]
    seconds: float


@dataclass(frozen=True)
class Peers:
    """The other programs."""

    python: Path

    def __call__(self, jobs: Sequence[tuple[str, Settings, Split]]) -> list[Answers]:
        """The answers to some jobs, by one process."""
        told = []
        for model, settings, split in jobs:
            sizes = {"sizes": np.array([split.users, split.items, K])}
            asked = sizes if split.kind == "clicks" else split.held.arrays()
            told.append(
                Job({"model": model, "settings": dict(settings)}, split.train.arrays(), asked)
            )
        # One thread each, as ours are compared.
        done = done_by(self.python, PEERS, told)
        return [Answers(one["found"], float(one["seconds"])) for one in done]


def ours(contender: Contender, settings: Settings, split: Split) -> Answers:
    """What a model of ours answers."""
    assert contender.make is not None
    data = split.data()
    began = time.perf_counter()
    model = contender.make(data, settings)
    seconds = time.perf_counter() - began
    if split.kind == "ratings":
        return Answers(model.predict(split.held.users, split.held.items), seconds)
    found = []
    for start in range(0, split.users, 256):
        users = np.arange(start, min(start + 256, split.users), dtype=np.int32)
        scores = model.scores(users)
        for at, user in enumerate(users):
            scores[at, data.history[int(user)][0]] = -np.inf
        found.append(best_items(scores, K))
    return Answers(np.concatenate(found), seconds)


def errors_of(answers: Answers, split: Split) -> Errors:
    """Of predicted ratings."""
    return rating_errors(lambda *_: answers.found, split.held, split.users)


def ranking_of(answers: Answers, split: Split) -> Ranking:
    """Of recommended items, best first: they become scores again, all others are not candidates."""

    def scores(users: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        made = np.full((len(users), split.items), -np.inf, np.float32)
        for at, user in enumerate(users):
            items = answers.found[user]
            made[at, items[items >= 0]] = -np.flatnonzero(items >= 0)
        return made

    history = split.train.by_user(split.users)
    return rank(scores, split.held.by_user(split.users), history, split.items, K)


def quality(answers: Answers, split: Split) -> float:
    """By which settings are chosen; higher is better."""
    if split.kind == "ratings":
        return -errors_of(answers, split).rmse
    return ranking_of(answers, split).ndcg


def compete(
    contenders: Sequence[Contender], inner: Split, outer: Split, peers: Peers
) -> dict[str, tuple[Settings, Answers]]:
    """Settings chosen on the inner split, and what they answer on the outer one, by name."""
    asked = [(one, settings) for one in contenders for settings in one.grid if len(one.grid) > 1]
    tried = answer(asked, inner, peers)
    best: dict[str, tuple[float, Settings]] = {
        one.name: (-np.inf, one.grid[0]) for one in contenders
    }
    for (one, settings), answers in zip(asked, tried, strict=True):
        found = quality(answers, inner)
        if found > best[one.name][0]:
            best[one.name] = (found, settings)
    last = [(one, best[one.name][1]) for one in contenders]
    return {
        one.name: (settings, answers)
        for (one, settings), answers in zip(last, answer(last, outer, peers), strict=True)
    }


def answer(
    asked: Sequence[tuple[Contender, Settings]], split: Split, peers: Peers
) -> list[Answers]:
    """The answers of ours and of peers, in the order asked."""
    theirs = iter(peers([(one.name, s, split) for one, s in asked if one.make is None]))
    return [next(theirs) if one.make is None else ours(one, s, split) for one, s in asked]


def read(path: Path) -> Split:
    """A MovieLens file of ratings; nothing is held out yet."""
    columns = np.loadtxt(path, delimiter=",", skiprows=1)
    users, of = np.unique(columns[:, 0], return_inverse=True)
    items, to = np.unique(columns[:, 1], return_inverse=True)
    values, times = columns[:, 2].astype(np.float32), columns[:, 3].astype(np.int64)
    rows = Interactions(of.astype(np.int32), to.astype(np.int32), values, times)
    return Split(rows, rows.take(np.zeros(0, np.int64)), len(users), len(items), "ratings")


def folds(split: Split, n: int, seed: int) -> Iterator[Split]:
    """The rows in n parts at random, each held out once."""
    part = np.random.default_rng(seed).permutation(len(split.train)) % n
    for fold in range(n):
        yield split.sub(split.train.take(part != fold), split.train.take(part == fold))


def last_rows(split: Split, share: float = 0.2) -> Split:
    """The last rows of each user held out; of equal times, as they stand in the file."""
    rows = split.train
    assert rows.times is not None
    order = np.lexsort((np.arange(len(rows)), rows.times, rows.users))
    counts = np.bincount(rows.users, minlength=split.users)
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    n = counts[rows.users]
    held = place >= n - np.round(n * share)
    return split.sub(rows.take(~held), rows.take(held))


def as_clicks(split: Split) -> Split:
    """Every rating as one click."""
    rows = split.train
    ones = Interactions(rows.users, rows.items, np.ones_like(rows.values), rows.times)
    return Split(ones, split.held, split.users, split.items, "clicks")


def compare_errors(whole: Split, peers: Peers, chosen: Sequence[str]) -> None:
    """Print the table of errors."""
    contenders = [one for one in ERRORS if not chosen or one.name in chosen]
    squares: dict[str, npt.NDArray[np.float64]] = {}
    absolutes: dict[str, float] = {}
    by_fold: dict[str, list[float]] = {one.name: [] for one in contenders}
    taken: dict[str, list[str]] = {one.name: [] for one in contenders}
    seconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    for fold, outer in enumerate(folds(whole, 5, seed=1)):
        inner = next(folds(outer, 5, seed=2))
        for name, (settings, answers) in compete(contenders, inner, outer, peers).items():
            errors = errors_of(answers, outer)
            squares[name] = squares.get(name, 0) + errors.squares
            absolutes[name] = absolutes.get(name, 0.0) + float(errors.absolutes.sum())
            by_fold[name].append(errors.rmse)
            seconds[name].append(answers.seconds)
            taken[name].append(" ".join(f"{key}={value}" for key, value in settings.items()))
            print(f"fold {fold + 1}: {name} {errors.rmse:.4f}", file=sys.stderr, flush=True)
    counts = np.bincount(whole.train.users, minlength=whole.users)
    peer = min(
        (one.name for one in contenders if one.make is None),
        key=lambda name: float(np.mean(by_fold[name])),
    )
    print(f"\n| model | RMSE | folds | MAE | less that of {peer} | seconds |")
    print("|---|--:|---|--:|--:|--:|")
    for name, reached in sorted(by_fold.items(), key=lambda one: float(np.mean(one[1]))):
        apart = difference_interval(squares[name], squares[peer], counts, of=np.sqrt)
        spread = " ".join(f"{one:.4f}" for one in reached)
        print(
            f"| {name} | {np.mean(reached):.4f} | {spread} | {absolutes[name] / counts.sum():.4f} "
            f"| {'' if name == peer else apart} | {np.median(seconds[name]):.2f} |"
        )
    mine = [float(np.mean(by_fold[one.name])) for one in contenders if one.make]
    if mine:
        apart_by = min(mine) / float(np.mean(by_fold[peer])) - 1
        print(f"best of ours over best of theirs: {apart_by:+.2%}")
    for name, choices in taken.items():
        print(f"  {name}: {'; '.join(choices)}")


def compare_ranking(whole: Split, peers: Peers, chosen: Sequence[str]) -> None:
    """Print the table of ranking."""
    contenders = [one for one in RANKING if not chosen or one.name in chosen]
    outer = last_rows(as_clicks(whole))
    inner = last_rows(outer)
    found = compete(contenders, inner, outer, peers)
    rankings = {name: ranking_of(answers, outer) for name, (_, answers) in found.items()}
    theirs = [one.name for one in contenders if one.make is None]
    peer = max(theirs, key=lambda name: rankings[name].ndcg)
    print(f"\n| model | NDCG@{K} | recall@{K} | coverage | NDCG less that of {peer} | seconds |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, one in sorted(rankings.items(), key=lambda pair: -pair[1].ndcg):
        apart = difference_interval(one.by_user, rankings[peer].by_user)
        print(
            f"| {name} | {one.ndcg:.4f} | {one.recall:.4f} | {one.coverage:.3f} "
            f"| {'' if name == peer else apart} | {found[name][1].seconds:.2f} |"
        )
    for name, (settings, _) in found.items():
        print(f"  {name}: {' '.join(f'{key}={value}' for key, value in settings.items())}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=["errors", "ranking"], default=[])
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv of MovieLens")
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], help="these contenders; name a peer too")
    given = parser.parse_args()
    torch.set_num_threads(1)
    whole = read(given.ratings)
    peers = Peers(given.peer_python)
    if "errors" in given.parts or not given.parts:
        compare_errors(whole, peers, given.only)
    if "ranking" in given.parts or not given.parts:
        compare_ranking(whole, peers, given.only)


if __name__ == "__main__":
    main()
