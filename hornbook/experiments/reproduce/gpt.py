"""The lecture on the GPT, as it grows: from a bigram with a head to six blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from hornbook.experiments.reproduce.bench import Bench
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduction,
    Tolerance,
    about,
)

__all__ = ["FINAL", "FINAL_TRAINING", "GPT", "STAGES", "TAUGHT"]

TAUGHT: Mapping[str, Any] = {
    "steps": 5_000, "batch_size": 32, "learning_rate": 0.001, "schedule": "constant",
    "optimizer": "adamw", "weight_decay": 0.01, "clip": 0.0,
}  # fmt: skip
"How every stage but the last is trained: rows of 8 in batches of 32."
PLAIN: Mapping[str, Any] = {
    "n_layer": 1, "n_head": 1, "n_embd": 32, "block_size": 8, "position": "learned",
    "norm": "none", "feed_forward": "none", "residual": False, "attention_projection": False,
    "qk_norm": False, "zero_init": False, "dropout": 0.0,
}  # fmt: skip
BLOCKS: Mapping[str, Any] = {**PLAIN, "n_layer": 3, "n_head": 4, "feed_forward": "relu"}
JOINED: Mapping[str, Any] = {**BLOCKS, "residual": True, "attention_projection": True}
STAGES: Mapping[str, Mapping[str, Any]] = {
    "a bigram with a head": {
        "n_layer": 0, "n_embd": 32, "block_size": 8, "position": "learned", "norm": "none",
        "dropout": 0.0,
    },
    "one head of attention": PLAIN,
    "four heads": {**PLAIN, "n_head": 4},
    "and feed-forward": {**PLAIN, "n_head": 4, "feed_forward": "relu", "widen": 1.0},
    "three blocks": {**BLOCKS, "widen": 1.0},
    "with residuals and projections": {**JOINED, "widen": 1.0},
    "four times as wide inside": JOINED,
    "and LayerNorm": {**JOINED, "norm": "layer", "bias": True},
}  # fmt: skip
"The settings of `gpt` at each stage."
FINAL: Mapping[str, Any] = {
    **STAGES["and LayerNorm"], "n_layer": 6, "n_head": 6, "n_embd": 384, "block_size": 256,
    "dropout": 0.2,
}  # fmt: skip
FINAL_TRAINING: Mapping[str, Any] = {**TAUGHT, "batch_size": 64, "learning_rate": 0.0003}


def stage(name: str) -> Callable[[Bench], dict[str, float]]:
    """One stage."""

    def measure(bench: Bench) -> dict[str, float]:
        called = f"gpt-{name.replace(' ', '-')}"
        data = bench.text("tiny-shakespeare")
        run = bench.train(called, data, "gpt", STAGES[name], TAUGHT)
        return {"dev loss": run.evaluate(stride=8)["dev"].nats_per_token}

    return measure


def final(bench: Bench) -> dict[str, float]:
    """The last net, where there is a GPU, or its run from a machine that has one."""
    if not bench.full:
        raise NotRunError("it is in the full form alone, and needs a GPU.")
    if not torch.cuda.is_available() and not bench.has("gpt-final", FINAL_TRAINING["steps"]):
        raise NotRunError(
            "it needs a GPU: 10.8 million parameters on 82 million tokens are 5e15 operations, a "
            "day on two cores.",
            hint="A finished run from a machine with a GPU can be copied into `out`.",
        )
    training = {**FINAL_TRAINING, "precision": "auto", "evaluate_every": 500}
    run = bench.train("gpt-final", bench.text("tiny-shakespeare"), "gpt", FINAL, training)
    return {"dev loss": run.summary.losses["dev"]}


def line(name: str, said: str, tolerance: Tolerance) -> Reproduction:
    """A stage of which the lecture says the loss."""
    return Reproduction(
        f"gpt-{name.replace(' ', '-')}", "gpt", f"GPT: {name}",
        "`gpt` with rows of 8 in batches of 32, AdamW at 0.001, 5,000 steps; dev in rows of 8, as "
        "the lecture measures", stage(name),
        (LectureFigure("dev loss", said, tolerance),), minutes=(1, 1),
    )  # fmt: skip


DIGIT = "half a unit of the lecture's digit"
ESTIMATED = "the lecture's estimate on 200 batches of 256 predictions, and one seed"
GPT = (
    line("a bigram with a head", "2.5", about(2.5, 0.05, DIGIT)),
    line("one head of attention", "2.4", about(2.4, 0.05, DIGIT)),
    line("four heads", "2.28", about(2.28, 0.03, ESTIMATED)),
    line("and feed-forward", "2.24", about(2.24, 0.03, ESTIMATED)),
    Reproduction(
        "gpt-final", "gpt", "GPT: the last net, 6 layers of 6 heads, context 256",
        "`gpt` of 384 channels, dropout 0.2, batches of 64, AdamW at 0.0003, 5,000 steps on a GPU; "
        "the best of ten evaluations", final,
        (LectureFigure("dev loss", "1.48", about(1.48, 0.02, ESTIMATED)),), minutes=(0, 15),
    ),
)  # fmt: skip
