"""Foreign text made fit to be shown: characters that leave no ink, long texts, places in a text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

__all__ = [
    "amount", "are", "around", "clip", "describe", "duration", "figure", "in_percent", "listed",
    "many", "probability", "quoted", "short_time", "told_size", "visible", "visible_json",
]  # fmt: skip

LARGE = 1e7  # from here on the size of a figure is easier to see in e-notation
TELLING = 4  # digits of a figure of 10 or more

# What a terminal obeys instead of showing it, but for line feed and tab; what turns the direction
# of all that follows; halves of surrogate pairs, of which UTF-8 has none.
HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""A text that may go to a terminal: what that would obey is written as in Python, `\x1b`."""

    def written(found: re.Match[str]) -> str:
        code = ord(found[0])
        if 0xDC80 <= code <= 0xDCFF:  # what `surrogateescape` makes of a byte that is not text
            code -= 0xDC00
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

    return HOSTILE.sub(written, text)


def quoted(text: str) -> str:
    r"""A text in quotes, as Python writes it, with bytes that are not text as `\x98`."""
    return re.sub(  # two backslashes are one that stands in the text
        r"(\\\\)|\\udc([89a-f][0-9a-f])",
        lambda found: found[1] or f"\\x{found[2]}",
        repr(text),
    )


def visible_json(text: str) -> str:
    """The same for JSON, which stays the same value."""
    return HOSTILE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def describe(character: str, *, quote: bool = True) -> str:
    """A character so that a person can see which it is, even where it leaves no ink."""
    leaves_ink = unicodedata.category(character)[0] in "LNPS"
    if leaves_ink:
        return f"{character!r}" if quote else character
    short = {" ": "space", "\n": "line feed", "\t": "tab", "\u00a0": "no-break space"}
    name = short.get(character) or unicodedata.name(character, "").lower() or "unnamed"
    return (
        f"U+{ord(character):04X} ({name})"
        if quote
        else short.get(character, f"U+{ord(character):04X}")
    )


def around(text: str, place: int, reach: int = 20) -> str:
    """A text's part around a place, for a message."""
    low, high = max(0, place - reach), place + reach
    return ("…" if low else "") + text[low:high] + ("…" if high < len(text) else "")


def clip(text: str, length: int = 40) -> str:
    """The beginning of a text, for a message."""
    return text if len(text) <= length else text[:length] + "…"


def one_line(text: str, length: int = 40) -> str:
    """The beginning of a text in a line of other texts: its own line breaks are shown as ⏎."""
    return clip(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "⏎"), length)


def many(n: int, thing: str) -> str:
    """A number and what it counts: `1 line`, `1,000 lines`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def listed(names: Sequence[str], most: int = 20) -> str:
    """The first of some names, for a message."""
    shown = ", ".join(repr(name[:60]) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def are(n: int) -> str:
    """A number and its verb: `1 is`, `1,000 are`."""
    return f"{n:,} {'is' if n == 1 else 'are'}"


def told_size(size: int) -> str:
    """A number of bytes, for people."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:,.{0 if size >= 10 * unit else 1}f} {name}"
    return many(size, "byte")


def duration(seconds: float) -> str:
    """A time for people: 40 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def short_time(seconds: float) -> str:
    """A time that may be below a second, for people: 34 µs, 12 ms, 0.16 s; from 10 s on whole."""
    if seconds < 1e-6:
        return "less than 1 µs"
    for most, size, unit in ((1e-3, 1e6, "µs"), (0.1, 1e3, "ms")):
        if seconds < most:
            return f"{size * seconds:{'.0f' if size * seconds >= 10 else '.2g'}} {unit}"
    return f"{seconds:.2g} s" if seconds < 9.95 else duration(seconds)


def figure(value: float, digits: int = 4, *, sign: bool = False, cut: bool = True) -> str:
    """A figure as people are shown it: 3.2958, 63.86, 50,504, 1.23e+08, infinite.

    Args:
        value: the figure.
        digits: after the point, of one below 10; larger ones have about four in all, if `cut`.
        sign: whether one above 0 has a plus, as differences do.
        cut: whether larger ones have fewer; not in columns, where points stand below each other.
    """
    if value == math.inf:
        return "infinite"
    plus, size = "+" if sign else "", abs(value)
    if LARGE <= size < math.inf:
        return f"{value:{plus}.2e}"
    if cut and 10 <= size < math.inf:
        digits = min(digits, max(0, TELLING - len(str(int(size)))))
    return f"{value:{plus},.{digits}f}"


def in_percent(share: float, digits: int = 1) -> str:
    """A share in percent, which says neither 100 % nor 0 % where it is not: 83.0%, over 99.9%.

    Args:
        share: from 0 to 1.
        digits: after the point.
    """
    told, least = f"{share:.{digits}%}", 10.0**-digits
    if share > 0 and float(told[:-1]) == 0:
        return f"below {least:g}%"
    if share < 1 and float(told[:-1]) == 100:
        return f"over {100 - least:.{digits}f}%"
    return told


def probability(chance: float, digits: int = 1) -> str:
    """A probability in whole percents, at the ends in finer ones: 83%, 99.7%, below 0.1%.

    Nothing is certain, so one that floating point has rounded to 1 or 0 is not told as that.

    Args:
        chance: from 0 to 1.
        digits: after the point, at the ends.
    """
    if 0.0995 <= chance < 0.995:
        return f"{chance:.0%}"
    return in_percent(min(max(chance, 1e-300), 1 - 1e-16), digits)


def amount(value: float, digits: int = 6) -> str:
    """A value of the data as people are shown it: 0.25, 1,032,000; without an exponent.

    Args:
        value: below 1e15, from where on it has one.
        digits: that tell something, in all.
    """
    return f"{float(f'{value:.{digits}g}'):,.15g}"
