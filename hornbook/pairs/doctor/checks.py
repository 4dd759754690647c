"""Checks of pairs: CHECKS, the table of every check, and those of rows, splits and sides.

A check takes the examined data and yields what it finds. Those of labels are in labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from hornbook.errors import DataError
from hornbook.pairs.doctor.examined import SHORTEST, Examined
from hornbook.pairs.doctor.labels import (
    alike_labels,
    header_label,
    imbalance,
    lone_labels,
    rare_labels,
)
from hornbook.rendering import clip, describe, many
from hornbook.reports.finding import Finding

__all__ = ["CHECKS"]

FEW = 1_000  # pairs: fewer measure little
NEAR, LEAKS = 0.01, 0.1  # shares of sources that are near, and of those with the same target
SHOWN = 5  # rows that a finding names
FAR, LEAST = 6.0, 1.1  # spreads, and as a logarithm (three times), from which a ratio is odd


def quoted(text: str, length: int = 30) -> str:
    """A text in a finding."""
    return repr(clip(text, length))


def unreadable(examined: Examined) -> Iterator[Finding]:
    """Empty sides, and rows with too many or too few cells."""
    read = examined.read
    if read.bad:
        more = f"; and {many(read.bad - len(read.first_bad), 'other')}"
        yield Finding(
            "unreadable-rows",
            "problem",
            "Some rows cannot be read",
            f"{many(read.bad, 'row')}: {'; '.join(read.first_bad)}"
            f"{more if read.bad > len(read.first_bad) else ''}.",
            f"Mend them, or set `bad_rows=skip` to leave them out{read.longer_hint}.",
        )


def splits_refused(examined: Examined) -> Iterator[Finding]:
    """The splits cannot be made, or there is little to measure on."""
    if isinstance(examined.parts, DataError):
        yield Finding("no-splits", "problem", "The splits cannot be made", examined.parts.message,
                      examined.parts.hint or "")  # fmt: skip
        return
    n = len(examined.read.sources)
    if n < FEW:
        yield Finding(
            "too-little", "warning", "There is very little data",
            f"Of {many(n, 'pair')} a net learns little, and what is measured on dev is uncertain.",
            "Get more data, and compare every net with the families that need no training.",
        )  # fmt: skip
    if not examined.of("dev"):
        yield Finding(
            "no-dev-split", "note", "There is no dev split",
            "Without one you cannot tell whether a model answers or only memorises.",
            "Hold out some of the sources, for example with `split=80/20`, or get more data.",
        )  # fmt: skip


def repeated(examined: Examined) -> Iterator[Finding]:
    """The same pair more than once."""
    again = {pair: n for pair, n in examined.pairs.items() if n > 1}
    if again:
        extra, all_ = sum(again.values()) - len(again), len(examined.read.sources)
        (source, target), n = max(again.items(), key=lambda one: one[1])
        yield Finding(
            "repeated-pairs",
            "warning" if extra > 0.2 * all_ else "note",
            "Some pairs occur more than once",
            f"{many(extra, 'pair')} of {all_:,} stand before ({extra / all_:.1%}); most often "
            f"{quoted(source)} with {quoted(target)}, {n:,} times. All of a source are on one side "
            "of the split; in train each counts as often as it is there.",
            "If that is a mistake of how the file was made, give each pair once.",
        )


def contradictions(examined: Examined) -> Iterator[Finding]:
    """One source with several targets."""
    found, read = examined.contradicting, examined.read
    if not found:
        return
    share = len(found) / len(examined.by_source)
    shown = "; ".join(answers_of(examined, numbers) for numbers in found[:3])
    what = "label" if read.labels else "target"
    yield Finding(
        "contradictions",
        "warning" if share > 0.01 else "note",
        f"Some sources have several {what}s",
        f"{many(len(found), 'source')} of {len(examined.by_source):,} ({share:.1%}), such as "
        f"{shown}. A model that gives one answer is right on one of them at most.",
        "Nothing needs to be done where several answers are right: the nearest counts. If they are "
        "mistakes, mend them.",
    )


def answers_of(examined: Examined, numbers: list[int]) -> str:
    """A source with its targets, and where each stands first.

    Args:
        examined: the data.
        numbers: of the pairs of the source.
    """
    read, first = examined.read, dict[str, int]()
    for number in numbers:
        first.setdefault(read.targets[number], number)
    told = [f"{quoted(one)} ({read.place(number)})" for one, number in first.items()]
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    return f"{quoted(read.sources[numbers[0]])} with {' and '.join(told[:SHOWN])}{more}"


def nearly_seen(examined: Examined) -> Iterator[Finding]:
    """Sources of dev and test that are one edit from one of train."""
    if examined.near is None:
        return
    found, tried = examined.near
    share = len(found) / tried
    if share < NEAR:
        return
    (number, near), read = found[0], examined.read
    same = sum(
        read.targets[one] in {read.targets[n] for n in examined.by_source[examined.same(other)]}
        for one, other in found
    )
    told = "None of these has the same target."
    if same:
        told = f"The target is the same in {same:,}: who answers as the nearest source has it is "
        told += "right there."
    yield Finding(
        "nearly-in-train",
        "warning" if same > LEAKS * tried else "note",
        "Some sources of dev and test nearly stand in train",
        f"{len(found):,} of {many(tried, 'source')} with {SHORTEST} characters or more that were "
        f"looked at ({share:.1%}) are one edit from a source of train, such as "
        f"{quoted(read.sources[number])} ({read.place(number)}) and {quoted(near)}. {told}",
        "Look at what `model=nearest-source` reaches beside a net; where few are new, make a split "
        "of your own that keeps together what is alike.",
    )


def odd_ratios(examined: Examined) -> Iterator[Finding]:
    """Targets that are far longer or shorter for their source than others are."""
    read = examined.read
    if read.labels or len(read.sources) < 20:
        return
    ratios = np.log([
        (len(target) + 1) / (len(source) + 1)
        for source, target in zip(read.sources, read.targets, strict=True)
    ])  # fmt: skip
    middle = float(np.median(ratios))
    spread = 1.4826 * float(np.median(np.abs(ratios - middle)))  # of a normal distribution
    away = np.abs(ratios - middle)
    odd = np.flatnonzero(away > max(LEAST, FAR * spread))
    if not len(odd):
        return
    worst = odd[np.argsort(-away[odd], kind="stable")][:SHOWN].tolist()
    shown = "; ".join(
        f"{read.place(at)}: {quoted(read.sources[at])} ({len(read.sources[at])}) with "
        f"{quoted(read.targets[at])} ({len(read.targets[at])})"
        for at in worst
    )
    yield Finding(
        "odd-lengths",
        "warning" if len(odd) > 0.01 * len(ratios) else "note",
        "Some targets are far longer or shorter than others for their source",
        f"{many(len(odd), 'pair')}, where most targets have about {np.exp(middle):.2g} times the "
        f"characters of their source. The oddest: {shown}.",
        "Look at these lines: something may be cut off, or belong to another.",
    )


def unseen_characters(examined: Examined) -> Iterator[Finding]:
    """Characters that only dev or test have."""
    read = examined.read
    for what, texts in (("sources", read.sources), ("targets", read.targets)):
        if what == "targets" and read.labels:
            continue
        known = set().union(*(texts[number] for number in examined.of("train")))
        found: Counter[str] = Counter()
        rows = 0
        for number in examined.held_out:
            new = set(texts[number]) - known
            found.update(new)
            rows += bool(new)
        if rows:
            n, shown = len(found), ", ".join(describe(one) for one, _ in found.most_common(10))
            yield Finding(
                f"unseen-in-{what}",
                "warning" if rows > 0.01 * len(examined.held_out) else "note",
                f"Some characters of {what} stand in dev or test only",
                f"{many(n, 'character')} in {many(rows, 'pair')}: {shown}. A model cannot have "
                "learned them.",
                "Get more data with them, or take tokens that all text can be written in: "
                "`tokens=bytes`.",
            )


def swapped(examined: Examined) -> Iterator[Finding]:
    """Far more different targets than sources."""
    sources, targets = len(examined.by_source), len(examined.targets)
    if 2 * sources < targets:
        one, other = examined.read.names
        yield Finding(
            "sides-swapped",
            "warning",
            "The sides may be swapped",
            f"There are {many(targets, 'different target')} and {many(sources, 'different source')}"
            ": a source has many answers, and a model can give few of them.",
            f"If {one} holds the answers, set `source_column` to {other} and `target_column` "
            f"to {one}.",
        )


def copies(examined: Examined) -> Iterator[Finding]:
    """Targets that are their source."""
    read = examined.read
    n = sum(a == b for a, b in zip(read.sources, read.targets, strict=True))
    share = n / len(read.sources)
    if share > 0.05 and not read.labels:
        yield Finding(
            "copies",
            "warning" if share > 0.5 else "note",
            "Many targets are their source",
            f"{many(n, 'pair')} ({share:.0%}) have the same text on both sides: `model=copy` "
            "is right on them without learning anything.",
            "Compare with `model=copy`, and look at the pairs that differ by themselves.",
        )


CHECKS: tuple[Callable[[Examined], Iterator[Finding]], ...] = (
    unreadable,
    splits_refused,
    header_label,
    lone_labels,
    swapped,
    contradictions,
    nearly_seen,
    repeated,
    alike_labels,
    rare_labels,
    imbalance,
    odd_ratios,
    unseen_characters,
    copies,
)
