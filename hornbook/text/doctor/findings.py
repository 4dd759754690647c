"""What can be amiss with a corpus: CHECKS, the table of every check, and most of the checks.

A check takes the patient and yields what it finds. The checks here look at sizes, lines and splits;
those that look at single symbols and how they are written are in symbols, and what both build on
is in patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import clip
from hornbook.reports.finding import Finding
from hornbook.text.corpus import choose_mode
from hornbook.text.doctor.patient import (
    STRETCH,
    Patient,
    many,
    percent,
    repeated_stretches,
)
from hornbook.text.doctor.symbols import (
    forms,
    letter_case,
    mixed_scripts,
    mojibake,
    odd_symbols,
    rare_symbols,
    unseen_symbols,
)

__all__ = ["CHECKS"]


def splits_refused(patient: Patient) -> Iterator[Finding]:
    """The splits that were asked for cannot be made."""
    if isinstance(patient.cut, DataError):
        yield Finding(
            "no-splits",
            "problem",
            "The splits cannot be made",
            patient.cut.message,
            patient.cut.hint,
        )


def too_little(patient: Patient) -> Iterator[Finding]:
    """Too few predictions to learn from, or to trust a loss on."""
    if not patient.splits:
        return
    train = patient.predictions["train"]
    if train < 20_000:
        hopeless = train < 1_000
        yield Finding(
            "too-little",
            "problem" if hopeless else "warning",
            f"There is {'next to nothing' if hopeless else 'little'} to learn from",
            f"The train split has {many(train, 'prediction')}. Below some 20,000 an n-gram will "
            "likely beat every net; below 1,000 nothing that is learned is worth much.",
            "Give more data, or train an n-gram and compare every net with it.",
        )
    if "dev" not in patient.held_out:
        yield Finding(
            "no-dev-split",
            "note",
            "There is no dev split",
            "Nothing will tell a model that learns from one that memorises.",
            "Leave some data out of training, for example `split=90/10`.",
        )
    for split in patient.held_out:
        n = patient.predictions[split]
        if n < 1_000:
            yield Finding(
                "small-split",
                "warning",
                f"The {split} split is too small to trust",
                f"It has {many(n, 'prediction')}: a loss measured on it is uncertain by about "
                f"1/√{n:,} = {n**-0.5:.2f} nats, so smaller differences mean nothing.",
                f"Give more data, or leave a larger share to {split} (`split`).",
            )


def mode_doubtful(patient: Patient) -> Iterator[Finding]:
    """The text does not look like the mode that was asked for."""
    corpus = patient.corpus
    looks, reason = choose_mode(corpus.text)
    # A data set's mode comes from those who know it, and needs no doubt.
    if looks != corpus.mode and not corpus.source.startswith("data set "):
        kind = {"lines": "a list, one thing a line", "text": "one long stream"}
        yield Finding(
            "doubtful-mode",
            "warning",
            f"It is read as {corpus.mode}, but looks like {kind[looks]}",
            f"{corpus.source}: {reason}.",
            f"Unless it was meant so, read it with `mode={looks}`.",
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
            "repeated-lines",
            "warning" if extra > 0.2 * total and not dropped else "note",
            "Lines stand more than once",
            f"{extra:,} of {many(total, 'line')} ({percent(extra, total)}) repeat an earlier one: "
            f"{', '.join(most)}.",
            "They are dropped before the splits are cut (`distinct`)."
            if dropped
            else "Keep them if how often a line stands is what should be learned; "
            "else drop them with `distinct`.",
        )


def leaked_lines(patient: Patient) -> Iterator[Finding]:
    """Lines of dev or test that were trained on."""
    if patient.corpus.mode == "text":
        return
    train = set(patient.train)
    for split, lines in patient.held_out.items():
        known = sum(line in train for line in lines)
        if known:
            yield Finding(
                "leaked-lines",
                "warning" if known > 0.01 * len(lines) else "note",
                f"Lines of {split} also stand in train",
                f"{known:,} of {many(len(lines), 'line')} ({percent(known, len(lines))}): the "
                f"{split} loss will look better than it is, and rewards learning by heart.",
                "Cut with `distinct`.",
            )


def leaked_stretches(patient: Patient) -> Iterator[Finding]:
    """Long stretches of dev or test that stand word for word in train."""
    if patient.corpus.mode == "lines":
        return
    for split, (text,) in patient.held_out.items():
        starts, known = repeated_stretches(text, "".join(patient.train))
        share = known.mean() if len(known) else 0.0
        if share > 0.01:
            first = int(starts[np.argmax(known)])
            looked = " (of an even sample)" if len(starts) <= len(text) - STRETCH else ""
            yield Finding(
                "leaked-stretches",
                "warning" if share > 0.05 else "note",
                f"Long stretches of {split} also stand in train",
                f"{share:.1%} of its stretches of {STRETCH} symbols{looked} stand in train word "
                f"for word, for example {text[first : first + STRETCH]!r}: the {split} loss will "
                "look better than it is.",
                "Look for pages, headers or whole parts that stand twice, and take them out.",
            )


def outer_space(patient: Patient) -> Iterator[Finding]:
    """Spaces at the ends of lines."""
    # In a text indentation has a meaning; what stands after a line's end has none in either mode.
    listing = patient.corpus.mode == "lines"
    strip = str.strip if listing else str.rstrip
    found = [line for line in patient.lines if line != strip(line)]
    if found:
        blank = sum(not line.strip() for line in found)
        program = "s/^[[:space:]]+|[[:space:]]+$//g; /^$/d" if listing else "s/[[:space:]]+$//"
        yield Finding(
            "outer-space",
            "warning" if listing else "note",
            f"Lines {'begin or end' if listing else 'end'} with a space",
            f"{len(found):,} of {many(len(patient.lines), 'line')}, the first of them "
            f"{clip(found[0])!r}" + (f"; {blank:,} hold nothing else." if blank else "."),
            "A model learns such spaces as part of the line. Take them out: "
            f"sed -E '{program}' OLD > NEW",
        )


def blank_lines(patient: Patient) -> Iterator[Finding]:
    """Blank lines, which `lines` mode drops."""
    body = patient.corpus.text.strip("\n")
    blank = body.count("\n") + 1 - len(patient.lines)
    if patient.corpus.mode == "lines" and blank:
        yield Finding(
            "blank-lines",
            "note",
            "Blank lines are dropped",
            f"{many(blank, 'blank line')} beside {len(patient.lines):,} with something in them.",
            "Nothing, unless they part the text into pieces that belong together: then read it "
            "with `mode=text`.",
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
                "columns",
                "warning",
                f"It looks like a table of {usual + 1} columns",
                f"{percent(times, len(sample))} of the lines hold "
                f"{many(usual, name)}, for example {clip(sample[0])!r}.",
                "A model would learn the whole rows. If one column is what you want, take it out: "
                f"cut{flag} -f1 OLD > NEW",
            )


def long_lines(patient: Patient) -> Iterator[Finding]:
    """Lines far longer than the others."""
    if patient.corpus.mode == "text":
        return
    lengths = np.array([len(line) for line in patient.lines])
    median = float(np.median(lengths))
    found = np.flatnonzero(lengths > max(100.0, 10 * median))
    if len(found):
        yield Finding(
            "long-lines",
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
            "mixed-line-ends",
            "warning",
            "Line ends are mixed",
            "The file has line ends of several kinds (LF, CRLF, CR); each was read as a line's "
            "end. Files of different systems were probably joined.",
            "Look whether a lone CR parts lines that belong together; otherwise nothing.",
        )


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
