"""Symbols of any script as the labels of a picture, as far as there are fonts for them here."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["families", "legible"]

OWN = "DejaVu Sans"  # comes with matplotlib
WIDE = {
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "Droid Sans Fallback", "Arial Unicode MS",
}  # fmt: skip
SHORT = {"space": "␣", "line feed": "⏎", "tab": "⇥"}  # a square is small


def families() -> list[str]:
    """Matplotlib's own font, then those of East Asian scripts that this machine has."""
    from matplotlib.font_manager import fontManager

    return [OWN, *sorted({font.name for font in fontManager.ttflist} & WIDE)]


def legible(labels: Sequence[str]) -> list[str]:
    """Labels of single symbols: those that no font here has, as their code points."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    held = get_font(findfont(FontProperties(family=OWN))).get_charmap()
    others = len(families()) > 1
    short = [SHORT.get(label, label) for label in labels]
    return [
        label if others or all(ord(symbol) in held for symbol in label) else f"{ord(label):X}"
        for label in short
    ]
