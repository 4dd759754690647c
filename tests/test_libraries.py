"""What libraries log and warn of stays among programmers."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest

from hornbook.cli.libraries import quiet_libraries
from hornbook.plots.drawing import drawing


def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging as in a process where nobody has said what becomes of it."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


def test_neither_reaches_a_person(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare(monkeypatch)
    shown = warnings.showwarning
    with warnings.catch_warnings(), quiet_libraries():
        warnings.simplefilter("always")
        warnings.warn("a library's own words", UserWarning, stacklevel=1)
        logging.getLogger("somebody").error("a library's own words")
    assert capsys.readouterr().err == ""
    assert warnings.showwarning is shown
    assert not logging.getLogger().handlers


def test_who_asks_for_warnings_gets_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "warnoptions", ["default"])
    monkeypatch.setattr(warnings, "showwarning", lambda *told, **where: print(told[0]))
    with warnings.catch_warnings(), quiet_libraries():
        warnings.simplefilter("always")
        warnings.warn("a library's own words", UserWarning, stacklevel=1)
    assert capsys.readouterr().out == "a library's own words\n"


def test_figures_are_drawn_without_a_word_in_a_program_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare(monkeypatch)
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with drawing():
        logging.getLogger("matplotlib.font_manager").warning("Matplotlib created a temporary cache")
    assert capsys.readouterr().err == ""
    assert logger.level == level
