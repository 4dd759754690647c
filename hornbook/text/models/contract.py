"""What every language model here can do, whatever it is made of.

Training, evaluation, sampling and pictures know this contract and no family by name. Arrays cross
it as NumPy, so that a family made of counts needs no tensors, and what is measured of a net and of
a table of counts is measured by the same code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from hornbook.settings import Settings
from hornbook.text.models.memory import Floats, Ids, Memory
from hornbook.text.models.reading import Reading, Reads
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Arrays", "Floats", "Ids", "LanguageModel"]

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Told:
    """The state of places in which values of conditions are given."""

    added: Ids
    "What is added to the ids that are read, shape (B,); see `Vocabulary`."
    state: Any
    "What the model remembers."


class LanguageModel(ABC):
    """A model of what comes next.

    The ids that it reads say what is given with a text as well, where it has conditions; see
    `Vocabulary`. Those that it predicts are tokens.

    How it reads a stream and how it remembers what it read are parts that it has: its constructor
    chooses them, by its settings, and nothing here is overridden to change either.

    Attributes:
        Settings: the dataclass of the family's settings.
        settings: this model's settings.
        vocabulary: of the ids that it reads.
        reading: how a stream is cut for it, in training and where losses are measured.
        memory: what it remembers while it reads on, token by token.
    """

    Settings: ClassVar[type[Settings]]

    vocabulary: Vocabulary
    reading: Reading
    memory: Memory[Any]

    @property
    def reads(self) -> Reads:
        """`window` or `sequence`; this and the next few are the reading's."""
        return self.reading.reads

    @property
    def block_size(self) -> int:
        """Longest context, or longest row in training."""
        return self.reading.block_size

    @property
    def row_size(self) -> int:
        """Longest row when losses are measured."""
        return self.reading.row_size

    @property
    def lead(self) -> int:
        """Tokens read again as context when training cuts an example or a text into rows."""
        return self.reading.lead

    @property
    def measured_lead(self) -> int:
        """Tokens read again as context when a text is measured row by row."""
        return self.reading.measured_lead

    @property
    def mixed(self) -> bool:
        """Whether training batches must not be grouped by length."""
        return self.reading.mixed

    @property
    def context(self) -> int | None:
        """How many tokens back a prediction can see; None if there is no end to it."""
        return self.reading.context

    @property
    def carries(self) -> bool:
        """Whether training can hand the state at the end of a row on to the next batch."""
        return self.reading.carries

    @property
    def loss_size(self) -> int:
        """How many numbers `token_losses` makes for a prediction: its logits."""
        return self.vocabulary.size

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
    def next_logits(self, inputs: Ids) -> Floats:
        """What comes next, as logits: ln p of every token but for what a row has in common.

        Args:
            inputs: (N, block_size) contexts of a window model, (B, T) rows of a sequence model.

        Returns:
            Shape (N, V), or (B, T, V): of every position.
        """

    @final
    def start(self, ids: Ids, given: Ids | None = None) -> tuple[Floats, Any]:
        """Begin a generation: read its first tokens as one block and tell what comes next.

        The same as `step` token by token, but for rounding. To go on in many places from one
        beginning, read it once, and `select` place 0 as often as it is wanted.

        Args:
            ids: what was read, at least one token: the boundary first, where there is one. Shape
                (T,) for one place, (B, T) for B places side by side.
            given: the values of the conditions, as numbers: shape (K,) or (B, K), 0 where none is
                given. None: nothing is given. It holds for all that is read from here on.

        Returns:
            Logits of shape (B, V), or (1, V), and the state after the last token.

        Raises:
            ValueError: if there is no token to read, or these are not values of its conditions.
        """
        rows = ids if ids.ndim == 2 else ids[None]
        if not rows.shape[1]:
            raise ValueError("start needs at least one token")
        if given is None:
            return self.memory.start(self, rows)
        added = self.vocabulary.added(given if given.ndim == 2 else given[None])
        logits, state = self.memory.start(self, rows + added[:, None])
        return logits, Told(np.broadcast_to(added, len(rows)), state)

    @final
    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """Read one more token in each of B places and tell what comes next.

        Args:
            ids: the token just read in each place, shape (B,).
            state: what `start` or the last step returned; None: these tokens are the first.

        Returns:
            Logits of shape (B, V) and the new state.
        """
        if state is None:
            return self.start(ids[:, None])
        if not isinstance(state, Told):
            return self.memory.step(self, ids, state)
        logits, after = self.memory.step(self, ids + state.added, state.state)
        return logits, Told(state.added, after)

    @final
    def select(self, state: Any, places: Ids) -> Any:
        """The state of some of the places only, in the order given; a place may come twice."""
        if not isinstance(state, Told):
            return self.memory.select(self, state, places)
        return Told(state.added[places], self.memory.select(self, state.state, places))

    @final
    def moves(self, state: Any) -> bool:
        """Whether `select` takes long: it moves what is remembered of the places together."""
        return self.memory.moves(state.state if isinstance(state, Told) else state)

    def merge(self) -> None:  # noqa: B027 - most keep nothing apart
        """Make one what was kept apart for training, where something was: it is only used now."""

    def stepping(self, count: int) -> AbstractContextManager[None]:
        """A context for many steps in `count` places, where a model can prepare for them."""
        return nullcontext()

    def in_eight_bits(self) -> tuple[LanguageModel, int] | None:
        """The same model with weights in 8 bits, to be used and not trained, and how many are.

        None if it has no linear layers whose weights could be.
        """
        return None

    @abstractmethod
    def arrays(self) -> Arrays:
        """Everything learned, by name, for a file."""

    @abstractmethod
    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
