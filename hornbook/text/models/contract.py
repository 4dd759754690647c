"""What every language model here can do, whatever it is made of.

Training, evaluation, sampling and pictures know this contract and no family by name. Arrays cross
it as NumPy, so that a family made of counts needs no tensors, and what is measured of a net and of
a table of counts is measured by the same code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hornbook.settings import Settings
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Arrays", "Floats", "Ids", "LanguageModel", "WindowModel"]

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]
Arrays = dict[str, npt.NDArray[Any]]


class LanguageModel(ABC):
    """A model of what comes next.

    Attributes:
        Settings: the dataclass of the family's settings.
        reads: `window` (the last `block_size` symbols, one prediction) or `sequence` (a
            prediction at every position of a row).
        settings: this model's settings.
        vocabulary: of the ids that it reads.
        block_size: longest context, or longest row in training.
        row_size: longest row when losses are measured.
        lead: symbols before the targets of a row within a text that training reads as context.
        mixed: whether training batches must not be grouped by length, since statistics over a
            batch would tell it.
        measured_lead: the same where losses are measured: every prediction after the first row
            of a text has at least so much of its real context.
        context: how many symbols back a prediction can see; None if there is no end to it.
        carries: whether training can hand the state at the end of a row on to the next batch.
    """

    Settings: ClassVar[type[Settings]]
    reads: Literal["window", "sequence"]
    carries: ClassVar[bool] = False

    vocabulary: Vocabulary
    block_size: int
    lead: int = 0
    mixed: bool = False

    @property
    def row_size(self) -> int:
        """Longest row when losses are measured."""
        return self.block_size

    @property
    def measured_lead(self) -> int:
        """Symbols read again as context when a text is measured row by row."""
        return self.lead

    @property
    def context(self) -> int | None:
        """How many symbols back a prediction can see."""
        return self.block_size

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """How many numbers were learned: weights, or counts that are not zero."""

    @abstractmethod
    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """What each prediction costs: -ln p(target | what came before), in nats.

        Args:
            inputs: (N, block_size) contexts of a window model, (B, T) rows of a sequence model.
            targets: (N,) or (B, T); a negative target is padding.

        Returns:
            The shape of `targets`; 0 at padding.
        """

    @abstractmethod
    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """Read one more symbol in each of B places and tell what comes next.

        Args:
            ids: the symbol just read in each place, shape (B,).
            state: what the last step returned, None before the first.

        Returns:
            Logits of shape (B, V) and the new state.
        """

    @abstractmethod
    def select(self, state: Any, places: Ids) -> Any:
        """The state of some of the places only, in the order given."""

    def stepping(self, count: int) -> AbstractContextManager[None]:
        """A context for many steps in `count` places, where a model can prepare for them."""
        return nullcontext()

    @abstractmethod
    def arrays(self) -> Arrays:
        """Everything learned, by name, for a file."""

    @abstractmethod
    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """


class WindowModel(LanguageModel):
    """A model that sees the last `block_size` symbols and nothing else.

    What it remembers from step to step is that window: contexts of shape (B, block_size).
    """

    reads: Literal["window", "sequence"] = "window"

    @abstractmethod
    def window_logits(self, contexts: Ids) -> Floats:
        """Logits of shape (N, V) for contexts of shape (N, block_size), the newest symbol last."""

    def step(self, ids: Ids, state: Ids | None) -> tuple[Floats, Ids]:
        """Move the window on by one symbol and look through it."""
        if state is None:
            state = np.full((len(ids), self.block_size), self.vocabulary.start, dtype=np.int64)
        window = np.concatenate([state, ids[:, None]], axis=1)[:, 1:]
        return self.window_logits(window), window

    def select(self, state: Ids, places: Ids) -> Ids:
        """The windows of some places."""
        return state[places]
