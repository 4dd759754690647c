"""A run on one screen: what it learned, how well, how that went, what it makes, what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from hornbook.cli.output import SIGNS, Console, escape, filled
from hornbook.cli.wording import command, worded
from hornbook.inspection.inspect import Inspection
from hornbook.inspection.loss_curves import curves_of
from hornbook.rendering import clip, figure
from hornbook.reports import Samples, Table
from hornbook.reports.bars import Bars
from hornbook.reports.finding import NOTHING

__all__ = ["show_overview"]

WIDE = 30  # columns of the longest bar
SCREEN = 78  # columns of the samples
LONGEST, BEGINNING = 36, 200  # characters of a sample, and of a passage, in a terminal
STEPS = "▁▂▃▄▅▆▇█"
POINTS = 40  # columns of a curve
MARKS = {"near": " ~", "copy": " =", "new": "", "": ""}
"What stands behind a sample that is not new."


def show_overview(found: Inspection, out: Console) -> None:
    """The run on one screen."""
    one = found.overview
    out.print(f"[bold]{escape(one.title)}[/]  [dim]{escape(str(one.run.path))}[/]")
    out.print(escape(one.model))
    out.print(f"Data: {escape(one.extent)}")
    if one.standing is not None:
        out.print()
        out.print(filled(bars(one.standing.bars(), one.standing.measure.unit)))
        if one.standing.verdict:
            out.print(escape(one.standing.verdict))
    for line in curves(found):
        out.print(escape(line))
    if one.samples is not None:
        out.print()
        show_samples(one.samples, out)
    out.print()
    for finding in found.findings:
        out.print(f"{SIGNS[finding.severity]}  {escape(worded(finding.title))}")
    if not found.findings:
        told = found.without_findings
        out.print(f"[green]✓[/] {NOTHING}" if told == NOTHING else escape(worded(told)))
    out.print()
    for place, action in enumerate(one.calls(folders=True)):
        out.print(f"{'Made by:  ' if not place else '          '}{escape(command(action))}")
    proposed = [tried.action for tried in one.advice(folders=True) if tried.action is not None]
    for place, action in enumerate(proposed):
        out.print(f"{'Next:     ' if not place else '          '}{escape(command(action))}")


def bars(given: Bars, unit: str) -> Table:
    """Models as rows with a bar, as long as the figure on the last split that was measured."""
    rows = []
    for row in given.rows:
        known = [row.values[split] for split in given.splits if split in row.values]
        alone = len(given.rows) == 1 or not known  # a bar by itself compares nothing
        drawn = "" if alone else "█" * max(1, round(WIDE * given.length(known[-1])))
        cells = (
            figure(row.values[split], given.digits) if split in row.values else ""
            for split in given.splits
        )
        rows.append((row.name, drawn.ljust(WIDE), *cells))
    own = next((place for place, row in enumerate(given.rows) if row.own), None)
    return Table(("model", unit, *given.splits), tuple(rows), left=2, marked=own)


def curves(found: Inspection) -> Iterator[str]:
    """A small curve for train and for dev, with its first and last value, and what was kept."""
    summary, measure = found.overview.summary, found.run.task.decides
    shown = curves_of(found.metrics, measure)
    values = [value for points in shown.values() for _, value in points if math.isfinite(value)]
    if not values:
        return
    yield ""
    for split, points in shown.items():
        line = sparks([value for _, value in points], min(values), max(values))
        (first, begins), (last, ends) = points[0], points[-1]
        yield (
            f"{split:<5}  {figure(begins, measure.digits)} at step {first:,} {line} "
            f"{figure(ends, measure.digits)} at step {last:,}"
        )
    kept = ""
    if summary is not None and summary.best_step is not None:
        kept = f"The weights of step {summary.best_step:,} were kept. "
    if told := f"{kept}{found.overview.measured_on}".strip():
        yield told


def sparks(values: Sequence[float], low: float, high: float) -> str:
    """Values as a row of blocks, the higher the taller; at most `POINTS`, evenly spread."""
    kept = min(len(values), POINTS)
    some = [values[place * (len(values) - 1) // max(1, kept - 1)] for place in range(kept)]
    room = (high - low) or 1.0
    return "".join(
        STEPS[min(7, int(8 * (value - low) / room))] if math.isfinite(value) else "?"
        for value in some
    )


def show_samples(given: Samples, out: Console) -> None:
    """Samples side by side, those that are not new marked; cut only in a terminal."""
    cut = clip if out.file.isatty() else whole
    signs = [f"{MARKS[kind].strip()} {name}" for kind, name in LEGEND.items()
             if any(one.kind == kind for one in given.made)]  # fmt: skip
    legend = f" ({', '.join(signs)})" if signs and not given.long else ""
    out.print(escape(worded(given.about)) + legend)
    if given.long:
        for one in given.made:
            out.print(f"[dim]│[/] {escape(cut(one.text, BEGINNING))}".replace("\n", "\n[dim]│[/] "))
            out.print(f"[dim]{escape(one.mark)}[/]")
        return
    texts = [f"{cut(on_one_line(one.text), LONGEST)}{MARKS[one.kind]}" for one in given.made]
    for line in side_by_side(texts, SCREEN):
        out.print(f"  {escape(line)}")


LEGEND = {"near": "near copy", "copy": "in the data"}


def whole(text: str, longest: int) -> str:
    """A text as it is, of any length."""
    return text


def on_one_line(text: str) -> str:
    """A text with signs in the place of its line breaks."""
    return text.replace("\n", "⏎")


def side_by_side(texts: Sequence[str], width: int) -> Iterator[str]:
    """Texts in columns of one width, row by row."""
    from rich.cells import cell_len

    wide = max(map(cell_len, texts), default=0) + 2
    across = max(1, width // wide)
    for begin in range(0, len(texts), across):
        row = texts[begin : begin + across]
        yield "".join(text + " " * (wide - cell_len(text)) for text in row).rstrip()
