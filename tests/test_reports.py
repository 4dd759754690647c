"""Reports: findings, tables and pages."""

from __future__ import annotations

import io
import re

from matplotlib.figure import Figure

from hornbook.cli.output import Console, filled, show_findings
from hornbook.records import as_json
from hornbook.reports.finding import NOTHING, Finding, Severity, worst_first
from hornbook.reports.page import Page
from hornbook.reports.section import Section
from hornbook.reports.table import Table


def found(severity: Severity, name: str = "odd-thing") -> Finding:
    return Finding(name, severity, f"A {severity}", "[b]<i>Why</i>[/]", "What to do & how.")


def page(*sections: Section) -> str:
    return Page("<b>", "&", sections).html()


def terminal() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(out, no_color=True, width=100), out


def test_the_worst_comes_first_and_equals_stay_in_order() -> None:
    given = [found("note"), found("problem", "a"), found("warning"), found("problem", "b")]
    sorted_ = worst_first(given)
    assert [one.severity for one in sorted_] == ["problem", "problem", "warning", "note"]
    assert [one.name for one in sorted_[:2]] == ["a", "b"]


def test_a_finding_has_one_shape_for_machines() -> None:
    assert as_json(found("note")) == {
        "name": "odd-thing",
        "severity": "note",
        "title": "A note",
        "detail": "[b]<i>Why</i>[/]",
        "advice": "What to do & how.",
    }


def test_findings_on_a_page_and_in_a_terminal() -> None:
    given = (found("problem"), found("warning"), found("note"))
    html = page(Section("Health", findings=given))
    assert re.findall(r'class="finding (\w+)"', html) == ["problem", "warning", "note"]
    assert "<p>[b]&lt;i&gt;Why&lt;/i&gt;[/]</p><p>What to do &amp; how.</p>" in html
    console, out = terminal()
    show_findings(given, console)
    assert out.getvalue().splitlines()[:6] == [
        "✗ problem  A problem", "    [b]<i>Why</i>[/]", "    → What to do & how.",
        "! warning  A warning", "    [b]<i>Why</i>[/]", "    → What to do & how.",
    ]  # fmt: skip
    assert "· note  A note" in out.getvalue()


def test_to_have_found_nothing_is_not_to_have_looked_for_nothing() -> None:
    assert NOTHING in page(Section("Health", findings=()))
    assert NOTHING not in page(Section("Health"))
    console, out = terminal()
    show_findings((), console)
    assert out.getvalue() == f"✓ {NOTHING}\n"


def test_a_table_on_a_page_and_in_a_terminal() -> None:
    table = Table(("a", "kind", "c"), (("1", "x", "2"), ("3", "[b]", "<4>")), left=2, marked=1)
    html = page(Section("Table", table=table))
    assert '<tr><th class="left">a</th><th class="left">kind</th><th>c</th></tr>' in html
    assert '<tr class="marked"><td class="left">3</td><td class="left">[b]</td>' in html
    assert "<td>&lt;4&gt;</td>" in html
    assert html.count('class="marked"') == 1
    console, out = terminal()
    console.print(filled(table))
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["a", "kind", "c"], ["1", "x", "2"], ["3", "[b]", "<4>"]
    ]  # fmt: skip


def test_a_picture_stands_in_the_page() -> None:
    html = page(Section("A <picture>", figure=Figure()))
    assert '<img alt="A &lt;picture&gt;" src="data:image/png;base64,iVBOR' in html


def test_words_on_a_page_are_words() -> None:
    html = page(Section("<i>", "<em>", table=Table(("<u>",), (("<s>",),))))
    assert not set(re.findall(r"<(?:b|i|u|s|em)>", html))
