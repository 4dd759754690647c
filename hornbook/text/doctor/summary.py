"""The examination of a corpus as facts for people and figures for machines."""

from __future__ import annotations

from hornbook import reports
from hornbook.records import as_json
from hornbook.rendering import describe
from hornbook.text.doctor.examine import CorpusReport

__all__ = ["told"]

SHOWN = 60  # most characters of the vocabulary that are listed


def told(report: CorpusReport) -> reports.Report:
    """The report in the form that every task uses."""
    lengths = report.lengths
    shown = " ".join(
        describe(character, quote=False) for character in list(report.vocabulary)[:SHOWN]
    )
    if len(report.vocabulary) > SHOWN:
        shown += " …"
    sizes = "; ".join(
        f"{name} {size.predictions:,}"
        + (f" in {size.examples:,} lines" if report.mode == "lines" else "")
        for name, size in report.splits.items()
    )
    facts = {
        "source": report.source,
        "encoding": f"{report.encoding}, line ends {report.line_ends}",
        "read as": f"{report.mode}: {report.reason}",
        "size": f"{report.characters:,} characters, {report.lines:,} non-empty lines",
        "distinct lines": f"{report.distinct_lines:,}",
        "tokens": sizes or "none: the data cannot be split",
        "vocabulary": f"{len(report.vocabulary):,} characters, most frequent first: {shown}",
        "line length": f"{lengths.min:,} to {lengths.max:,}; median {lengths.median:,.0f}, "
        f"mean {lengths.mean:,.1f}, 95th percentile {lengths.p95:,.0f}",
        "shortest": "  ".join(lengths.shortest),
        "longest": "  ".join(lengths.longest),
    }
    return reports.Report(facts, report.findings, as_json(report))
