"""Checks of the characters of a corpus: rare, odd, or written in more than one way.

The checks of lines, splits and sizes, and the table of all checks, are in findings; what both build
on is in examined_corpus.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hornbook.rendering import clip, describe, many
from hornbook.reports.finding import Finding, Severity
from hornbook.text.doctor.examined_corpus import ExaminedCorpus, percent
from hornbook.text.doctor.spelling import (
    DIRECTIONS,
    JOINERS,
    SPACES,
    ZERO_WIDTH,
    is_control,
    is_private,
    letters_of,
)

__all__ = [
    "forms",
    "letter_case",
    "mixed_scripts",
    "mojibake",
    "odd_characters",
    "rare_characters",
    "unseen_characters",
]

OF_CHARACTERS = ("characters", "graphemes")  # tokens whose vocabulary grows with the characters
RARE = 10  # characters that occur less often than this are rare
LISTED = 12  # most characters that are listed
PLACED = 6  # most characters that are listed with their position


def unseen_characters(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Characters that occur in dev or test only."""
    for split in examined.held_out:
        if unseen := examined.unseen(split):
            n, total = sum(unseen.values()), examined.characters[split][1]
            yield Finding(
                "unseen-characters",
                "warning" if n > 0.001 * total else "note",
                f"Some characters of {split} never occur in train",
                f"{many(len(unseen), 'character')}, {percent(n, total)} of those of {split}: "
                f"{listed([*unseen])}. A model gives them almost no probability, so each adds a "
                f"lot to the {split} loss.",
                "Get more data, replace these characters, or remove the lines that contain them.",
            )


def rare_characters(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Characters that hardly ever occur, where they make the vocabulary."""
    if examined.kind not in OF_CHARACTERS:
        return
    rare = [character for character, n in examined.counts.items() if n < RARE]
    if rare and len(rare) < len(examined.counts):  # all: there is too little data
        n = sum(examined.counts[character] for character in rare)
        yield Finding(
            "rare-characters",
            "note",
            "Some characters are rare",
            f"{len(rare):,} of {many(len(examined.counts), 'character')} occur fewer than {RARE} "
            f"times, together {percent(n, sum(examined.counts.values()))} of the text: "
            f"{listed(rare[::-1])}. That is too few to learn from.",
            "If they are typos or not needed, replace them or remove the lines that contain them; "
            "this makes the vocabulary smaller.",
        )


@dataclass(frozen=True)
class Odd:
    """A kind of character that is rarely intended."""

    name: str
    title: str
    severity: Severity
    holds: Callable[[str], bool]
    "Whether a character is of this kind."
    detail: str
    advice: str


ODD = (
    Odd(
        "control-characters",
        "Control characters",
        "warning",
        is_control,
        "They are invisible, and usually come from terminals, old files or faulty conversions.",
        "Remove them, or replace them with spaces or line ends.",
    ),
    Odd(
        "byte-order-marks",
        "Byte order marks inside the text",
        "warning",
        lambda character: character == "\ufeff",
        "Probably files that each began with a byte order mark were joined.",
        "Remove them.",
    ),
    Odd(
        "replacement-characters",
        "Replacement characters",
        "warning",
        lambda character: character == "\ufffd",
        "A program put them in place of characters that it could not decode: that text is lost.",
        "Go back to the original file and convert it again with the correct encoding.",
    ),
    Odd(
        "invisible-characters",
        "Zero-width and other invisible characters",
        "warning",
        lambda character: character in ZERO_WIDTH,
        "They cannot be seen, but a model has to learn them.",
        "Remove them.",
    ),
    Odd(
        "joiners",
        "Joiners and variation selectors",
        "note",
        lambda character: character in JOINERS,
        "They belong in emoji and in some scripts (Persian, Indic); a model sees each one as a "
        "separate character.",
        "Remove those that are not part of an emoji or of such a script.",
    ),
    Odd(
        "private-use",
        "Private-use characters and noncharacters",
        "warning",
        is_private,
        "Their meaning depends on the font, or they have none.",
        "Replace them with the characters that they represent, or remove them.",
    ),
    Odd(
        "odd-spaces",
        "Unusual space characters",
        "note",
        lambda character: character in SPACES,
        "They look like a space, but a model sees them as different characters.",
        "Replace them with plain spaces, unless the difference matters (as in French before ! "
        "and ?).",
    ),
)


def odd_characters(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Characters that are rarely intended, kind by kind."""
    for odd in ODD:
        if odd.name == "joiners" and examined.kind != "characters":
            continue  # other tokens keep them with what they join
        if found := [character for character in examined.counts if odd.holds(character)]:
            detail = f"{seen(examined, found)}. {odd.detail}"
            yield Finding(odd.name, odd.severity, odd.title, detail, odd.advice)
    if found := [character for character in examined.counts if character in DIRECTIONS]:
        right_to_left = any(unicodedata.bidirectional(s) in ("R", "AL") for s in examined.counts)
        yield Finding(
            "direction-marks",
            "note" if right_to_left else "warning",
            "Text direction marks",
            f"{seen(examined, found)}. They are invisible; only text that is written from right to "
            "left may need them.",
            "Remove them, unless the text needs them.",
        )


def forms(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Accented letters that are written as more than one character, or in two ways."""
    found = examined.gathered.spelling
    if not found.loose:
        return
    mixed = found.composed
    yield Finding(
        "mixed-forms" if mixed else "separate-accents",
        "warning" if mixed else "note",
        "Some letters are encoded in two ways"
        if mixed
        else "Letters and their accents are separate characters",
        f"{many(found.loose, 'line')} of {examined.gathered.lines.nonempty:,} would change in "
        f"Unicode's composed form (NFC), for example {clip(found.first_loose)!r}."
        + (
            " Other lines are composed already; to a model the two forms are different spellings."
            if mixed
            else " A model sees a letter and its accent as two characters."
        ),
        "Normalise the file: python3 -c \"import sys, unicodedata as u; print(u.normalize('NFC', "
        "sys.stdin.read()), end='')\" < OLD > NEW",
    )


def mixed_scripts(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Words with letters of two scripts, where those of one look like the other's."""
    words = sum(examined.gathered.spelling.words.values(), Counter[str]())
    if words:
        latin = letters_of("LATIN", examined.counts)
        examples = "; ".join(spelled(word, latin) for word, _ in words.most_common(3))
        yield Finding(
            "mixed-scripts",
            "warning",
            "Some words mix letters of two scripts",
            f"{many(words.total(), 'word')}: {examples}. The letters look the same, but a model "
            "sees different characters.",
            "Replace each with the letter that it looks like.",
        )


def spelled(word: str, latin: set[str]) -> str:
    """A word of two scripts, and those of its letters that belong to the smaller one."""
    ours = [character for character in word if character in latin]
    theirs = [character for character in word if character not in latin]
    odd = dict.fromkeys(ours if len(ours) < len(theirs) else theirs)
    names = [f"{s} is U+{ord(s):04X} {unicodedata.name(s).lower()}" for s in odd]
    return f"{clip(word)!r} ({', '.join(names)})"


def mojibake(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Text that was decoded with the wrong encoding."""
    if found := examined.gathered.spelling.garbled:
        examples = ", ".join(f"{sign!r}{repaired(sign)}" for sign, _ in found.most_common(4))
        yield Finding(
            "mojibake",
            "warning",
            "Some text was decoded with the wrong encoding",
            f"{many(found.total(), 'place')}: {examples}. A model would learn the garbled "
            "characters.",
            "Go back to the original file, or repair this one, for example with ftfy.",
        )


def repaired(sign: str) -> str:
    """What such a sign probably was."""
    for codec in ("cp1252", "cp1251", "latin-1"):
        try:
            return f" (probably {sign.encode(codec).decode()!r})"
        except UnicodeError:
            continue
    return ""


def letter_case(examined: ExaminedCorpus) -> Iterator[Finding]:
    """A vocabulary that lowercasing would make much smaller."""
    if examined.kind not in OF_CHARACTERS:
        return
    whole, lower = len(examined.counts), len({character.lower() for character in examined.counts})
    if whole - lower >= 5 and lower < 0.8 * whole:
        yield Finding(
            "letter-case",
            "note",
            "Lowercasing would make the vocabulary smaller",
            f"It has {many(whole, 'character')} and would have {lower:,}. A smaller vocabulary is "
            "learned faster.",
            "If case does not matter to you, convert the file to lowercase.",
        )


def listed(characters: list[str]) -> str:
    """The first few of some characters, for display."""
    shown = " ".join(describe(character) for character in characters[:LISTED])
    return shown if len(characters) <= LISTED else f"{shown} and {len(characters) - LISTED:,} more"


def seen(examined: ExaminedCorpus, characters: list[str]) -> str:
    """How often some characters occur, and where each occurs first."""
    first = examined.gathered.spelling.first_lines
    shown = [
        f"{describe(character)} {examined.counts[character]:,}× "
        f"(first on line {first[character]:,})"
        for character in characters[:PLACED]
    ]
    if len(characters) > PLACED:
        shown.append(f"and {len(characters) - PLACED:,} more")
    return ", ".join(shown)
