"""Symbols as a picture can show them: short labels, and fonts that have their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np

__all__ = [
    "MOST",
    "are_wide",
    "ellipsis",
    "families",
    "in_ink",
    "ink_on",
    "lettered",
]

MOST = 40  # symbols a side of a square picture: more than that and no letter could be read
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
    """The fonts that pictures are lettered with: matplotlib's own, then wider ones found here."""
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
    """A label as pictures can have it: a symbol that no font here can draw is its code point."""
    if all(ord(symbol) in drawable() for symbol in label):
        return label
    return " ".join(f"{ord(symbol):X}" for symbol in label)


def are_wide(labels: Iterable[str]) -> bool:
    """Whether labels side by side need more room than a letter each: code points are among them."""
    return max(map(len, labels)) > 2


def ellipsis(labels: Sequence[str], most: int) -> str:
    """The last labels as one string, with a sign where more stand before."""
    apart = " " if any(len(label) > 1 for label in labels) else ""
    return ("…" if len(labels) > most else "") + apart.join(labels[-most:])


def ink_on(rgba: Iterable[float]) -> str:
    """The colour of a letter that can be read on a background, by the background's luminance."""
    r, g, b, *_ = rgba
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b)]
    # Of WCAG 2: black has the better contrast from a luminance of 0.179 up.
    return "black" if np.dot((0.2126, 0.7152, 0.0722), linear) > 0.179 else "white"


@contextmanager
def lettered() -> Iterator[None]:
    """A context to draw in: the fonts above, and `$` a symbol like any other."""
    import matplotlib as mpl

    with mpl.rc_context({"font.family": list(families()), "text.parse_math": False}):
        yield
