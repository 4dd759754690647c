"""A model to which values of conditions are given, as one that needs none.

With a guidance g other than 1 its logits are l₀ + g (l - l₀), for l with the values given and l₀
with nothing given: above 1 what tells the values apart counts for more (classifier-free guidance,
Ho and Salimans 2022), at 0 for nothing. At 1 nothing but l is computed.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import Memory
from hornbook.text.models.pooling import log_softmax

__all__ = ["Guided"]


class Guided(LanguageModel):
    """A model with some values given.

    Args:
        model: that takes conditions.
        given: numbers of their values, 0 where none is given, shape (K,).
        guidance: g.

    Raises:
        ValueError: if the model has no such conditions or values.
    """

    def __init__(self, model: LanguageModel, given: Ids, guidance: float = 1.0) -> None:
        self.model, self.given, self.guidance = model, given, guidance
        self.added = int(model.vocabulary.added(given[None])[0])
        self.vocabulary = replace(model.vocabulary, given=())
        self.reading, self.memory = model.reading, GuidedMemory()

    @property
    def n_parameters(self) -> int:
        """Those of the model."""
        return self.model.n_parameters

    def told(self, inputs: Ids) -> Ids:
        """Tokens that are read, with what is given.

        What fills a window before the boundary that an example begins with is not of the example.
        """
        if self.model.reads == "sequence" or self.vocabulary.boundary is None:
            return inputs + self.added
        later = np.cumsum((inputs == self.vocabulary.boundary)[:, ::-1], axis=1)[:, ::-1]
        last = inputs == self.vocabulary.boundary
        inside = (later == 0) | (last & (later == 1))
        return np.where(inside, inputs + self.added, inputs)

    def next_logits(self, inputs: Ids) -> Floats:
        """Guided logits."""
        logits = self.model.next_logits(self.told(inputs))
        if self.guidance == 1:
            return logits
        return guided(self.model.next_logits(inputs), logits, self.guidance)

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln p of each target under the guided logits; 0 at padding."""
        if self.guidance == 1:
            return self.model.token_losses(self.told(inputs), targets)
        logits = self.next_logits(inputs)
        logp, flat = log_softmax(logits.reshape(-1, logits.shape[-1])), targets.reshape(-1)
        found = -logp[np.arange(len(flat)), np.maximum(flat, 0)]
        return np.where(flat < 0, 0.0, found).reshape(targets.shape)

    def stepping(self, count: int) -> AbstractContextManager[None]:
        """The model prepares."""
        return self.model.stepping(count)

    def arrays(self) -> Arrays:
        """Those of the model."""
        return self.model.arrays()

    def load_arrays(self, arrays: Arrays) -> None:
        """The model takes them."""
        self.model.load_arrays(arrays)


class GuidedMemory(Memory[Guided]):
    """What the model remembers with the values given and, where that counts, without them."""

    def start(self, model: Guided, ids: Ids) -> tuple[Floats, list[Any]]:
        """Read rows with the values given, and again without."""
        told = [model.model.start(ids, model.given)]
        if model.guidance != 1:
            told.append(model.model.start(ids))
        return both(model, told)

    def step(self, model: Guided, ids: Ids, state: list[Any]) -> tuple[Floats, list[Any]]:
        """One more token in each place, on each side."""
        return both(model, [model.model.step(ids, own) for own in state])

    def select(self, model: Guided, state: list[Any], places: Ids) -> list[Any]:
        """What is remembered of some places, on each side."""
        return [model.model.select(own, places) for own in state]


def both(model: Guided, told: list[tuple[Floats, Any]]) -> tuple[Floats, list[Any]]:
    """The guided logits of what one side or both tell, and the states."""
    states = [own for _, own in told]
    if len(told) == 1:
        return told[0][0], states
    return guided(told[1][0], told[0][0], model.guidance), states


def guided(plain: Floats, logits: Floats, guidance: float) -> Floats:
    """l₀ + g (l - l₀); what either side rules out stays impossible."""
    possible = np.isfinite(plain) & np.isfinite(logits)
    found = np.full(np.broadcast_shapes(plain.shape, logits.shape), -np.inf, dtype=logits.dtype)
    np.subtract(logits, plain, out=found, where=possible)
    np.multiply(found, guidance, out=found, where=possible)
    np.add(found, plain, out=found, where=possible)
    return found
