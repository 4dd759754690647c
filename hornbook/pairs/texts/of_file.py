"""Pairs of another file, read as those of the run were."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from hornbook.errors import DataError, HornbookError
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.rendering import many
from hornbook.sources.opening import refuse_missing
from hornbook.sources.source import Source

if TYPE_CHECKING:
    from hornbook.pairs.texts.evaluating import WriterEvaluation
    from hornbook.runs import Run

__all__ = ["side_of_file"]


def side_of_file(run: Run, settings: WriterEvaluation) -> tuple[str, Side, tuple[str, ...]]:
    """Where a file is, its pairs, and what is to be known of them.

    Raises:
        DataError: if the file cannot be read, or a source is none that the run can read.
    """
    assert settings.data is not None
    refuse_missing(settings.data, "data")
    data: PairData = run.data
    source = Source(settings.data)
    read = read_pairs(source, options_of(run, settings))
    sources, targets, faults = [], [], []
    for at, (given, said) in enumerate(zip(read.sources, read.targets, strict=True)):
        try:
            refuse_longer(data.read(given), run.model.longest)
        except HornbookError as error:
            told = f"{source.where}, {read.place(at)}: {error.message}"
            if settings.bad_rows == "refuse":
                raise DataError(
                    told,
                    hint=f"{error.hint or ''} Or set `bad_rows=skip` to leave such rows out.",
                    setting="bad_rows",
                ) from error
            faults.append(told)
            continue
        sources.append(given)
        targets.append(said)
    if not sources:
        raise DataError(
            f"{source.where} has no pair that the run can read.", hint=f"The first: {faults[0]}"
        )
    remarks = list(read.remarks[1:])
    if faults:
        remarks.append(f"{many(len(faults), 'row')} left out; {faults[0]}")
    unwritten = sum(data.written(said) is None for said in targets)
    if unwritten:
        remarks.append(
            f"{many(unwritten, 'target')} with a character that the run cannot write: never right, "
            "and not in the loss of tokens."
        )
    if data.kept:
        train = set(data.side("train").sources)
        if seen := len(train.intersection(sources)):
            remarks.append(f"{many(seen, 'source')} stood in train: there the figures flatter.")
    return source.where, Side(tuple(sources), tuple(targets)), tuple(remarks)


def refuse_longer(ids: Any, longest: int | None) -> None:
    """Refuse a source that is longer than a model reads.

    Raises:
        DataError: if it is.
    """
    if longest is not None and len(ids) > longest:
        raise DataError(
            f"the source has {many(len(ids), 'token')} with its end; this model reads at most "
            f"{longest:,}.",
            hint="Give shorter ones.",
        )


def options_of(run: Run, settings: WriterEvaluation) -> PairOptions:
    """How the file is read: as the run's own was, unless other columns are told."""
    names = {one.name for one in fields(PairOptions)}
    given: dict[str, Any] = {name: v for name, v in run.record.options.items() if name in names}
    source, target = (name.removeprefix("column ") for name in run.data.columns)
    return replace(
        PairOptions.from_dict(given),
        source_column=settings.source_column or source,
        target_column=settings.target_column or target,
        label_column=None, bad_rows=settings.bad_rows, encoding=settings.encoding, split="auto",
    )  # fmt: skip
