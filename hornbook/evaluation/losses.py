"""Losses over whole streams, every prediction counted once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.data.stream import Stream
from hornbook.models.contract import LanguageModel

__all__ = ["Loss", "measure", "stream_losses"]

AT_ONCE = 32_768  # predictions handed to the model at a time, of a small alphabet
LOGITS = 2**23  # logits made at a time at most, of a large one


@dataclass(frozen=True)
class Loss:
    """A mean loss and what it was measured on."""

    nats: float
    "Mean of -ln p over all predictions."
    predictions: int
    "The end of a line counts as one."

    @property
    def bits(self) -> float:
        """The same in bits per character."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """e to the loss: as uncertain as a fair choice among this many symbols."""
        return math.exp(self.nats) if self.nats < 700 else math.inf

    def as_dict(self) -> dict[str, Any]:
        """All figures by name."""
        return {
            "nats": self.nats,
            "bits": self.bits,
            "perplexity": self.perplexity,
            "predictions": self.predictions,
        }


def stream_losses(model: LanguageModel, stream: Stream) -> Iterator[npt.NDArray[np.float64]]:
    """The losses of a stream's predictions, some at a time, padding taken out.

    A window model gives them in the order of the stream. A sequence model gives them row by row:
    a thing longer than the model's `block_size`, or a text, is cut into rows of that length, and
    the context of a prediction begins with its row.
    """
    at_once = max(1, min(AT_ONCE, LOGITS // model.vocabulary.size))
    if model.reads == "window":
        for inputs, targets in stream.all_windows(model.block_size, at_once):
            yield model.token_losses(inputs, targets)
    else:
        for inputs, targets in stream.all_rows(model.block_size, at_once):
            yield model.token_losses(inputs, targets)[targets >= 0]


def measure(model: LanguageModel, stream: Stream) -> Loss:
    """The mean loss over every prediction of a stream."""
    total = sum(float(losses.sum()) for losses in stream_losses(model, stream))
    return Loss(total / len(stream), len(stream))
