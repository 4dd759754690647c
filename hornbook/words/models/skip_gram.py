"""Skip-gram with negative samples (Mikolov et al. 2013).

Of a word w with vector u_w and each word c that stands near it, with vector v_c, the loss is

    -ln σ(v_c · u_w) - k E_n[ln σ(-v_c · u_n)]

where n is drawn by its frequency to the power of 3/4. word2vec draws k such words for each pair.
Here a batch shares S of them, each weighted with k / S: the same in expectation, and all products
with them are one of matrices (after Ji et al. 2016, who share them within a window).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import Embedding, Net
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.words.models.contract import Floats, Shape, WordVectors

__all__ = ["SkipGram", "SkipGramSettings"]


@dataclass(frozen=True)
class SkipGramSettings(Settings):
    """Skip-gram."""

    vector_size: Annotated[int, Bounds(1, 10_000), Range(50, 300, log=True)] = 100
    "Numbers in the vector of a word."
    window: Annotated[int, Bounds(1, 1_000), Range(2, 10)] = 5
    "How many words before and behind a word are its neighbours, at most."
    shrink_windows: bool = True
    "Whether each window is of a random size up to `window`, so that near words count for more."
    negative: Annotated[float, Bounds(0, 1_000, above=True), Range(2, 20, log=True)] = 5.0
    "Weight of the random words: how many there are for each neighbour."
    shared: Annotated[int, Bounds(1, 65_536)] = 64
    "Random words that are drawn for a batch and shared by all its pairs."
    ns_exponent: Annotated[float, Bounds(-10, 10)] = 0.75
    "Random words are drawn by their frequency to this power (1: as they occur; 0: all alike)."
    subsample: Annotated[float, Bounds(0, 1)] = 0.001
    "Words with a larger share of the text than this are skipped at random (0: none)."


class SkipGram(Net, WordVectors):
    """Two tables, of vectors and of context vectors.

    Args:
        settings: of it.
        shape: of the text.
        generator: of the random start: vectors are uniform in ±1 / (2 D), context vectors 0.
    """

    Settings = SkipGramSettings

    def __init__(
        self, settings: SkipGramSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.settings, size = settings, settings.vector_size
        self.inputs = Embedding(shape.words, size, sparse=True, generator=generator)
        self.outputs = Embedding(shape.words, size, sparse=True, generator=generator)
        with torch.no_grad():
            self.inputs.weight.uniform_(-0.5 / size, 0.5 / size, generator=generator)
            self.outputs.weight.zero_()

    @property
    def vectors(self) -> Floats:
        """Of the words as those who are asked, shape (words, D)."""
        found: Floats = self.inputs.weight.detach().cpu().numpy()
        return found

    @property
    def contexts(self) -> Floats:
        """Of the words as those who are told, shape (words, D)."""
        found: Floats = self.outputs.weight.detach().cpu().numpy()
        return found

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a word of a batch, summed over its neighbours.

        Args:
            batch: words (B,), their neighbours (B, 2 window), -1 where there is none, and random
                words (S,).
        """
        words, near, drawn = (self.tensor(array) for array in batch)
        there = near >= 0
        of = there.nonzero()[:, 0]  # (K,): the word of each pair
        v, v_back = self.inputs.vjp(near[there])  # (K, D)
        u, u_back = self.outputs.vjp(words)  # (B, D)
        n, n_back = self.outputs.vjp(drawn)  # (S, D)
        own = u[of]  # (K, D)
        true, false = (v * own).sum(1), v @ n.T  # (K,), (K, S)
        # A random word that is the word itself does not count.
        share = self.settings.negative / len(drawn) / len(words)
        weight = (drawn != words[of].unsqueeze(1)).to(v.dtype) * share  # (K, S)
        loss = F.softplus(-true).sum() / len(words) + (weight * F.softplus(false)).sum()

        def backward() -> None:
            d_true = (torch.sigmoid(-true) / -len(words)).unsqueeze(1)  # (K, 1)
            d_false = weight * torch.sigmoid(false)  # (K, S)
            v_back(d_true * own + d_false @ n)
            u_back(torch.zeros_like(u).index_add_(0, of, d_true * v))
            n_back(d_false.T @ v)

        return loss, backward
