"""What the doctor knows of a corpus, as facts for people and figures for machines."""

from __future__ import annotations

from hornbook import reports
from hornbook.records import as_json
from hornbook.rendering import describe
from hornbook.text.doctor.examine import Report

__all__ = ["told"]

SHOWN = 60  # symbols of the alphabet


def told(report: Report) -> reports.Report:
    """The report in the shape that every task's has."""
    lengths = report.lengths
    alphabet = " ".join(describe(symbol, quote=False) for symbol in list(report.alphabet)[:SHOWN])
    if len(report.alphabet) > SHOWN:
        alphabet += " …"
    sizes = "; ".join(
        f"{name} {size.predictions:,}"
        + (f" in {size.things:,} lines" if report.mode == "lines" else "")
        for name, size in report.splits.items()
    )
    facts = {
        "source": report.source,
        "encoding": f"{report.encoding}, line ends {report.line_ends}",
        "read as": f"{report.mode}: {report.reason}",
        "size": f"{report.characters:,} characters, {report.lines:,} lines that are not empty",
        "distinct": f"{report.distinct_lines:,} lines",
        "predictions": sizes or "none: it cannot be split",
        "alphabet": f"{len(report.alphabet):,} symbols, most frequent first: {alphabet}",
        "line length": f"{lengths.min:,} to {lengths.max:,}; median {lengths.median:,.0f}, "
        f"mean {lengths.mean:,.1f}, 95 % up to {lengths.p95:,.0f}",
        "shortest": "  ".join(lengths.shortest),
        "longest": "  ".join(lengths.longest),
    }
    return reports.Report(facts, report.findings, as_json(report))
