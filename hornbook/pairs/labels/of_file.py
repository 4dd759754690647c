"""How good a run on labels is on another file of texts with their labels."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hornbook.errors import DataError, HornbookError
from hornbook.pairs.labels.evaluation import LabelFigures, scores_of
from hornbook.pairs.models.contract import Labeller
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.rendering import clip, listed, many
from hornbook.settings import Settings
from hornbook.sources.opening import refuse_missing
from hornbook.sources.source import Source
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
    "File of texts with their labels, in place of the run's own splits: the same columns."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows of the file that cannot be read, or have a label that training has never seen. skip:
    leave them out, and say how many there were."""
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."


def evaluate_file(run: Run, options: EvaluateSettings) -> dict[str, LabelFigures]:
    """All figures on a file.

    Raises:
        DataError: if it cannot be read, or a row cannot: a text has tokens that the run does not
            know, or a label is none of the run's.
    """
    assert options.data is not None
    refuse_missing(options.data, "data")
    data: PairData = run.data
    model: Labeller = run.model
    source = Source(options.data)
    read = read_pairs(source, reading_as(run, options))
    kept, faults = [], []
    for at, (text, label) in enumerate(zip(read.sources, read.targets, strict=True)):
        try:
            kept.append((text, data.read(text), known(data, label)))
        except HornbookError as error:
            told = f"{source.where}, {read.place(at)}: {error.message}"
            if options.bad_rows == "refuse":
                raise DataError(
                    told,
                    hint=f"{error.hint or ''} Or set `bad_rows=skip` to leave such rows out.",
                    setting="bad_rows",
                ) from error
            faults.append(told)
    if not kept:
        raise DataError(
            f"{source.where} has no row that the run can read.", hint=f"The first: {faults[0]}"
        )
    texts, sources, target = zip(*kept, strict=True)
    remarks = [*read.remarks, *seen_before(data, texts)]
    if faults:
        remarks.append(f"{many(len(faults), 'row')} left out; {faults[0]}")
    scores = scores_of(model, texts, sources, np.array(target, np.int64))
    return {source.where: LabelFigures(scores, tuple(remarks))}


def reading_as(run: Run, options: EvaluateSettings) -> PairOptions:
    """How the file is read: as the run's own was, its columns by their names."""
    names = {one.name for one in fields(PairOptions)}
    given: dict[str, Any] = {name: v for name, v in run.record.options.items() if name in names}
    own = PairOptions.from_dict(given)
    source, label = (name.removeprefix("column ") for name in run.data.columns)
    return replace(
        own, source_column=source, label_column=label, target_column=None,
        bad_rows=options.bad_rows, encoding=options.encoding, split="auto",
    )  # fmt: skip


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


def seen_before(data: PairData, texts: tuple[str, ...]) -> list[str]:
    """A remark on texts that stand in train; nothing if none does, or the data are gone."""
    if not data.kept:
        return []
    train = set(data.side("train").sources)
    n = sum(text in train for text in texts)
    if not n:
        return []
    return [f"{many(n, 'text')} of {len(texts):,} stood in train: there the figures flatter."]
