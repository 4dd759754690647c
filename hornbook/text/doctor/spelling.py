"""How a text is spelled: what is gathered piece by piece of forms, scripts, mojibake, odd signs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from hornbook.text.code_points import POINTS, Points

__all__ = ["DIRECTIONS", "JOINERS", "LOOK_ALIKE", "SPACES", "ZERO_WIDTH", "Spelling", "is_control",
           "is_private"]  # fmt: skip

MOST = 100_000  # different words, or signs, that are told apart
OTHERS = "…"
ZERO_WIDTH = "\u00ad\u034f\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164"
JOINERS = "\u200c\u200d\ufe0e\ufe0f"
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SPACES = "\u00a0\u1680\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200B)))


def is_private(character: str) -> bool:
    """Whether a character is for private use, or none at all."""
    # Not all of category Cn: it holds every emoji that is newer than this Python.
    kind = unicodedata.category(character)
    return kind in ("Co", "Cs") or ord(character) & 0xFFFE == 0xFFFE


def is_control(character: str) -> bool:
    """Whether a character is a control character other than a line end or a tab."""
    separators = "\u2028\u2029"
    return character in separators or (
        unicodedata.category(character) == "Cc" and character not in "\n\t"
    )


def is_odd(character: str) -> bool:
    """Whether it matters where a character occurs first."""
    listed = ZERO_WIDTH + JOINERS + DIRECTIONS + SPACES + "\ufeff\ufffd"
    return is_control(character) or is_private(character) or character in listed


# By script: its letters that look like Latin ones, and the Latin ones that look like its own.
# Small Greek letters but omicron, and Latin ones beside Greek, may well be mathematics, as in `Δx`.
LOOK_ALIKE = {
    "CYRILLIC": (
        frozenset("аеорсухіјѕһԁԛԝкмтАВЕКМНОРСТУХІЈЅҺ"),
        frozenset("aeopcyxijshdqwkmtABEKMHOPCTYXIJS"),
    ),
    "GREEK": (frozenset("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"), frozenset[str]()),
}


def wrongly_read(codec: str, leads: str) -> str:
    """A pattern of two-byte UTF-8 that was read as another encoding, or as Latin-1."""
    tails = bytes(range(0x80, 0xC0)).decode(codec, "ignore")
    return rf"[{leads}][\x80-\x9f{re.escape(tails)}]"


# Two signs in a row for Cyrillic, three for cp1251, since their leads are letters that may well
# stand before a quotation mark.
MOJIBAKE = re.compile(
    f"(?:{wrongly_read('cp1252', 'ÂÃ')})+"
    f"|(?:{wrongly_read('cp1252', 'ÐÑ')}){{2,}}"
    f"|(?:{wrongly_read('cp1251', 'РС')}){{3,}}"
    "|â[€\x80][\x80-\x9f˜™œ“”¦¢]|ð[Ÿ\x9f]..|ï»¿|ï¿½|锟斤拷"
)
LEADS = frozenset("ÂÃÐРСâïð锟")  # what such signs begin with: a text without any is not searched


class Spelling:
    """Gathered piece by piece.

    Attributes:
        first_lines: the line on which each odd character occurs first, from 1.
        loose: lines that Unicode's composed form would change; `first_loose` is the first.
        composed: whether other text is composed already.
        words: by script, words that mix its letters with Latin ones that look alike.
        garbled: what looks like text in a wrong encoding.
    """

    def __init__(self) -> None:
        self.seen = np.zeros(POINTS, dtype=bool)
        self.first_lines: dict[str, int] = {}
        self.loose, self.first_loose, self.composed = 0, "", False
        self.words: dict[str, Counter[str]] = {script: Counter() for script in LOOK_ALIKE}
        self.garbled: Counter[str] = Counter()

    def add(self, piece: str, points: Points, lines: int) -> None:
        """Take note of a piece.

        Args:
            piece: of whole lines.
            points: its code points.
            lines: line ends before it.
        """
        counted = np.bincount(points)
        here = np.flatnonzero(counted)
        for point in here[~self.seen[here]].tolist():
            if is_odd(character := chr(point)):
                before = piece.count("\n", 0, piece.index(character))
                self.first_lines[character] = lines + before + 1
        self.seen[here] = True
        if points.dtype == np.uint8:  # ASCII
            return
        characters = [chr(point) for point in here.tolist()]
        self.look_at_forms(piece)
        self.look_for_scripts(piece, characters)
        if not LEADS.isdisjoint(characters):
            add_to(self.garbled, (match[0] for match in MOJIBAKE.finditer(piece)))

    def look_at_forms(self, piece: str) -> None:
        """Count lines that are not in the composed form."""
        if not unicodedata.is_normalized("NFC", piece):
            loose = [one for one in piece.split("\n") if not unicodedata.is_normalized("NFC", one)]
            self.first_loose = self.first_loose or loose[0]
            self.loose += len(loose)
        self.composed = self.composed or not unicodedata.is_normalized("NFD", piece)

    def look_for_scripts(self, piece: str, characters: list[str]) -> None:
        """Find words with letters of two scripts, where those of one look like the other's."""
        latin = letters_of("LATIN", characters)
        for script, (like_latin, like_other) in LOOK_ALIKE.items():
            other = letters_of(script, characters)
            found = []
            for word in words_of_both(piece, latin, other):
                letters = set(word)
                if letters & other <= like_latin or letters & latin <= like_other:
                    found.append(word)
            add_to(self.words[script], found)


def add_to(counts: Counter[str], found: Iterable[str]) -> None:
    """Count what was found; of more different ones than MOST, all new ones as one."""
    for one in found:
        counts[one if one in counts or len(counts) < MOST else OTHERS] += 1


def letters_of(script: str, characters: Iterable[str]) -> set[str]:
    """The letters of a script among some characters."""
    return {
        character
        for character in characters
        if character.isalpha() and unicodedata.name(character, "").startswith(f"{script} ")
    }


def words_of_both(text: str, some: set[str], others: set[str]) -> Iterator[str]:
    """The runs of letters in which letters of two scripts are adjacent."""
    if not some or not others:
        return
    one, two = (f"[{re.escape(''.join(letters))}]" for letters in (some, others))
    both, end = some | others, 0
    for match in re.finditer(f"{one}{two}|{two}{one}", text):
        if match.start() >= end:  # else it lies in the word before
            start, end = match.span()
            while start > 0 and text[start - 1] in both:
                start -= 1
            while end < len(text) and text[end] in both:
                end += 1
            yield text[start:end]
