"""The bigram net: the lecture's first, a single layer that learns what counting knows at once.

Its one matrix holds, in row i, the logits of what follows token i. Trained to its best, softmax of
row i is the share of each pair among the pairs that begin with i, and the loss is the counts'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.kernels.program import Program
from hornbook.nn import Linear, OneHot, Sequential, grad_of, wants_gradient
from hornbook.settings import Bounds, Settings
from hornbook.text.batch import Batch
from hornbook.text.models.layer_memory import LayerMemory
from hornbook.text.models.network import Network
from hornbook.text.models.reading import Reading
from hornbook.text.models.token_embedding import token_embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["Bigram", "BigramSettings"]


@dataclass(frozen=True)
class BigramSettings(Settings):
    """Settings of the bigram net."""

    training_only = frozenset({"l2"})

    one_hot: bool = False
    """Multiply one-hot vectors by the weights, as in the lecture, instead of indexing rows: same
    result, slower."""
    l2: Annotated[float, Bounds(0, 1e6)] = 0.0
    """Penalty on the mean squared logit: pulls predictions towards uniform, as adding to every
    count does."""
    block_size: Annotated[int, Bounds(1, 4096)] = 64
    "Longest sequence read at once, in tokens; longer examples and texts are split."


class Bigram(Network):
    """One matrix of logits, read a row for each token: ids (B, T) to logits (B, T, V)."""

    Settings = BigramSettings
    decayed = frozenset({"weight"})  # in both forms alike
    settings: BigramSettings

    def __init__(
        self,
        settings: BigramSettings,
        vocabulary: Vocabulary,
        generator: torch.Generator | None = None,
    ) -> None:
        reading = Reading.rows(settings.block_size, context=1)  # the last token, none before
        super().__init__(settings, vocabulary, reading, LayerMemory(reach=1))
        v = vocabulary.size
        if settings.one_hot and vocabulary.given:
            raise SettingsError(
                "`one_hot` multiplies vectors of tokens alone, and a condition is given here.",
                hint="Leave `one_hot` out, or train without `condition`.",
                setting="one_hot",
            )
        if settings.one_hot:
            product = Linear(v, v, bias=False, generator=generator)
            self.net = Sequential(OneHot(v), product)
        else:
            table = token_embedding(vocabulary, v, generator)
            self.net = Sequential(table)
        # The loss is convex in the logits, so the start needs no chance: all are equally likely.
        for parameter in self.parameters():
            torch.nn.init.zeros_(parameter)

    @property
    def weight(self) -> torch.nn.Parameter:
        """The one matrix: [last, next], or [next, last] where one-hot vectors multiply it."""
        weight: torch.nn.Parameter = self.net.chain[-1].weight  # type: ignore[assignment]
        return weight

    def matrix(self) -> Tensor:
        """The logits of every pair, [last, next], shape (V, V)."""
        weight = self.weight.detach()
        return weight.t() if self.settings.one_hot else weight

    @property
    def P(self) -> npt.NDArray[np.float64]:  # noqa: N802 - the lecture's name
        """The lecture's P as the net has learned it: softmax of each row of logits.

        Returns:
            Shape (V, V), [last, next]; each row sums to 1.
        """
        logits = self.matrix().double()
        found: npt.NDArray[np.float64] = torch.softmax(logits, 1).cpu().numpy()
        return found

    def program(self, batch: Batch, places: Mapping[int, int]) -> Program | str:
        """Its steps as a program of kernels, or why there is none, as the end of a sentence."""
        return "`l2` adds to its loss" if self.settings.l2 else super().program(batch, places)

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        """Cross-entropy, and l2 · mean(W²) where it is set."""
        loss, data_backward = super().loss_vjp(batch)
        weight, l2 = self.weight, self.settings.l2
        if l2:
            loss = loss + l2 * (weight * weight).mean()

        def backward() -> None:
            data_backward()
            if l2 and wants_gradient(weight):
                grad_of(weight).add_(weight, alpha=2 * l2 / weight.numel())

        return loss, backward
