"""Checks of a corpus: CHECKS, the table of every check, and most of the checks.

A check takes the examined corpus and yields what it finds. The checks here look at sizes, lines
and splits; those of single characters and how they are written are in characters, and what both
build on is in examined_corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import clip, many
from hornbook.reports.finding import Finding, Severity
from hornbook.text.doctor.characters import (
    forms,
    letter_case,
    mixed_scripts,
    mojibake,
    odd_characters,
    rare_characters,
    unseen_characters,
)
from hornbook.text.doctor.conditions import conditions
from hornbook.text.doctor.doors import mode_doubtful, one_line, other_form, other_reading
from hornbook.text.doctor.examined_corpus import ExaminedCorpus, percent
from hornbook.text.doctor.given import Given
from hornbook.text.doctor.stretches import STRETCH
from hornbook.text.doctor.tokens import byte_pairs, changed_text, torn_graphemes

__all__ = ["CHECKS", "checks_of"]


def splits_refused(examined: ExaminedCorpus) -> Iterator[Finding]:
    """The requested splits cannot be made."""
    if isinstance(examined.parts, DataError):
        yield Finding(
            "no-splits",
            "problem",
            "The splits cannot be made",
            examined.parts.message,
            examined.parts.hint,
        )


def no_text(examined: ExaminedCorpus) -> Iterator[Finding]:
    """The file is not text, or in an encoding that was not given."""
    if not examined.given.raw:
        return
    yield Finding(
        "no-text",
        "note",
        "The file is not UTF-8: its bytes are learned as they are",
        "Samples are bytes, too: a terminal shows those that are not text escaped, a file gets "
        "them as they are. Figures per character count the parts that are text, "
        f"bits per byte all. {examined.given.otherwise}",
        "",
    )


def too_little(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Too little data to learn from, or to measure a reliable loss on."""
    if "train" not in examined.sizes:
        return
    train = examined.sizes["train"].predictions
    if train < 20_000:
        hopeless = train < 1_000
        yield Finding(
            "too-little",
            "problem" if hopeless else "warning",
            f"There is {'far too' if hopeless else 'very'} little training data",
            f"The train split has {many(train, 'token')} to predict. Below about 20,000 "
            "counting (an n-gram) beats most neural networks; below 1,000 no model learns much.",
            "Get more data, or train an n-gram as a baseline and compare every network with it.",
        )
    if "dev" not in examined.held_out:
        yield Finding(
            "no-dev-split",
            "note",
            "There is no dev split",
            "Without one you cannot tell whether a model generalises or only memorises.",
            "Get more data: this is too little to hold some of it out."
            if examined.settings.split == "auto"
            else "Hold out some of the data, for example with `split=90/10`.",
        )
    for split in examined.held_out:
        n = examined.sizes[split].predictions
        if n < 1_000:
            yield Finding(
                "small-split",
                "warning",
                f"The {split} split is too small for a reliable loss",
                f"It has {many(n, 'token')} to predict: a loss measured on it is uncertain by "
                f"about 1/√{n:,} = {n**-0.5:.2f} nats, so smaller differences are noise.",
                f"Get more data, or give {split} a larger share with `split`.",
            )


NEARLY_ALL = 0.9  # of a held-out split: its loss tells nothing


def duplicates(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Lines that occur more than once."""
    if not examined.given.listed:
        return
    repeats, one = examined.gathered.repeats, examined.unit
    if extra := repeats.extra:
        total, told = repeats.total, examined.estimated
        most = [f"{line!r} {times:,} times" for line, times in examined.frequent(3)]
        dropped = examined.settings.distinct
        yield Finding(
            "repeated-lines",
            "warning" if extra > 0.2 * total and not dropped else "note",
            f"Some {one}s are repeated",
            f"{'about ' * bool(told)}{extra:,} of {many(total, one)} ({percent(extra, total)}"
            f"{', ' * bool(told)}{told}) repeat an earlier one: {', '.join(most)}.",
            "No action needed: duplicates are dropped before splitting (`distinct`)."
            if dropped
            else f"If the model should learn how frequent each {one} is, keep them; otherwise drop "
            "duplicates with `distinct`."
            if examined.gathered.drawn is None
            else f"Equal {one}s are drawn into the same split. If the model should not learn how "
            f"frequent each {one} is, drop duplicates: awk '!seen[$0]++' OLD > NEW",
        )


def leaked_lines(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Lines of dev or test that are also in train."""
    if not examined.given.listed or examined.settings.distinct:
        return
    one, told = examined.unit, examined.estimated
    for split, known in examined.leaked().items():
        total = examined.sizes[split].examples
        if known:
            nearly_all = known >= NEARLY_ALL * total
            much: Severity = "warning" if known > 0.01 * total else "note"
            yield Finding(
                "leaked-lines",
                "problem" if nearly_all else much,
                f"{'Nearly all' if nearly_all else 'Some'} {one}s of {split} are also in train",
                f"{'about ' * bool(told)}{known:,} of {many(total, one)} "
                f"({percent(known, total)}{', ' * bool(told)}{told}): the {split} loss will be too "
                f"low, because a model that memorises these {one}s scores well.",
                "Drop duplicates before splitting, with `distinct`.",
            )


def leaked_stretches(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Long passages of dev or test that are also in train, word for word."""
    if examined.given.listed:
        return
    for split in examined.held_out:
        starts, known, size = examined.stretches(split)
        share = known.mean() if len(known) else 0.0
        if share > 0.01:
            first = examined.bounds(split)[0] + int(starts[np.argmax(known)])
            passage = "".join(examined.given.between(first, first + STRETCH))
            looked = " (in an evenly spaced sample)" if len(starts) <= size - STRETCH else ""
            yield Finding(
                "leaked-stretches",
                "warning" if share > 0.05 else "note",
                f"Long passages of {split} are also in train",
                f"{share:.1%} of its passages of {STRETCH} characters{looked} also occur in train "
                f"word for word, for example {passage!r}: the {split} loss will be too low.",
                "Look for repeated pages, headers or sections, and remove the copies.",
            )


def outer_space(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Whitespace at the ends of lines."""
    # In a text indentation has a meaning, and in a poem; trailing spaces have none in either mode.
    given, lines = examined.given, examined.gathered.lines
    listing = given.listed and given.separator == "line"
    if found := lines.outer if listing else lines.right:
        first = lines.first_outer if listing else lines.first_right
        blank = lines.blank_outer
        program = "s/^[[:space:]]+|[[:space:]]+$//g; /^$/d" if listing else "s/[[:space:]]+$//"
        yield Finding(
            "outer-space",
            "warning" if listing else "note",
            f"Some lines {'begin or end' if listing else 'end'} with whitespace",
            f"{found:,} of {many(lines.nonempty, 'line')}, for example {clip(first)!r}"
            + (f"; {blank:,} contain only whitespace." if blank else ".")
            + " A model learns such spaces as part of the line.",
            "Remove it from the values of the column."
            if given.column
            else f"Remove it: sed -E '{program}' OLD > NEW",
        )


def blank_lines(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Blank lines, which `lines` mode drops."""
    given, lines = examined.given, examined.gathered.lines
    blank = lines.body - lines.nonempty
    if given.listed and given.separator == "line" and blank:
        yield Finding(
            "blank-lines",
            "note",
            "Blank lines are dropped",
            f"{many(blank, 'blank line')} in addition to {lines.nonempty:,} with text. "
            "Between examples they carry no information.",
            "No action needed, unless they separate examples of several lines: then read the file "
            "with `separator=blank`; or the paragraphs of one text: then with `mode=text`.",
        )


def long_lines(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Lines far longer than the others."""
    if not examined.given.listed:
        return
    one, lengths = examined.unit, examined.gathered.lengths
    median = lengths.median
    if found := lengths.above(max(100.0, 10 * median)):
        yield Finding(
            "long-lines",
            "warning",
            f"Some {one}s are far longer than the others",
            f"{many(found, one)} of more than 10 times the median length of "
            f"{median:,.0f} characters; the longest has {lengths.longest_yet:,} and begins with "
            f"{clip(lengths.first_longest)!r}.",
            f"Check whether {one}s were joined by mistake; if so, split or remove them.",
        )


def line_ends(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Several kinds of line ends."""
    if examined.given.line_ends == "mixed":
        yield Finding(
            "mixed-line-ends",
            "warning",
            "Line ends are mixed",
            "The file has several kinds of line ends (LF, CRLF, CR); each was read as the end of a "
            "line. Probably files from different systems were joined.",
            "Check whether a lone CR splits lines that belong together; otherwise no action is "
            "needed.",
        )


CHECKS: tuple[Callable[[ExaminedCorpus], Iterator[Finding]], ...] = (
    splits_refused,
    no_text,
    other_form,
    one_line,
    mode_doubtful,
    other_reading,
    too_little,
    duplicates,
    leaked_lines,
    leaked_stretches,
    unseen_characters,
    rare_characters,
    odd_characters,
    torn_graphemes,
    changed_text,
    byte_pairs,
    forms,
    mixed_scripts,
    mojibake,
    outer_space,
    blank_lines,
    letter_case,
    long_lines,
    line_ends,
    conditions,
)
"All checks of a text."
OF_BYTES = (
    splits_refused,
    no_text,
    too_little,
    duplicates,
    leaked_lines,
    leaked_stretches,
)
"Those of what is not text, and is learned byte by byte."


def checks_of(given: Given) -> tuple[Callable[[ExaminedCorpus], Iterator[Finding]], ...]:
    """The checks that tell something of a text."""
    return OF_BYTES if given.raw else CHECKS
