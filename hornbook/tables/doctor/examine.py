"""Examine a table before training on it.

`examine` measures and looks for faults; it changes nothing. CHECKS in checks lists everything it
checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.errors import HornbookError
from hornbook.records import as_json
from hornbook.rendering import many
from hornbook.reports import Report
from hornbook.reports.finding import Finding, worst_first
from hornbook.sources.source import Source
from hornbook.tables.doctor.checks import CHECKS
from hornbook.tables.doctor.columns import MOST, figures, kinds_told, table_of_columns
from hornbook.tables.doctor.examined import Examined
from hornbook.tables.doctor.target import proposed_targets
from hornbook.tables.header import named_column
from hornbook.tables.loading import suited
from hornbook.tables.options import TableOptions
from hornbook.tables.reading import read_table

__all__ = ["examine"]


@pinned()
def examine(source: Source, options: TableOptions | None = None) -> Report:
    """Examine a table.

    Args:
        source: files, a folder, or standard input.
        options: how it would be read and split. Without a target its columns are told, and likely
            targets proposed. Cells that cannot be read, and splits that cannot be made, are
            findings.

    Raises:
        DataError: as `read_table`, or if there is no column of the target's name.
        SettingsError: if the settings do not fit the data.
    """
    options = suited(source, options or TableOptions())
    options.shares  # noqa: B018 - asked before anything is read
    table = read_table(source, options)
    if options.target is not None:
        name = named_column(options.target, table.names, source.where, "target")
        options = replace(options, target=name)
    examined = Examined(table, options, source.where)
    findings = worst_first(finding for check in CHECKS for finding in check(examined))
    columns = figures(examined)
    return Report(
        facts(examined),
        findings,
        as_json(
            {
                "source": source.where,
                "rows": table.n,
                "target": options.target,
                "columns": columns,
                "splits": {} if examined.known is None else dict(examined.sizes),
                "findings": findings,
            }
        ),
        tuple(proposals(source, options, examined, findings)),
        (table_of_columns(examined),),
    )


def facts(examined: Examined) -> dict[str, str]:
    """The facts for people, by name."""
    table = examined.table
    found = {
        "source": examined.where,
        "size": f"{many(table.n, 'row')} of {many(len(table.names), 'column')}",
    }
    if len(table.names) > MOST:
        found["columns"] = kinds_told(examined)
    if table.remarks:
        found["read as"] = "; ".join(table.remarks)
    if examined.known is not None:
        found["target"] = f"{examined.known.target!r}: {examined.known.why}"
        if isinstance(examined.cut, HornbookError):
            found["splits"] = "none: the data cannot be split"
        else:
            sizes = "; ".join(f"{name} {size:,}" for name, size in examined.sizes.items())
            found["splits"] = f"{sizes} ({examined.cut[1]})"
        best = sorted(examined.alone.items(), key=lambda pair: -pair[1].score)[:5]
        what = "share of the loss that is gone" if examined.labels else "R²"
        found["best columns"] = (
            ", ".join(f"{name} {one.score:.2f}" for name, one in best if one.score > 0.01)
            + f" ({what}, each alone, on rows held out)"
        )
    return found


def proposals(
    source: Source, options: TableOptions, examined: Examined, findings: Sequence[Finding]
) -> Sequence[Action]:
    """What to do next: name a target, or train."""
    asked = options.changed()
    if options.target is None:
        return [Action("doctor", source.given, {**asked, "target": name})
                for name in proposed_targets(examined)]  # fmt: skip
    if any(finding.severity == "problem" for finding in findings):
        return ()
    return (Action("best", source.given, asked), Action("train", source.given, asked))
