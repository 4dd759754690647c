"""Examine pairs before training on them.

`examine` measures and looks for faults; it changes nothing. CHECKS in checks lists everything it
checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.pairs.doctor.checks import CHECKS
from hornbook.pairs.doctor.examined import Examined
from hornbook.pairs.doctor.facts import facts, figures, label_table
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import read_pairs
from hornbook.pairs.recognise import recognise
from hornbook.records import as_json
from hornbook.reports import Report
from hornbook.reports.finding import Finding, worst_first
from hornbook.sources.source import Source
from hornbook.tasks import Claim

__all__ = ["examine"]


@pinned()
def examine(source: Source, options: PairOptions | None = None) -> Report:
    """Examine pairs.

    Args:
        source: files, a folder, or standard input.
        options: how they would be read and split. Splits that cannot be made are a finding, and so
            are rows that cannot be read.

    Raises:
        DataError: as `read_pairs`, but for such rows.
        SettingsError: if the settings do not fit.
    """
    options = options or PairOptions()
    options.shares  # noqa: B018 - asked before anything is read
    claimed = recognise(source, {})  # before standard input is read
    read = read_pairs(source, replace(options, bad_rows="skip"))
    if options.bad_rows == "skip":
        read.bad = 0  # that they are left out was asked for, and is told as a fact
    examined = Examined(read, options, source.where)
    findings = worst_first(finding for check in CHECKS for finding in check(examined))
    return Report(
        facts(examined),
        findings,
        as_json({**figures(examined), "source": source.where, "findings": findings}),
        tuple(proposals(source, options, claimed, findings)),
        (label_table(examined),) if read.labels else (),
    )


def proposals(
    source: Source, options: PairOptions, claimed: Claim | None, findings: Sequence[Finding]
) -> Sequence[Action]:
    """What to do next: the best of several models, or one; the task is named where that is due."""
    if any(finding.severity == "problem" for finding in findings):
        return ()
    asked = options.changed()
    told = {"source_column", "target_column", "label_column"} & asked.keys()
    if not told and (claimed is None or not claimed.sure):
        asked["task"] = "pairs"
    return (Action("best", source.given, asked), Action("train", source.given, asked))
