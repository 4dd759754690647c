"""What can be amiss with a corpus: one function for each, and CHECKS, the table of them all.

A check takes the patient and yields what it finds. A `problem` has to be mended before training; a
`warning` probably should be; a `note` is only worth knowing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from hornbook.data.corpus import Corpus, Splits, SplitSettings, choose_mode, split_corpus
from hornbook.data.tokenizer import clip, describe
from hornbook.errors import DataError

__all__ = ["CHECKS", "Finding", "Patient"]

HELD_OUT = ("dev", "test")
STRETCH = 50  # symbols of a text that are taken to repeat by more than chance
SAMPLED = 200_000  # stretches looked up at most
CHUNK = 1 << 22  # symbols worked on at once
RARE = 10  # symbols seen less often than this are rare


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    severity: Literal["problem", "warning", "note"]
    title: str
    detail: str
    advice: str


@dataclass(frozen=True)
class Patient:
    """A corpus, how it is cut, and what several checks want to know of it."""

    corpus: Corpus
    settings: SplitSettings

    @cached_property
    def cut(self) -> Splits | DataError:
        """The splits, or why there are none."""
        try:
            return split_corpus(self.corpus, self.settings)
        except DataError as error:
            return error

    @property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The splits that hold something, by name; none at all if they cannot be made."""
        if isinstance(self.cut, DataError):
            return {}
        return {name: self.cut[name] for name in ("train", *HELD_OUT) if self.cut[name]}

    @cached_property
    def predictions(self) -> dict[str, int]:
        """Symbols to predict in each split, with one boundary for each line."""
        ends = self.corpus.mode == "lines"
        return {name: sum(len(t) + ends for t in texts) for name, texts in self.splits.items()}

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are not empty."""
        return self.corpus.lines

    @cached_property
    def times(self) -> Counter[str]:
        """How often each line stands in the corpus."""
        return Counter(self.lines)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each symbol of the alphabet stands in the corpus, the most frequent first."""
        counts = count_symbols([self.corpus.text])
        if self.corpus.mode == "lines":
            counts.pop("\n", None)  # a line's end is the boundary, no symbol
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))

    @cached_property
    def split_counts(self) -> dict[str, dict[str, int]]:
        """How often each symbol stands in each split."""
        return {name: count_symbols(texts) for name, texts in self.splits.items()}

    def place(self, symbol: str) -> str:
        """Where a symbol is first seen."""
        before = self.corpus.text.count("\n", 0, self.corpus.text.index(symbol))
        return f"line {before + 1:,}"


def count_symbols(texts: Iterable[str]) -> dict[str, int]:
    """How often each symbol stands in some texts."""
    counts = np.zeros(0x110000, dtype=np.int64)
    for points in code_points("".join(texts)):
        found = np.bincount(points)
        counts[: len(found)] += found
    return {chr(point): int(counts[point]) for point in np.flatnonzero(counts)}


def code_points(text: str, overlap: int = 0) -> Iterator[npt.NDArray[np.uint32]]:
    """A text as numbers, a chunk at a time, each with the first `overlap` of the next."""
    for at in range(0, len(text), CHUNK):
        chunk = text[at : at + CHUNK + overlap].encode("utf-32-le", "surrogatepass")
        yield np.frombuffer(chunk, dtype=np.uint32)


def splits_refused(patient: Patient) -> Iterator[Finding]:
    """The splits that were asked for cannot be made."""
    if isinstance(patient.cut, DataError):
        yield Finding("problem", "The splits cannot be made", patient.cut.message, patient.cut.hint)


def too_little(patient: Patient) -> Iterator[Finding]:
    """Too few predictions to learn from, or to trust a loss on."""
    predictions = dict(patient.predictions)
    train = predictions.pop("train", None)
    if train is not None and train < 20_000:
        hopeless = train < 1_000
        yield Finding(
            "problem" if hopeless else "warning",
            f"There is {'next to nothing' if hopeless else 'little'} to learn from",
            f"The train split has {many(train, 'prediction')}. Below some 20,000 an n-gram will "
            "likely beat every net; below 1,000 nothing that is learned is worth much.",
            "Give more data, or train an n-gram and compare every net with it.",
        )
    if train is not None and "dev" not in predictions:
        yield Finding(
            "note",
            "There is no dev split",
            "Nothing will tell a model that learns from one that memorises.",
            "Leave some data out of training, for example --split 90/10.",
        )
    for split, n in predictions.items():
        if n < 1_000:
            yield Finding(
                "warning",
                f"The {split} split is too small to trust",
                f"It has {many(n, 'prediction')}: a loss measured on it is uncertain by about "
                f"1/√{n:,} = {n**-0.5:.2f} nats, so smaller differences mean nothing.",
                f"Give more data, or leave a larger share to {split} (--split).",
            )


def mode_doubtful(patient: Patient) -> Iterator[Finding]:
    """The text does not look like the mode that was asked for."""
    corpus = patient.corpus
    looks, reason = choose_mode(corpus.text)
    # A data set's mode comes from those who know it, and needs no doubt.
    if looks != corpus.mode and not corpus.source.startswith("data set "):
        kind = {"lines": "a list, one thing a line", "text": "one long stream"}
        yield Finding(
            "warning",
            f"It is read as {corpus.mode}, but looks like {kind[looks]}",
            f"{corpus.source}: {reason}.",
            f"Unless it was meant so, read it with --mode {looks}.",
        )


def duplicates(patient: Patient) -> Iterator[Finding]:
    """Lines that stand more than once."""
    if patient.corpus.mode == "text":
        return
    total, distinct = len(patient.lines), len(patient.times)
    if extra := total - distinct:
        most = [f"{clip(line)!r} {n:,} times" for line, n in patient.times.most_common(3) if n > 1]
        dropped = patient.settings.distinct
        yield Finding(
            "warning" if extra > 0.2 * total and not dropped else "note",
            "Lines stand more than once",
            f"{extra:,} of {many(total, 'line')} ({percent(extra, total)}) repeat an earlier one: "
            f"{', '.join(most)}.",
            "They are dropped before the splits are cut (--distinct)."
            if dropped
            else "Keep them if how often a line stands is what should be learned; "
            "else drop them with --distinct.",
        )


def leaked_lines(patient: Patient) -> Iterator[Finding]:
    """Lines of dev or test that were trained on."""
    if patient.corpus.mode == "text" or not patient.splits:
        return
    train = set(patient.splits["train"])
    for split in HELD_OUT:
        lines = patient.splits.get(split, ())
        known = sum(line in train for line in lines)
        if known:
            yield Finding(
                "warning" if known > 0.01 * len(lines) else "note",
                f"Lines of {split} also stand in train",
                f"{known:,} of {many(len(lines), 'line')} ({percent(known, len(lines))}): the "
                f"{split} loss will look better than it is, and rewards learning by heart.",
                "Cut with --distinct.",
            )


def leaked_stretches(patient: Patient) -> Iterator[Finding]:
    """Long stretches of dev or test that stand word for word in train."""
    if patient.corpus.mode == "lines" or not patient.splits:
        return
    train = "".join(patient.splits["train"])
    for split in HELD_OUT:
        text = "".join(patient.splits.get(split, ()))
        starts, known = repeated_stretches(text, train)
        share = known.mean() if len(known) else 0.0
        if share > 0.01:
            first = int(starts[np.argmax(known)])
            looked = " (of an even sample)" if len(starts) <= len(text) - STRETCH else ""
            yield Finding(
                "warning" if share > 0.05 else "note",
                f"Long stretches of {split} also stand in train",
                f"{share:.1%} of its stretches of {STRETCH} symbols{looked} stand in train word "
                f"for word, for example {text[first : first + STRETCH]!r}: the {split} loss will "
                "look better than it is.",
                "Look for pages, headers or whole parts that stand twice, and take them out.",
            )


def repeated_stretches(
    text: str, train: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Which stretches of a text stand in train, by their hashes.

    Returns:
        Where the stretches that were looked up begin, evenly spread if there are more than
        SAMPLED, and whether each stands in train, both of shape (stretches,).
    """
    if len(text) < STRETCH or len(train) < STRETCH:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    hashes = np.concatenate([stretch_hashes(points) for points in code_points(text, STRETCH - 1)])
    starts = np.linspace(0, len(hashes) - 1, min(len(hashes), SAMPLED)).astype(np.int64)
    hashes = hashes[starts]
    wanted = np.unique(hashes)
    # A table of 2^22 flags, one look-up for each stretch of train, leaves few to be searched for.
    shift = np.uint64(64 - 22)
    flags = np.zeros(1 << 22, dtype=np.bool_)
    flags[wanted >> shift] = True
    seen = np.zeros(len(wanted), dtype=np.bool_)
    for points in code_points(train, STRETCH - 1):
        found = stretch_hashes(points)
        found = found[flags[found >> shift]]
        places = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
        seen[places[wanted[places] == found]] = True
    return starts, seen[np.searchsorted(wanted, hashes)]


def stretch_hashes(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """A 64-bit polynomial hash of each stretch, shape (len(points) - STRETCH + 1,).

    With h(n) the hashes of stretches of n symbols at each place, modulo 2^64:
    h(m + n)[i] = h(m)[i] * base^n + h(n)[i + m]. So 50 = 32 + 16 + 2 takes few passes.
    """
    base = 0x9E3779B97F4A7C15  # odd, and of no simple pattern: 2^64 over the golden ratio
    power = points.astype(np.uint64)  # h(size)
    done, length, size = power[:0], 0, 1
    while True:
        if STRETCH & size:
            if length == 0:
                done = power
            else:
                factor = np.uint64(pow(base, size, 1 << 64))
                count = max(0, len(points) - length - size + 1)
                done = done[:count] * factor + power[length : length + count]
            length += size
        if length == STRETCH:
            # The last factor mixes every bit into the high ones, which `flags` are told by.
            return done * np.uint64(base)
        factor = np.uint64(pow(base, size, 1 << 64))
        power = power[:-size] * factor + power[size:]
        size *= 2


def unseen_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that stand in dev or test only."""
    for split in HELD_OUT:
        if split in patient.splits:
            found = patient.split_counts[split]
            unseen = [symbol for symbol in found if symbol not in patient.split_counts["train"]]
            n = sum(found[symbol] for symbol in unseen)
            if unseen:
                yield Finding(
                    "warning" if n > 0.001 * patient.predictions[split] else "note",
                    f"Symbols of {split} are never trained on",
                    f"{many(len(unseen), 'symbol')}, {percent(n, patient.predictions[split])} of "
                    f"the {split} predictions: {listed(unseen)}. A net gives them almost no "
                    "probability, and each costs the loss much.",
                    "Give more data, or take out or replace the lines that hold them.",
                )


def rare_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that are hardly ever seen."""
    rare = [symbol for symbol, n in patient.counts.items() if n < RARE]
    if rare:
        n = sum(patient.counts[symbol] for symbol in rare)
        yield Finding(
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

# Title, severity, which symbols, what they are, what to do.
ODD: tuple[tuple[str, Literal["warning", "note"], Callable[[str], bool], str, str], ...] = (
    (
        "Control characters",
        "warning",
        is_control,
        "They leave no ink, and come from terminals, old files or wrong conversions.",
        "Take them out, or replace them by spaces or line ends.",
    ),
    (
        "Byte order marks inside the text",
        "warning",
        lambda symbol: symbol == "\ufeff",
        "Files that each began with one were probably joined.",
        "Take them out.",
    ),
    (
        "Replacement characters",
        "warning",
        lambda symbol: symbol == "\ufffd",
        "They stand where a program could not read a letter: the text was damaged before.",
        "Go back to the original file and convert it again with its right encoding.",
    ),
    (
        "Zero-width and other invisible characters",
        "warning",
        lambda symbol: symbol in ZERO_WIDTH,
        "They leave no ink, yet a model has to learn them.",
        "Take them out.",
    ),
    (
        "Joiners and variation selectors",
        "note",
        lambda symbol: symbol in JOINERS,
        "They have their place in emoji and in some scripts (Persian, Indic); a model sees each "
        "as a symbol of its own.",
        "Where they are strays, take them out.",
    ),
    (
        "Characters for private use, or none at all",
        "warning",
        # Not all of category Cn: it holds every emoji that is newer than this Python.
        lambda symbol: (
            unicodedata.category(symbol) in ("Co", "Cs") or ord(symbol) & 0xFFFE == 0xFFFE
        ),
        "What they mean depends on a font, or on nothing at all.",
        "Replace them by what they stand for, or take them out.",
    ),
    (
        "Spaces that are no plain space",
        "note",
        lambda symbol: symbol in SPACES,
        "They look like a space and are other symbols to a model.",
        "Unless the difference matters (as in French before ! and ?), replace them by spaces.",
    ),
)


def odd_symbols(patient: Patient) -> Iterator[Finding]:
    """Symbols that are rarely meant, kind by kind."""
    for title, severity, belongs, what, advice in ODD:
        if found := [symbol for symbol in patient.counts if belongs(symbol)]:
            yield Finding(severity, title, f"{seen(patient, found)}. {what}", advice)
    if found := [symbol for symbol in patient.counts if symbol in DIRECTIONS]:
        right_to_left = any(unicodedata.bidirectional(s) in ("R", "AL") for s in patient.counts)
        yield Finding(
            "note" if right_to_left else "warning",
            "Marks of the writing direction",
            f"{seen(patient, found)}. They leave no ink; text that is written from right to left "
            "may need them, other text does not.",
            "Take them out, unless they are needed.",
        )


def forms(patient: Patient) -> Iterator[Finding]:
    """Letters with accents that are written as more than one symbol, or in two ways."""
    text = patient.corpus.text
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return
    loose = [line for line in patient.lines if not unicodedata.is_normalized("NFC", line)]
    mixed = not unicodedata.is_normalized("NFD", text)
    yield Finding(
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


# Letters that look like Latin ones, and the Latin ones that look like Cyrillic. Of the small Greek
# letters only omicron is listed: the others stand beside Latin ones in any formula.
CYRILLIC = frozenset("аеорсухіјѕһԁԛԝкмтАВЕКМНОРСТУХІЈЅҺ")
GREEK = frozenset("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
LATIN = frozenset("aeopcyxijshdqwkmtABEKMHOPCTYXIJS")


def mixed_scripts(patient: Patient) -> Iterator[Finding]:
    """Words with letters of two scripts, where those of one look like the other's."""
    scripts: dict[str, set[str]] = {"LATIN": set(), "CYRILLIC": set(), "GREEK": set()}
    for symbol in patient.counts:
        script = unicodedata.name(symbol, "").partition(" ")[0]
        if script in scripts and symbol.isalpha():
            scripts[script].add(symbol)
    latin = scripts["LATIN"]
    words: Counter[str] = Counter()
    for script, look_alike in (("CYRILLIC", CYRILLIC), ("GREEK", GREEK)):
        other = scripts[script]
        for word in words_of_both(patient.corpus.text, latin, other) if latin and other else ():
            letters = set(word)
            # `Δx` is mathematics, no slip: Greek is suspected only where all of it looks Latin.
            if letters & other <= look_alike or (script == "CYRILLIC" and letters & latin <= LATIN):
                words[word] += 1
    if words:
        examples = "; ".join(spelled(word, latin) for word, _ in words.most_common(3))
        yield Finding(
            "warning",
            "Letters of another script stand in words",
            f"{many(words.total(), 'word')}: {examples}. They look the same and are other symbols "
            "to a model.",
            "Replace them by the letters that they look like.",
        )


def words_of_both(text: str, some: set[str], others: set[str]) -> Iterator[str]:
    """The runs of letters in which letters of two scripts stand side by side."""
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
    """A word, and those of its letters that belong to the smaller script."""
    ours = [symbol for symbol in word if symbol in latin]
    theirs = [symbol for symbol in word if symbol.isalpha() and symbol not in latin]
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


def mojibake(patient: Patient) -> Iterator[Finding]:
    """Text that was once read in the wrong encoding."""
    if patient.counts.keys().isdisjoint("ÂÃÐРСâïð锟"):
        return
    found = Counter(match[0] for match in MOJIBAKE.finditer(patient.corpus.text))
    if found:
        examples = ", ".join(f"{sign!r}{repaired(sign)}" for sign, _ in found.most_common(4))
        yield Finding(
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


def outer_space(patient: Patient) -> Iterator[Finding]:
    """Spaces at the ends of lines."""
    lines, listing = patient.lines, patient.corpus.mode == "lines"
    # In a text indentation has a meaning; what stands after a line's end has none in either mode.
    found = [line for line in lines if line != (line.strip() if listing else line.rstrip())]
    if found:
        blank = sum(not line.strip() for line in found)
        yield Finding(
            "warning" if listing else "note",
            "Lines begin or end with a space" if listing else "Lines end with a space",
            f"{len(found):,} of {many(len(lines), 'line')}, the first of them {clip(found[0])!r}"
            + (f"; {blank:,} hold nothing else." if blank else "."),
            "A model learns such spaces as part of the line. Take them out: "
            + (
                "sed -E 's/^[[:space:]]+|[[:space:]]+$//g; /^$/d'"
                if listing
                else "sed -E 's/[[:space:]]+$//'"
            )
            + " OLD > NEW",
        )


def blank_lines(patient: Patient) -> Iterator[Finding]:
    """Blank lines, which `lines` mode drops."""
    body = patient.corpus.text.strip("\n")
    blank = body.count("\n") + 1 - len(patient.lines)
    if patient.corpus.mode == "lines" and blank:
        yield Finding(
            "note",
            "Blank lines are dropped",
            f"{many(blank, 'blank line')} beside {len(patient.lines):,} with something in them.",
            "Nothing, unless they part the text into pieces that belong together: then read it "
            "with --mode text.",
        )


SEPARATORS = (("\t", "tab", ""), (",", "comma", " -d,"), (";", "semicolon", " -d';'"))


def table(patient: Patient) -> Iterator[Finding]:
    """A table where a list was expected."""
    sample = patient.lines[:10_000]
    if len(sample) < 10:
        return
    for separator, name, flag in SEPARATORS:
        numbers = Counter(line.count(separator) for line in sample)
        usual, times = numbers.most_common(1)[0]
        if 0 not in numbers and times > 0.9 * len(sample):
            yield Finding(
                "warning",
                f"It looks like a table of {usual + 1} columns",
                f"{percent(times, len(sample))} of the lines hold "
                f"{many(usual, name)}, for example {clip(sample[0])!r}.",
                "A model would learn the whole rows. If one column is what you want, take it out: "
                f"cut{flag} -f1 OLD > NEW",
            )


def letter_case(patient: Patient) -> Iterator[Finding]:
    """An alphabet that lower-casing would make much smaller."""
    whole, lower = len(patient.counts), len({symbol.lower() for symbol in patient.counts})
    if whole - lower >= 5 and lower < 0.8 * whole:
        yield Finding(
            "note",
            "Small letters alone would make the alphabet smaller",
            f"It has {many(whole, 'symbol')}, and would have {lower:,}.",
            "If case does not matter to you, a smaller alphabet is learned faster: convert the "
            "file to small letters.",
        )


def long_lines(patient: Patient) -> Iterator[Finding]:
    """Lines far longer than the others."""
    if patient.corpus.mode == "text":
        return
    lengths = np.array([len(line) for line in patient.lines])
    median = float(np.median(lengths)) if len(lengths) else 0.0
    found = np.flatnonzero(lengths > max(100.0, 10 * median))
    if len(found):
        yield Finding(
            "warning",
            "Some lines are far longer than the others",
            f"{many(len(found), 'line')} of more than 10 times the median of {median:,.0f} "
            f"symbols; the longest has {lengths.max():,} and begins "
            f"{clip(patient.lines[int(lengths.argmax())])!r}.",
            "Look whether lines were joined by mistake; break them up or take them out.",
        )


def line_ends(patient: Patient) -> Iterator[Finding]:
    """Line ends of several kinds."""
    if patient.corpus.line_ends == "mixed":
        yield Finding(
            "warning",
            "Line ends are mixed",
            "The file has line ends of several kinds (LF, CRLF, CR); each was read as a line's "
            "end. Files of different systems were probably joined.",
            "Look whether a lone CR parts lines that belong together; otherwise nothing.",
        )


def many(n: int, thing: str) -> str:
    """A number and what it counts: `1 line`, `1,000 lines`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def percent(n: int, total: int) -> str:
    """A share in percent, never rounded to none at all."""
    return f"{n / total:.1%}" if n >= 0.001 * total else "less than 0.1%"


def listed(symbols: Collection[str], most: int = 12) -> str:
    """Symbols for people, the first few of them."""
    shown = " ".join(describe(symbol) for symbol in list(symbols)[:most])
    return shown if len(symbols) <= most else f"{shown} and {len(symbols) - most:,} more"


def seen(patient: Patient, symbols: list[str]) -> str:
    """How often some symbols were seen, and where each was first."""
    shown = [
        f"{describe(s)} {patient.counts[s]:,}× (first in {patient.place(s)})" for s in symbols[:6]
    ]
    if len(symbols) > 6:
        shown.append(f"and {len(symbols) - 6:,} more kinds")
    return ", ".join(shown)


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    splits_refused,
    too_little,
    mode_doubtful,
    duplicates,
    leaked_lines,
    leaked_stretches,
    unseen_symbols,
    rare_symbols,
    odd_symbols,
    forms,
    mixed_scripts,
    mojibake,
    outer_space,
    blank_lines,
    table,
    letter_case,
    long_lines,
    line_ends,
)
