"""Labels of texts: our families beside scikit-learn's on the same n-grams, on two made sets.

    python -m benchmarks.classify [--only log-linear ...] [--sets names plays] [--out FILE]

names: the bundled names, each with a sex, as `hornbook make names` writes them. plays: lines of the
bundled plays of Shakespeare, 25 characters at least, each with the play that it stands in.

Everyone trains as it does by default on the train split of `hornbook train`; ours may look at dev
to stop and to calibrate, scikit-learn's do not. Figures are of test, which nobody has looked at:
the loss in nats with its interval, the same before calibration, accuracy, macro F1, and how far
probabilities are from what comes true. `apart` is the loss less that of log-linear, with its
interval over texts. Seconds are the processor's, of training and evaluating.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import hornbook
from hornbook.made.making import draw
from hornbook.pairs.calibration import losses
from hornbook.pairs.labels.evaluation import groups_of, label_scores
from hornbook.pairs.models.families import LABELLERS
from hornbook.runs import Run
from hornbook.sources.datasets import BUNDLED
from hornbook.tasks.scores import ClassScores, paired_interval

THEIRS = ("MultinomialNB", "LogisticRegression")
LONGEST = 5  # tokens of an n-gram, as ours
SHORTEST = 25  # characters of a line of a play

PLAYS = {
    "Coriolanus": "Before we proceed",
    "Richard III": "Now is the winter",
    "Richard II": "Old John of Gaunt",
    "Romeo and Juliet": "Two households",
    "Henry VI": "I wonder how the king escaped",
    "The Winter's Tale": "If you shall chance, Camillo",
    "Measure for Measure": "Escalus.\n",
    "The Taming of the Shrew": "I'll pheeze you",
    "The Tempest": "Boatswain!",
}
"What is said first in each play."


def names() -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """Names and the sex of the children who have them."""
    drawn = draw("names")
    return ("name", "sex"), [(source, target) for source, target in drawn]


def plays() -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """Lines and the play that they stand in."""
    text = (BUNDLED / "shakespeare.txt").read_text(encoding="utf-8").replace("\r\n", "\n")
    starts = [text.index(begin) for begin in PLAYS.values()]
    if starts != sorted(starts):
        raise ValueError("the plays are in another order")
    found = []
    for play, first, last in zip(PLAYS, starts, [*starts[1:], len(text)], strict=True):
        lines = (line.strip() for line in text[first:last].split("\n"))
        found += [(line, play) for line in lines if len(line) >= SHORTEST]
    return ("text", "label"), found


SETS = {"names": names, "plays": plays}


def write(name: str, folder: Path) -> Path:
    """A set as a file."""
    columns, pairs = SETS[name]()
    path = folder / f"{name}.tsv"
    rows = ["\t".join(row) for row in (columns, *pairs)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def theirs(kind: str, run: Run) -> ClassScores:
    """scikit-learn's model on the same n-grams of the same train split."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    data = run.data
    counter = CountVectorizer(analyzer="char", ngram_range=(1, LONGEST), lowercase=False)
    texts = {split: [f"\n{t}\n" for t in data.side(split).sources] for split in ("train", "test")}
    train, test = counter.fit_transform(texts["train"]), counter.transform(texts["test"])
    model = MultinomialNB() if kind == "MultinomialNB" else LogisticRegression(max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of iterations, where these do not suffice
        model.fit(train, data.numbers("train"))
    found: npt.NDArray[np.float64] = model.predict_proba(test)
    return ClassScores(groups_of(data, data.side("test").sources), found, data.numbers("test"))


def row_of(name: str, scores: ClassScores, other: ClassScores, seconds: float) -> dict[str, Any]:
    """The figures of a model on test."""
    interval, apart = scores.interval, paired_interval(scores, other)
    assert interval is not None
    assert apart is not None
    return {
        "model": name,
        "loss": scores.figure,
        "low": interval.low,
        "high": interval.high,
        "accuracy": float(scores.right.mean()),
        "macro_f1": scores.macro_f1,
        "calibration_error": scores.calibration_error,
        "apart": [apart.low, apart.high],
        "seconds": seconds,
    }


def measured(name: str, only: list[str], folder: Path) -> list[dict[str, Any]]:
    """All models on a set."""
    path, rows = write(name, folder), []
    reference: ClassScores | None = None
    for family in sorted(LABELLERS, key=lambda one: one != "log-linear"):
        if family not in only and family != "log-linear":
            continue
        began = time.process_time()
        run = hornbook.train(path, model=family, baseline=False, out=folder / f"{name}-{family}")
        scores = label_scores(run.model, run.data, "test")
        seconds = time.process_time() - began
        reference = reference or scores
        raw = run.model.scores(run.data.sources("test"))
        row = row_of(family, scores, reference, seconds)
        row["before"] = float(losses(raw, scores.target, 1.0).mean())
        row["temperature"] = run.model.temperature
        rows.append(row)
        print(told(name, row), flush=True)
    assert reference is not None
    for kind in THEIRS:
        if kind in only:
            began = time.process_time()
            row = row_of(kind, theirs(kind, run), reference, time.process_time() - began)
            rows.append(row)
            print(told(name, row), flush=True)
    return rows


def told(name: str, row: dict[str, Any]) -> str:
    """A row of a table."""
    low, high = row["apart"]
    before = f"{row['before']:.3f} ({row['temperature']:.2f})" if "before" in row else ""
    return (
        f"| {name} | {row['model']} | {row['loss']:.3f} ({row['low']:.3f}–{row['high']:.3f}) | "
        f"{low:+.3f} to {high:+.3f} | {before} | {row['accuracy']:.3f} | {row['macro_f1']:.3f} | "
        f"{row['calibration_error']:.3f} | {row['seconds']:.0f} |"
    )


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    every = [*LABELLERS, *THEIRS]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    print("| set | model | loss | apart | before (T) | accuracy | macro F1 | off | s |", flush=True)
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in given.sets:
            found[name] = measured(name, given.only, Path(folder))
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
