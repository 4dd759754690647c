"""What can be amiss with the symbols of a corpus: rare, odd, or written in more than one way.

The checks here look at which symbols there are and what they stand for; those of lines, splits and
sizes, and the table of them all, are in findings, and what both build on is in patient.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hornbook.rendering import clip, describe
from hornbook.reports.finding import Finding, Severity
from hornbook.text.doctor.patient import Patient, count_symbols, many, percent

__all__ = [
    "forms",
    "letter_case",
    "mixed_scripts",
    "mojibake",
    "odd_symbols",
    "rare_symbols",
    "unseen_symbols",
]

RARE = 10  # symbols seen less often than this are rare
LISTED = 12  # symbols named at most
PLACED = 6  # symbols named with their place at most


def unseen_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that stand in dev or test only."""
    trained = set("".join(patient.train))
    for split, texts in patient.held_out.items():
        found = count_symbols(texts)
        unseen = [symbol for symbol in found if symbol not in trained]
        if unseen:
            n, total = sum(found[symbol] for symbol in unseen), patient.predictions[split]
            yield Finding(
                "unseen-symbols",
                "warning" if n > 0.001 * total else "note",
                f"Symbols of {split} are never trained on",
                f"{many(len(unseen), 'symbol')}, {percent(n, total)} of the {split} predictions: "
                f"{listed(unseen)}. A net gives them almost no probability, and each costs the "
                "loss much.",
                "Give more data, or take out or replace the lines that hold them.",
            )


def rare_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that are hardly ever seen."""
    rare = [symbol for symbol, n in patient.counts.items() if n < RARE]
    if rare:
        n = sum(patient.counts[symbol] for symbol in rare)
        yield Finding(
            "rare-symbols",
            "note",
            "Some symbols are rare",
            f"{len(rare):,} of {many(len(patient.counts), 'symbol')} are seen fewer than {RARE} "
            f"times, together {percent(n, sum(patient.counts.values()))} of the text: "
            f"{listed(rare[::-1])}.",
            "Too little to learn them by. If they are slips or of no use to you, replace them or "
            "take out the lines that hold them: the alphabet gets smaller.",
        )


def is_control(symbol: str) -> bool:
    """Whether a symbol is a control character that is no line end and no tab."""
    separators = "\u2028\u2029"
    return symbol in separators or (unicodedata.category(symbol) == "Cc" and symbol not in "\n\t")


ZERO_WIDTH = "\u00ad\u034f\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164"
JOINERS = "\u200c\u200d\ufe0e\ufe0f"
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SPACES = "\u00a0\u1680\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True)
class Odd:
    """A kind of symbols that are rarely meant."""

    name: str
    title: str
    severity: Severity
    holds: Callable[[str], bool]
    "Whether a symbol is of this kind."
    detail: str
    advice: str


ODD = (
    Odd(
        "control-characters",
        "Control characters",
        "warning",
        is_control,
        "They leave no ink, and come from terminals, old files or wrong conversions.",
        "Take them out, or replace them by spaces or line ends.",
    ),
    Odd(
        "byte-order-marks",
        "Byte order marks inside the text",
        "warning",
        lambda symbol: symbol == "\ufeff",
        "Files that each began with one were probably joined.",
        "Take them out.",
    ),
    Odd(
        "replacement-characters",
        "Replacement characters",
        "warning",
        lambda symbol: symbol == "\ufffd",
        "They stand where a program could not read a letter: the text was damaged before.",
        "Go back to the original file and convert it again with its right encoding.",
    ),
    Odd(
        "invisible-characters",
        "Zero-width and other invisible characters",
        "warning",
        lambda symbol: symbol in ZERO_WIDTH,
        "They leave no ink, yet a model has to learn them.",
        "Take them out.",
    ),
    Odd(
        "joiners",
        "Joiners and variation selectors",
        "note",
        lambda symbol: symbol in JOINERS,
        "They have their place in emoji and in some scripts (Persian, Indic); a model sees each "
        "as a symbol of its own.",
        "Where they are strays, take them out.",
    ),
    Odd(
        "private-use",
        "Characters for private use, or none at all",
        "warning",
        # Not all of category Cn: it holds every emoji that is newer than this Python.
        lambda symbol: (
            unicodedata.category(symbol) in ("Co", "Cs") or ord(symbol) & 0xFFFE == 0xFFFE
        ),
        "What they mean depends on a font, or on nothing at all.",
        "Replace them by what they stand for, or take them out.",
    ),
    Odd(
        "odd-spaces",
        "Spaces that are no plain space",
        "note",
        lambda symbol: symbol in SPACES,
        "They look like a space and are other symbols to a model.",
        "Unless the difference matters (as in French before ! and ?), replace them by spaces.",
    ),
)


def odd_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that are rarely meant, kind by kind."""
    for odd in ODD:
        if found := [symbol for symbol in patient.counts if odd.holds(symbol)]:
            detail = f"{seen(patient, found)}. {odd.detail}"
            yield Finding(odd.name, odd.severity, odd.title, detail, odd.advice)
    if found := [symbol for symbol in patient.counts if symbol in DIRECTIONS]:
        right_to_left = any(unicodedata.bidirectional(s) in ("R", "AL") for s in patient.counts)
        yield Finding(
            "direction-marks",
            "note" if right_to_left else "warning",
            "Marks of the writing direction",
            f"{seen(patient, found)}. They leave no ink; text that is written from right to left "
            "may need them, other text does not.",
            "Take them out, unless they are needed.",
        )


def forms(patient: Patient) -> Iterator[Finding]:
    """Letters with accents that are written as more than one symbol, or in two ways."""
    text = patient.corpus.text
    if unicodedata.is_normalized("NFC", text):
        return
    loose = [line for line in patient.lines if not unicodedata.is_normalized("NFC", line)]
    mixed = not unicodedata.is_normalized("NFD", text)
    yield Finding(
        "mixed-forms" if mixed else "separate-accents",
        "warning" if mixed else "note",
        "The same letters are written in two ways"
        if mixed
        else "Letters and their accents are separate symbols",
        f"{many(len(loose), 'line')} of {len(patient.lines):,} would change in Unicode's composed "
        f"form (NFC), the first of them {clip(loose[0])!r}."
        + (" Others are composed: to a model that is another spelling." if mixed else ""),
        "Convert the file: python3 -c \"import sys, unicodedata as u; print(u.normalize('NFC', "
        "sys.stdin.read()), end='')\" < OLD > NEW",
    )


# By script: its letters that look like Latin ones, and the Latin ones that look like its own.
# Small Greek letters but omicron, and Latin ones beside Greek, may well be mathematics, as in `Δx`.
LOOK_ALIKE = {
    "CYRILLIC": (
        frozenset("аеорсухіјѕһԁԛԝкмтАВЕКМНОРСТУХІЈЅҺ"),
        frozenset("aeopcyxijshdqwkmtABEKMHOPCTYXIJS"),
    ),
    "GREEK": (frozenset("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"), frozenset[str]()),
}


def mixed_scripts(patient: Patient) -> Iterator[Finding]:
    """Words with letters of two scripts, where those of one look like the other's."""
    latin = letters_of("LATIN", patient)
    words: Counter[str] = Counter()
    for script, (like_latin, like_other) in LOOK_ALIKE.items():
        other = letters_of(script, patient)
        for word in words_of_both(patient.corpus.text, latin, other):
            letters = set(word)
            if letters & other <= like_latin or letters & latin <= like_other:
                words[word] += 1
    if words:
        examples = "; ".join(spelled(word, latin) for word, _ in words.most_common(3))
        yield Finding(
            "mixed-scripts",
            "warning",
            "Letters of another script stand in words",
            f"{many(words.total(), 'word')}: {examples}. They look the same and are other symbols "
            "to a model.",
            "Replace them by the letters that they look like.",
        )


def letters_of(script: str, patient: Patient) -> set[str]:
    """The letters of a script that stand in the corpus."""
    return {
        symbol
        for symbol in patient.counts
        if symbol.isalpha() and unicodedata.name(symbol, "").startswith(f"{script} ")
    }


def words_of_both(text: str, some: set[str], others: set[str]) -> Iterator[str]:
    """The runs of letters in which letters of two scripts stand side by side."""
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


def spelled(word: str, latin: set[str]) -> str:
    """A word of two scripts, and those of its letters that belong to the smaller one."""
    ours = [symbol for symbol in word if symbol in latin]
    theirs = [symbol for symbol in word if symbol not in latin]
    odd = dict.fromkeys(ours if len(ours) < len(theirs) else theirs)
    names = [f"{s} is U+{ord(s):04X} {unicodedata.name(s).lower()}" for s in odd]
    return f"{clip(word)!r} ({', '.join(names)})"


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
LEADS = "ÂÃÐРСâïð锟"  # what such signs begin with: a text without any is not searched


def mojibake(patient: Patient) -> Iterator[Finding]:
    """Text that was once read in the wrong encoding."""
    if patient.counts.keys().isdisjoint(LEADS):
        return
    found = Counter(match[0] for match in MOJIBAKE.finditer(patient.corpus.text))
    if found:
        examples = ", ".join(f"{sign!r}{repaired(sign)}" for sign, _ in found.most_common(4))
        yield Finding(
            "mojibake",
            "warning",
            "Signs of text read in a wrong encoding",
            f"{many(found.total(), 'place')}: {examples}.",
            "Go back to the original file; or repair this one, for example with ftfy.",
        )


def repaired(sign: str) -> str:
    """What such a sign probably was."""
    for codec in ("cp1252", "cp1251", "latin-1"):
        try:
            return f" (probably {sign.encode(codec).decode()!r})"
        except UnicodeError:
            continue
    return ""


def letter_case(patient: Patient) -> Iterator[Finding]:
    """An alphabet that lower-casing would make much smaller."""
    whole, lower = len(patient.counts), len({symbol.lower() for symbol in patient.counts})
    if whole - lower >= 5 and lower < 0.8 * whole:
        yield Finding(
            "letter-case",
            "note",
            "Small letters alone would make the alphabet smaller",
            f"It has {many(whole, 'symbol')}, and would have {lower:,}.",
            "If case does not matter to you, a smaller alphabet is learned faster: convert the "
            "file to small letters.",
        )


def listed(symbols: list[str]) -> str:
    """Symbols for people, the first few of them."""
    shown = " ".join(describe(symbol) for symbol in symbols[:LISTED])
    return shown if len(symbols) <= LISTED else f"{shown} and {len(symbols) - LISTED:,} more"


def seen(patient: Patient, symbols: list[str]) -> str:
    """How often some symbols were seen, and where each was first."""
    text, shown = patient.corpus.text, []
    for symbol in symbols[:PLACED]:
        line = text.count("\n", 0, text.index(symbol)) + 1
        shown.append(f"{describe(symbol)} {patient.counts[symbol]:,}× (first in line {line:,})")
    if len(symbols) > PLACED:
        shown.append(f"and {len(symbols) - PLACED:,} more kinds")
    return ", ".join(shown)
