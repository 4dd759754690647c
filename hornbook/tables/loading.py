"""From a file to data: read, understood, split, mapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hornbook.actions import Action
from hornbook.errors import DataError
from hornbook.rendering import many
from hornbook.sources.source import Source
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.faults import FaultsError
from hornbook.tables.frame import Categories, Frame, Numbers, Typed
from hornbook.tables.held_out import held_out
from hornbook.tables.kinds import column_as
from hornbook.tables.leaks import leaks
from hornbook.tables.mapper import Mapper
from hornbook.tables.never_seen import never_seen
from hornbook.tables.options import TableOptions
from hornbook.tables.reading import RawTable, read_table
from hornbook.tables.remarks import about_columns
from hornbook.tables.seen_column import Seen
from hornbook.tables.target import Target, TargetKind, target_of
from hornbook.tables.understood import Understood
from hornbook.tasks.splits import SPLITS, Parts

__all__ = ["load_table", "suited", "table_data"]

ENOUGH_GROUPS = 10  # in a split, for intervals over them


def load_table(source: Source, options: TableOptions | None = None) -> TableData:
    """Read a table, and split it.

    Args:
        source: files, a folder, or standard input.
        options: how.

    Raises:
        DataError: as `read_table` and `table_data`.
        SettingsError: if the settings do not fit the data.
    """
    options = suited(source, options or TableOptions())
    options.shares  # noqa: B018 - asked before anything is read
    try:
        return table_data(read_table(source, options), options, source.name, source.where)
    except FaultsError as error:
        if len(error.faults) > 1 and error.mends:
            error.action = Action(
                "train", source.given, {**options.changed(), **mended(options, error)}
            )
        raise


def mended(options: TableOptions, error: FaultsError) -> dict[str, object]:
    """The settings with which a table can be read, beside those that it was read with."""
    found = dict(error.mends)
    if "missing" in found:
        found["missing"] = (*options.missing, *error.marks)
    return found


def suited(source: Source, options: TableOptions) -> TableOptions:
    """The options as given; of a data set also those that suit it, where the target is its own."""
    if source.dataset is None:
        return options
    if options.target not in (None, source.dataset.options.get("target")):
        return options
    return TableOptions.from_dict({**source.dataset.options, **options.changed()})


def table_data(
    table: RawTable, options: TableOptions, name: str, where: str, parts: Parts | None = None
) -> TableData:
    """A table that was read as data: split and mapped.

    Args:
        table: read; its cells are given up when it is known what they are, for memory.
        options: how.
        name: what to call the data.
        where: what to call the table in messages.
        parts: the split of each row, where that is known already; shape (n,).

    Raises:
        DataError: if a column is missing, a value cannot be read, there is nothing to learn from,
            or a split that was asked for is empty.
        SettingsError: if the settings do not fit the data.
    """
    known = Understood(table, options, where)
    found = leaks(known)
    keep = ~known.bad
    frame, groups = known.frame, known.groups()
    told = [*table.remarks]
    if not keep.all():
        # without the places, since a page that is sent shows these lines
        why = "; ".join(
            f"{one.what.partition(': ')[2]} ({one.counted})"
            for one in known.faults
            if one not in table.faults
        )
        gone = many(int((~keep).sum()), "row")
        told.append(f"{gone} with values that cannot be read left out: {why}")
        frame = frame.take(keep)
        groups = None if groups is None else groups[keep]
        if not frame.n:
            raise DataError(f"No row of {where} can be read.", hint="Look at the columns named.")
        known.frame = frame
    if parts is None:
        parts, how = held_out(frame.n, options, known.times(), groups, where)
    else:
        parts, how = parts[keep], "split as given"
    told += too_few_groups(parts, groups)
    train = parts == 0
    target = the_target(known, frame, train)
    table.columns.clear()
    inputs = [column for column in known.columns if column.kind != "left out"]
    learned = {column.name for column in inputs}
    read = Frame(frame.n, {k: v for k, v in frame.columns.items() if k in learned})
    mapper = Mapper.fit(known.columns, read.some(train), options.min_count)
    if not mapper.categories and not mapper.numbers:
        raise DataError(
            f"{where} has no column to learn from beside the target {known.target!r}: "
            + "; ".join(f"{column.name!r}: {column.reason}" for column in known.columns[:6])
            + ".",
            hint="Give a table with more columns, or say what they are: `categorical`, "
            "`numerical`, `dates`." + "".join(f"\nColumn {one}." for one in known.remarks),
        )
    unseen = never_seen(read.columns, parts)
    told_of_new = [f"{one.what}: {one.hint(options)}" for one in unseen]
    told_of_leaks = [
        f"problem: {one.title}. {one.detail} {one.advice}".removesuffix(".") for one in found
    ]
    wanted = values_of(frame.columns[known.target])
    splits = {
        split: TableRows(
            mapper.apply(read.some(parts == place)),
            wanted[parts == place],
            None if groups is None else groups[parts == place],
        )
        for place, split in enumerate(SPLITS)
    }
    return TableData(
        name,
        where,
        splits,
        mapper,
        target,
        group=options.group or "",
        remarks=(*told, *about_columns(known), *told_of_new, *told_of_leaks, how),
        unseen=unseen,
        leaks=found,
    )


def too_few_groups(parts: npt.NDArray[np.int8], groups: npt.NDArray[np.int32] | None) -> list[str]:
    """What to say of intervals over the groups of a split that has few of them.

    They are wide, since so few hardly tell how much groups differ; of one there is none.
    """
    told = []
    for place, split in enumerate(SPLITS):
        found = 0 if groups is None or not place else len(np.unique(groups[parts == place]))
        if found == 1:
            told.append(
                f"{split} is one group: no interval can be told, nor which of two models is better "
                "on other groups"
            )
        elif 1 < found < ENOUGH_GROUPS:
            told.append(
                f"{split} has {found} groups: intervals over so few are wide, and only large "
                "differences are more than chance"
            )
    return told


def the_target(known: Understood, frame: Frame, train: npt.NDArray[np.bool_]) -> Target:
    """The target with what train says of it."""
    column = frame.columns[known.target]
    labels = column.labels if isinstance(column, Categories) else ()
    kind: TargetKind = known.predicts
    balanced = known.options.class_weights == "balanced"
    if balanced and kind != "class":
        raise DataError(
            f"`class_weights` needs classes, and {known.target!r} is predicted as a number.",
            hint="Leave it out, or set `predicts=class`.",
            setting="class_weights",
        )
    found = target_of(known.target, kind, values_of(column)[train], labels, balanced)
    seen = Seen(known.target, known.table.columns[known.target])
    written = column_as(seen, "category" if kind == "class" else "number", "")
    return replace(found, form=written.form, unit=written.unit, sign=written.sign)


def values_of(column: Typed) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
    """The target as numbers, or as classes by number."""
    if isinstance(column, Categories):
        return column.codes.astype(np.int64)
    assert isinstance(column, Numbers)
    return column.values
