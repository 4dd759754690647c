"""How a model reads a stream: as windows or as rows, and how long ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

__all__ = ["Reading", "Reads"]

Reads = Literal["window", "sequence"]


@dataclass(frozen=True)
class Reading:
    """How a stream is cut for a model, in training and where losses are measured.

    All lengths are in tokens.
    """

    reads: Reads
    """`window`: the last `block_size` tokens, one prediction; `sequence`: a prediction at every
    position of a row."""
    block_size: int
    "Longest context, or longest row in training."
    row_size: int
    "Longest row when losses are measured."
    context: int | None
    "How far back a prediction can see; None if there is no end to it."
    lead: int = 0
    "Tokens before the targets of a row within an example or a text that training reads again."
    measured_lead: int = 0
    """The same where losses are measured: every prediction after the first row of a text has at
    least so much of its real context."""
    mixed: bool = False
    """Whether training batches must not be grouped by length, since statistics over a batch would
    tell it."""
    carries: bool = False
    "Whether training can hand the state at the end of a row on to the next batch."

    @classmethod
    def windows(cls, block_size: int) -> Self:
        """Windows of some tokens, which are all that a prediction sees."""
        return cls("window", block_size, block_size, block_size)

    @classmethod
    def rows(
        cls,
        block_size: int,
        *,
        context: int | None,
        row_size: int | None = None,
        lead: int = 0,
        measured_lead: int | None = None,
        mixed: bool = False,
        carries: bool = False,
    ) -> Self:
        """Rows, measured as they are trained on where nothing else is said."""
        return cls(
            "sequence",
            block_size,
            block_size if row_size is None else row_size,
            context,
            lead,
            lead if measured_lead is None else measured_lead,
            mixed,
            carries,
        )
