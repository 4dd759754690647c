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
    """`window`: one prediction from the last `block_size` tokens; `sequence`: a prediction at every
    position of a row."""
    block_size: int
    "Longest context, or longest row in training."
    row_size: int
    "Longest row in evaluation."
    context: int | None
    "How far back a prediction can see; None if there is no limit."
    lead: int = 0
    """Tokens before a row's targets that training reads again as context, within an example or a
    text."""
    measured_lead: int = 0
    """The same in evaluation: every prediction after the first row of a text has at least this many
    tokens of its real context."""
    mixed: bool = False
    """Whether training batches must mix lengths, since batch statistics would otherwise reveal the
    length."""
    carries: bool = False
    "Whether training can carry the state at the end of a row to the next batch."
    filled: bool = True
    """Whether a window that begins before the text is filled with the start token; else the model
    is told that nothing is there (`stream.ABSENT`)."""

    @classmethod
    def windows(cls, block_size: int, *, filled: bool = True) -> Self:
        """Windows of some tokens, which are all that a prediction sees."""
        return cls("window", block_size, block_size, block_size, filled=filled)

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
