"""The families of language models, one a file, and the table that knows them by name.

A new family is one file with a class that keeps the contract, and one line here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Literal

from hornbook.errors import SettingsError

__all__ = ["FAMILIES", "NETS", "Family", "family"]


@dataclass(frozen=True)
class Family:
    """A line of the table."""

    module: str
    "Module of this package that holds the family; imported only when it is used."
    name: str
    "Name of its class."
    summary: str
    "What it is, in a line."
    made_by: Literal["training", "counting", "mixing"] = "training"
    "By gradients, in one pass over the data, or out of other runs (`hornbook mix`)."
    training: dict[str, Any] = field(default_factory=dict)
    "Training settings that suit it better than the general defaults."
    text: dict[str, Any] = field(default_factory=dict)
    "Those that suit it better where the data is a text, not lines."

    @property
    def counted(self) -> bool:
        """Whether it is fitted in one pass over the data, with no gradients."""
        return self.made_by == "counting"

    def load(self) -> Any:
        """The family's class, a subclass of LanguageModel."""
        return getattr(importlib.import_module(f"hornbook.text.models.{self.module}"), self.name)


RECURRENT = {
    "steps": 8_000,
    "batch_size": 96,
    "learning_rate": 0.008,
    "weight_decay": 0.2,
    "clip": 1.0,
}

FAMILIES = {
    "ngram": Family(
        "ngram",
        "NGram",
        "n-grams by counting, with modified Kneser-Ney smoothing: the bar for every net",
        made_by="counting",
    ),
    "bigram": Family(
        "bigram",
        "Bigram",
        "one layer that reads one symbol; it learns what counting pairs knows at once",
        training={"steps": 2_000, "batch_size": 512, "learning_rate": 0.1, "weight_decay": 0.0},
    ),
    "mlp": Family(
        "mlp",
        "MLP",
        "Bengio et al. 2003: embeddings of the last symbols through hidden layers",
        training={"steps": 8_000, "batch_size": 512, "learning_rate": 0.01, "weight_decay": 0.5},
    ),
    "wavenet": Family(
        "wavenet",
        "WaveNet",
        "van den Oord et al. 2016: neighbours joined level by level, as a tree or with gates",
        training={"steps": 8_000, "batch_size": 72, "learning_rate": 0.01, "weight_decay": 0.3},
    ),
    "bow": Family(
        "bow",
        "BagOfWords",
        "each position sees the average of all before it: the step between the MLP and attention",
        training={"steps": 8_000, "batch_size": 64, "learning_rate": 0.01},
    ),
    "gpt": Family(
        "gpt",
        "GPT",
        "the transformer: attention over all symbols before, with rotary positions",
        training={
            "steps": 5_000,
            "batch_size": 96,
            "learning_rate": 0.006,
            "weight_decay": 0.1,
            "clip": 1.0,
            "optimizer": "muon",
        },
        text={"steps": 2_500, "batch_size": 16},
    ),
    "rnn": Family(
        "recurrent",
        "RNNModel",
        "the plain recurrent net: a state that each symbol changes; fast.ai's loops too",
        training={**RECURRENT, "learning_rate": 0.003},
        text={"steps": 2_500, "batch_size": 32, "weight_decay": 0.1},
    ),
    "gru": Family(
        "recurrent",
        "GRUModel",
        "the gated recurrent unit: a state that is kept or renewed, number by number",
        training=RECURRENT,
        text={"steps": 2_500, "batch_size": 32, "learning_rate": 0.006, "weight_decay": 0.1},
    ),
    "lstm": Family(
        "recurrent",
        "LSTMModel",
        "long short-term memory: a state that is written, kept and shown through gates",
        training=RECURRENT,
        text={"steps": 2_500, "batch_size": 32, "learning_rate": 0.006, "weight_decay": 0.1},
    ),
    "mixture": Family(
        "mixture",
        "Mixture",
        "two runs or more, their probabilities averaged (hornbook mix RUN RUN)",
        made_by="mixing",
    ),
}

NETS = tuple(name for name, line in FAMILIES.items() if line.made_by == "training")
"Names of the families that are trained by gradients."


def family(name: str) -> Family:
    """A family by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    if name not in FAMILIES:
        raise SettingsError(
            f"There is no model family {name!r}.", hint=f"Families: {', '.join(FAMILIES)}."
        )
    return FAMILIES[name]
