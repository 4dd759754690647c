"""Made tasks, learned: how much of what a model has not seen does it get right, to the letter?

    python -m benchmarks.pairs [--kinds reversal dates sorting addition] [--models seq2seq
        attention-rnn] [--minutes 2 | --steps 4000] [-n 50000] [--sizes 1000 5000 20000]
        [--seeds 1] [--out FOLDER]

A model is trained on a kind of made pairs for so many minutes, or so many steps. `test` is the
share of unseen sources that it answers right, greedily and by beam search; `longer` the same for
sources longer than any in training: words of 13 to 20 letters, sums of five digits, dates of other
years. With --sizes, train is cut to so many pairs, for a curve of learning against size; without,
the curve is that of the training, by step. Curves are drawn to FOLDER/pairs.png.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import hornbook
from hornbook.made.making import make
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.evaluation import said_on
from hornbook.runs import Run
from hornbook.runs.prepare import Prepared, prepare

LONGER: Mapping[str, Mapping[str, Any]] = {
    "reversal": {"shortest": 13, "longest": 20},
    "sorting": {"shortest": 13, "longest": 20},
    "copy": {"shortest": 13, "longest": 20},
    "addition": {"least_digits": 5, "digits": 5},
    "dates": {"first_year": 2100, "last_year": 2299},
}
"Settings that make sources as no training has seen them."
MORE = 1_000  # of these


@dataclass
class Row:
    """A kind, a model, and what it reached."""

    kind: str
    model: str
    seed: int
    pairs: int
    parameters: int
    steps: int
    seconds: float
    dev: float
    test: float
    beam: float
    errors: float
    "Character errors on test."
    longer: float | None
    curve: Sequence[tuple[int, float]] = field(default_factory=tuple)
    "Steps, and the share of dev that was right."


def cut(prepared: Prepared, pairs: int) -> Prepared:
    """Data with the first pairs of train alone."""
    data = pairs_of(prepared)
    train = data.splits["train"]
    splits = {**data.splits, "train": Side(train.sources[:pairs], train.targets[:pairs])}
    fewer = PairData(
        data.name, data.source, splits, data.source_tokens, data.target_tokens, data.labels,
        columns=data.columns, remarks=data.remarks,
    )  # fmt: skip
    return Prepared(prepared.task, fewer, prepared.options)


def longer_ones(kind: str, run: Run, folder: Path) -> float | None:
    """The share that is right of sources as training has not seen them."""
    if kind not in LONGER:
        return None
    path = folder / f"{kind}-longer.tsv"
    if not path.exists():
        make(kind, path, n=MORE, seed=9, **LONGER[kind])
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    data = run.data
    tokens = data.writing
    answers = run.model.answers([data.read(source) for source, _ in rows], Decoding())
    said = [tokens.decode(one[0].ids) for one in answers]
    return float(np.mean([a == b for a, (_, b) in zip(said, rows, strict=True)]))


def pairs_of(prepared: Prepared) -> PairData:
    """The data."""
    assert isinstance(prepared.data, PairData)
    return prepared.data


def learned(
    kind: str, model: str, prepared: Prepared, budget: Mapping[str, Any], seed: int, folder: Path
) -> Row:
    """A model trained, and measured."""
    begun = time.perf_counter()
    out = folder / f"{kind}-{model}-{len(pairs_of(prepared).splits['train'])}-{seed}"
    run = hornbook.train(
        prepared, model=model, out=out, training={"seed": seed}, overwrite=True, **budget
    )
    seconds = time.perf_counter() - begun
    data, net = run.data, run.model
    beam = said_on(net, data, "test", 0, Decoding(method="beam"))
    test = said_on(net, data, "test")
    curve = [
        (one["step"], one["measures"]["dev"]["exact"])
        for one in map(json.loads, (out / "metrics.jsonl").read_text("utf-8").splitlines())
        if "exact" in one.get("measures", {}).get("dev", {})
    ]
    return Row(
        kind, model, seed, len(data.splits["train"]), net.n_parameters,
        run.summary.steps or 0, seconds,
        said_on(net, data, "dev").exact, test.exact, beam.exact, test.character_errors,
        longer_ones(kind, run, folder), curve,
    )  # fmt: skip


def drawn(rows: Sequence[Row], path: Path, by_size: bool) -> None:
    """The curves of all rows, a panel for each kind."""
    from hornbook.plots.panels import canvas, legend
    from hornbook.plots.saving import save

    kinds = list(dict.fromkeys(row.kind for row in rows))
    figure, grid = canvas(len(kinds))
    for axes, kind in zip(grid, kinds, strict=True):
        for model in dict.fromkeys(row.model for row in rows):
            some = [row for row in rows if (row.kind, row.model) == (kind, model)]
            if by_size:
                axes.plot([r.pairs for r in some], [r.test for r in some], ".-", label=model)
            else:
                for row in some[:1]:
                    axes.plot(*zip(*row.curve, strict=True), label=model)
        axes.set_title(kind)
        axes.set_ylim(-0.02, 1.02)
        axes.set_ylabel("right, to the letter")
        if by_size:
            sizes = sorted({row.pairs for row in rows})
            axes.set_xscale("log")
            axes.set_xlim(0.8 * sizes[0], 1.25 * sizes[-1])
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
            axes.minorticks_off()
        if len({row.model for row in rows}) > 1:
            legend(axes)
    grid[-1].set_xlabel("pairs of train" if by_size else "step")
    save(figure, path)


def main() -> None:
    """Make, train, measure, print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--kinds", nargs="+", default=["reversal", "dates", "sorting", "addition"])
    asked.add_argument("--models", nargs="+", default=["seq2seq", "attention-rnn"])
    asked.add_argument("--minutes", type=float, default=2.0)
    asked.add_argument("--steps", type=int)
    asked.add_argument("-n", type=int, default=50_000)
    asked.add_argument("--sizes", type=int, nargs="+", default=[])
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    budget = {"minutes": given.minutes} if given.steps is None else {"steps": given.steps}
    folder = given.out or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    head = ("kind", "model", "pairs", "parameters", "steps", "s", "dev", "test", "beam",
            "errors", "longer")  # fmt: skip
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for kind in given.kinds:
        path = folder / f"{kind}.tsv"
        make(kind, path, n=given.n, seed=1, overwrite=True)
        whole = prepare(str(path), "pairs", {"header": "yes"})
        for size in given.sizes or [len(pairs_of(whole).splits["train"])]:
            for model in given.models:
                for seed in range(1, 1 + given.seeds):
                    row = learned(kind, model, cut(whole, size), budget, seed, folder)
                    rows.append(row)
                    longer = "" if row.longer is None else f"{row.longer:.1%}"
                    print(
                        f"| {kind} | {model} | {row.pairs:,} | {row.parameters:,} | {row.steps:,} "
                        f"| {row.seconds:.0f} | {row.dev:.2%} | {row.test:.2%} | {row.beam:.2%} "
                        f"| {row.errors:.4f} | {longer} |",
                        flush=True,
                    )
    drawn(rows, folder / "pairs.png", bool(given.sizes))


if __name__ == "__main__":
    main()
