"""Recurrent nets: what was read lives on in a state, however long ago it was.

    rnn     Elman 1990; with the joins of fast.ai's lesson 6, and the identity start of Le et al.
    gru     Cho et al. 2014: the state is kept or renewed, number by number
    lstm    Hochreiter and Schmidhuber 1997: the state is added to

The lesson's nets are settings of the first family:

    CharLoopModel           predict last, join added, block_size 8, n_embd 42, n_hidden 256
    CharLoopConcatModel     the same with join concatenated
    CharRnn                 the same with join projected
    CharSeqRnn              predict every; with identity 1 its last
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.nn import (
    GRU,
    LSTM,
    RNN,
    AddedRNN,
    Backward,
    ConcatenatedRNN,
    Dropout,
    LastPosition,
    Layer,
    Linear,
    Recurrent,
    RecurrentStack,
    Sequential,
)
from hornbook.nn.init import initialise
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.text.batch import Batch
from hornbook.text.models.contract import Floats, Ids
from hornbook.text.models.layer_memory import LayerMemory
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = [
    "GRUModel",
    "LSTMModel",
    "RNNModel",
    "RNNSettings",
    "RecurrentNetwork",
    "RecurrentSettings",
]

MEASURED_ROW = 1024  # longest row where losses are measured
MEASURED_LEAD = 256  # tokens of it that every prediction after the first row has before it
AT_ONCE = 16_384  # positions read at a time at most where nothing is learned: gates take room


@dataclass(frozen=True)
class RecurrentSettings(Settings):
    """Settings of every recurrent net."""

    training_only = frozenset({"dropout", "dropped", "embedding_dropout"})

    block_size: Annotated[int, Bounds(1, 65_536)] = 64
    """Longest sequence in training, in tokens; gradients go back no further (truncated
    backpropagation through time), and earlier tokens act only through a carried state."""
    n_embd: Annotated[int, Bounds(1, 4096), Range(16, 128, log=True)] = 48
    "Size of the token embeddings."
    n_hidden: Annotated[int, Bounds(1, 65_536), Range(64, 512, log=True)] = 320
    "Size of each layer's hidden state."
    n_layer: Annotated[int, Bounds(1, 64)] = 1
    "Number of stacked recurrent layers."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.5)] = 0.3
    "Dropout rate of each layer's outputs."
    dropped: Literal["every", "between"] = "every"
    """Which outputs dropout acts on: every, each layer's; between, only what one layer hands to
    the next, as torch's recurrent nets do (only with n_layer above 1)."""
    embedding_dropout: Annotated[float, Bounds(0, 0.95)] = 0.1
    "Dropout rate of the embeddings."
    predict: Literal["every", "last"] = "every"
    """every: predict at each position of a sequence; last: predict only after a window of
    block_size tokens, from a zero state, as in the lesson's first nets."""
    output_gain: Annotated[float, Bounds(0, 1000)] = 0.1
    """Factor on the output layer's initial weights; a small one makes the first predictions nearly
    uniform."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.n_layer > 1, ("dropped",), "`n_layer` above 1")


@dataclass(frozen=True)
class RNNSettings(RecurrentSettings):
    """Settings of the plain recurrent net."""

    join: Literal["projected", "added", "concatenated"] = "projected"
    """How input and state are combined: projected, each by its own weights (torch's RNN); added or
    concatenated, after a ReLU (fast.ai's loops)."""
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    "Nonlinearity of the new state (only with join=projected)."
    identity: Annotated[float, Bounds(0, 2)] = 0.0
    """Initialise the recurrent weights to the identity times this (only with join=projected; 0:
    random initialisation). At 1, a relu state grows along the sequence, so that the first losses
    on long sequences are high."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(
            self.join == "projected", ("nonlinearity", "identity"), "`join=projected`"
        )


class RecurrentNetwork(Network):
    """Ids (B, T) to logits (B, T, V); with `predict` last, windows (N, T) to logits (N, V)."""

    settings: RecurrentSettings

    def __init__(
        self,
        settings: RecurrentSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        s, v = settings, vocabulary.size
        if s.predict == "every":
            super().__init__(s, vocabulary, read_along(s.block_size), LayerMemory(reach=None))
        else:
            memory = WindowMemory(s.block_size, vocabulary.start)
            super().__init__(s, vocabulary, Reading.windows(s.block_size), memory)
        self.state: Tensor | None = None  # after the last training batch
        layers: list[Layer] = [token_embedding(vocabulary, s.n_embd, generator)]
        if s.embedding_dropout:
            layers.append(Dropout(s.embedding_dropout))
        sizes = [s.n_embd] + [s.n_hidden] * (s.n_layer - 1)
        cells = [self.cell(size, generator) for size in sizes]
        layers.append(RecurrentStack(*cells, dropout=s.dropout))
        if s.predict == "last":
            layers.append(LastPosition())
        if s.dropout and s.dropped == "every":
            layers.append(Dropout(s.dropout))
        output = Linear(s.n_hidden, v, generator=generator)
        initialise(output, "kaiming", s.output_gain, generator=generator)
        self.net = Sequential(*layers, output)

    @abstractmethod
    def cell(self, input_size: int, generator: torch.Generator | None) -> Recurrent:
        """One recurrent layer."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Logits, and the backward pass, from states of zeros."""
        logits, _, backward = self.vjp_from(x, None)
        return logits, backward

    def vjp_from(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor, Backward]:
        """Logits, the states after the last tokens, shape (B, S), and the backward pass.

        The backward pass ends at `state`: backpropagation through time is truncated there.
        """
        ways_back: list[Backward] = []
        last = x
        for layer in self.net.chain:
            if isinstance(layer, RecurrentStack):
                x, last, through_time = layer.vjp_from(x, state)
                ways_back.append(lambda dy, back=through_time: back(dy)[0])  # type: ignore[misc]
            else:
                x, backward = layer.vjp(x)
                ways_back.append(backward)

        def backward_all(dy: Tensor) -> Tensor:
            for backward in reversed(ways_back):
                dy = backward(dy)
            return dy

        return x, last, backward_all

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and the way to the gradients of all parameters.

        A batch that follows the last one begins from the states that the last one ended in.
        """
        state = self.state if batch.follows else None
        logits, last, logits_backward = self.vjp_from(self.tensor(batch.inputs), state)
        loss, loss_backward = self.cross_entropy.vjp(logits, self.tensor(batch.targets))
        if self.carries:
            with torch.inference_mode(False):
                self.state = last.detach().clone()

        def backward() -> None:
            logits_backward(loss_backward())

        return loss, backward

    def carried(self) -> dict[str, Tensor]:
        """The states after the last training batch, for a checkpoint."""
        return {} if self.state is None else {"state": self.state}

    def carry(self, tensors: dict[str, Tensor]) -> None:
        """Take what `carried` gave."""
        state = tensors.get("state")
        self.state = None if state is None else state.to(self.anchor.device)

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target, from states of zeros, some rows at a time."""
        losses = np.empty(targets.shape)
        for some in slices(inputs):
            losses[some] = super().token_losses(inputs[some], targets[some])
        return losses

    def next_logits(self, inputs: Ids) -> Floats:
        """Logits from states of zeros, some rows or windows at a time."""
        look = super().next_logits
        return np.concatenate([look(inputs[some]) for some in slices(inputs)])


def read_along(block_size: int) -> Reading:
    """Rows along which a state is carried: memory alone limits those that are measured."""
    return Reading.rows(
        block_size,
        context=None,
        row_size=max(block_size, MEASURED_ROW),
        measured_lead=MEASURED_LEAD,
        carries=True,
    )


def slices(rows: Ids) -> list[slice]:
    """Cuts of (N, T) rows into parts of AT_ONCE positions at most, but no less than a row."""
    count = max(1, AT_ONCE // max(1, rows.shape[1]))
    return [slice(at, at + count) for at in range(0, max(1, len(rows)), count)]


class RNNModel(RecurrentNetwork):
    """The plain recurrent net."""

    Settings = RNNSettings
    settings: RNNSettings

    def cell(self, input_size: int, generator: torch.Generator | None) -> Recurrent:
        """One layer, joined as the settings say."""
        s = self.settings
        if s.join == "added":
            return AddedRNN(input_size, s.n_hidden, generator=generator)
        if s.join == "concatenated":
            return ConcatenatedRNN(input_size, s.n_hidden, generator=generator)
        return RNN(
            input_size,
            s.n_hidden,
            nonlinearity=s.nonlinearity,
            identity=s.identity,
            generator=generator,
        )


class GRUModel(RecurrentNetwork):
    """The net of gated recurrent units."""

    Settings = RecurrentSettings

    def cell(self, input_size: int, generator: torch.Generator | None) -> Recurrent:
        """One layer."""
        return GRU(input_size, self.settings.n_hidden, generator=generator)


class LSTMModel(RecurrentNetwork):
    """The net of long short-term memory."""

    Settings = RecurrentSettings

    def cell(self, input_size: int, generator: torch.Generator | None) -> Recurrent:
        """One layer."""
        return LSTM(input_size, self.settings.n_hidden, generator=generator)
