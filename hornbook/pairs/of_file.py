"""Pairs of another file, read as those of a run were: what texts and labels share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from hornbook.errors import DataError, HornbookError
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.rendering import many
from hornbook.sources.opening import refuse_missing
from hornbook.sources.source import Source

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["OtherPairs", "pairs_of_file"]

PLACE = re.compile("column [0-9]+")  # what a column without a name is called


@dataclass(frozen=True)
class OtherPairs:
    """The rows of a file that a run can read."""

    where: str
    "The file, for people."
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    remarks: tuple[str, ...]
    "What was left out, and how many sources stood in train."


def pairs_of_file(
    run: Run,
    file: str,
    columns: dict[str, str | None],
    check: Callable[[str, str], object],
    *,
    bad_rows: Literal["refuse", "skip"],
    longest_text: int,
    encoding: str,
) -> OtherPairs:
    """Read a file as the run's own was read, but for its columns.

    Args:
        run: whose tokens and columns it is read with.
        file: that is read.
        columns: `source_column`, and `target_column` or `label_column`; None: as in the run.
        check: of a source and its target; raises a HornbookError if the run cannot read them.
        bad_rows: what to do with rows that cannot be read.
        longest_text: most characters of a text; 0: as in training.
        encoding: of the file.

    Raises:
        DataError: if it cannot be read, or a row cannot and is not to be left out.
    """
    refuse_missing(file, "data")
    source = Source(file)
    options = options_of(run, columns)
    options = replace(
        options, bad_rows=bad_rows, encoding=encoding,
        longest_text=longest_text or options.longest_text,
    )  # fmt: skip
    try:
        read = read_pairs(source, options)
    except DataError as error:
        setting = error.setting or ""
        if setting in columns and columns[setting] is None:
            error.hint = (
                f"The run has learned {' → '.join(run.data.columns)}, and columns of the same "
                "names are looked for; where they are called otherwise, set "
                f"`{setting}`. {error.hint}"
            )
        raise
    kept, faults = [], []
    for at, pair in enumerate(zip(read.sources, read.targets, strict=True)):
        try:
            check(*pair)
        except HornbookError as error:
            told = f"{source.where}, {read.place(at)}: {error.message}"
            if bad_rows == "refuse":
                raise DataError(
                    told,
                    hint=f"{error.hint or ''} Or set `bad_rows=skip` to leave such rows out.",
                    setting="bad_rows",
                ) from error
            faults.append(told)
            continue
        kept.append(pair)
    if not kept:
        raise DataError(
            f"{source.where} has no pair that the run can read.", hint=f"The first: {faults[0]}"
        )
    sources, targets = zip(*kept, strict=True)
    remarks = list(read.remarks[1:])
    if faults:
        remarks.append(f"{many(len(faults), 'row')} left out; {faults[0]}")
    if run.data.kept:
        same = run.data.same
        train = set(map(same, run.data.side("train").sources))
        if seen := len(set(map(same, sources)) & train):
            remarks.append(f"{many(seen, 'source')} stood in train: there the figures flatter.")
    return OtherPairs(source.where, sources, targets, tuple(remarks))


def options_of(run: Run, columns: dict[str, str | None]) -> PairOptions:
    """How the file is read: as the run's own was, unless other columns are told."""
    names = {one.name for one in fields(PairOptions)}
    given: dict[str, Any] = {name: v for name, v in run.record.options.items() if name in names}
    own: dict[str, Any] = dict.fromkeys(("source_column", "target_column", "label_column"))
    for (name, told), usual in zip(columns.items(), run.data.columns, strict=True):
        own[name] = told or (usual[7:] if PLACE.fullmatch(usual) else usual)
    return replace(PairOptions.from_dict(given), **own, split="auto")
