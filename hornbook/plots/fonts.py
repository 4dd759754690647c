"""Tokens as a figure can show them: short labels, and fonts that have glyphs for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

__all__ = [
    "MOST",
    "are_wide",
    "ellipsis",
    "families",
    "in_ink",
    "ink_on",
]

MOST = 40  # most tokens per side of a square figure; with more no label could be read
OWN = "DejaVu Sans"  # comes with matplotlib
OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Emoji",
)


@cache
def families() -> tuple[str, ...]:
    """The fonts of figures: matplotlib's own, then those installed here with more glyphs."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return (OWN, *(name for name in OTHERS if name in there))


@cache
def drawable() -> frozenset[int]:
    """The code points that one of the `families` has a shape for."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = [findfont(FontProperties(family=family)) for family in families()]
    return frozenset(point for path in paths for point in get_font(path).get_charmap())


def in_ink(label: str) -> str:
    """A label that can be drawn: code points replace it if no font has its glyphs."""
    if all(ord(character) in drawable() for character in label):
        return label
    return " ".join(f"{ord(character):X}" for character in label)


def are_wide(labels: Iterable[str]) -> bool:
    """Whether some labels are wider than a letter or two, such as code points."""
    return max(map(len, labels)) > 2


def ellipsis(labels: Sequence[str], most: int) -> str:
    """The last labels as one string, with an ellipsis if there are more before them."""
    apart = " " if any(len(label) > 1 for label in labels) else ""
    return ("…" if len(labels) > most else "") + apart.join(labels[-most:])


def ink_on(rgba: Iterable[float]) -> str:
    """The text colour that is readable on a background, by the background's luminance."""
    r, g, b, *_ = rgba
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
    # Of WCAG 2: black has the better contrast from a luminance of 0.179 up.
    return "black" if np.dot((0.2126, 0.7152, 0.0722), linear) > 0.179 else "white"
