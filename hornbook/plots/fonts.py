"""Tokens as a figure can show them: short labels, and fonts that have glyphs for them."""

from __future__ import annotations

import contextlib
import logging
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np

__all__ = [
    "MOST",
    "are_wide",
    "columns",
    "ellipsis",
    "families",
    "has_shapes",
    "in_ink",
    "ink_on",
    "quiet",
    "spelled_out",
]

SHORT = 4  # characters of a label, whose code points are set apart
JOINERS = "\u200c\u200d"  # between two characters: they make of them what a reader sees as one
NO_SHAPE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")  # categories of what leaves no ink

MOST = 40  # most tokens per side of a square figure; with more no label could be read
OWN = "DejaVu Sans"  # comes with matplotlib
OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
    "SimSun",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Songti SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Yu Gothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "Droid Sans Fallback",
    "AR PL UMing CN",
    "AR PL UKai CN",
    "Arial Unicode MS",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Segoe UI Emoji",
    "Unifont",
)
"Fonts with many glyphs that systems have or people install, the most readable first."
GENERIC = "sans-serif"  # what a browser takes where it has none of these


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """A context in which a library logs errors only."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(max(level, logging.ERROR))
    try:
        yield
    finally:
        logger.setLevel(level)


@cache
def families() -> tuple[str, ...]:
    """The fonts of figures: matplotlib's own, then those installed here with more glyphs."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    if there.isdisjoint(OTHERS):
        there |= installed_lately()
    return (OWN, *(name for name in OTHERS if name in there), GENERIC)


def installed_lately() -> set[str]:
    """The fonts that were installed after matplotlib made its list of them, which it then knows.

    It keeps that list in a file and never looks again, so a font that is installed because a figure
    lacks glyphs would change nothing.
    """
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.fname for font in fontManager.ttflist}
    for path in sorted(set(findSystemFonts()) - known):
        # Whatever is wrong with a font file, it is not the figure's business.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            fontManager.addfont(path)
    return {font.name for font in fontManager.ttflist}


@cache
def drawable() -> frozenset[int]:
    """The code points that one of the `families` has a shape for."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    with quiet("matplotlib"):  # of weights that a font has not
        paths = {findfont(FontProperties(family=[name])) for name in families() if name != GENERIC}
    return frozenset(point for path in paths for point in get_font(path).get_charmap())


def has_shapes(text: str) -> bool:
    """Whether every character of a text can be drawn with the fonts that are installed here."""
    return all(ord(character) in drawable() for character in text if character != "\n")


def spelled_out(text: str) -> str:
    """A text with code points for the characters that no font here has shapes for."""
    seen = [one for one in text if one not in JOINERS]
    parts = [one if has_shapes(one) else f"{ord(one):X}" for one in seen]
    apart = any(len(part) > 1 for part in parts) and len(seen) <= SHORT
    return (" " if apart else "").join(parts)


def in_ink(label: str) -> str:
    """A label that some font could draw: code points replace it where Unicode has no character.

    Which fonts are installed is asked when the figure is written (`plots.saving`), for in an SVG
    that is the reader's business.
    """
    inner = label[1:-1] if len(label) > 2 else ""
    plain = label[:1] + inner.translate(dict.fromkeys(map(ord, JOINERS))) + label[1:][-1:]
    if all(unicodedata.category(one) not in NO_SHAPE for one in plain):
        return label
    return " ".join(f"{ord(one):X}" for one in label)


def columns(label: str) -> int:
    """How wide a label is, in letters: an ideograph takes about two, an accent on a letter none."""
    found, joined = 0, False
    for one in label:
        if not joined and unicodedata.category(one) not in ("Mn", "Me", "Cf"):
            found += 2 if unicodedata.east_asian_width(one) in "WF" else 1
        joined = one == "\u200d"
    return found


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
