"""How good a run on labels is on another file of texts with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from hornbook.errors import DataError
from hornbook.pairs.labels.evaluation import LabelFigures, scores_of
from hornbook.pairs.of_file import pairs_of_file
from hornbook.rendering import clip, listed
from hornbook.settings import Bounds, Settings
from hornbook.suggestions import did_you_mean

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.runs import Run

__all__ = ["EvaluateSettings", "evaluate_file"]

TOLD = 20  # labels that a message lists


@dataclass(frozen=True)
class EvaluateSettings(Settings):
    """What it is measured on."""

    data: str | None = None
    "File of texts with their labels, in place of the run's own splits."
    source_column: str | None = None
    "Column of the file with the texts; by default as in training."
    label_column: str | None = None
    "Column of the file with their labels; by default as in training."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows of the file that cannot be read, or have a label that training has never seen. skip:
    leave them out, and say how many there were."""
    longest_text: Annotated[int, Bounds(0, 10**8)] = 0
    "Most characters of a text of the file (0: as in training)."
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."

    def __post_init__(self) -> None:
        super().__post_init__()
        beside = ("source_column", "label_column", "bad_rows", "longest_text", "encoding")
        self.refuse_unless(self.data is not None, beside, "`data`")


def evaluate_file(run: Run, options: EvaluateSettings) -> dict[str, LabelFigures]:
    """All figures on a file.

    Raises:
        DataError: if it cannot be read, or a row cannot: a text has tokens that the run does not
            know, or a label is none of the run's.
    """
    assert options.data is not None
    data: PairData = run.data

    def check(text: str, label: str) -> None:
        data.read(text)
        known(data, label)

    found = pairs_of_file(
        run, options.data,
        {"source_column": options.source_column, "label_column": options.label_column}, check,
        bad_rows=options.bad_rows, longest_text=options.longest_text, encoding=options.encoding,
    )  # fmt: skip
    target = np.array([known(data, label) for label in found.targets], np.int64)
    sources = [data.read(text) for text in found.sources]
    scores = scores_of(run.model, data, found.sources, sources, target)
    return {found.where: LabelFigures(scores, found.remarks)}


def known(data: PairData, label: str) -> int:
    """The number of a label.

    Raises:
        DataError: if training has never seen it.
    """
    if label in data.labels:
        return data.labels.index(label)
    few = listed(list(data.labels[:TOLD])) + (" …" if len(data.labels) > TOLD else "")
    raise DataError(
        f"the label {clip(label, 60)!r} is none that training has seen.",
        hint=f"{did_you_mean(label, data.labels)}Labels: {few}.",
    )
