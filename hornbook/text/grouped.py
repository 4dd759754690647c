"""What the parts of a stream cost: each example, or each stretch of one long text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.tasks import Grouped
from hornbook.text.losses import AT_ONCE, LOGITS, ROWS_AT_ONCE
from hornbook.text.models.contract import LanguageModel
from hornbook.text.overflow import refuse_overflow
from hornbook.text.stream import Ids, Stream

if TYPE_CHECKING:
    from hornbook.text.data import TextData

__all__ = ["grouped", "located_losses"]

Doubles = npt.NDArray[np.float64]
STRETCH, STRETCHES = 500, 200
"""Predictions in a stretch of one long text at least, and stretches at most: what stands near
together hangs together, and stretches of so many hardly do."""


def located_losses(
    model: LanguageModel, stream: Stream, wanted: Ids | None = None
) -> Iterator[tuple[Ids, Doubles]]:
    """Where predictions stand in a stream, and -ln p of each, some at a time.

    Each has the context that it has in a loss.

    Args:
        model: any language model.
        stream: what to measure it on.
        wanted: positions in ascending order, of which alone the losses are given; None: of all.

    Yields:
        Both of shape (N,).
    """
    at_once = max(1, min(AT_ONCE, LOGITS // model.loss_size))
    if model.reads == "window":
        places = np.arange(stream.first, len(stream.ids)) if wanted is None else wanted
        for begin in range(0, len(places), at_once):
            at = places[begin : begin + at_once]
            contexts, targets = stream.windows(at, model.block_size, filled=model.reading.filled)
            yield at, model.token_losses(contexts, targets)
        return
    lead = model.measured_lead
    at, lengths = stream.pieces(model.row_size, lead)
    if wanted is not None:
        first, beyond = np.searchsorted(wanted, at), np.searchsorted(wanted, at + lengths)
        at, lengths = at[first < beyond], lengths[first < beyond]
    order = np.argsort(lengths, kind="stable")[::-1]
    at, lengths, done = at[order], lengths[order], 0
    while done < len(at):
        width = min(int(lengths[done]) + lead, model.row_size)
        some = slice(done, done + max(1, min(at_once, ROWS_AT_ONCE) // width))
        inputs, targets = stream.rows(at[some], lengths[some], lead)
        losses = model.token_losses(inputs, targets)
        begins = stream.begins_of_rows(at[some], lead)
        places = begins[:, None] + np.arange(targets.shape[1])  # (B, T)
        real = targets >= 0
        if wanted is not None:
            real &= np.isin(places, wanted)
        yield places[real], losses[real]
        done += len(at[some])


def grouped(model: LanguageModel, data: TextData, split: str) -> Grouped:
    """Nats per token by example, or by stretch of one long text.

    Of a split that is too large to be measured whole, as many examples or stretches are, evenly
    spread, as hold what is measured of it elsewhere.

    Raises:
        RunError: if the model's weights are too large to compute with.
    """
    stream = data.stream(split)
    lines = stream.boundary is not None
    if lines:
        groups, what = len(stream.bounds) - 1, "examples"
        edges = stream.bounds[1:] + 1  # where each ends: its boundary is predicted too
    else:
        groups = max(1, min(STRETCHES, len(stream) // STRETCH))
        edges = stream.first + np.arange(1, groups + 1) * len(stream) // groups
        what = f"stretches of {len(stream) // groups:,} tokens"
    wanted = None
    if 0 < data.measured < len(stream):
        begins = np.concatenate([[stream.first], edges[:-1]])
        few = max(2, groups * data.measured // len(stream))
        chosen = np.unique(np.linspace(0, groups - 1, few).astype(np.int64))
        ranges = [np.arange(begins[one], edges[one]) for one in chosen]
        wanted = np.concatenate(ranges)
    sums, counts = np.zeros(groups), np.zeros(groups)
    for places, losses in located_losses(model, stream, wanted):
        refuse_overflow(-losses)
        of = np.searchsorted(edges, places, side="right")
        sums += np.bincount(of, losses, groups)
        counts += np.bincount(of, minlength=groups)
    some = counts > 0
    return Grouped(sums[some], counts[some], what)
