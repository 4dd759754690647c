"""How good a run is on a file of rows that have the target: figures with intervals, in one pass."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.records import JSON
from hornbook.rendering import clip, figure, listed, many
from hornbook.settings import Settings
from hornbook.sources.opening import refuse_missing
from hornbook.sources.source import Source
from hornbook.statistics import Interval, Transform, difference_interval, ratio_interval
from hornbook.tables.evaluation import DECIDES
from hornbook.tables.measures import NumberErrors
from hornbook.tables.new_rows import FilePiece, NewRows
from hornbook.tables.questions.of_file import rows_of
from hornbook.tables.questions.predicting import Predicting, missing_marks
from hornbook.tables.questions.tally import Tally
from hornbook.tables.target import Target
from hornbook.tasks.scores import BLOCKS, ClassScores, Scores

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.tables.data import TableData

__all__ = ["EvaluateSettings", "FileFigures", "evaluate_file"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EvaluateSettings(Settings):
    """What a run is measured on."""

    data: str | None = None
    "File of rows that have the target, in place of the run's own splits."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    "Rows of the file that cannot be read. skip: leave them out, and say how many there were."
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."


@dataclass(frozen=True)
class FileFigures:
    """All figures of a file."""

    figures: dict[str, float]
    decides: str
    interval: Interval | None
    "Of the deciding figure; None where it cannot be told."
    groups: int = 0
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, JSON]:
        """The figures by name, with how many rows, and groups if there are any, they are of."""
        found: dict[str, JSON] = {}
        for name, value in self.figures.items():
            found[name] = int(value) if name == "rows" else value
            if name == self.decides and self.interval is not None:
                found |= self.interval.ends(name)
        return {**found, "groups": self.groups} if self.groups else found


@dataclass
class Sums:
    """Losses of the model and of the guess, by group or by block of rows; of any number of rows."""

    own: dict[str, float] = field(default_factory=dict)
    guessed: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, names: list[str], own: Floats, guessed: Floats | None) -> None:
        """Some more rows, with the name of the group of each."""
        ordered, places = np.unique(np.array(names, object).astype(str), return_inverse=True)
        counts = np.bincount(places).tolist()
        sums = np.bincount(places, own).tolist()
        others = sums if guessed is None else np.bincount(places, guessed).tolist()
        for name, n, one, other in zip(ordered.tolist(), counts, sums, others, strict=True):
            self.own[name] = self.own.get(name, 0.0) + one
            self.guessed[name] = self.guessed.get(name, 0.0) + other
            self.counts[name] = self.counts.get(name, 0) + n

    def interval(self, of: Transform, *, guess: bool = False) -> Interval | None:
        """Of the deciding figure."""
        sums = self.guessed if guess else self.own
        return ratio_interval(list(sums.values()), list(self.counts.values()), of=of)

    def apart(self, of: Transform) -> Interval | None:
        """Of the guess's figure less the model's."""
        sums, weights = list(self.own.values()), list(self.counts.values())
        return difference_interval(list(self.guessed.values()), sums, weights, of=of)


def guess_of(data: TableData) -> tuple[str, Floats] | None:
    """What knowing only the target of train would predict: a number, or shares of the classes.

    None where these shares are gone with the rows.
    """
    target = data.target
    if target.kind == "class":
        if not data.kept:
            return None
        counts = np.bincount(data.train.target, minlength=len(target.labels))
        return "shares of the classes", counts / counts.sum()
    name = "geometric mean of train" if target.kind == "logarithm" else "mean of train"
    return name, target.decode(np.zeros(1))


def scores_of(target: Target, predicted: Floats, wanted: npt.NDArray[Any]) -> Scores:
    """The losses of rows.

    Args:
        target: of the run.
        predicted: in the units of the table, shape (n,); or probabilities, shape (n, classes).
        wanted: numbers, or classes by number; shape (n,).
    """
    if target.kind == "class":
        return ClassScores(None, predicted, wanted)
    return NumberErrors(None, predicted, wanted, target.kind == "logarithm")


def blocks() -> Iterator[str]:
    """Blocks by chance for row after row: of each thousand rows every block has one."""
    random = np.random.default_rng(0)
    while True:
        yield from map(str, random.permutation(BLOCKS).tolist())


class Measured:
    """Measures a run on the rows of a file, piece by piece.

    Args:
        run: finished, perhaps without its data.
        settings: with the file.

    Raises:
        DataError: if a column is missing, the target's among them.
    """

    def __init__(self, run: Run, settings: EvaluateSettings) -> None:
        assert settings.data is not None
        self.data: TableData = run.data
        self.target, self.where = self.data.target, settings.data
        rows = rows_of(Source(settings.data), settings.encoding)
        self.rows = NewRows(
            rows, self.data.mapper, self.target, missing_marks(run),
            refuse=settings.bad_rows == "refuse", skip="skip",
        )  # fmt: skip
        names = self.rows.header.names
        if self.rows.target_place is None:
            raise DataError(
                f"{rows.where} has no column {clip(self.target.name, 60)!r}, which the run "
                "predicts, so nothing can be measured.",
                hint="Give a file that has it; a prediction needs none.",
                setting="data",
            )
        group = self.data.group
        self.group_place = names.index(group) if group in names else None
        self.predicting = Predicting(run, self.rows.later)
        self.guess, self.sums = guess_of(self.data), Sums()
        self.guessing = Tally(self.target)
        self.blocks = blocks()
        self.of: Transform = np.sqrt

    def read(self) -> None:
        """Read and measure all rows."""
        for piece in self.rows:
            predicted = self.predicting.add(piece)
            assert piece.target is not None
            known = piece.told & ~piece.bad
            if self.target.kind == "class":
                known &= piece.target >= 0
            else:
                known &= np.isfinite(piece.target)
                if self.target.kind == "logarithm":
                    known &= ~(piece.target <= 0)
            if known.any():
                self.add(piece, predicted[known], piece.target[known], known)

    def add(
        self,
        piece: FilePiece,
        predicted: Floats,
        wanted: npt.NDArray[Any],
        known: npt.NDArray[np.bool_],
    ) -> None:
        """Some rows with the target."""
        own = scores_of(self.target, predicted, wanted)
        self.of = own.of
        guessed = None
        if self.guess is not None:
            repeated = np.broadcast_to(self.guess[1], (len(wanted), len(self.guess[1])))
            others = repeated if self.target.kind == "class" else repeated[:, 0]
            guessed = scores_of(self.target, others, wanted).losses
            self.guessing.add(others, wanted, np.ones(len(wanted), bool))
        self.sums.add(self.groups(piece, known), own.losses, guessed)

    def groups(self, piece: FilePiece, known: npt.NDArray[np.bool_]) -> list[str]:
        """The group of each row; where there are none, one of a thousand blocks by chance."""
        if self.group_place is not None:
            texts = piece.chunk.columns[self.group_place].texts
            return [text for text, there in zip(texts, known.tolist(), strict=True) if there]
        return list(itertools.islice(self.blocks, int(known.sum())))

    def remarks(self) -> Iterator[str]:
        """What is to be known of the rows, and of what stands beside."""
        if gone := self.predicting.empty + self.rows.n_ragged:
            yield f"{many(gone, 'row')} that cannot be read left out."
        yield from self.predicting.remarks_of_rows()
        if self.data.group and self.group_place is None:
            yield (
                f"Without the column {self.data.group!r} rows of one group cannot be told, so no "
                "interval is."
            )
        elif len(self.sums.counts) == 1 and not self.data.group:
            yield "So few rows tell nothing of others: there is no interval."
        elif len(self.sums.counts) == 1:
            yield "All rows are of one group, which tells nothing of others: there is no interval."
        if self.guess is not None and self.interval is not None:
            apart = self.sums.apart(self.of)
            assert apart is not None
            better = apart.low > 0
            told = "this model beats it" if better else "this model does not beat it"
            told = "the difference may be chance" if 0 in apart else told
            by = f"difference {figure(apart.low, sign=True)} to {figure(apart.high, sign=True)}"
            yield f"Baseline ({self.guess[0]}): {told} ({by})."
        if self.guess is None:
            yield "The shares of the classes are gone with the rows of the run: no guess beside it."
        yield "Trees, which training measures beside a net, are not saved to a run."

    def unmeasured(self) -> DataError:
        """The error that no row can be measured."""
        what, tally = "is known", self.predicting.tally
        if tally.unknown:
            what = f"is a class that the run has: {listed(self.target.labels, 6)}"
        elif tally.unread:
            above = " above 0" if self.target.kind == "logarithm" else ""
            what = f"can be read as a number{above}"
        odd = self.rows.later.odd_target
        return DataError(
            f"{self.where} has no row of which the target {self.target.name!r} {what}."
            f"{odd and f' {odd}.'}",
            hint="Give a file with true values in that column, written as in train.",
            setting="data",
        )

    @property
    def interval(self) -> Interval | None:
        """Of the deciding figure."""
        if self.data.group and self.group_place is None:
            return None
        return self.sums.interval(self.of)

    def found(self) -> dict[str, FileFigures]:
        """The figures of the run, and those of the guess.

        Raises:
            DataError: if no row has the target.
        """
        self.read()
        tally, decides = self.predicting.tally, DECIDES[self.target.kind]
        if not tally.rows:
            raise self.unmeasured()
        groups = len(self.sums.counts) if self.group_place is not None else 0
        told = tuple(self.remarks())
        figures = {**tally.figures(), "rows": tally.rows}
        found = {self.where: FileFigures(figures, decides, self.interval, groups, told)}
        if self.guess is not None:
            interval = None
            if self.interval is not None:
                interval = self.sums.interval(self.of, guess=True)
            others = {**self.guessing.figures(), "rows": tally.rows}
            found[self.guess[0]] = FileFigures(others, decides, interval, groups)
        return found


def evaluate_file(run: Run, settings: EvaluateSettings) -> dict[str, FileFigures]:
    """All figures of a run on a file of rows that have the target, and of a guess beside it.

    The file is read once and may be larger than memory.

    Raises:
        DataError: if the rows cannot be read, or have not the target.
    """
    assert settings.data is not None
    refuse_missing(settings.data, "data")
    return Measured(run, settings).found()
