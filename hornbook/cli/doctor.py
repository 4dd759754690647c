"""`hornbook doctor`: a file looked at before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from hornbook.cli.arguments import DataArguments, parse
from hornbook.cli.output import console, print_json, show_findings, table
from hornbook.records import as_json
from hornbook.rendering import describe
from hornbook.text.corpus import SplitSettings, load_corpus
from hornbook.text.doctor.examine import Report, examine

DESCRIPTION = (
    "Tell what a careful person would want to know of DATA before training on it: how it is read, "
    "how large it is, what symbols it has, what repeats, what leaks from train into dev and test, "
    "and for each finding what to do."
)
SHOWN = 60  # symbols of the alphabet


@dataclass(frozen=True)
class Arguments(DataArguments):
    """Data."""

    split: SplitSettings = field(default_factory=SplitSettings)
    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, examine and show."""
    arguments = parse(Arguments, "doctor", DESCRIPTION, argv)
    corpus = load_corpus(arguments.data, mode=arguments.mode, encoding=arguments.encoding)
    report = examine(corpus, arguments.split)
    if arguments.json:
        print_json(as_json(report))
    else:
        show(report, console())


def show(report: Report, out: Console) -> None:
    """The figures, then the findings, the worst first."""
    lengths = report.lengths
    rows = table("", "", left=2)
    rows.show_header = False
    alphabet = " ".join(describe(symbol, quote=False) for symbol in list(report.alphabet)[:SHOWN])
    if len(report.alphabet) > SHOWN:
        alphabet += " …"
    sizes = "; ".join(
        f"{name} {size.predictions:,}"
        + (f" in {size.things:,} lines" if report.mode == "lines" else "")
        for name, size in report.splits.items()
    )
    for name, value in (
        ("source", report.source),
        ("encoding", f"{report.encoding}, line ends {report.line_ends}"),
        ("read as", f"{report.mode}: {report.reason}"),
        ("size", f"{report.characters:,} characters, {report.lines:,} lines that are not empty"),
        ("distinct", f"{report.distinct_lines:,} lines"),
        ("predictions", sizes or "none: it cannot be split"),
        ("alphabet", f"{len(report.alphabet):,} symbols, most frequent first: {alphabet}"),
        (
            "line length",
            f"{lengths.min:,} to {lengths.max:,}; median {lengths.median:,.0f}, "
            f"mean {lengths.mean:,.1f}, 95 % up to {lengths.p95:,.0f}",
        ),
        ("shortest", "  ".join(lengths.shortest)),
        ("longest", "  ".join(lengths.longest)),
    ):
        rows.add_row(f"[bold]{name}[/]", escape(value))
    out.print(rows)
    out.print()
    show_findings(report.findings, out)
