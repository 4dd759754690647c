"""What a model says to the sources of a split or of a file, found once for all pictures."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.pairs.data import PairData
from hornbook.pairs.evaluation import Said, said_to
from hornbook.pairs.texts.evaluating import WriterEvaluation
from hornbook.pairs.texts.of_file import side_of_file
from hornbook.rendering import many

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["Seen"]


class Seen:
    """The answers of a run, found when they are first asked for.

    Args:
        run: finished.
        file: of pairs, in place of the run's own dev split.
        limit: most sources, evenly spread.
    """

    def __init__(self, run: Run, file: str | None, limit: int) -> None:
        self.run, self.file, self.limit = run, file, limit
        self.data: PairData = run.data

    @property
    def split(self) -> str:
        """The split that is shown."""
        return "dev" if "dev" in self.data.sizes else "train"

    @cached_property
    def said(self) -> Said:
        """What is said.

        Raises:
            DataError: if the file cannot be read.
        """
        side = None
        if self.file is not None:
            side = side_of_file(self.run, WriterEvaluation(data=self.file))[1]
        return said_to(self.run.model, self.data, side or self.data.side(self.split), self.limit)

    @property
    def where(self) -> str:
        """Whose sources they are, in words."""
        of = self.file if self.file is not None else self.split
        return f"{many(len(self.said.sources), 'source')} of {of}"

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each source, without its boundary, shape (N,)."""
        return np.array([len(self.data.read(text)) - 1 for text in self.said.sources], np.int64)

    @property
    def longest(self) -> int:
        """Tokens of the longest source of train, without its boundary."""
        return self.data.shape.longest_source - 1
