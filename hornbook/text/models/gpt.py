"""The transformer: a GPT, from its first step in the lecture to a modern recipe.

Every stage of the lecture is a choice of settings; docs/lecture-gpt.md has the commands:

    a bigram with a head        n_layer 0
    one head                    n_layer 1, n_head 1, no projection, no feed-forward, no residual
    four heads                  the same with n_head 4
    and feed-forward            feed_forward relu, widen 1
    blocks with residuals       n_layer 3, residual, projection, widen 4
    layer norm, dropout         norm layer, dropout 0.2, 6 layers of 6 heads, n_embd 384

The defaults are what measured best here at a laptop's size (EXPERIMENTS.md): rotary positions,
RMSNorm without gain, normalised queries and keys, squared ReLU, projections that start at zero.

What others built of the same parts is a choice of settings, too:

    GPT-2                       hornbook/text/models/presets.py
    Llama (SmolLM2, TinyLlama)  n_kv_head, norm_gain, norm_eps, feed_forward swiglu, n_hidden,
                                rotary_base, no qk_norm
    LoRA                        lora_rank
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import torch

from hornbook.errors import SettingsError
from hornbook.nn import (
    Dropout,
    Layer,
    LearnedPositions,
    Linear,
    LoRALinear,
    Residual,
    Rotary,
    Sequential,
    SoftCap,
)
from hornbook.nn.transformer_parts import FeedForward, Norm, TransformerParts
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.text.models.layer_memory import BlockMemory, LayerMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["GPT", "GPTSettings"]

BLOCK_SETTINGS = (
    "n_head",
    "n_kv_head",
    "attention_projection",
    "feed_forward",
    "n_hidden",
    "widen",
    "residual",
    "qk_norm",
    "zero_init",
    "lora_rank",
)
LORA_SETTINGS = ("lora_rank", "lora_alpha", "lora_layers", "lora_dropout")


@dataclass(frozen=True)
class GPTSettings(Settings):
    """Settings of the transformer."""

    training_only = frozenset({"dropout", *LORA_SETTINGS})
    not_inherited = frozenset(LORA_SETTINGS)
    beside_learned = frozenset({"lora_rank"})
    shortenable = frozenset({"block_size"})

    block_size: Annotated[int, Bounds(1, 65_536)] = 64
    "Context length: how many tokens attention sees."
    n_layer: Annotated[int, Bounds(0, 256), Range(1, 6)] = 4
    "Number of blocks, each of attention and feed-forward."
    n_head: Annotated[int, Bounds(1, 256)] = 4
    "Attention heads per block; n_embd must be a multiple of it."
    n_kv_head: Annotated[int, Bounds(0, 256)] = 0
    """Heads of keys and values, each shared by n_head / n_kv_head heads of queries (grouped-query
    attention); 0: as many as n_head."""
    n_embd: Annotated[int, Bounds(1, 16_384), Range(32, 256, step=32)] = 128
    "Size of the embeddings and of the residual stream."
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.1
    "Dropout rate of the attention weights and of the outputs of attention and feed-forward."
    position: Literal["rotary", "learned", "none"] = "rotary"
    """Position encoding: rotary, which rotates queries and keys; learned, an embedding per
    position; or none."""
    rotary_base: Annotated[float, Bounds(1, 1e12, above=True)] = 10_000.0
    """Base of the rotary angles (theta): pair i of D features turns by position / base^(2i/D)
    radians."""
    norm: Norm = "rms"
    "Normalisation before attention, feed-forward and the output layer: RMSNorm or LayerNorm."
    norm_gain: bool = False
    "Learn a gain of each feature in RMSNorm; LayerNorm always has one."
    norm_eps: Annotated[float, Bounds(0, 1)] = 0.0
    "Added to the variance in normalisation (0: 1e-5 in LayerNorm, 1e-6 in RMSNorm)."
    feed_forward: FeedForward = "relu2"
    """Nonlinearity of the feed-forward layers; gelu_tanh is GPT-2's approximation of gelu (none: no
    feed-forward layers)."""
    widen: Annotated[float, Bounds(0, 64, above=True)] = 4.0
    "Hidden units of the feed-forward layers, as a multiple of n_embd."
    n_hidden: Annotated[int, Bounds(0, 262_144)] = 0
    "Hidden units of the feed-forward layers, exactly (0: by widen)."
    residual: bool = True
    "Residual connections around attention and feed-forward."
    attention_projection: bool = True
    "Mix the heads with a linear layer after attention."
    qk_norm: bool = True
    "Normalise queries and keys before attention (QK-norm)."
    zero_init: bool = True
    """Initialise the last linear layer of attention and of feed-forward to zero, so that each block
    adds nothing at first."""
    bias: bool = False
    "Use biases in the linear layers and in LayerNorm."
    softcap: Annotated[float, Bounds(0, 1e6)] = 0.0
    "Limit on the size of the logits: they become softcap * tanh(logits / softcap) (0: no limit)."
    tied: bool = False
    "Share the token embedding's weights with the output layer, as in GPT-2."
    output_gain: Annotated[float, Bounds(0, 1000)] = 0.1
    """Factor on the standard deviation of the output layer's initial weights; a small one makes the
    first predictions nearly uniform (not with tied)."""
    init_std: Annotated[float, Bounds(0, 10)] = 0.0
    """Standard deviation of all initial weights, GPT-2's is 0.02; of the last layer of attention
    and of feed-forward it is divided by sqrt(2 n_layer) (0: by the size of each layer's input)."""
    lora_rank: Annotated[int, Bounds(0, 4096)] = 0
    """Rank of LoRA's adapters, two thin matrices beside the weight of each linear layer. With them
    only they are trained, unless rates says otherwise; 0: no adapters. An init_from that has
    adapters of its own gives its weights merged with them."""
    lora_alpha: Annotated[float, Bounds(0, 1e6, above=True)] = 16.0
    "What the adapters add is multiplied by lora_alpha / lora_rank."
    lora_layers: Literal["all", "attention"] = "all"
    "Linear layers with adapters: all but the output layer, or those of attention alone."
    lora_dropout: Annotated[float, Bounds(0, 0.95)] = 0.0
    "Dropout rate of what the adapters read."

    def __post_init__(self) -> None:
        super().__post_init__()
        size, rest = divmod(self.n_embd, self.n_head)
        if rest:
            raise SettingsError(
                f"`n_embd` must be a multiple of `n_head`, {self.n_head}; it is {self.n_embd}.",
                hint=f"Set `n_embd` to a multiple of {self.n_head}, or change `n_head`.",
            )
        if self.n_kv_head and self.n_head % self.n_kv_head:
            raise SettingsError(
                f"`n_head` must be a multiple of `n_kv_head`, {self.n_kv_head}; it is "
                f"{self.n_head}.",
                hint="Set `n_kv_head` to a number that divides `n_head`, or to 0.",
                setting="n_kv_head",
            )
        if self.position == "rotary" and size % 2:
            raise SettingsError(
                f"Rotary positions need an even head size; `n_embd` / `n_head` is {size}.",
                hint="Make `n_embd` / `n_head` even, or set `position=learned`.",
            )
        self.refuse_unless(self.n_layer > 0, BLOCK_SETTINGS, "`n_layer` of at least 1")
        self.refuse_unless(
            self.feed_forward != "none",
            ("widen", "n_hidden"),
            "a `feed_forward` other than none",
        )
        self.refuse_unless(not self.n_hidden, ("widen",), "`n_hidden` of 0")
        self.refuse_unless(self.position == "rotary", ("rotary_base",), "`position=rotary`")
        self.refuse_unless(self.norm == "rms", ("norm_gain",), "`norm=rms`")
        self.refuse_unless(self.norm != "none", ("norm_eps",), "a `norm` other than none")
        self.refuse_unless(
            not self.tied, ("output_gain",), "an output layer of its own, without `tied`"
        )
        self.refuse_unless(not self.init_std, ("output_gain",), "`init_std` of 0")
        self.refuse_unless(
            self.lora_rank > 0, LORA_SETTINGS[1:], "adapters: a `lora_rank` of at least 1"
        )

    @property
    def hidden(self) -> int:
        """Hidden units of the feed-forward layers."""
        return self.n_hidden or max(1, round(self.widen * self.n_embd))


class GPT(Network):
    """Rows of ids (B, T) to logits (B, T, V).

    Rotary positions let the cache of keys and values roll on for ever, and a token is forgotten by
    a layer when it is `block_size` old. Learned positions, or none, end with the row, which is
    begun again.
    """

    Settings = GPTSettings
    settings: GPTSettings

    def __init__(
        self,
        settings: GPTSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        s, v = settings, vocabulary.size
        memory = BlockMemory(s.block_size)
        rolling = LayerMemory(reach=1 + s.n_layer * (s.block_size - 1))
        super().__init__(
            s,
            vocabulary,
            Reading.rows(s.block_size, context=s.block_size, measured_lead=memory.half),
            rolling if s.position == "rotary" else memory,
        )
        parts = self.parts
        embedding = token_embedding(vocabulary, s.n_embd, generator)
        if s.init_std and not s.tied:
            with torch.no_grad():
                embedding.weight.normal_(0, s.init_std, generator=generator)
        layers: list[Layer] = [embedding]
        if s.position == "learned":
            layers.append(
                LearnedPositions(s.block_size, s.n_embd, std=s.init_std or 0.1, generator=generator)
            )
        if s.dropout:
            layers.append(Dropout(s.dropout))
        turns = s.position == "rotary"
        rotary = Rotary(s.n_embd // s.n_head, s.rotary_base) if turns else None
        for _ in range(s.n_layer):
            block = [self.attention(rotary, generator)]
            if s.feed_forward != "none":
                block.append(self.feed_forward(generator))
            layers += [Residual(part) if s.residual else part for part in block]
        layers += parts.norms()
        head = Linear(s.n_embd, v, bias=s.bias and not s.tied, generator=generator)
        if s.tied:
            head.weight = embedding.weight
            with torch.no_grad():
                head.weight.normal_(0, s.init_std or 0.02, generator=generator)
        else:
            parts.initialise(head, 1.0 if s.init_std else s.output_gain, generator)
        layers.append(head)
        if s.softcap:
            layers.append(SoftCap(s.softcap))
        self.net = Sequential(*layers)

    @property
    def parts(self) -> TransformerParts:
        """What makes the parts of the blocks."""
        s = self.settings
        last_gain = 1.0
        if s.residual:  # what all parts add grows with their number
            last_gain = 0.0 if s.zero_init else (2 * max(s.n_layer, 1)) ** -0.5
        return TransformerParts(
            s.n_embd,
            s.n_head,
            s.hidden,
            dropout=s.dropout,
            norm=s.norm,
            norm_gain=s.norm_gain,
            norm_eps=s.norm_eps,
            feed_forward=s.feed_forward,
            qk_norm=s.qk_norm,
            bias=s.bias,
            init_std=s.init_std,
            last_gain=last_gain,
        )

    def linear(self, *, adapted: bool) -> Callable[..., Linear]:
        """What makes linear layers, with adapters where these are wanted."""
        s = self.settings
        if not (adapted and s.lora_rank):
            return Linear
        return partial(LoRALinear, rank=s.lora_rank, alpha=s.lora_alpha, dropout=s.lora_dropout)

    def attention(self, rotary: Rotary | None, generator: torch.Generator | None) -> Layer:
        """The part of a block in which positions talk to each other."""
        s, parts = self.settings, self.parts
        attention = parts.self_attention(
            generator,
            n_kv_head=s.n_kv_head or None,
            window=s.block_size if rotary is not None else None,
            projection=s.attention_projection,
            rotary=rotary,
            linear=self.linear(adapted=True),
        )
        return Sequential(*parts.norms(), attention, *parts.drops())

    def feed_forward(self, generator: torch.Generator | None) -> Layer:
        """The part of a block in which each position thinks by itself."""
        parts, linear = self.parts, self.linear(adapted=self.settings.lora_layers == "all")
        return Sequential(*parts.norms(), *parts.feed_forwards(generator, linear), *parts.drops())
