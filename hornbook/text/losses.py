"""Losses over whole streams, every prediction counted once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.records import JSON
from hornbook.text.models.contract import Ids, LanguageModel
from hornbook.text.overflow import refuse_overflow
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Loss", "counted_loss", "mean_loss", "measure", "predictions", "share"]

AT_ONCE = 32_768  # predictions handed to the model at a time, of a small vocabulary
ROWS_AT_ONCE = 8_192  # the same of a sequence model, which keeps more for each of them
LOGITS = 2**23  # logits made at a time at most, of a large one


@dataclass(frozen=True)
class Loss:
    """What some predictions cost, and how much text they are.

    Nats per token decide between models of one tokenizer. Models whose tokens differ are compared
    by what they need for the same text: nats per character, or bits per byte.
    """

    total: float
    "Sum of -ln p over all predictions, in nats."
    tokens: int
    "Number of predicted tokens, ends of lines included."
    characters: int
    "Number of code points in them; the end of a line counts as one, the line feed."
    bytes: int
    "Number of UTF-8 bytes in them."
    unknown: int = 0
    """How many of the tokens are the unknown word. They are predicted, and no characters: figures
    per character and per byte are of the text that the vocabulary has."""

    @property
    def nats_per_token(self) -> float:
        """Mean of -ln p."""
        return self.total / self.tokens

    @property
    def nats_per_character(self) -> float:
        """Nats for each code point."""
        return share(self.total, self.characters)

    @property
    def bits_per_byte(self) -> float:
        """Bits for each byte of UTF-8: what a file would be compressed to."""
        return share(self.total, self.bytes) / math.log(2)

    @property
    def perplexity(self) -> float:
        """e to the nats per token: as uncertain as a fair choice among this many tokens."""
        nats = self.nats_per_token
        return math.exp(nats) if nats < 700 else math.inf

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        return {
            "nats_per_token": self.nats_per_token,
            "nats_per_character": self.nats_per_character,
            "bits_per_byte": self.bits_per_byte,
            "perplexity": self.perplexity,
            "tokens": self.tokens,
            "characters": self.characters,
            "bytes": self.bytes,
            **({"unknown_share": self.unknown / self.tokens} if self.unknown else {}),
        }


def share(total: float, count: int) -> float:
    """A total for each of what is counted; of nothing it is infinite."""
    return total / count if count else math.inf


def predictions(
    model: LanguageModel, stream: Stream, *, stride: int | None = None, limit: int = 0
) -> Iterator[tuple[Ids, npt.NDArray[np.float64]]]:
    """What is predicted in a stream and what each costs, some at a time, padding taken out.

    A window model gives them in the order of the stream. A sequence model gives them row by row:
    a text, or an example longer than the model's `row_size`, is cut into rows of that length that
    overlap. In each row but the first only the last `stride` predictions count, so that each has
    at least `row_size - stride` tokens of its real context; the model says what stride suits it.

    Args:
        model: any language model.
        stream: what to measure it on.
        stride: predictions that count in a row; 1 gives each its full context, at the price of a
            row for every prediction.
        limit: measure about this many predictions, evenly spread (0: all).

    Raises:
        SettingsError: if the stride is not between 1 and the model's row size, or there are no
            rows since the model reads windows.

    Yields:
        The ids and their losses in nats, both of shape (N,).
    """
    at_once = max(1, min(AT_ONCE, LOGITS // model.loss_size))
    if model.reads == "window":
        if stride is not None:
            raise SettingsError(
                "`stride` has no effect here: this model always sees the full context of each "
                "prediction."
            )
        for inputs, targets in stream.all_windows(
            model.block_size, at_once, limit=limit, filled=model.reading.filled
        ):
            yield targets, model.token_losses(inputs, targets)
        return
    if stride is not None and not 1 <= stride <= model.row_size:
        raise SettingsError(
            f"`stride` is {stride}; this model reads rows of {model.row_size} tokens.",
            hint=f"Set `stride` between 1 and {model.row_size}.",
        )
    lead = model.measured_lead if stride is None else model.row_size - stride
    at_once = min(at_once, ROWS_AT_ONCE)
    for inputs, targets in stream.all_rows(model.row_size, at_once, lead=lead, limit=limit):
        real = targets >= 0
        yield targets[real], model.token_losses(inputs, targets)[real]


def measure(
    model: LanguageModel,
    stream: Stream,
    tokenizer: Tokenizer,
    *,
    stride: int | None = None,
    limit: int = 0,
) -> Loss:
    """The loss over every prediction of a stream, or over about `limit` of them.

    Raises:
        SettingsError: as `predictions`.
        RunError: if the model's weights are too large to compute with.
    """
    total, tokens, characters, size, unknown = 0.0, 0, 0, 0, 0
    for targets, losses in predictions(model, stream, stride=stride, limit=limit):
        refuse_overflow(-losses)
        total += float(losses.sum())
        tokens += targets.size
        characters += tokenizer.count_characters(targets)
        size += tokenizer.count_bytes(targets)
        unknown += tokenizer.count_unknown(targets)
    more = tokenizer.uncounted
    return Loss(total, tokens, characters - more, size - more, unknown)


def mean_loss(
    model: LanguageModel, stream: Stream, *, stride: int | None = None, limit: int = 0
) -> float:
    """Nats per token over every prediction of a stream, or over about `limit` of them.

    Raises:
        SettingsError: as `predictions`.
    """
    return counted_loss(model, stream, stride=stride, limit=limit)[0]


def counted_loss(
    model: LanguageModel, stream: Stream, *, stride: int | None = None, limit: int = 0
) -> tuple[float, int]:
    """`mean_loss`, and the number of predictions that it is the mean of.

    Raises:
        SettingsError: as `predictions`.
    """
    total, tokens = 0.0, 0
    for _, losses in predictions(model, stream, stride=stride, limit=limit):
        total += float(losses.sum())
        tokens += losses.size
    return total / tokens, tokens
