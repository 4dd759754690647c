"""Which precision a page's weights have, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hornbook.errors import RunError
from hornbook.interchange.html.tensors import PRECISIONS, Precision, rounded
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.text.losses import mean_loss
from hornbook.text.models.contract import LanguageModel
from hornbook.text.stream import Stream, encode_lines, encode_text

__all__ = ["MeasuredOn", "Rounding", "measured_rounding", "rounded_model"]

MeasuredOn = Literal["dev", "train", "samples"]

COSTS = 1e-3  # nats per token that a smaller page may cost
LIMIT = 20_000  # predictions that are measured
SAMPLES, TOKENS = 200, 10_000  # drawn where a run has no data


@dataclass(frozen=True)
class Rounding:
    """A precision, and the loss of the model in it beside the run's own."""

    precision: Precision | None
    "None of a model that has no weights to round: counts are whole numbers."
    on: MeasuredOn
    "What was measured: a split, or samples of the run itself."
    predictions: int
    run: float
    "Nats per token."
    page: float
    "The same with the rounded weights."

    def as_dict(self) -> dict[str, JSON]:
        """All of it by name."""
        return {
            "precision": self.precision,
            "on": self.on,
            "predictions": self.predictions,
            "run": self.run,
            "page": self.page,
        }


def measured_rounding(run: Run, asked: Precision | Literal["auto"]) -> Rounding:
    """The precision that was asked for, or the smallest that costs next to nothing.

    Args:
        run: a run on text.
        asked: a precision, or `auto`.

    Raises:
        RunError: if the weights are not finite.
    """
    refuse_infinite(run)
    on, stream = held_out(run)
    own = mean_loss(run.model, stream, limit=LIMIT)
    predictions = min(len(stream), LIMIT)
    if not any(array.dtype == np.float32 for array in run.model.arrays().values()):
        return Rounding(None, on, predictions, own, own)
    for precision in PRECISIONS if asked == "auto" else (asked,):
        page = mean_loss(rounded_model(run, precision), stream, limit=LIMIT)
        if page - own <= COSTS:  # not of a loss that is not a number
            break
    return Rounding(precision, on, predictions, own, page)


def refuse_infinite(run: Run) -> None:
    """Refuse weights that are not numbers.

    Raises:
        RunError: if there are any.
    """
    for name, array in run.model.arrays().items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise RunError(
                f"The weights of this run are not finite ({name}): its training diverged.",
                hint="Train again with a lower `learning_rate`.",
            )


def rounded_model(run: Run, precision: Precision) -> LanguageModel:
    """The run's model with the weights that a page of this precision has."""
    model: LanguageModel = run.task.build(run.family, run.model.settings, run.data.shape)
    model.load_arrays(
        {name: rounded(array, precision) for name, array in run.model.arrays().items()}
    )
    return model


def held_out(run: Run) -> tuple[MeasuredOn, Stream]:
    """What losses are measured on: dev, without one train, without data the run's own samples."""
    data = run.data
    if data.sized:
        split: MeasuredOn = "dev" if "dev" in data.sizes else "train"
        return split, data.stream(split)
    longest = min(data.longest, TOKENS)
    drawn = [
        sample.text
        for sample in run.sample(n=max(1, min(SAMPLES, TOKENS // longest)), longest=longest)
    ]
    texts = [text for text in drawn if text] or drawn
    if data.tokenizer.boundary is not None:
        return "samples", encode_lines(tuple(texts), data.tokenizer)
    return "samples", encode_text("".join(texts), data.tokenizer)
