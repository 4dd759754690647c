"""One self-contained HTML page: words, tables and pictures, with nothing to be fetched."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from hornbook.plots.saving import rendered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Page", "Section"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem; }
p { margin: .3rem 0; } .quiet { color: #555; }
figure { margin: .8rem 0; } img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0; display: block;
        overflow-x: auto; }
th, td { padding: .15rem .7rem .15rem 0; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #999; } th:first-child, td:first-child { text-align: left; }
.verdict { border-left: 5px solid #D55E00; padding: .3rem .9rem; margin: .8rem 0;
           background: #fbf3ee; }
.warning { border-color: #E69F00; background: #fdf8ec; }
.well { border-color: #009E73; background: #eef7f3; }
pre { font-size: .85rem; overflow-x: auto; }
""".strip()


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, in this order."""

    title: str
    text: str = ""
    figure: Figure | None = None
    table: Sequence[Sequence[str]] = field(default=())
    "Rows of cells, the heads first."
    verdicts: Sequence[tuple[str, Sequence[str]]] = field(default=())
    "For each its class (`problem`, `warning` or `well`) and its paragraphs, the first in bold."
    lines: Sequence[str] = field(default=())
    "Text whose spaces count."


@dataclass(frozen=True)
class Page:
    """A report."""

    title: str
    about: str
    sections: Sequence[Section]

    def html(self) -> str:
        """The whole page."""
        parts = [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style></head><body>",
            f'<h1>{escape(self.title)}</h1><p class="quiet">{escape(self.about)}</p>',
            *map(section, self.sections),
            "</body></html>",
        ]
        return "\n".join(parts) + "\n"


def section(one: Section) -> str:
    """A section as HTML."""
    parts = [f"<h2>{escape(one.title)}</h2>"]
    if one.text:
        parts.append(f'<p class="quiet">{escape(one.text)}</p>')
    for kind, (first, *others) in one.verdicts:
        told = "".join(f"<p>{escape(text)}</p>" for text in others)
        parts.append(f'<div class="verdict {kind}"><p><b>{escape(first)}</b></p>{told}</div>')
    if one.figure is not None:
        parts.append(f"<figure>{image(one.figure, one.title)}</figure>")
    if one.table:
        heads, *rows = one.table
        parts.append("<table><tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in heads))
        parts += ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        parts.append("</table>")
    if one.lines:
        parts.append(f"<pre>{escape(chr(10).join(one.lines))}</pre>")
    return "\n".join(parts)


def image(figure: Figure, title: str) -> str:
    """A picture within the page."""
    data = base64.b64encode(rendered(figure, "png")).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
