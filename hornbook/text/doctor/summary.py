"""The examination of a corpus as facts for people and figures for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hornbook import reports
from hornbook.actions import Action
from hornbook.records import as_json
from hornbook.rendering import describe, many
from hornbook.text.doctor.conditions import said_counts
from hornbook.text.doctor.examine import CorpusReport

if TYPE_CHECKING:
    from hornbook.sources.source import Source
    from hornbook.text.data import TextOptions
    from hornbook.text.doctor.given import Given

__all__ = ["proposals", "told"]

SHOWN = 60  # most characters of the vocabulary that are listed


def told(report: CorpusReport, proposed: Sequence[Action] = ()) -> reports.Report:
    """The report in the form that every task uses.

    Args:
        report: of a corpus.
        proposed: what to do next.
    """
    lengths, parted = report.lengths, report.separator == "blank"
    one = "example" if parted else "line"
    size = f"{report.characters:,} characters, {many(report.lines, 'non-empty line')}"
    if report.raw:
        size = many(report.characters, "byte")
    sizes = "; ".join(
        f"{name} {size.predictions:,}"
        + (f" in {many(size.examples, one)}" if report.mode == "lines" else "")
        for name, size in report.splits.items()
    )
    # The vocabulary of other tokens is told beside them.
    made_of = "bytes" if report.raw else "characters"
    made_of = "vocabulary" if report.tokens == "characters" else made_of
    facts = {
        "source": report.source,
        "file": report.kind,
        "encoding": f"{report.encoding}, line ends {report.line_ends}",
        "read as": f"{'examples' if parted else report.mode}: {report.reason}",
        "size": f"{size}, {many(report.examples, 'example')}" if parted else size,
        f"distinct {one}s": distinct(report),
        "tokens": told_sizes(report.tokens, sizes),
        made_of: vocabulary(report),
        f"{one} length": f"{lengths.min:,} to {lengths.max:,}; median {lengths.median:,.0f}, "
        f"mean {lengths.mean:,.1f}, 95th percentile {lengths.p95:,.0f}"
        + ("; what is a character in UTF-8 counts as one" if report.raw else ""),
        "shortest": "  ".join(map(on_one_line, lengths.shortest)),
        "longest": "  ".join(map(on_one_line, lengths.longest)),
    }
    if report.conditions:
        facts["given"] = said_counts(report.conditions)
    if report.raw and report.mode == "text":  # it has no lines
        of_lines = {f"distinct {one}s", f"{one} length", "shortest", "longest"}
        facts = {name: fact for name, fact in facts.items() if name not in of_lines}
    return reports.Report(facts, report.findings, as_json(report), tuple(proposed))


def vocabulary(report: CorpusReport) -> str:
    """How many different characters there are, or bytes, and the most frequent ones."""
    shown = list(report.vocabulary)[:SHOWN]
    if not report.raw:
        shown = [describe(character, quote=False) for character in shown]
    count = many(len(report.vocabulary), "different byte" if report.raw else "character")
    more = " …" if len(report.vocabulary) > SHOWN else ""
    return f"{count}, most frequent first: {' '.join(shown)}{more}"


def distinct(report: CorpusReport) -> str:
    """How many different examples there are, and how that is known."""
    about = "" if report.counted == "counted exactly" else "about "
    return f"{about}{report.distinct_examples:,} ({report.counted})"


def told_sizes(tokens: str, sizes: str) -> str:
    """How many tokens there are, and which, where they are not characters."""
    if not sizes:
        return "none: the data cannot be split"
    return sizes if tokens == "characters" else f"{sizes} ({tokens})"


def proposals(
    source: Source,
    given: Given,
    options: TextOptions,
    *,
    repeated: bool = False,
    torn: bool = False,
    has_dev: bool = True,
) -> Sequence[Action]:
    """How to train on a source: by the column that looks like text, else as it was read.

    Where examples are `repeated`, in train and again in dev, without the duplicates; where code
    points tear what a reader sees as one (`torn`), as graphemes. None where the
    file is one of which only a part is to be learned, and no part can be read. Without a dev split
    nothing can be chosen: then counting is proposed, which suits so little.
    """
    usual = type(options)().as_dict()
    asked = {name: value for name, value in options.as_dict().items() if value != usual[name]}
    form = given.form
    if form is not None:
        asked = {name: value for name, value in asked.items() if name not in ("mode", "separator")}
        return (Action("train", source.given, {**asked, "column": form.best}),) if form.best else ()
    if options.distinct is False and repeated:
        asked["distinct"] = True
    if torn:
        asked["tokens"] = "graphemes"
    parted = "`separator=blank`" in given.otherwise
    more = (Action("train", source.given, {**asked, "separator": "blank"}),) if parted else ()
    if not has_dev:
        return (Action("train", source.given, {**asked, "model": "ngram"}), *more)
    best = Action("best", source.given, asked)
    return (best, Action("train", source.given, asked), *more)


def on_one_line(text: str) -> str:
    """A text with signs in the place of its line breaks."""
    return text.replace("\n", "⏎")
