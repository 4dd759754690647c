"""Examine ratings or clicks before training on them.

`examine` measures and looks for faults; it changes nothing. CHECKS in checks lists everything it
checks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.ratings.data import Kind
from hornbook.ratings.doctor.checks import CHECKS
from hornbook.ratings.doctor.examined import Examined
from hornbook.ratings.doctor.facts import facts, figures
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.reading import read_ratings
from hornbook.ratings.recognise import Recognised, recognise
from hornbook.ratings.titles import read_titles
from hornbook.records import as_json
from hornbook.reports import Report
from hornbook.reports.finding import Finding, worst_first
from hornbook.sources.source import Source

__all__ = ["examine"]


@pinned()
def examine(
    source: Source,
    options: RatingsOptions | None = None,
    kind: Kind = "ratings",
    *,
    now: float | None = None,
) -> Report:
    """Examine ratings or clicks.

    Args:
        source: files, a folder, or standard input.
        options: how they would be read and split. Splits that cannot be made are a finding.
        kind: `ratings` or `clicks`.
        now: seconds since 1970, UTC; by default the clock's.

    Raises:
        DataError: as `read_ratings` and `read_titles`.
        SettingsError: if the settings do not fit the data.
    """
    options = options or RatingsOptions()
    claimed = recognise(source)  # before standard input is read
    read = read_ratings(source, options, kind)
    titles = None
    if options.titles is not None:
        titles = read_titles(options.titles, read.items, read.item_column, options.encoding)
    examined = Examined(read, kind, options, titles, time.time() if now is None else now)
    findings = worst_first(finding for check in CHECKS for finding in check(examined))
    return Report(
        facts(examined, source.where),
        findings,
        as_json({**figures(examined), "source": source.where, "findings": findings}),
        tuple(proposals(source, options, kind, claimed, findings)),
    )


def proposals(
    source: Source,
    options: RatingsOptions,
    kind: Kind,
    claimed: Recognised | None,
    findings: Sequence[Finding],
) -> Sequence[Action]:
    """What to do next: the best of several models, or one.

    Where the file would not be taken for this kind, the task is named; where a random split leaks,
    the last of each user are held out instead.
    """
    if any(finding.severity == "problem" for finding in findings):
        return ()
    asked = options.changed()
    if claimed is None or claimed.kind != kind or not claimed.sure:
        asked["task"] = kind
    if any(finding.name == "leak-in-time" for finding in findings):
        asked.pop("split_seed", None)
        asked["split_by"] = "last"
    return (Action("best", source.given, asked), Action("train", source.given, asked))
