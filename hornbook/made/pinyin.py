"""Lines of the Tang poems and how they are read aloud, as pypinyin says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hornbook.extras import needing
from hornbook.made.kind import Kind, Pair, Part
from hornbook.settings import Settings
from hornbook.sources.datasets import DATASETS, locate

__all__ = ["PINYIN", "PinyinSettings", "verses"]

REMARK = re.compile(r"[(（][^)）]*[)）]", re.DOTALL)  # 一作: another reading of some words
WITHIN = re.compile(r"[\s《》“”]+")  # what stands within a verse and is not read
VERSE = re.compile("[\u4e00-\u9fff]+")


@dataclass(frozen=True)
class PinyinSettings(Settings):
    """Verses of the bundled Tang poems, from one punctuation mark to the next. The readings are
    those of pypinyin, a machine, and some are wrong: it reads 長安 as zhǎng ān, which is cháng ān.
    """

    tones: Literal["marks", "numbers", "none"] = "marks"
    "marks: rì. numbers: ri4. none: ri."


def verses() -> Iterator[str]:
    """The verses of the poems, without titles, names of poets and remarks of editors.

    Raises:
        DataError: if the bundled file is missing.
    """
    text = locate(DATASETS["tang"]).read_text(encoding="utf-8")
    for poem in text.strip().split("\n\n"):
        _title, _poet, lines = poem.split("\n", 2)
        yield from VERSE.findall(WITHIN.sub("", REMARK.sub("", lines)))


def columns(settings: PinyinSettings) -> Pair:
    """The names of the columns."""
    return "verse", "pinyin"


def parts(settings: PinyinSettings) -> Sequence[Part]:
    """All of them.

    Raises:
        MissingPackageError: if pypinyin is not installed.
    """
    with needing("pypinyin", "The reading of Chinese"):
        from pypinyin import Style, lazy_pinyin

    style = {"marks": Style.TONE, "numbers": Style.TONE3, "none": Style.NORMAL}[settings.tones]

    kept = list(dict.fromkeys(verses()))

    def pair(number: int) -> Pair:
        verse = kept[number]
        return verse, " ".join(lazy_pinyin(verse, style=style, v_to_u=True))

    return [Part(len(kept), pair)]


PINYIN = Kind(PinyinSettings, columns, parts)
