"""A self-contained HTML page of text, tables and figures; it loads nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.plots.colours import BLUE, GREEN, ORANGE, VERMILION
from hornbook.plots.saving import embedded
from hornbook.rendering import visible
from hornbook.reports.finding import NOTHING, Finding
from hornbook.reports.policy import policy
from hornbook.reports.section import Section
from hornbook.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Page"]

STYLE = f"""
body {{ font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; margin-bottom: .2rem; }}
h2 {{ font-size: 1.15rem; margin: 2.2rem 0 .3rem; }}
p {{ margin: .3rem 0; }} .quiet {{ color: #555; }}
figure {{ margin: .8rem 0; }} img {{ max-width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; margin: .6rem 0; display: block;
        overflow-x: auto; }}
th, td {{ padding: .15rem .7rem .15rem 0; text-align: right; white-space: nowrap; }}
th {{ border-bottom: 1px solid #999; }} .left {{ text-align: left; }}
.marked {{ background: #fdf8ec; font-weight: bold; }}
.finding {{ border-left: 5px solid; padding: .3rem .9rem; margin: .8rem 0; }}
.problem {{ border-color: {VERMILION}; background: #fbf3ee; }}
.warning {{ border-color: {ORANGE}; background: #fdf8ec; }}
.note {{ border-color: {BLUE}; background: #eef4f9; }}
.well {{ border-color: {GREEN}; background: #eef7f3; }}
""".strip()


@dataclass(frozen=True)
class Page:
    """A report as an HTML page."""

    title: str
    about: str
    sections: Sequence[Section]

    def html(self) -> str:
        """The whole page."""
        parts = [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            policy(style=STYLE),
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style></head><body>",
            f'<h1>{escape(self.title)}</h1><p class="quiet">{escape(self.about)}</p>',
            *map(section, self.sections),
            "</body></html>",
        ]
        return "\n".join(parts) + "\n"


def escape(text: str) -> str:
    """A text as HTML: nothing in it is markup, and nothing turns the direction of what follows."""
    return html.escape(visible(text))


def section(one: Section) -> str:
    """A section as HTML."""
    parts = [f"<h2>{escape(one.title)}</h2>"]
    if one.text:
        parts.append(f'<p class="quiet">{marked(one.text)}</p>')
    if one.findings is not None:
        parts += map(finding, one.findings)
        if not one.findings:
            parts.append(f'<div class="finding well"><p><b>{escape(NOTHING)}</b></p></div>')
    if one.figure is not None:
        parts.append(f"<figure>{image(one.figure, one.title)}</figure>")
    if one.table is not None:
        parts.append(table(one.table))
    return "\n".join(parts)


def finding(one: Finding) -> str:
    """A finding as HTML, its title in bold."""
    told = "".join(f"<p>{marked(text)}</p>" for text in (one.detail, one.advice) if text)
    return f'<div class="finding {one.severity}"><p><b>{marked(one.title)}</b></p>{told}</div>'


def marked(text: str) -> str:
    """A message as HTML; settings in backticks become code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def table(one: Table) -> str:
    """A table as HTML."""

    def row(kind: str, cells: Sequence[str]) -> str:
        begins = [f'<{kind} class="left">'] * one.left + [f"<{kind}>"] * len(cells)
        return "".join(
            f"{begin}{escape(cell)}</{kind}>" for begin, cell in zip(begins, cells, strict=False)
        )

    lines = [f"<table><tr>{row('th', one.heads)}</tr>"]
    for place, cells in enumerate(one.rows):
        marked = ' class="marked"' if place == one.marked else ""
        lines.append(f"<tr{marked}>{row('td', cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def image(figure: Figure, title: str) -> str:
    """A figure as HTML, embedded in the page."""
    return f'<img alt="{escape(title)}" src="{embedded(figure)}">'
