"""The recurrent encoder-decoder with attention (Bahdanau, Cho and Bengio 2014).

Before attention, an encoder had to press a whole sentence into the one vector that the decoder
began from. Here the decoder looks at all positions of the source again before each token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from hornbook.nn import (
    GRU,
    AttentionGRU,
    Bidirectional,
    BidirectionalStack,
    Dropout,
    Embedding,
    Linear,
    Padding,
    Sequential,
    Tanh,
)
from hornbook.nn.attention_gru import AttentionGRUState
from hornbook.nn.sequential import chain_vjp
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.sequence_net import SequenceNet, target_size
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings

__all__ = ["AttentionRNN", "AttentionRNNSettings"]

TIED_STD = 0.1  # of embeddings that are the output layer's weights, too


@dataclass(frozen=True)
class AttentionRNNSettings(Settings):
    """Settings of the recurrent encoder-decoder."""

    training_only = frozenset({"dropout"})

    n_embd: Annotated[int, Bounds(1, 16_384), Range(16, 128, log=True)] = 64
    "Size of the embeddings."
    n_hidden: Annotated[int, Bounds(1, 16_384), Range(64, 256, log=True)] = 128
    "Units of the decoder, and of the encoder in each direction."
    n_attention: Annotated[int, Bounds(1, 16_384)] = 64
    "Units of the net that says how well a state and a position of the source match."
    n_layer: Annotated[int, Bounds(1, 64)] = 1
    "Layers of the encoder, each read in both directions."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.0
    "Dropout rate of embeddings, between layers, and of what the output layer reads."
    tied: bool = True
    """Share the embeddings of targets with the output layer, and with those of sources where both
    sides share their tokens."""


class AttentionRNN(SequenceNet):
    """Sources (B, S) and what has been said (B, T) to logits (B, T, V).

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = AttentionRNNSettings
    settings: AttentionRNNSettings

    def __init__(
        self, settings: AttentionRNNSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(settings, shape)
        s, v, h = settings, target_size(shape), settings.n_hidden
        said = Embedding(v, s.n_embd, generator=generator)
        read = said
        if not (s.tied and shape.shared):
            read = Embedding(shape.source.size, s.n_embd, generator=generator)
        self.reading = Sequential(read, Dropout(s.dropout))
        both = [
            Bidirectional(*(GRU(2 * h if at else s.n_embd, h, generator=generator) for _ in "<>"))
            for at in range(s.n_layer)
        ]
        self.encoder = BidirectionalStack(*both, dropout=s.dropout)
        self.start = Sequential(Linear(h, h, generator=generator), Tanh())
        self.writing = Sequential(said, Dropout(s.dropout))
        self.decoder = AttentionGRU(s.n_embd, 2 * h, h, s.n_attention, generator=generator)
        self.readout = Sequential(
            Linear(3 * h + s.n_embd, s.n_embd, generator=generator), Tanh(), Dropout(s.dropout)
        )
        self.head = Linear(s.n_embd, v, bias=not s.tied, generator=generator)
        if s.tied:
            self.head.weight = said.weight
            with torch.no_grad():
                said.weight.normal_(0, TIED_STD, generator=generator)

    def hidden_vjp(
        self, sources: Tensor, padding: Padding | None, inputs: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """What the head reads, (B, T, C), and the way back from its gradient."""
        h = self.settings.n_hidden
        x, reading_backward = chain_vjp(self.reading.chain, sources)
        memory, encoder_backward = self.encoder.vjp(x, padding)
        state, start_backward = self.start.vjp(memory[:, 0, h:])
        said, writing_backward = chain_vjp(self.writing.chain, inputs)
        (states, told), decoder_backward = self.decoder.vjp(said, memory, state, padding)
        y, readout_backward = self.readout.vjp(torch.cat([states, told, said], 2))

        def backward(dy: Tensor) -> None:
            parts = torch.split(readout_backward(dy), [h, 2 * h, said.shape[2]], 2)
            dstates, dtold, dsaid = parts
            dread, dmemory, dstate = decoder_backward(dstates, dtold)
            writing_backward(dsaid + dread)
            dmemory[:, 0, h:] += start_backward(dstate)
            reading_backward(encoder_backward(dmemory))

        return y, backward

    def state_of(self, sources: Tensor, padding: Padding | None) -> AttentionGRUState:
        """The state before anything is said: of what was read from the end to the start."""
        memory = self.encoder(self.reading(sources), padding)
        state = self.start(memory[:, 0, self.settings.n_hidden :])
        return self.decoder.begin(memory, state, padding)

    def advance(self, x: Tensor, state: AttentionGRUState) -> tuple[Tensor, AttentionGRUState]:
        """One more token of each row."""
        said = self.writing(x)
        (h, told), state = self.decoder.advance(said, state)
        return self.readout(torch.cat([h, told, said], 1)), state

    def pick(self, state: AttentionGRUState, places: Tensor) -> AttentionGRUState:
        """The state of some rows."""
        return state.pick(places)

    def looks(self, sources: Tensor, padding: Padding | None, inputs: Tensor) -> Tensor:
        """The weights of attention, shape (B, 1, T, S)."""
        memory = self.encoder(self.reading(sources), padding)
        start = self.start(memory[:, 0, self.settings.n_hidden :])
        states, _ = self.decoder(self.writing(inputs), memory, start, padding)
        before = torch.cat([start.unsqueeze(1), states[:, :-1]], 1)
        return self.decoder.attention.weights(before, memory, padding).unsqueeze(1)
