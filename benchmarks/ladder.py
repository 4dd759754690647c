"""The ladder: every model of docs/ladder.md trained and measured.

    python -m benchmarks.ladder [--names FILE] [--shakespeare FILE] [--nietzsche FILE]
                                [--only names by-hand shakespeare nietzsche lecture]
                                [--rungs WORD ...] [--seeds 1337 1338 1339]

Without files, the data sets `makemore-names`, `tiny-shakespeare` and `nietzsche` are fetched. Times
are those of training, calibration and evaluations included, on this machine: run it alone.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hornbook
from hornbook.experiments.reproduce.backprop import BY_HAND
from hornbook.experiments.reproduce.bench import LECTURE_SGD
from hornbook.experiments.reproduce.gpt import STAGES, TAUGHT
from hornbook.experiments.reproduce.mlp import LECTURE_MLP
from hornbook.runs import Run
from hornbook.text.models import family


@dataclass(frozen=True)
class Rung:
    """One row: what is trained, and how."""

    title: str
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    mixed_with: int = 0
    "Order of the n-grams that the trained net is averaged with (0: with none)."


# The defaults suit larger nets and larger data.
GENTLE = {"weight_decay": 0.05, "peak_at": 0.35}
SMALL_GRU = {"n_embd": 32, "n_hidden": 136, "dropout": 0.0, "embedding_dropout": 0.0}
SMALL_LSTM = {**SMALL_GRU, "n_hidden": 114}
QUICK = {"learning_rate": 0.01, "weight_decay": 0.2}

NAMES = [
    Rung("pairs by counting, one added", "ngram", {"order": 2, "smoothing": "add"}),
    Rung("pairs by gradient: one layer", "bigram"),
    Rung("lecture's MLP, part 2", "mlp", {**LECTURE_MLP, "norm": "none"}, GENTLE),
    Rung("+ BatchNorm, part 3", "mlp", LECTURE_MLP, {**GENTLE, "steps": 7_000}),
    Rung(
        "five hidden layers, part 3",
        "mlp",
        {**LECTURE_MLP, "n_hidden": (100,) * 5, "output_norm": True},
        GENTLE,
    ),
    Rung("8 of context, part 5's flat net", "mlp", {**LECTURE_MLP, "block_size": 8}, GENTLE),
    Rung(
        "lowest found at part 3's size",
        "mlp",
        {"block_size": 6, "n_embd": 10, "n_hidden": (100, 43)},
        {"steps": 30_000, "weight_decay": 0.1},
    ),
    Rung("lecture's tree, part 5", "wavenet", {}, {"steps": 3_500}),
    Rung("the same for longer", "wavenet"),
    Rung("WaveNet's gated blocks", "wavenet", {"kind": "gated", "n_embd": 48, "n_hidden": 64}),
    Rung("bag of words", "bow"),
    Rung("plain recurrent net", "rnn"),
    Rung("transformer", "gpt", {"n_embd": 64, "block_size": 32, "dropout": 0.2}),
    Rung("LSTM under 76,579", "lstm", SMALL_LSTM, QUICK),
    Rung("GRU under 76,579", "gru", SMALL_GRU, QUICK, mixed_with=6),
    Rung("n-grams, Kneser–Ney, order 6", "ngram"),
    Rung("default of `--model mlp`", "mlp"),
    Rung("default of `--model gru`", "gru", mixed_with=6),
]
SHAKESPEARE = [
    Rung("pairs by counting, one added", "ngram", {"order": 2, "smoothing": "add"}),
    Rung("default of `--model wavenet`", "wavenet"),
    Rung("default of `--model mlp`", "mlp"),
    Rung("n-grams, Kneser–Ney, order 7", "ngram", {"order": 7}),
    Rung(
        "transformer, a few seconds", "gpt", {"dropout": 0.0},
        {"steps": 500, "batch_size": 12, "evaluate_every": 250},
    ),
    Rung("default of `--model gpt`", "gpt"),
    Rung(
        "GRU, a few seconds", "gru", {"n_hidden": 192, "dropout": 0.0, "embedding_dropout": 0.0},
        {"steps": 500, "learning_rate": 0.01, "evaluate_every": 250},
    ),
    Rung(
        "GRU, within a minute", "gru",
        {"n_hidden": 256, "dropout": 0.0, "embedding_dropout": 0.0},
        {"steps": 1_200, "learning_rate": 0.01},
    ),
    Rung("default of `--model rnn`", "rnn"),
    Rung("default of `--model lstm`", "lstm"),
    Rung("default of `--model gru`", "gru", mixed_with=7),
    Rung(
        "a wide GRU",
        "gru",
        {"n_embd": 64, "n_hidden": 512, "embedding_dropout": 0.0},
        {"steps": 5_000, "learning_rate": 0.004},
        mixed_with=7,
    ),
]  # fmt: skip
# fast.ai's lesson 6: windows of 8 and one prediction, then rows of 8, then a state carried along.
LESSON: dict[str, Any] = {
    "n_embd": 42, "n_hidden": 256, "block_size": 8, "dropout": 0.0, "embedding_dropout": 0.0
}  # fmt: skip
LAST = {"batch_size": 512, "weight_decay": 0.01}
ROWS = {"batches": "random", "steps": 600, "batch_size": 512, "weight_decay": 0.01}
NIETZSCHE = [
    Rung(
        "CharLoopModel: state and input added", "rnn",
        {**LESSON, "predict": "last", "join": "added"}, {**LAST, "steps": 4_000},
    ),
    Rung(
        "CharLoopConcatModel: side by side", "rnn",
        {**LESSON, "predict": "last", "join": "concatenated"}, {**LAST, "steps": 4_000},
    ),
    Rung("RNN, last of 8", "rnn", {**LESSON, "predict": "last"}, {**LAST, "steps": 4_000}),
    Rung("GRU, last of 8", "gru", {**LESSON, "predict": "last"}, {**LAST, "steps": 4_000}),
    Rung(
        "RNN, at each of 8, default initialisation", "rnn", LESSON,
        ROWS,
    ),
    Rung(
        "RNN, at each of 8, identity initialisation", "rnn",
        {**LESSON, "identity": 1.0},
        ROWS,
    ),
    Rung("LSTM, state carried along", "lstm", {"n_hidden": 512}, {"steps": 3_000}),
    Rung(
        "the same for longer, more dropout", "lstm",
        {"n_hidden": 512, "dropout": 0.5, "embedding_dropout": 0.1}, {"steps": 7_000},
        mixed_with=6,
    ),
    Rung("default of `--model gru`", "gru", mixed_with=6),
]  # fmt: skip
# The lecture on the GPT, as it grows.
LECTURE = [Rung(title, "gpt", settings, TAUGHT) for title, settings in STAGES.items()]
# The lecture on backpropagation by hand: its net and its updates, without autograd.
BACKPROP = [
    Rung(
        "the lecture's training by hand, part 4", "mlp",
        BY_HAND, {**LECTURE_SGD, "gradients": "hand", "steps": 200_000, "patience": 0},
    ),
]  # fmt: skip
LADDERS = {
    "names": (27, NAMES),
    "by-hand": (27, BACKPROP),
    "shakespeare": (65, SHAKESPEARE),
    "nietzsche": (84, NIETZSCHE),
    "lecture": (65, LECTURE),
}
SOURCES = {"by-hand": "names", "lecture": "shakespeare"}  # of ladders not called after their data


def train(source: str, rung: Rung, seed: int, folder: Path) -> list[Run]:
    """One rung with one seed: the run, and its mixture with n-grams where that is wanted."""
    line = family(rung.model)
    settings = line.load().Settings(**rung.settings)
    training = None if line.fitted else {**rung.training, "seed": seed}
    run = hornbook.train(
        source, model=rung.model, settings=settings, training=training, baseline=False,
        out=folder / "net",
    )  # fmt: skip
    if not rung.mixed_with:
        return [run]
    kind = family("ngram").load().Settings
    counted = hornbook.train(
        source, model="ngram", settings=kind(order=rung.mixed_with), out=folder / "counts"
    )
    paths = [run.path, counted.path]
    return [run, counted, hornbook.mix(paths, how="average", out=folder / "mixed")]


def climb(source: str, rung: Rung, seeds: list[int]) -> list[str]:
    """Train one rung with each seed, and give its row, and that of its mixture."""
    runs = []
    for seed in seeds[: 1 if family(rung.model).fitted else None]:
        with tempfile.TemporaryDirectory() as folder:
            runs.append([read(run) for run in train(source, rung, seed, Path(folder))])
    rows = [row(rung.title, rung.model, [made[:1] for made in runs])]
    if rung.mixed_with:
        title = f"the same averaged with n-grams of order {rung.mixed_with}"
        rows.append(row(title, "mixture", runs))
    return rows


def read(run: Run) -> Run:
    """A run with its summary in memory, for its directory will be gone."""
    assert run.summary
    return run


def row(title: str, name: str, runs: list[list[Run]]) -> str:
    """A row of the table: the last run of each seed, and the time of all that led to it."""
    dev = [made[-1].summary.losses["dev"] for made in runs]
    seconds = [sum(run.summary.seconds for run in made) for made in runs]
    spread = f" ± {statistics.stdev(dev):.4f}" if len(dev) > 1 else ""
    return (
        f"| {title} | `{name}` | {runs[0][-1].summary.parameters:,} | "
        f"{statistics.mean(dev):.4f}{spread} | {statistics.median(seconds):.1f} s |"
    )


def main() -> None:
    """Climb the ladders that are wanted."""
    parser = argparse.ArgumentParser(description="Every rung, trained and measured.")
    parser.add_argument("--names", default="makemore-names")
    parser.add_argument("--shakespeare", default="tiny-shakespeare")
    parser.add_argument("--nietzsche", default="nietzsche")
    parser.add_argument("--only", nargs="+", choices=LADDERS, default=list(LADDERS))
    parser.add_argument("--rungs", nargs="+", default=[""], help="words in the titles wanted")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337, 1338, 1339])
    arguments = parser.parse_args()
    for name in arguments.only:
        tokens, rungs = LADDERS[name]
        source = getattr(arguments, SOURCES.get(name, name))
        print(f"\n{name}: dev loss in nats per token, {len(arguments.seeds)} seeds")
        print("| model | family | parameters | dev | time |\n|---|---|--:|--:|--:|")
        print(f"| guessing among {tokens} tokens | | 0 | {math.log(tokens):.4f} | |")
        for rung in rungs:
            if any(word in rung.title for word in arguments.rungs):
                print(*climb(source, rung, arguments.seeds), sep="\n", flush=True)


if __name__ == "__main__":
    main()
