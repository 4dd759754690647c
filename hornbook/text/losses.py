"""Losses over whole streams, every prediction counted once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.text.models.contract import LanguageModel
from hornbook.text.stream import Stream

__all__ = ["Loss", "measure", "stream_losses"]

AT_ONCE = 32_768  # predictions handed to the model at a time, of a small alphabet
ROWS_AT_ONCE = 8_192  # the same of a sequence model, which keeps more for each of them
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


def stream_losses(
    model: LanguageModel, stream: Stream, *, stride: int | None = None, limit: int = 0
) -> Iterator[npt.NDArray[np.float64]]:
    """The losses of a stream's predictions, some at a time, padding taken out.

    A window model gives them in the order of the stream. A sequence model gives them row by row:
    a text, or a thing longer than the model's `row_size`, is cut into rows of that length that
    overlap. In each row but the first only the last `stride` predictions count, so that each has
    at least `row_size - stride` symbols of its real context; the model says what stride suits it.

    Args:
        model: any language model.
        stream: what to measure it on.
        stride: predictions that count in a row; 1 gives each its full context, at the price of a
            row for every prediction.
        limit: measure about this many predictions, evenly spread (0: all).

    Raises:
        SettingsError: if the stride is not between 1 and the model's row size, or there are no
            rows since the model reads windows.
    """
    at_once = max(1, min(AT_ONCE, LOGITS // model.vocabulary.size))
    if model.reads == "window":
        if stride is not None:
            raise SettingsError(
                "stride has no effect here: this model sees each prediction's full context anyway."
            )
        for inputs, targets in stream.all_windows(model.block_size, at_once, limit=limit):
            yield model.token_losses(inputs, targets)
        return
    if stride is not None and not 1 <= stride <= model.row_size:
        raise SettingsError(
            f"stride is {stride}; this model reads rows of {model.row_size} symbols.",
            hint=f"Give a stride between 1 and {model.row_size}.",
        )
    lead = model.measured_lead if stride is None else model.row_size - stride
    at_once = min(at_once, ROWS_AT_ONCE)
    for inputs, targets in stream.all_rows(model.row_size, at_once, lead=lead, limit=limit):
        yield model.token_losses(inputs, targets)[targets >= 0]


def measure(
    model: LanguageModel, stream: Stream, *, stride: int | None = None, limit: int = 0
) -> Loss:
    """The mean loss over every prediction of a stream, or over `limit` of them.

    Raises:
        SettingsError: as `stream_losses`.
    """
    total, count = 0.0, 0
    for losses in stream_losses(model, stream, stride=stride, limit=limit):
        total += float(losses.sum())
        count += losses.size
    return Loss(total / count, count)
