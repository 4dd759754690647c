"""The multilayer perceptron of Bengio et al. 2003, on characters.

The embeddings of the last `block_size` tokens, side by side, go through one or more hidden layers.
The lectures' nets are settings of this one family:

    part 2    n_embd 10, n_hidden 200, activation tanh, norm none, block_size 3    11,897 numbers
    part 3    the same with norm batch                                             12,097
    part 3    n_hidden 100 five times, norm batch, output_norm                     47,024
    part 4    n_hidden 200, norm batch, bias_before_norm                           12,297
    part 5    the flat net: block_size 8                                           22,097
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch

from hornbook.errors import SettingsError
from hornbook.nn import (
    BatchNorm1d,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    Sequential,
    Tanh,
)
from hornbook.nn.init import Scheme, gain, initialise
from hornbook.ranges import Choices, Range
from hornbook.settings import Bounds, Settings
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["MLP", "MLPSettings"]


@dataclass(frozen=True)
class MLPSettings(Settings):
    """Settings of the multilayer perceptron."""

    training_only = frozenset({"dropout"})

    block_size: Annotated[int, Bounds(1, 1024)] = 8
    "Context length in tokens."
    n_embd: Annotated[int, Bounds(1, 4096), Range(4, 64, log=True)] = 16
    "Size of the token embeddings."
    n_hidden: Annotated[
        tuple[int, ...], Bounds(1, 65_536), Choices(((128,), (256,), (256, 160), (512, 256)))
    ] = (256, 160)
    "Units in each hidden layer, from input to output."
    activation: Literal["relu", "tanh"] = "relu"
    "Nonlinearity of the hidden layers."
    norm: Literal["batch", "layer", "none"] = "batch"
    "Normalisation before each nonlinearity: BatchNorm or LayerNorm."
    norm_momentum: Annotated[float, Bounds(0, 1, above=True)] = 0.1
    """Momentum of BatchNorm's running statistics: the weight of the newest batch (only with
    norm=batch; the lecture uses 0.001)."""
    biased_variance: bool = False
    """Use the biased variance in training, as torch's BatchNorm does, instead of the lectures'
    unbiased one (only with norm=batch)."""
    output_norm: bool = False
    "Apply BatchNorm to the logits too, as in the lecture's deeper net (only with norm=batch)."
    bias_before_norm: bool = False
    """Keep biases in linear layers before BatchNorm, where they have no effect, as in the lecture's
    part 4 (only with norm=batch)."""
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.0
    "Dropout rate of the hidden units."
    init: Scheme = "kaiming"
    """Standard deviation of the hidden layers' initial weights: kaiming, gain / sqrt(fan_in);
    xavier, gain * sqrt(2 / (fan_in + fan_out)); normal, gain."""
    gain: Annotated[float | None, Bounds(0, 1000, above=True)] = None
    """Factor in that standard deviation (default: the nonlinearity's recommended gain, 5/3 for tanh
    and sqrt(2) for relu)."""
    output_gain: Annotated[float, Bounds(0, 1000)] = 0.1
    "Gain of the output layer; a small one makes the first predictions nearly uniform."

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.n_hidden) <= 64:
            raise SettingsError(
                f"`n_hidden` must give the sizes of 1 to 64 layers; it gives {len(self.n_hidden)}."
            )
        batch = ("output_norm", "bias_before_norm", "norm_momentum", "biased_variance")
        self.refuse_unless(self.norm == "batch", batch, "`norm=batch`")


class MLP(Network):
    """Contexts (N, T) to logits (N, V)."""

    Settings = MLPSettings
    settings: MLPSettings

    def __init__(
        self,
        settings: MLPSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        s, v = settings, vocabulary.size
        super().__init__(
            s,
            vocabulary,
            Reading.windows(s.block_size),
            WindowMemory(s.block_size, vocabulary.start),
        )
        own = gain(s.activation) if s.gain is None else s.gain
        layers: list[Layer] = [token_embedding(vocabulary, s.n_embd, generator), Flatten()]
        fan_in = s.block_size * s.n_embd
        for width in s.n_hidden:
            biased = s.norm != "batch" or s.bias_before_norm
            linear = Linear(fan_in, width, biased, generator=generator)
            initialise(linear, s.init, own, generator=generator)
            layers.append(linear)
            if s.norm == "batch":
                layers.append(batch_norm(s, width))
            elif s.norm == "layer":
                layers.append(LayerNorm(width))
            layers.append(Tanh() if s.activation == "tanh" else ReLU())
            if s.dropout:
                layers.append(Dropout(s.dropout))
            fan_in = width
        output = Linear(fan_in, v, not s.output_norm or s.bias_before_norm, generator=generator)
        layers.append(output)
        if s.output_norm:
            initialise(output, s.init, 1.0, generator=generator)
            norm = batch_norm(s, v)
            torch.nn.init.constant_(norm.weight, s.output_gain)
            layers.append(norm)
        else:
            initialise(output, s.init, s.output_gain, generator=generator)
        self.net = Sequential(*layers)


def batch_norm(settings: MLPSettings, width: int) -> BatchNorm1d:
    """A BatchNorm of the settings' kind."""
    return BatchNorm1d(
        width, momentum=settings.norm_momentum, unbiased=not settings.biased_variance
    )
