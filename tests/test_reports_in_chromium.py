"""Reports in a real Chromium: tables have room, or say that they go on."""

from __future__ import annotations

from hornbook.reports import Page, Section, Table
from tests.chromium import chromium

HEADS = ("model", "dev, nats per token", "test", "ahead of the next?", "runs", "parameters",
         "time", "tokens/s", "new")  # fmt: skip
BOARD = Table(
    HEADS,
    (("bigram", "2.4092 (2.4007 and 2.4178)", "2.4111 (2.4043 and 2.4180)",
      "yes, more than luck (p < 0.001)", "2", "793,344", "64.6 s, shared", "41,351", "95.6%"),) * 3,
)  # fmt: skip
SMALL = Table(("model", "dev"), (("bigram", "2.4092"),))
BEYOND = """[...document.querySelectorAll(".scroll")].map(e => e.scrollWidth - e.clientWidth)"""
TOLD = """[...document.querySelectorAll(".scroll")].map(
    e => getComputedStyle(e, "::before").content.includes("Slide"))"""


def test_a_wide_table_has_room_or_says_that_it_goes_on() -> None:
    page = Page("A page", "", [Section("Wide", table=BOARD), Section("Small", table=SMALL)])
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_content(page.html())
        assert tab.evaluate(BEYOND) == [0, 0]
        lines = """[...document.querySelectorAll(".whole")].every(
            e => e.getClientRects().length === 1)"""
        assert tab.evaluate(lines)
        assert tab.evaluate(TOLD) == [False, False]
        tab.set_viewport_size({"width": 390, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        beyond, none = tab.evaluate(BEYOND)
        assert beyond > 0
        assert none == 0
        assert tab.evaluate(TOLD) == [True, False]
