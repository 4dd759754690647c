"""Every page that is written says what it may do, and nothing of a run's text is markup in it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hornbook
from hornbook.actions import Action
from hornbook.inspection.inspect import inspect
from hornbook.lessons.line_fit import LineSettings, fit_line
from hornbook.lessons.line_page import write_page
from hornbook.reports import (
    Advice,
    Bar,
    Bars,
    Finding,
    MarkedSample,
    Page,
    Samples,
    Section,
    Table,
)

PACKAGE = Path(hornbook.__file__).parent
HOSTILE = (
    "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'`&\x9b\u202e\udc80"
)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the texts of styles and scripts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"style": [], "script": []}
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in self.texts:
            self.texts[self.inside].append(data)


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def assert_held(page: str) -> dict[str, str]:
    """The rules of a page's policy; they name what is in it, and it comes before all of that."""
    elements = Elements(page)
    names = [tag for tag, _ in elements.found]
    metas = [attrs for tag, attrs in elements.found if tag == "meta"]
    assert metas[1]["http-equiv"] == "Content-Security-Policy"
    assert max(place for place, tag in enumerate(names) if tag == "meta" and place < 5) < min(
        place for place, tag in enumerate(names) if tag in ("style", "script")
    )
    content = metas[1]["content"] or ""
    rules = dict(rule.split(" ", 1) for rule in content.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in content
    for kind, texts in elements.texts.items():
        assert [digest(text) for text in texts] == rules.get(f"{kind}-src", "").split()
    for tag, attrs in elements.found:
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
        for name, allowed in (("src", "data:"), ("srcset", "data:"), ("href", "#")):
            assert (attrs.get(name) or allowed).startswith(allowed)
    return rules


@pytest.mark.parametrize("suffix", ["", "\r\n"])
def test_a_report_has_no_script_and_no_foreign_markup(suffix: str) -> None:
    text = HOSTILE + suffix
    marked = Samples(text, (MarkedSample(text, "new", text),))
    section = Section(
        text, text, table=Table((text,), ((text,),)), samples=marked, note=text,
        bars=Bars(("dev", text), (Bar(text, {"dev": 1.0, text: 2.0}),) * 2),
        advice=(Advice(text, Action("sample", (text,))),), calls=(Action("train", (text,)),),
        findings=(Finding("x", "note", text, text, text),),
    )  # fmt: skip
    page = Page(text, text, [section] * 4, tiles=[(text, text)], more=text, findings=section)
    rules = assert_held(page.html())
    assert "script-src" not in rules
    assert {tag for tag, _ in Elements(page.html()).found} == {
        "html", "head", "meta", "title", "style", "body", "header", "nav", "ol", "li", "a", "main",
        "section", "div", "h1", "h2", "p", "b", "code", "pre", "span", "table", "thead", "tbody",
        "tr", "th", "td", "ul", "q", "dl", "dt", "dd", "svg", "g", "rect",
    }  # fmt: skip
    assert not re.search("[\x80-\x9f\u202e\r]", page.html())
    page.html().encode()


def test_the_report_of_a_hostile_run(tmp_path: Path, unpainted: None) -> None:
    data = tmp_path / "data.txt"
    data.write_text("<script>alert(1)</script>\n<img src=x onerror=alert(2)>\n" * 40)
    run = hornbook.train(
        data, model="bigram", out=tmp_path / "<b>run", baseline=False,
        training={"steps": 4, "evaluate_every": 2},
    )  # fmt: skip
    inspect(run).write(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "script-src" not in assert_held(page)
    assert "script" not in {tag for tag, _ in Elements(page).found}
    assert "<b>run" not in page
    assert all(attrs.get("src") != "x" for _, attrs in Elements(page).found)


def test_the_page_of_a_line_runs_its_own_script_only(tmp_path: Path) -> None:
    write_page(fit_line(LineSettings(steps=5)), tmp_path / "line.html")
    rules = assert_held((tmp_path / "line.html").read_text(encoding="utf-8"))
    assert rules["script-src"].count("sha256-") == 1


def test_every_page_comes_from_where_its_policy_is_set() -> None:
    pages = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "<!doctype html>" in (text := path.read_text(encoding="utf-8")).lower()
        and "policy(" in text
    }
    every = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".html")
        and "<!doctype html>" in path.read_text(encoding="utf-8").lower()
    }
    assert pages == every
