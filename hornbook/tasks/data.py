"""Data of a task: claimed, loaded, measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hornbook.errors import DataError
from hornbook.records import JSONObject
from hornbook.rendering import many

if TYPE_CHECKING:
    from hornbook.reports import Table
    from hornbook.storage import HashedFiles

__all__ = ["Baseline", "Claim", "Data", "Figures", "without_data"]


@dataclass(frozen=True)
class Claim:
    """That data belong to a task."""

    strength: int
    "The strongest of several claims wins; 0 accepts whatever no other task claims."
    reason: str
    "What was recognised in the data, to print after `NAME: `."
    sure: bool = True
    """Whether it can be nothing else. If the strongest claim is not sure, nothing is chosen: a line
    is proposed for each task that claims the data."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    "What has to be set beside the task, to read it so."


def without_data(gone: str) -> DataError:
    """The error that a run is asked for what only its data tell, and they are not kept.

    Args:
        gone: what is not known any longer.
    """
    return DataError(
        f"This run is without its data: {gone}.",
        hint="Ask the run as it was before its data were removed.",
    )


class Data(ABC):
    """What was loaded: split, and ready to be trained on.

    Attributes:
        name: what to call it.
        source: where it came from, for people.
    """

    name: str
    source: str

    @property
    def kind(self) -> str:
        """Which of the kinds of data that the task tells apart; empty if it tells none."""
        return ""

    @property
    @abstractmethod
    def shape(self) -> Any:
        """What a model must know to be built: the vocabulary of a text."""

    @property
    @abstractmethod
    def sizes(self) -> Mapping[str, int]:
        """How much is predicted in each split that holds something, `train` first."""

    @property
    def about(self) -> Sequence[str]:
        """What was read and how, in a line or a few."""
        sizes = " / ".join(f"{size:,}" for size in self.sizes.values())
        return (f"{self.source}; {' / '.join(self.sizes)}: {sizes}",)

    @property
    def reading(self) -> Sequence[str]:
        """How it was read and split, and what was left out, for a page; often nothing."""
        return ()

    @property
    def extent(self) -> str:
        """How much it is in all, in a few words."""
        return many(sum(self.sizes.values()), "example")

    @property
    def table(self) -> Table:
        """How much each split holds."""
        from hornbook.reports import Table

        rows = tuple((name, f"{size:,}") for name, size in self.sizes.items())
        return Table(("split", "examples"), rows)

    @property
    def details(self) -> JSONObject:
        """What `Task.open` needs to know beside the files."""
        return {}

    @abstractmethod
    def keep(self, files: HashedFiles) -> None:
        """Write the data into a run's directory, so that the run is complete in itself."""


@dataclass(frozen=True)
class Figures:
    """What was measured of a model on a split."""

    loss: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    "Further values by measure name."
    predictions: int = 0
    "How many were measured; 0 where the task does not count them."

    def as_dict(self) -> dict[str, float]:
        """All of them by name."""
        return {**({} if self.loss is None else {"loss": self.loss}), **self.measures}


@dataclass(frozen=True)
class Baseline:
    """What something simple reaches on the same data."""

    name: str
    "Description to print."
    reached: Mapping[str, float]
    "Value of the deciding measure, by split."
    seconds: float
    "Time that it took."
    family: str = ""
    "The family that it is of, with its defaults; empty if it is of none."
    apart: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    """By split, the ends of the interval (95 %) of its value less the model's, on the same rows:
    where 0 lies in it, chance may have made the difference. None where the rows are of one group,
    which tells nothing of others."""
    further: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "Other figures by split, then by name, to be told beside the model's."
