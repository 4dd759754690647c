"""The transformer that it was made for: an encoder reads the source, a decoder writes the target.

As "Attention is all you need" (Vaswani et al. 2017) with what has measured better since: norms
before each part, queries and keys normalised, squared ReLU, projections that start at zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import (
    Decoder,
    DecoderBlock,
    Embedding,
    Encoder,
    EncoderBlock,
    Layer,
    Linear,
    Padding,
    Rotary,
    SinusoidalPositions,
    TransformerParts,
)
from hornbook.nn.decoder import DecoderState
from hornbook.nn.transformer_parts import FeedForward, Norm
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.sequence_net import SequenceNet, target_size
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings

__all__ = ["Seq2Seq", "Seq2SeqSettings"]

TIED_STD = 0.1  # of embeddings that are the output layer's weights, too


@dataclass(frozen=True)
class Seq2SeqSettings(Settings):
    """Settings of the encoder-decoder transformer."""

    training_only = frozenset({"dropout"})

    n_layer: Annotated[int, Bounds(1, 256), Range(1, 4)] = 2
    "Number of blocks of the encoder, and of the decoder."
    n_head: Annotated[int, Bounds(1, 256)] = 4
    "Attention heads per block; n_embd must be a multiple of it."
    n_embd: Annotated[int, Bounds(1, 16_384), Range(32, 128, step=32)] = 64
    "Size of the embeddings and of the residual stream."
    widen: Annotated[float, Bounds(0, 64, above=True)] = 4.0
    "Hidden units of the feed-forward layers, as a multiple of n_embd."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.0
    "Dropout rate of embeddings, attention weights, and what each part of a block adds."
    position: Literal["sinusoidal", "rotary", "both", "none"] = "rotary"
    """Position encoding: sinusoidal, waves added to the embeddings; rotary, which rotates queries
    and keys within a text; both; or none."""
    norm: Norm = "rms"
    "Normalisation before each part of a block and before the output layer: RMSNorm or LayerNorm."
    feed_forward: FeedForward = "relu2"
    "Nonlinearity of the feed-forward layers; gelu_tanh is GPT-2's approximation of gelu."
    qk_norm: bool = True
    "Normalise queries and keys before attention (QK-norm)."
    bias: bool = False
    "Use biases in the linear layers and in LayerNorm."
    tied: bool = True
    """Share the embeddings of targets with the output layer, and with those of sources where both
    sides share their tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        size, rest = divmod(self.n_embd, self.n_head)
        if rest:
            raise SettingsError(
                f"`n_embd` must be a multiple of `n_head`, {self.n_head}; it is {self.n_embd}.",
                hint=f"Set `n_embd` to a multiple of {self.n_head}, or change `n_head`.",
            )
        if self.position in ("rotary", "both") and size % 2:
            raise SettingsError(
                f"Rotary positions need an even head size; `n_embd` / `n_head` is {size}.",
                hint="Make `n_embd` / `n_head` even, or set `position=sinusoidal`.",
            )
        if self.position == "sinusoidal" and self.n_embd % 2:
            raise SettingsError(
                f"Sinusoidal positions need an even `n_embd`; it is {self.n_embd}.",
                hint="Make `n_embd` even.",
                setting="n_embd",
            )


class Seq2Seq(SequenceNet):
    """Sources (B, S) and what has been said (B, T) to logits (B, T, V).

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = Seq2SeqSettings
    settings: Seq2SeqSettings

    def __init__(
        self, settings: Seq2SeqSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(settings, shape)
        s, v = settings, target_size(shape)
        parts = TransformerParts(
            s.n_embd, s.n_head, max(1, round(s.widen * s.n_embd)), dropout=s.dropout, norm=s.norm,
            feed_forward=s.feed_forward, qk_norm=s.qk_norm, bias=s.bias,
        )  # fmt: skip
        rotary = Rotary(s.n_embd // s.n_head) if s.position in ("rotary", "both") else None
        said = Embedding(v, s.n_embd, generator=generator)
        read = said
        if not (s.tied and shape.shared):
            read = Embedding(shape.source.size, s.n_embd, generator=generator)
        self.head = Linear(s.n_embd, v, bias=False, generator=generator)
        if s.tied:
            self.head.weight = said.weight
            with torch.no_grad():
                said.weight.normal_(0, TIED_STD, generator=generator)
        else:
            parts.initialise(self.head, 0.1, generator)
        self.encoder = Encoder(
            self.front(read, parts),
            [EncoderBlock(parts, rotary, generator) for _ in range(s.n_layer)],
            parts.norms(),
        )
        self.decoder = Decoder(
            self.front(said, parts),
            [DecoderBlock(parts, rotary, generator) for _ in range(s.n_layer)],
            parts.norms(),
        )

    def front(self, embedding: Embedding, parts: TransformerParts) -> list[Layer]:
        """What stands before the blocks."""
        s = self.settings
        waves = s.position in ("sinusoidal", "both")
        return [
            embedding,
            *([SinusoidalPositions(s.n_embd, scale=TIED_STD if s.tied else 1.0)] if waves else []),
            *parts.drops(),
        ]

    @property
    def blocks(self) -> list[Any]:
        """Those of the encoder and of the decoder: training can recompute them."""
        return [*self.encoder.chain, *self.decoder.chain]

    def hidden_vjp(
        self, sources: Tensor, padding: Padding | None, inputs: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], None]]:
        """What the head reads, (B, T, C), and the way back from its gradient."""
        memory, encoder_backward = self.encoder.vjp(sources, padding)
        y, decoder_backward = self.decoder.vjp(inputs, memory, padding)

        def backward(dy: Tensor) -> None:
            encoder_backward(decoder_backward(dy)[1])

        return y, backward

    def state_of(self, sources: Tensor, padding: Padding | None) -> DecoderState:
        """The state before anything is said: keys and values of the sources."""
        return self.decoder.begin(self.encoder(sources, padding), padding)

    def advance(self, x: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """One more token of each row."""
        return self.decoder.advance(x, state)

    def pick(self, state: DecoderState, places: Tensor) -> DecoderState:
        """The state of some rows."""
        return self.decoder.pick(state, places)

    def looks(self, sources: Tensor, padding: Padding | None, inputs: Tensor) -> Tensor:
        """The weights of cross-attention, of one layer after the other, head by head."""
        return self.decoder.alignment(inputs, self.encoder(sources, padding), padding)
