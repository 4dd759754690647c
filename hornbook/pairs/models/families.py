"""The families of models of pairs: a line each, in the order of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["FAMILIES", "LABELLERS", "WRITERS"]

MODELS = "hornbook.pairs.models"

TRAINING: Mapping[str, Any] = {
    "steps": 4_000, "batch_size": 64, "learning_rate": 0.005, "optimizer": "muon",
}  # fmt: skip
"What measured best in two minutes (EXPERIMENTS.md)."

WRITERS: Mapping[str, Family] = {
    "copy": Family(f"{MODELS}.copy:Copy", "says what it was given", "fitting"),
    "attention-rnn": Family(
        f"{MODELS}.attention_rnn:AttentionRNN",
        "recurrent encoder and decoder with attention (Bahdanau, Cho and Bengio 2014)",
        training=TRAINING,
    ),
    "seq2seq": Family(
        f"{MODELS}.seq2seq:Seq2Seq",
        "encoder-decoder transformer (Attention is all you need)",
        training=TRAINING,
    ),
}
"Those that say a text."
LABELLERS: Mapping[str, Family] = {}
"Those that say a label."
FAMILIES: Mapping[str, Family] = {**WRITERS, **LABELLERS}
