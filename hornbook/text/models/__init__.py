"""The families of language models, one a file, and the table that knows them by name.

A new family is one file with a class that keeps the contract, and one line here.
"""

from __future__ import annotations

from hornbook.tasks.family import Family, find_family
from hornbook.text.models.presets import GPT2_PRESETS

__all__ = ["FAMILIES", "NETS", "family"]


RECURRENT = {
    "steps": 8_000,
    "batch_size": 96,
    "learning_rate": 0.008,
    "weight_decay": 0.2,
    "clip": 1.0,
}

FAMILIES = {
    "ngram": Family(
        "hornbook.text.models.ngram:NGram",
        "n-gram counts with modified Kneser-Ney smoothing: the baseline for every neural net",
        made_by="counting",
    ),
    "bigram": Family(
        "hornbook.text.models.bigram:Bigram",
        "one layer that reads one token: learns by gradients what counting pairs gives directly",
        training={"steps": 2_000, "batch_size": 512, "learning_rate": 0.1, "weight_decay": 0.0},
    ),
    "mlp": Family(
        "hornbook.text.models.mlp:MLP",
        "multilayer perceptron on the embeddings of the last tokens (Bengio et al. 2003)",
        training={"steps": 8_000, "batch_size": 512, "learning_rate": 0.01, "weight_decay": 0.5},
    ),
    "wavenet": Family(
        "hornbook.text.models.wavenet:WaveNet",
        "neighbours merged level by level, as a tree or with gates (van den Oord et al. 2016)",
        training={"steps": 8_000, "batch_size": 72, "learning_rate": 0.01, "weight_decay": 0.3},
    ),
    "bow": Family(
        "hornbook.text.models.bow:BagOfWords",
        "averages all positions so far (bag of words): the step between the MLP and attention",
        training={"steps": 8_000, "batch_size": 64, "learning_rate": 0.01},
    ),
    "gpt": Family(
        "hornbook.text.models.gpt:GPT",
        "transformer: attention over all tokens so far; GPT-2 and Llama are settings of it",
        training={
            "steps": 5_000,
            "batch_size": 96,
            "learning_rate": 0.006,
            "weight_decay": 0.1,
            "clip": 1.0,
            "optimizer": "muon",
        },
        kinds={"text": {"steps": 2_500, "batch_size": 16}},
        # Large steps would undo in a minute what was learned on much more text.
        fine_tuning={
            "steps": 200,
            "batch_size": 4,
            "learning_rate": 5e-5,
            "optimizer": "adamw",
            "beta2": 0.95,
        },
        adapting={"learning_rate": 1e-3},  # benchmarks/adapter_rates.py
        presets=GPT2_PRESETS,
    ),
    "rnn": Family(
        "hornbook.text.models.recurrent:RNNModel",
        "plain recurrent net: each token updates a hidden state; includes fast.ai's variants",
        training={**RECURRENT, "learning_rate": 0.003},
        kinds={"text": {"steps": 2_500, "batch_size": 32, "weight_decay": 0.1}},
    ),
    "gru": Family(
        "hornbook.text.models.recurrent:GRUModel",
        "gated recurrent unit: gates decide which parts of the state to keep or replace",
        training=RECURRENT,
        kinds={
            "text": {"steps": 2_500, "batch_size": 32, "learning_rate": 0.006, "weight_decay": 0.1}
        },
    ),
    "lstm": Family(
        "hornbook.text.models.recurrent:LSTMModel",
        "long short-term memory: gates control what a cell state stores, forgets and outputs",
        training=RECURRENT,
        kinds={
            "text": {"steps": 2_500, "batch_size": 32, "learning_rate": 0.006, "weight_decay": 0.1}
        },
    ),
    "mixture": Family(
        "hornbook.text.models.mixture:Mixture",
        "two or more runs as one: their probabilities multiplied, or averaged",
        made_by="mixing",
    ),
}

NETS = tuple(name for name, line in FAMILIES.items() if line.trained)
"Names of the families that are trained by gradient descent."


def family(name: str) -> Family:
    """A family of language models by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    return find_family(FAMILIES, name)
