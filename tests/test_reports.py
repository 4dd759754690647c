"""Reports: findings, tables and pages."""

from __future__ import annotations

import io
import math
import re
from importlib.resources import files

import pytest
from matplotlib.figure import Figure

from hornbook.actions import Action
from hornbook.cli.output import Console, filled, show_findings
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.records import as_json
from hornbook.reports import Bar, Bars, Wording
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
    told = Table(("a", "b"), (("x", "2.0 (1.9660–1.9994)"), ("y", "of several words, &c.")))
    wordy = page(Section("s", table=told))
    assert '<td class="wordy">2.0 <span class="whole">(1.9660–1.9994)</span></td>' in wordy
    assert '<td class="wordy">of several words, &amp;c.</td>' in wordy
    assert html.count('class="marked"') == 1
    console, out = terminal()
    console.print(filled(table))
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["a", "kind", "c"], ["1", "x", "2"], ["3", "[b]", "<4>"]
    ]  # fmt: skip


def test_a_picture_stands_in_the_page() -> None:
    html = page(Section("A <picture>", figure=Figure(figsize=(6.4, 4.8))))
    sized = 'width="614" height="461" src="data:image/png;base64,iVBOR'
    assert f'<figure class="large" tabindex="0"><img alt="A &lt;picture&gt;" {sized}' in html


def test_what_slides_on_a_phone_has_its_own_size_whatever_its_shape() -> None:
    style = files("hornbook.reports").joinpath("report.css").read_text(encoding="utf-8")
    rules = re.findall(r"figure\.large img \{([^}]*)\}", style)
    assert rules == [" width: auto; max-width: 100%; ", " max-width: none; "]


@pytest.mark.usefixtures("unpainted")
def test_a_picture_is_told_in_words_and_slides_where_it_is_wide() -> None:
    with drawing():
        figure, (above, _) = canvas(2)
    above.plot([0, 1], [1, 0], label="dev")
    above.set_xlabel("step")
    above.set_ylabel("loss")
    html = page(Section("Curves", figure=figure))
    assert 'alt="Curves. loss by step: dev."' in html
    assert '<figure class="fits">' in html
    assert '<figure class="large" tabindex="0">' in page(Section("Map", figure=Figure((9, 9))))


def test_bars_are_as_long_as_their_figures() -> None:
    rows = (Bar("guess", {"dev": 4.0}), Bar("net", {"dev": 1.0, "test": math.inf}, own=True))
    given = Bars(("dev", "test"), rows, digits=2)
    assert [given.length(value) for value in (4.0, 1.0, math.inf, math.nan, -1.0)] == [
        1.0, 0.25, 1.0, 0.0, 0.0,
    ]  # fmt: skip
    html = page(Section("How good", bars=given))
    assert '<tr class="own"><th scope="row">net</th><td>1.00</td><td>infinite</td></tr>' in html
    assert 'width="25%"' in html
    assert "<svg" not in page(Section("Alone", bars=Bars(("dev",), rows[1:])))
    # Which of a row's bars is which stands at the heads, if there are two.
    assert html.count('class="swatch"') == 2
    assert 'class="swatch"' not in page(Section("One split", bars=Bars(("dev",), rows)))


def test_an_interface_writes_settings_and_calls_in_its_own_words() -> None:
    section = Section("Next", "Raise `clip`.", calls=(Action("sample", ("a b",), {"n": 2}),))
    assert "Raise <code>clip</code>." in page(section)
    html = Page("t", "a", [section]).html(Wording(str.upper, lambda call: f"go {call.verb}"))
    assert "RAISE <code>CLIP</code>." in html
    assert "<pre><code><span>go</span> <span>sample</span></code></pre>" in html


def test_words_on_a_page_are_words() -> None:
    html = page(Section("<i>", "<em>", table=Table(("<u>",), (("<s>",),))))
    assert not set(re.findall(r"<(?:b|i|u|s|em)>", html))
