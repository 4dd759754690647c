"""The parts of a report as HTML. Nothing that they are given is markup."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from hornbook.rendering import figure, visible
from hornbook.reports.bars import Bar, Bars
from hornbook.reports.finding import NOTHING, Finding
from hornbook.reports.picture import described, picture
from hornbook.reports.samples import MarkedSample, Samples
from hornbook.reports.section import Section
from hornbook.reports.table import Table
from hornbook.reports.wording import Wording

__all__ = ["Writer", "escape"]

WORDY = 16  # characters of a cell of several words, which a narrow page sets in several lines
NARROW, BETWEEN = 42, 2  # characters that a telephone has room for; room between columns
WHOLE = re.compile(r"\([-+\d.,]+(?:–| to | and )[-+\d.,]+\)|p [&lt;=]+ [\d.]+")
"An interval, or a p-value, in HTML."


def escape(text: str) -> str:
    """A text as HTML: nothing in it is markup, and nothing turns the direction of what follows."""
    return html.escape(visible(text))


class Writer:
    """Writes sections as HTML in the words of an interface.

    Args:
        wording: how settings and calls are written.
    """

    def __init__(self, wording: Wording) -> None:
        self.wording = wording

    def sentence(self, text: str) -> str:
        """A message as HTML; what stands in backticks becomes code."""
        return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(self.wording.sentence(text)))

    def section(self, one: Section, anchor: str = "", level: int = 2) -> str:
        """A section as HTML, with those within it.

        Args:
            one: the section.
            anchor: its name for links; empty: none.
            level: of its heading.
        """
        named = f' id="{anchor}"' if anchor else ""
        parts = [f"<section{named}><h{level}>{escape(one.title)}</h{level}>"]
        parts += self.contents(one, level)
        return "\n".join([*parts, "</section>"])

    def contents(self, one: Section, level: int) -> list[str]:
        """What stands under the heading of a section."""
        parts = [f"<p>{self.sentence(one.text)}</p>"] if one.text else []
        if one.points:
            items = "".join(f"<li>{self.sentence(point)}</li>" for point in one.points)
            parts.append(f'<ul class="points">{items}</ul>')
        if one.findings is not None:
            parts += map(self.finding, one.findings)
            if not one.findings:
                parts.append(f'<div class="finding well"><p><b>{escape(NOTHING)}</b></p></div>')
        if one.bars is not None:
            parts.append(bars(one.bars))
        if one.figure is not None:
            alt = filter(None, (one.title, one.alt or described(one.figure)))
            # Titles of panels may have line breaks.
            parts.append(picture(one.figure, escape(" ".join(". ".join(alt).split()))))
        if one.samples is not None:
            parts += self.samples(one.samples)
        if one.table is not None:
            parts.append(table(one.table, one.title))
        for advice in one.advice:
            parts.append(f"<p>{self.sentence(advice.reason)}</p>" if advice.reason else "")
            if advice.action is not None:
                parts.append(code(self.wording.call(advice.action)))
        parts += (code(self.wording.call(call)) for call in one.calls)
        if one.note:
            parts.append(f'<p class="quiet">{self.sentence(one.note)}</p>')
        return [part for part in parts if part] + [
            self.section(part, level=level + 1) for part in one.parts
        ]

    def finding(self, one: Finding) -> str:
        """A finding as HTML, its title in bold, its severity in words too."""
        told = "".join(f"<p>{self.sentence(text)}</p>" for text in (one.detail, one.advice) if text)
        title = f"<b>{one.severity.capitalize()}: {self.sentence(one.title)}</b>"
        return f'<div class="finding {one.severity}"><p>{title}</p>{told}</div>'

    def samples(self, given: Samples) -> list[str]:
        """Samples as HTML: a list, each with its mark, unless all have the same."""
        kind = "samples long" if given.long else "samples wide" if given.wide else "samples"
        shown = (sample(one, long=given.long, marked=not given.alike) for one in given.made)
        return [f"<p>{self.sentence(given.about)}</p>", f'<ul class="{kind}">', *shown, "</ul>"]


def code(text: str) -> str:
    """A line to copy as HTML; it wraps between words, not at the dashes of a flag."""
    words = " ".join(f"<span>{escape(word)}</span>" for word in text.split(" "))
    return f"<pre><code>{words}</code></pre>"


def sample(one: MarkedSample, *, long: bool, marked: bool) -> str:
    """A sample as HTML, with its mark if asked for."""
    element = "blockquote" if long else "q"
    mark = (
        f' <span class="mark {one.kind}">{escape(one.mark)}</span>' if marked and one.mark else ""
    )
    return f'<li><{element} lang="">{escape(one.text)}</{element}>{mark}</li>'


def bars(given: Bars) -> str:
    """Bars as HTML: a table of the figures, and under each row a bar for each split."""
    told = len(given.rows) > 1 and len(given.splits) > 1  # which of a row's bars is which
    heads = "".join(
        f'<th scope="col">{swatch(place) if told else ""}{escape(split)}</th>'
        for place, split in enumerate(given.splits, 1)
    )
    lines = [f'<table class="bars"><thead><tr><th scope="col" class="left">model</th>{heads}</tr>',
             "</thead><tbody>"]  # fmt: skip
    for row in given.rows:
        own = ' class="own"' if row.own else ""
        cells = "".join(
            f"<td>{figure(row.values[split], given.digits) if split in row.values else ''}</td>"
            for split in given.splits
        )
        lines.append(f'<tr{own}><th scope="row">{escape(row.name)}</th>{cells}</tr>')
        if len(given.rows) == 1:
            break  # a bar by itself compares nothing
        wide = len(given.splits) + 1
        drawn = bar_picture(given, row)
        kind = "bar own" if row.own else "bar"
        lines.append(
            f'<tr class="{kind}" aria-hidden="true"><td colspan="{wide}">{drawn}</td></tr>'
        )
    return "\n".join([*lines, "</tbody></table>"])


def swatch(place: int) -> str:
    """The two colours of the bars of a split: of the run's own model and of the others."""
    return (
        '<svg class="swatch" aria-hidden="true">'
        f'<g class="own"><rect class="bar-{place}" width="50%" height="100%"/></g>'
        f'<rect class="bar-{place}" x="50%" width="50%" height="100%"/></svg>'
    )


def bar_picture(given: Bars, row: Bar) -> str:
    """A bar for each split that has a figure, the later ones paler."""
    height = 100 / max(1, len(given.splits))
    drawn = "".join(
        f'<rect class="bar-{place + 1}" y="{place * height:.4g}%" height="{0.8 * height:.4g}%" '
        f'width="{100 * given.length(row.values[split]):.4g}%"/>'
        for place, split in enumerate(given.splits)
        if split in row.values
    )
    return f"<svg>{drawn}</svg>"


def table(one: Table, title: str) -> str:
    """A table as HTML, which slides sideways where it is wider than the page.

    Args:
        one: the table.
        title: what to call it where only parts of it are seen.
    """

    def row(kind: str, cells: Sequence[str]) -> str:
        return "".join(
            f"<{kind}{classes(place, cell)}>{WHOLE.sub(unbroken, escape(cell))}</{kind}>"
            for place, cell in enumerate(cells)
        )

    def classes(place: int, cell: str) -> str:
        wordy = len(cell) > WORDY and " " in cell
        held = [name for name, holds in (("left", place < one.left), ("wordy", wordy)) if holds]
        return f' class="{" ".join(held)}"' if held else ""

    lines = [f"<table><thead><tr>{row('th', one.heads)}</tr></thead><tbody>"]
    for place, cells in enumerate(one.rows):
        marked = ' class="marked"' if place == one.marked else ""
        lines.append(f"<tr{marked}>{row('td', cells)}</tr>")
    lines.append("</tbody></table>")
    return scrolling("\n".join(lines), title, wide=narrowest(one) > NARROW)


def narrowest(one: Table) -> int:
    """About the width of a table whose cells of several words stand in several lines.

    Returns:
        Characters, with those that the room between columns takes.
    """
    columns = zip(one.heads, *one.rows, strict=True)
    widths = [max(len(c) if " " not in c else min(len(c), WORDY) for c in column)
              for column in columns]  # fmt: skip
    return sum(widths) + BETWEEN * (len(widths) - 1)


def unbroken(found: re.Match[str]) -> str:
    """An interval or a p-value as HTML that no line break tears apart."""
    return f'<span class="whole">{found[0]}</span>'


def scrolling(inner: str, title: str, *, wide: bool = False) -> str:
    """HTML that may be wider than the page, reached by keyboard too.

    Args:
        inner: the HTML.
        title: what to call it.
        wide: whether a telephone has no room for it, which is said there.
    """
    names = "scroll wide" if wide else "scroll"
    return (
        f'<div class="{names}" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"{inner}</div>"
    )
