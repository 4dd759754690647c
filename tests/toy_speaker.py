"""A model of pairs made of tables: what it says next hangs on the source and the last two tokens.

No net is needed to hold the search, and everything it can say can be counted out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.pairs.models.contract import Arrays, SequenceModel, Shape
from hornbook.pairs.rows import Ids, Padded
from hornbook.settings import Settings
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["ToySpeaker", "toy_sources"]


class ToySpeaker(SequenceModel):
    """Logits from random tables: one by the source, one by the last token and the one before it.

    Args:
        seed: of the tables.
        size: tokens, the boundary among them.
        boundary: its id.
        longest: most tokens of a target; None: any number.
        sharp: by which all logits are multiplied.
    """

    Settings = Settings

    def __init__(
        self,
        seed: int = 0,
        size: int = 3,
        boundary: int = 0,
        longest: int | None = None,
        sharp: float = 1.0,
    ) -> None:
        words = Vocabulary(size, boundary, boundary)
        self.settings, self.shape = Settings(), Shape(words, words, 0, True, 4, 4, 10)
        self.most, random = longest, np.random.default_rng(seed)
        self.by_source = sharp * random.normal(size=(7, size))
        self.by_said = sharp * random.normal(size=(size, size, size))
        self.calls: list[int] = []

    @property
    def n_parameters(self) -> int:
        return self.by_source.size + self.by_said.size

    @property
    def longest(self) -> int | None:
        return self.most

    def arrays(self) -> Arrays:
        return {"by_source": self.by_source, "by_said": self.by_said}

    def load_arrays(self, arrays: Arrays) -> None:
        self.by_source, self.by_said = arrays["by_source"], arrays["by_said"]

    def read(self, sources: Padded) -> Any:
        """A number of each source, and two boundaries; what is padded has no weight."""
        real = np.arange(sources.ids.shape[1]) < sources.lengths[:, None]
        numbers = (sources.ids * real * (1 + np.arange(sources.ids.shape[1]))).sum(1) % 7
        begun = np.full(len(numbers), self.shape.source.boundary)
        return numbers, begun

    def step(self, ids: Ids, state: Any) -> tuple[npt.NDArray[np.float64], Any]:
        numbers, before = state
        assert len(ids) == len(numbers)
        self.calls.append(len(ids))
        return self.by_source[numbers] + self.by_said[before, ids], (numbers, ids)

    def select(self, state: Any, places: Ids) -> Any:
        return tuple(part[places] for part in state)

    def token_losses(self, sources: Padded, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        state, costs = self.read(sources), np.zeros(targets.shape)
        for at in range(inputs.shape[1]):
            logits, state = self.step(inputs[:, at], state)
            log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
            there = targets[:, at] >= 0
            costs[there, at] = -log_p[there, targets[there, at]]
        return costs

    def alignment(self, sources: Padded, inputs: Ids) -> npt.NDArray[np.float64]:
        """Each position looks at its own place in the source, or at the last one."""
        b, s = sources.ids.shape
        found = np.zeros((b, 2, inputs.shape[1], s))
        for row, length in enumerate(sources.lengths):
            places = np.minimum(np.arange(inputs.shape[1]), length - 1)
            found[row, :, np.arange(inputs.shape[1]), places] = 1.0
        return found

    def everything(self, source: Ids, longest: int) -> list[tuple[tuple[int, ...], float]]:
        """All answers of at most so many tokens and ln p of each, counted out one by one."""
        end = self.shape.source.boundary
        assert end is not None
        words = [one for one in range(self.shape.source.size) if one != end]
        found = []
        for length in range(longest + 1):
            for said in product(words, repeat=length):
                (number,), (before,) = self.read(Padded(source[None], np.array([len(source)])))
                total, last = 0.0, int(before)
                for token in (*said, end):
                    logits = self.by_source[number] + self.by_said[before, last]
                    total += float(logits[token] - np.log(np.exp(logits).sum()))
                    before, last = last, token
                found.append((said, total))
        return found


def toy_sources(lengths: Sequence[int], size: int = 3, boundary: int = 0) -> list[Ids]:
    """Sources of some lengths, each with its boundary behind it."""
    random = np.random.default_rng(1)
    words = [one for one in range(size) if one != boundary]
    return [np.array([*random.choice(words, length), boundary]) for length in lengths]
