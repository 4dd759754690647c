"""The kinds of pairs that can be made, by name.

A new one is a `Kind` in a file, and one line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from hornbook.made.kind import Kind, Pair

__all__ = ["KINDS", "KindLine"]


@dataclass(frozen=True)
class KindLine:
    """A line of the table."""

    home: str
    "The kind, as `module:name`; it is imported on first use."
    summary: str
    "One-line description."
    example: Pair
    "One of its pairs."

    def load(self) -> Kind:
        """The kind."""
        module, _, name = self.home.partition(":")
        kind: Kind = getattr(importlib.import_module(f"hornbook.made.{module}"), name)
        return kind


KINDS: Mapping[str, KindLine] = {
    "reversal": KindLine("strings:REVERSAL", "words backwards", ("learn", "nrael")),
    "sorting": KindLine("strings:SORTING", "the letters of words in order", ("learn", "aelnr")),
    "copy": KindLine("strings:COPY", "words as they are", ("learn", "learn")),
    "addition": KindLine("addition:ADDITION", "sums of two numbers", ("1234+567", "1801")),
    "dates": KindLine(
        "dates:DATES", "dates in many forms, as ISO 8601", ("the third of May, 1987", "1987-05-03")
    ),
    "roman": KindLine("roman:ROMAN", "Roman numerals, to and from", ("MCMLXXXVII", "1987")),
    "numbers": KindLine(
        "numbers:NUMBERS",
        "number words, English or Chinese, to and from",
        ("one thousand two", "1002"),
    ),
    "names": KindLine("names:NAMES", "the bundled names and their sex", ("olivia", "female")),
    "pinyin": KindLine(
        "pinyin:PINYIN", "verses of the Tang poems, as pypinyin reads them",
        ("千山鳥飛絕", "qiān shān niǎo fēi jué"),
    ),
    "cities": KindLine(
        "cities:CITIES", "cities in two languages of CLDR", ("Buenos Aires", "Буэнос-Айрес")
    ),
}  # fmt: skip
