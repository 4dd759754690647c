"""What stands beside a model of labels: their shares in train, and n-grams."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from hornbook.pairs.calibration import calibrate
from hornbook.pairs.data import PairData
from hornbook.pairs.labels.evaluation import groups_of, label_scores
from hornbook.pairs.models.contract import Labeller
from hornbook.pairs.models.families import LABELLERS
from hornbook.tasks import Baseline, GroupedBaseline
from hornbook.tasks.scores import ClassScores, paired_interval

__all__ = ["baselines", "grouped_shares"]

HELD_OUT = ("dev", "test")
LIMITS = {"naive-bayes": 6e7, "log-linear": 1e7}
"""Tokens of train times labels up to which a family is fitted as a comparison, for each of both
costs work: some 10 s of naive Bayes; some 90 s of `log-linear` where texts tell little."""


@dataclass(frozen=True)
class Beside:
    """A baseline with its scores by split."""

    name: str
    family: str
    scores: Mapping[str, ClassScores]
    seconds: float


KNOWN: WeakKeyDictionary[PairData, dict[str, Beside]] = WeakKeyDictionary()
"Several models may be made on the same data."


def baselines(data: PairData, model: Labeller) -> Iterator[Baseline]:
    """What the shares of the labels and n-grams reach on dev and test, and how far from a model."""
    held = [split for split in HELD_OUT if split in data.sizes]
    own = {split: label_scores(model, data, split) for split in held}
    for one in beside(data, held, model):
        apart = {}
        for split, found in one.scores.items():
            interval = paired_interval(found, own[split])
            apart[split] = None if interval is None else (interval.low, interval.high)
        yield Baseline(
            one.name,
            {split: found.figure for split, found in one.scores.items()},
            round(one.seconds, 3),
            family=one.family,
            apart=apart,
            further={
                split: {"accuracy": float(found.right.mean())}
                for split, found in one.scores.items()
            },
        )


def beside(data: PairData, held: list[str], model: Labeller) -> Iterator[Beside]:
    """The shares, then what counts n-grams as far as that is quick; each once for the data.

    A family is not held against itself.
    """
    known = KNOWN.setdefault(data, {})
    work = sum(map(len, data.sources("train"))) * len(data.labels)
    quick = [family for family, most in LIMITS.items() if work <= most]
    for family in ["", *(one for one in quick if LABELLERS[one].load() is not type(model))]:
        if family not in known:
            known[family] = fitted(data, held, family) if family else shares(data, held)
        yield known[family]


def shares(data: PairData, held: list[str]) -> Beside:
    """How often each label is there in train, said to every text."""
    began = time.perf_counter()
    counts = np.bincount(data.numbers("train"), minlength=len(data.labels))
    scores = {
        split: ClassScores(
            groups_of(data, data.side(split).sources),
            np.tile(counts / counts.sum(), (data.sizes[split], 1)),
            data.numbers(split),
        )
        for split in held
    }
    return Beside("shares of the labels", "", scores, time.perf_counter() - began)


def grouped_shares(data: PairData) -> GroupedBaseline:
    """What the shares of the labels reach on dev and test, by text."""
    found = shares(data, [split for split in HELD_OUT if split in data.sizes])
    splits = {split: scores.grouped() for split, scores in found.scores.items()}
    return GroupedBaseline(found.name, found.seconds, splits)


def fitted(data: PairData, held: list[str], family: str) -> Beside:
    """A family with its defaults, calibrated as a run of it is."""
    began, kind = time.perf_counter(), LABELLERS[family].load()
    model = kind(kind.Settings(), data.shape)
    model.fit(data)
    if "dev" in data.sizes:
        owners = data.owners(data.side("dev").sources)
        calibrate(model, data.sources("dev"), data.numbers("dev"), owners)
    scores = {split: label_scores(model, data, split) for split in held}
    return Beside(family, family, scores, time.perf_counter() - began)
