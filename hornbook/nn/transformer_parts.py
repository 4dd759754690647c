"""What the blocks of a transformer are put together from, in one kind throughout a net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from hornbook.nn.activations import GELU, ReLU, SquaredReLU, SwiGLU, TanhGELU
from hornbook.nn.attention import SelfAttention
from hornbook.nn.cross_attention import CrossAttention
from hornbook.nn.dropout import Dropout
from hornbook.nn.init import initialise
from hornbook.nn.layer import Layer
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.linear import Linear
from hornbook.nn.rmsnorm import RMSNorm

__all__ = ["FeedForward", "Norm", "TransformerParts"]

Norm = Literal["rms", "layer", "none"]
FeedForward = Literal["relu2", "gelu", "gelu_tanh", "relu", "swiglu", "none"]

ACTIVATIONS: dict[str, type[SquaredReLU | GELU | TanhGELU | ReLU | SwiGLU]] = {
    "relu2": SquaredReLU,
    "gelu": GELU,
    "gelu_tanh": TanhGELU,
    "relu": ReLU,
    "swiglu": SwiGLU,
}


@dataclass(frozen=True)
class TransformerParts:
    """Makes norms, attention and feed-forward layers of one kind, with their initial weights."""

    n_embd: int
    "C, size of a position's vector."
    n_head: int
    "Heads of each attention."
    hidden: int
    "Units of the feed-forward layers."
    dropout: float = 0.0
    "Of attention weights, and of what each part adds."
    norm: Norm = "rms"
    "RMSNorm, LayerNorm or nothing."
    norm_gain: bool = False
    "Whether RMSNorm has a gain."
    norm_eps: float = 0.0
    "0: 1e-5 in LayerNorm, 1e-6 in RMSNorm."
    feed_forward: FeedForward = "relu2"
    "The nonlinearity."
    qk_norm: bool = True
    "Whether queries and keys are normalised."
    bias: bool = False
    "Whether linear layers and LayerNorm have biases."
    init_std: float = 0.0
    "Standard deviation of initial weights; 0: by the size of each layer's input."
    last_gain: float = 0.0
    "Factor on the initial weights of each part's last layer."

    def norms(self) -> list[Layer]:
        """A normalisation, or nothing."""
        if self.norm == "layer":
            return [LayerNorm(self.n_embd, self.norm_eps or 1e-5, bias=self.bias)]
        if self.norm == "rms":
            return [RMSNorm(self.n_embd, self.norm_eps or 1e-6, gain=self.norm_gain)]
        return []

    def drops(self) -> list[Layer]:
        """Dropout, where it is wanted."""
        return [Dropout(self.dropout)] if self.dropout else []

    def initialise(
        self, layer: Linear, gain: float, generator: torch.Generator | None = None
    ) -> None:
        """Give a linear layer its initial weights, and a bias of zero.

        Args:
            layer: whose weights to set.
            gain: factor in the standard deviation, which is `init_std`, or by the size of the
                layer's input.
            generator: of the random numbers.
        """
        if self.init_std:
            initialise(layer, "normal", gain * self.init_std, generator=generator)
        else:
            initialise(layer, "kaiming", gain, generator=generator)

    def self_attention(self, generator: torch.Generator | None, **options: Any) -> SelfAttention:
        """Attention in which the positions of a row ask each other.

        Args:
            generator: of the random numbers.
            options: further ones of `SelfAttention`.
        """
        attention = SelfAttention(
            self.n_embd,
            self.n_head,
            bias=self.bias,
            qk_norm=self.qk_norm,
            dropout=self.dropout,
            generator=generator,
            **options,
        )
        self.initialise(attention.qkv, 1.0, generator)
        if attention.projection is not None:
            self.initialise(attention.projection, self.last_gain, generator)
        return attention

    def cross_attention(self, generator: torch.Generator | None) -> CrossAttention:
        """Attention in which the positions of one row ask those of another, of the same size."""
        attention = CrossAttention(
            self.n_embd,
            self.n_embd,
            self.n_head,
            bias=self.bias,
            qk_norm=self.qk_norm,
            dropout=self.dropout,
            generator=generator,
        )
        self.initialise(attention.query, 1.0, generator)
        self.initialise(attention.key_value, 1.0, generator)
        self.initialise(attention.projection, self.last_gain, generator)
        return attention

    def feed_forwards(
        self, generator: torch.Generator | None, linear: Callable[..., Linear] = Linear
    ) -> list[Layer]:
        """The layers in which each position thinks by itself.

        Args:
            generator: of the random numbers.
            linear: makes the linear layers: `Linear`, or what else takes the same arguments.
        """
        width = 2 * self.hidden if self.feed_forward == "swiglu" else self.hidden
        first = linear(self.n_embd, width, self.bias, generator=generator)
        last = linear(self.hidden, self.n_embd, self.bias, generator=generator)
        self.initialise(first, 1.0, generator)
        self.initialise(last, self.last_gain, generator)
        return [first, ACTIVATIONS[self.feed_forward](), last]
