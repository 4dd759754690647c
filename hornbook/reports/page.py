"""A report as a self-contained HTML page: it loads nothing else and runs no script.

It is read on a phone, on a desktop and in print, in the light and in the dark: `report.css`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from hornbook.outputs import MADE_BY
from hornbook.reports.elements import Writer, escape
from hornbook.reports.policy import policy
from hornbook.reports.section import Section
from hornbook.reports.wording import Wording

__all__ = ["Page"]

CONTENTS = 4  # sections from which on there is a table of contents


@dataclass(frozen=True)
class Page:
    """A report as an HTML page."""

    title: str
    about: str
    "The most important thing, in a few sentences."
    sections: Sequence[Section]
    tiles: Sequence[tuple[str, str]] = ()
    "The figures that matter most, each with what it is, at the top."
    more: str = ""
    "What comes after it, in smaller letters."
    findings: Section | None = None
    "What a reader must know before all else."
    foot: str = ""
    "What stands at the end, in smaller letters."

    def html(self, wording: Wording | None = None) -> str:
        """The whole page.

        Args:
            wording: how settings and calls are written; by default as in Python.
        """
        writer = Writer(wording or Wording())
        style = files("hornbook.reports").joinpath("report.css").read_text(encoding="utf-8")
        names = anchors(self.sections)
        top = [] if self.findings is None else writer.contents(self.findings, 2)
        parts = [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            policy(style=style),
            f'<meta name="generator" content="{MADE_BY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{style}</style></head><body>",
            f"<header><h1>{escape(self.title)}</h1>",
            f'<p class="lead">{writer.sentence(self.about)}</p>',
            f'<p class="quiet">{writer.sentence(self.more)}</p>' if self.more else "",
            *tiles(self.tiles),
            *top,
            *(contents(self.sections, names) if len(self.sections) >= CONTENTS else ()),
            "</header><main>",
            *map(writer.section, self.sections, names),
            "</main>",
            f'<footer class="quiet"><p>{writer.sentence(self.foot)}</p></footer>'
            if self.foot
            else "",
            "</body></html>",
        ]
        return "\n".join(parts) + "\n"


def tiles(given: Sequence[tuple[str, str]]) -> list[str]:
    """The figures at the top, as HTML: each with what it is."""
    if not given:
        return []
    shown = (f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for value, what in given)
    return ['<dl class="tiles">', *shown, "</dl>"]


def contents(sections: Sequence[Section], names: Sequence[str]) -> list[str]:
    """The table of contents as HTML."""
    lines = (
        f'<li><a href="#{name}">{escape(one.title)}</a></li>'
        for one, name in zip(sections, names, strict=True)
    )
    return ['<nav aria-label="Contents"><ol>', *lines, "</ol></nav>"]


def anchors(sections: Sequence[Section]) -> list[str]:
    """A name for each section that can be linked to; no two are the same."""
    return [
        f"{place}-{re.sub('[^a-z0-9]+', '-', one.title.lower()).strip('-')}"
        for place, one in enumerate(sections, 1)
    ]
