"""The lesson on recurrent nets: characters of Nietzsche, from a plain RNN to a stateful LSTM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.experiments.reproduce.bench import Bench, loss_on
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduction,
    about,
    as_the_loop,
)
from hornbook.runs import Run
from hornbook.storage import write_bytes

__all__ = ["NIETZSCHE"]

ROW = 8  # tokens in a row, the lesson's bptt
NET: Mapping[str, Any] = {
    "n_embd": 42, "n_hidden": 256, "block_size": ROW, "dropout": 0.0, "embedding_dropout": 0.0,
    "output_gain": 3**-0.5,  # torch's: uniform, of standard deviation 1 / sqrt(3 fan_in)
}  # fmt: skip
ADAM: Mapping[str, Any] = {
    "optimizer": "adamw", "beta2": 0.999, "weight_decay": 0.0, "schedule": "step",
    "learning_rate": 0.001,
}  # fmt: skip
CARRIED: Mapping[str, Any] = {**ADAM, "batches": "parallel", "batch_size": 64}
"Sixty-four streams along which the state is carried."
EPOCH = 963  # batches of 64 rows of 8 in the lesson's 493,747 letters
CHUNKED: Mapping[str, Any] = {**ADAM, "batches": "random", "batch_size": 512}
CHUNKS = 117  # batches of 512 rows of 8 in four fifths of the text


def lower_case(bench: Bench) -> Path:
    """The text as the lesson's stateful nets read it: without capitals."""
    path = bench.folder / "nietzsche-lower.txt"
    text = bench.dataset("nietzsche").read_text(encoding="utf-8").lower()
    write_bytes(path, text.encode())
    return path


def carried(
    name: str, family: str, more: Mapping[str, Any], training: Mapping[str, Any],
    epochs: tuple[int, int],
) -> Callable[[Bench], dict[str, float]]:  # fmt: skip
    """A net that carries its state; its epochs in the quick and the full form, 0 for none."""

    def measure(bench: Bench) -> dict[str, float]:
        steps = EPOCH * epochs[1 if bench.full else 0]
        if not steps:
            raise NotRunError("it is in the full form alone: its 63 epochs take an hour.")
        data = bench.load(lower_case(bench), "text", mode="text", split="82/18")
        run = bench.train(
            name, data, family, {**NET, **more}, {**CARRIED, **training, "steps": steps}
        )
        return {"dev loss": loss_on(run, "dev")}

    return measure


def chunked(
    name: str, more: Mapping[str, Any], training: Mapping[str, Any], epochs: int
) -> Callable[[Bench], dict[str, float]]:
    """A net that predicts at each of 8 letters, from a state of zeros."""

    def measure(bench: Bench) -> dict[str, float]:
        data = bench.text("nietzsche", split="80/20")
        run = bench.train(
            name, data, "rnn", {**NET, **more}, {**CHUNKED, **training, "steps": CHUNKS * epochs}
        )
        return {"dev loss": loss_in_rows(run)}

    return measure


def loss_in_rows(run: Run) -> float:
    """The loss on dev in rows of 8, each from a state of zeros, as the lesson measures."""
    ids = run.data.stream("dev").ids.astype(np.int64)
    rows = (len(ids) - 1) // ROW
    inputs = ids[: rows * ROW].reshape(rows, ROW)
    targets = ids[1 : rows * ROW + 1].reshape(rows, ROW)
    return float(np.mean(run.model.token_losses(inputs, targets)))


STATEFUL = "`{family}` in 64 streams of rows of 8, no capitals, {rest}"
LEAST = 0.015  # half of what quarters of the held-out text differ by, under one net
LOOPED = "after these epochs (three seeds, benchmarks.nietzsche_loop)"
NEAR = (
    "the last 18 % is held out, as far as the lesson tells its cut; quarters of the held-out text "
    "differ by 0.03 under one net"
)
FIFTH = (
    "the lesson holds out a random fifth of the rows, hornbook the last fifth of the text, whose "
    "quarters differ by 0.03 under one net"
)
NIETZSCHE = (
    Reproduction(
        "rnn-rows", "nietzsche", "Multi-output RNN, default initialisation",
        "`rnn` at each of 8 letters, AdamW at 0.001, four epochs, and one at 0.0001",
        chunked("rnn-rows", {}, {"decay_at": 0.8}, 5),
        (LectureFigure("dev loss", "2.001", about(2.001, 0.03, FIFTH), source="lesson"),),
        minutes=(0.3, 0.3),
    ),
    Reproduction(
        "rnn-identity", "nietzsche", "The same from the identity (IRNN)",
        "`rnn` with identity 1, AdamW at 0.01, four epochs, and four at 0.001",
        chunked("rnn-identity", {"identity": 1.0}, {"learning_rate": 0.01}, 8),
        (LectureFigure("dev loss", "1.838", about(1.838, 0.03, FIFTH), source="lesson"),),
        minutes=(0.3, 0.3),
    ),
    Reproduction(
        "rnn-stateful", "nietzsche", "RNN that carries its state",
        STATEFUL.format(family="rnn", rest="AdamW at 0.001, four epochs, and four at 0.0001"),
        carried("rnn-stateful", "rnn", {}, {}, (2, 8)),
        (LectureFigure("dev loss", "1.486", about(1.486, 0.03, NEAR),
                       as_the_loop(1.7224, 0.0033, LEAST, LOOPED), source="lesson"),),
        minutes=(0.7, 2), quick="one epoch at each rate",
    ),
    Reproduction(
        "gru-stateful", "nietzsche", "GRU that carries its state",
        STATEFUL.format(family="gru", rest="AdamW at 0.001, six epochs, and three at 0.0001"),
        carried("gru-stateful", "gru", {}, {"decay_at": 2 / 3}, (3, 9)),
        (LectureFigure("dev loss", "1.369", about(1.369, 0.03, NEAR),
                       as_the_loop(1.4705, 0.0018, LEAST, LOOPED), source="lesson"),),
        minutes=(2, 6), quick="two epochs, and one",
    ),
    Reproduction(
        "lstm-stateful", "nietzsche", "LSTM, two layers of 512, warm restarts",
        STATEFUL.format(family="lstm", rest="dropout 0.5 between the layers, Adam at 0.01 with "
                        "decay 1e-5, no clipping, restarts after 1, 2, 4 … epochs, 63 in all; the "
                        "lesson's 17 epochs before these are left out, and the rate grows over the "
                        "first 100 steps, or the net may stay at the loss of single letters for an "
                        "epoch"),
        carried("lstm-stateful", "lstm",
                {"n_hidden": 512, "n_layer": 2, "dropout": 0.5, "dropped": "between"},
                {"optimizer": "adam", "weight_decay": 1e-5, "learning_rate": 0.01, "clip": 0.0,
                 "schedule": "warm-restarts", "cycle": EPOCH, "warmup": 100}, (0, 63)),
        (LectureFigure("dev loss", "1.252", about(1.252, 0.03, NEAR), source="lesson"),),
        minutes=(0, 60),
    ),
)  # fmt: skip
