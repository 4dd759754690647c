"""What train answers to each of its sources: the commonest target, kept as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from hornbook.errors import RunError
from hornbook.pairs.models.contract import Arrays, Shape
from hornbook.pairs.rows import Ids

__all__ = ["KnownAnswers"]


class KnownAnswers:
    """Sources, all different, each with one target.

    Args:
        sources: ids of each, without a boundary.
        targets: the same.
    """

    def __init__(self, sources: Sequence[Ids] = (), targets: Sequence[Ids] = ()) -> None:
        self.sources, self.targets = list(sources), list(targets)

    @classmethod
    def of(cls, sources: Sequence[Ids], targets: Sequence[Ids]) -> KnownAnswers:
        """The commonest target of each source, the first of several that are as common.

        Args:
            sources: of pairs, each with its boundary.
            targets: the same.
        """
        found: dict[bytes, Counter[bytes]] = {}
        for given, said in zip(sources, targets, strict=True):
            found.setdefault(given[:-1].tobytes(), Counter())[said[:-1].tobytes()] += 1
        best = [counts.most_common(1)[0][0] for counts in found.values()]
        return cls(*([np.frombuffer(one, np.int64) for one in side] for side in (found, best)))

    def __len__(self) -> int:
        return len(self.sources)

    @cached_property
    def places(self) -> dict[bytes, int]:
        """The place of each source."""
        return {one.tobytes(): at for at, one in enumerate(self.sources)}

    def answer(self, source: Ids) -> Ids | None:
        """The target of a source; None if it is not known.

        Args:
            source: with its boundary.
        """
        at = self.places.get(np.asarray(source[:-1], np.int64).tobytes())
        return None if at is None else self.targets[at]

    def arrays(self) -> Arrays:
        """Both sides, one sequence behind the other, and how long each is."""
        found: Arrays = {}
        for name, side in (("sources", self.sources), ("targets", self.targets)):
            found[name] = np.concatenate([*side, np.zeros(0, np.int64)])
            found[f"{name}.lengths"] = np.array([len(one) for one in side], np.int64)
        return found

    @classmethod
    def from_arrays(cls, arrays: Arrays, shape: Shape) -> KnownAnswers:
        """What `arrays` gave.

        Raises:
            RunError: if it is something else, or of other vocabularies.
        """
        assert shape.target is not None
        sides = []
        for name, size in (("sources", shape.source.size), ("targets", shape.target.size)):
            flat, lengths = arrays.get(name), arrays.get(f"{name}.lengths")
            if (
                flat is None
                or lengths is None
                or {flat.dtype, lengths.dtype} != {np.dtype(np.int64)}
                or flat.ndim != 1
                or lengths.ndim != 1
                or (lengths < 0).any()
                or int(lengths.sum()) != len(flat)
                or (len(flat) and not 0 <= flat.min() <= flat.max() < size)
            ):
                raise RunError(
                    f"The weights do not match this run's settings: {name}.",
                    hint="The file belongs to another run or is damaged.",
                )
            sides.append(np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else [])
        if len(sides[0]) != len(sides[1]):
            raise RunError("The weights do not match this run's settings: targets.")
        return cls(*sides)
