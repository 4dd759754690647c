"""The bag of words: each position sees the average of all before it.

The step between the MLP and attention: a context of any length through one fixed average, so that
the past is known, but nothing in it can be worth more than the rest. As in makemore, the average
and a two-layer perceptron each add to what stands at a position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch

from hornbook.nn import (
    AverageForm,
    CausalAverage,
    Dropout,
    Layer,
    LearnedPositions,
    Linear,
    Residual,
    Sequential,
    Tanh,
)
from hornbook.nn.init import gain, initialise
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.text.models.layer_memory import BlockMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["BagOfWords", "BagOfWordsSettings"]


@dataclass(frozen=True)
class BagOfWordsSettings(Settings):
    """Settings of the bag of words.

    The default block_size, 32, is longer than nearly every name, so that names are read whole. The
    position embeddings are learned, so no sequence can be longer than block_size; longer examples
    and texts are split into sequences that overlap by half.
    """

    training_only = frozenset({"dropout"})

    block_size: Annotated[int, Bounds(1, 4096)] = 32
    "Longest sequence read at once, in tokens; longer examples and texts are split."
    n_embd: Annotated[int, Bounds(1, 4096), Range(16, 256, log=True)] = 64
    "Size of the token and position embeddings."
    n_hidden: Annotated[int, Bounds(1, 65_536), Range(16, 256, log=True)] = 64
    "Units in the hidden layer."
    form: AverageForm = "product"
    """How the average is computed, always with the same result: a loop over positions, a matrix
    product, or a softmax of a mask, as attention does it."""
    dropout: Annotated[float, Bounds(0, 0.95), Range(0, 0.3)] = 0.0
    "Dropout rate of the hidden units."
    output_gain: Annotated[float, Bounds(0, 1000)] = 0.1
    """Factor on the output layer's initial weights; a small one makes the first predictions nearly
    uniform."""


class BagOfWords(Network):
    """Rows of ids (B, T), T at most block_size, to logits (B, T, V)."""

    Settings = BagOfWordsSettings
    settings: BagOfWordsSettings

    def __init__(
        self,
        settings: BagOfWordsSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        s, v = settings, vocabulary.size
        memory = BlockMemory(s.block_size)
        reading = Reading.rows(s.block_size, context=s.block_size, measured_lead=memory.half)
        super().__init__(s, vocabulary, reading, memory)
        hidden = Linear(s.n_embd, s.n_hidden, generator=generator)
        back = Linear(s.n_hidden, s.n_embd, generator=generator)
        output = Linear(s.n_embd, v, generator=generator)
        # What the average adds to a row's first positions is about their own vector once more.
        initialise(hidden, "kaiming", gain("tanh") / 2, generator=generator)
        initialise(back, "kaiming", generator=generator)
        initialise(output, "kaiming", s.output_gain, generator=generator)
        dropout: list[Layer] = [Dropout(s.dropout)] if s.dropout else []
        self.net = Sequential(
            token_embedding(vocabulary, s.n_embd, generator),
            LearnedPositions(s.block_size, s.n_embd, std=0.1, generator=generator),
            Residual(CausalAverage(s.form)),
            Residual(Sequential(hidden, Tanh(), *dropout, back)),
            output,
        )
