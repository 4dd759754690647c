"""The nearest source of train: what was said to it is said once more.

Sources are compared by edit distance over their tokens (Levenshtein 1966), by rapidfuzz: the fewest
tokens to insert, delete or replace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Arrays, Shape, Writer, Written
from hornbook.pairs.models.known_answers import KnownAnswers
from hornbook.pairs.rows import Ids
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData

__all__ = ["Nearest", "NearestSettings"]

AT_ONCE = 2**22  # distances that are held at a time


@dataclass(frozen=True)
class NearestSettings(Settings):
    """How many sources are looked through."""

    most: Annotated[int, Bounds(1, 10**7)] = 20_000
    "Sources of train that are kept to be compared with; of more, so many drawn at random."


class Nearest(Writer):
    """Says the target of the source in train that takes the fewest edits; the first of several.

    Args:
        settings: of it.
        shape: of the data.
    """

    Settings = NearestSettings
    settings: NearestSettings

    def __init__(self, settings: NearestSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.known, self.written = KnownAnswers(), list[str]()

    @property
    def n_parameters(self) -> int:
        """Tokens of the sources and targets that are kept."""
        return sum(len(one) for one in (*self.known.sources, *self.known.targets))

    def fit(self, data: PairData) -> Sequence[str]:
        """Keep train, or a part of it; what is left out is told."""
        known = KnownAnswers.of(data.sources("train"), data.targets("train"))
        there, most = len(known), self.settings.most
        if there > most:
            some = np.sort(np.random.default_rng(0).choice(there, most, replace=False)).tolist()
            known = KnownAnswers(
                [known.sources[at] for at in some], [known.targets[at] for at in some]
            )
        self.take(known)
        if there <= most:
            return ()
        return (
            f"Of {there:,} sources of train {most:,} are compared with, drawn at random: `most` "
            "says how many.",
        )

    def take(self, known: KnownAnswers) -> None:
        """Take sources, each as a string with a character for each token."""
        self.known, self.written = known, [as_string(one) for one in known.sources]

    def answers(self, sources: Sequence[Ids], how: Decoding) -> list[list[Written]]:
        """The targets of the nearest sources, all different, the nearest first."""
        found: list[list[Written]] = []
        rows = max(1, AT_ONCE // max(1, len(self.written)))
        for first in range(0, len(sources), rows):
            some = sources[first : first + rows]
            far = [one for one in some if how.n > 1 or self.known.answer(one) is None]
            apart = iter(self.distances(far))
            for source in some:
                ids = None if how.n > 1 else self.known.answer(source)
                best = [ids] if ids is not None else self.nearest(next(apart), how.n)
                found.append([Written(one, float("nan")) for one in best])
        return found

    def distances(self, sources: Sequence[Ids]) -> npt.NDArray[np.uint32]:
        """Edits between some sources and those that are kept, shape (B, kept)."""
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import cdist

        if not sources:
            return np.zeros((0, len(self.written)), np.uint32)
        texts = [as_string(one[:-1]) for one in sources]
        found: npt.NDArray[np.uint32] = cdist(
            texts, self.written, scorer=Levenshtein.distance, dtype=np.uint32
        )
        return found

    def nearest(self, distances: npt.NDArray[np.uint32], n: int) -> list[Ids]:
        """Up to n different targets, that of the nearest source first."""
        if n == 1:
            return [self.known.targets[int(distances.argmin())]]
        found: dict[bytes, Ids] = {}
        for at in np.argsort(distances, kind="stable").tolist():
            target = self.known.targets[at]
            found.setdefault(target.tobytes(), target)
            if len(found) == n:
                break
        return list(found.values())

    def arrays(self) -> Arrays:
        """Sources and targets."""
        return self.known.arrays()

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if it is of other vocabularies.
        """
        known = KnownAnswers.from_arrays(arrays, self.shape)
        if not len(known):
            raise RunError(
                "The weights do not match this run's settings: there are no sources.",
                hint="The file belongs to another run or is damaged.",
            )
        self.take(known)


def as_string(ids: Ids) -> str:
    """A character for each token, which is what rapidfuzz compares fastest."""
    return "".join(map(chr, ids.tolist()))
