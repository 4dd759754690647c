"""Coloured words can be read on a white terminal and on a black one."""

from __future__ import annotations

import io

import pytest
from rich.style import Style

from hornbook.cli.output import COLOURS, Console


@pytest.mark.parametrize("name", COLOURS)
def test_each_colour_can_be_read_on_white_and_on_black(name: str) -> None:
    stream = io.StringIO()
    how = {"force_terminal": True, "color_system": "256", "legacy_windows": False}
    console = Console(stream, **how)
    style = console.get_style(name)
    assert style == Style.parse(COLOURS[name])
    assert style.color is not None
    rgb = [part / 255 for part in style.color.get_truecolor()]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    y = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert min((y + 0.05) / 0.05, 1.05 / (y + 0.05)) > 3.8
    console.print(f"[{name}]word[/]")
    assert f"8;5;{style.color.number}m" in stream.getvalue()
