"""The families of models of pairs: a line each, in the order of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["FAMILIES", "LABELLERS", "WRITERS"]

MODELS = "hornbook.pairs.models"

BATCH = 128
PASSES, SHORTEST, LONGEST = 12, 300, 6_000  # over train, for a net for labels; steps


def sized(rows: int) -> Mapping[str, Any]:
    """How long a net for labels is trained, by the texts of train."""
    return {"steps": min(LONGEST, max(SHORTEST, PASSES * rows // BATCH))}


WRITING: Mapping[str, Any] = {"steps": 4_000, "batch_size": 64, "learning_rate": 3e-3}
"How nets that write are trained: what measured best in two minutes (EXPERIMENTS.md)."

WRITERS: Mapping[str, Family] = {
    "copy": Family(f"{MODELS}.copy:Copy", "says what it was given", "fitting"),
    "lookup": Family(
        f"{MODELS}.lookup:Lookup",
        "says what train says to the same source, else token by token",
        "fitting",
    ),
    "nearest-source": Family(
        f"{MODELS}.nearest:Nearest",
        "says what train says to the source with the fewest edits",
        "fitting",
    ),
    "attention-rnn": Family(
        f"{MODELS}.attention_rnn:AttentionRNN",
        "a recurrent encoder and decoder with attention (Bahdanau, Cho and Bengio 2014)",
        training={**WRITING, "steps": 5_000, "learning_rate": 7e-3},
    ),
    "seq2seq": Family(
        f"{MODELS}.seq2seq:Seq2Seq",
        "the transformer with encoder and decoder (Vaswani et al. 2017)",
        training=WRITING,
    ),
}
"Those that say a text."
LABELLERS: Mapping[str, Family] = {
    "naive-bayes": Family(
        f"{MODELS}.naive_bayes:NaiveBayes",
        "labels: counts of n-grams, as if independent",
        "fitting",
    ),
    "log-linear": Family(
        f"{MODELS}.log_linear:LogLinear",
        "labels: logistic regression on counts of n-grams",
        "fitting",
    ),
    "classify": Family(
        f"{MODELS}.classify:Classify",
        "labels: GRUs that read from both ends, or a transformer's encoder; averaged",
        training={
            "optimizer": "adamw",
            "learning_rate": 4e-3,
            "batch_size": BATCH,
            "weight_decay": 0.05,
        },
        sized=sized,
    ),
}
"Those that say a label."
FAMILIES: Mapping[str, Family] = {**WRITERS, **LABELLERS}
