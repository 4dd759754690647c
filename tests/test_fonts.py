"""Characters that the fonts here have, that only the reader's have, and that none has."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from hornbook.plots import fonts
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns, families, has_shapes, in_ink, spelled_out
from hornbook.plots.saving import NOTE, embedded, rendered

CHINESE = "\u4e2d\u6587"


@pytest.fixture
def without_glyphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has no font but matplotlib's own."""
    for known in (fonts.families, fonts.drawable):
        known.cache_clear()
    monkeypatch.setattr(fonts, "OTHERS", ())
    monkeypatch.setattr(fonts, "installed_lately", set)
    yield
    monkeypatch.undo()
    for known in (fonts.families, fonts.drawable):
        known.cache_clear()


@drawing()
def labelled(*labels: str) -> Figure:
    """A figure with labels on both sides of both axes, and one in it."""
    figure = Figure(figsize=(3, 3), layout="constrained")
    axes = figure.subplots()
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(top=True, labeltop=True)
    axes.text(0, 0, labels[0])
    return figure


def test_what_leaves_no_ink_is_a_code_point_whatever_the_fonts() -> None:
    assert in_ink("\ue000") == "E000"
    assert in_ink(CHINESE) == CHINESE
    assert [columns(text) for text in ("ab", CHINESE, "a\u4e2d")] == [2, 4, 3]
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one, to a reader
    assert (in_ink(family), columns(family), columns("e\u0301")) == (family, 2, 1)
    assert in_ink("\u200d") == "200D"
    assert in_ink("a\u200d") == "61 200D"  # joins nothing that is there


@pytest.mark.usefixtures("without_glyphs")
def test_without_a_font_an_svg_leaves_characters_to_the_reader() -> None:
    assert families() == ("DejaVu Sans", "sans-serif")
    assert not has_shapes(CHINESE)
    assert spelled_out(CHINESE) == "4E2D 6587"
    assert spelled_out("\U0001f468\u200d\U0001f467") == "1F468 1F467"
    assert spelled_out("a" * 9 + "\u4e2d") == "a" * 9 + "4E2D"
    figure = labelled(*CHINESE)
    svg = rendered(figure, "svg").decode()
    assert len(re.findall("<text[^>]*>\u4e2d</text>", svg)) == 4
    assert "sans-serif" in svg
    assert (
        embedded(figure) == f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    )
    assert rendered(figure, "svg").decode() == svg  # what a PNG writes instead is gone again


@pytest.mark.usefixtures("without_glyphs")
def test_without_a_font_a_png_spells_characters_out_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figure = labelled(*CHINESE)
    seen: list[str] = []
    save = figure.savefig

    def watched(*given: object, **how: object) -> None:
        (axes,) = figure.axes
        for axis in (axes.xaxis, axes.yaxis):
            seen.extend(axis.get_major_formatter().format_ticks([0.0, 1.0]))
        seen.extend(text.get_text() for text in (*axes.texts, *figure.texts))
        save(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(figure, "savefig", watched)
    assert rendered(figure, "png").startswith(b"\x89PNG")
    assert seen == ["4E2D", "6587"] * 2 + ["4E2D", NOTE]
    assert [text.get_text() for text in (*figure.axes[0].texts, *figure.texts)] == ["\u4e2d"]


def test_letters_are_outlines_that_need_no_font() -> None:
    figure = labelled("a", "b")
    assert b"<text" not in rendered(figure, "svg")
    assert embedded(figure).startswith("data:image/png;base64,")


def test_looking_for_fonts_logs_nothing(
    without_glyphs: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = font_manager.findfont

    def complaining(*given: Any, **others: Any) -> Any:
        logging.getLogger("matplotlib.font_manager").warning("Failed to find font weight normal")
        return found(*given, **others)

    monkeypatch.setattr(font_manager, "findfont", complaining)
    assert has_shapes("a")
    assert not caplog.records
