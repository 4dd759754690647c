"""Checks of labels: how many each has, and whether two are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from hornbook.pairs.doctor.examined import Examined
from hornbook.rendering import clip, in_percent, listed, many
from hornbook.reports.finding import Finding

__all__ = ["alike_labels", "header_label", "imbalance", "lone_labels", "rare_labels"]

RARE = 20  # pairs of a label: fewer teach and measure little
MOST = 0.9  # share of the commonest label


def lone_labels(examined: Examined) -> Iterator[Finding]:
    """Nearly as many labels as texts."""
    read, spread = examined.read, examined.labelling
    if not read.labels or not spread.mostly_lone:
        return
    yield Finding(
        "lone-labels",
        "problem" if spread.all_lone else "warning",
        "Labels do not come again" if spread.all_lone else "Labels hardly come again",
        f"{spread.told[0].upper()}{spread.told[1:]}. What is learned of one text tells nothing of "
        "others.",
        f"To have {read.names[1]} written as a text, set `target_column`; else give a column whose "
        "labels come again as `label_column`.",
    )


def rare_labels(examined: Examined) -> Iterator[Finding]:
    """Labels with few pairs."""
    if not examined.read.labels or examined.labelling.mostly_lone:
        return
    rare = [label for label, n in examined.targets.most_common() if n < RARE]
    if rare:
        shown = ", ".join(f"{clip(one)!r} ({examined.targets[one]:,})" for one in rare[::-1][:10])
        n = sum(examined.targets[one] for one in rare)
        yield Finding(
            "rare-labels",
            "warning",
            "Some labels are rare",
            f"{many(len(rare), 'label')} of {len(examined.targets):,} with fewer than {RARE} pairs "
            f"({many(n, 'pair')} in all): {shown}. They are hardly learned, and one that train "
            "does not have is left out of dev and test.",
            "Get more pairs of them, or put them together as one label.",
        )


def imbalance(examined: Examined) -> Iterator[Finding]:
    """One label, or one target, that all have or nearly all."""
    (label, n), *_ = examined.targets.most_common(1)
    share, labels = n / len(examined.read.targets), examined.read.labels
    if len(examined.targets) == 1 and len(examined.by_source) > 1:
        what = "label" if labels else "target"
        yield Finding(
            "one-label" if labels else "one-target",
            "problem" if labels else "warning",
            f"All pairs have one {what}",
            f"It is {clip(label)!r}: there is nothing to tell apart.",
            f"Give pairs with different {what}s, or another column.",
        )
    elif share > MOST and not labels:
        yield Finding(
            "one-target",
            "warning",
            "Nearly all pairs have one target",
            f"{in_percent(share)} have {clip(label)!r}: who always says it is right as often.",
            "Look at which of the other answers a run gets right.",
        )
    elif share > MOST:
        yield Finding(
            "one-label",
            "warning",
            "Nearly all pairs have one label",
            f"{in_percent(share)} have {clip(label)!r}: who always says it is right as often.",
            "Look at the macro F1 and the confusion of a run, not at its accuracy.",
        )


def alike_labels(examined: Examined) -> Iterator[Finding]:
    """Labels that differ by capitals, blanks or forms of characters only."""
    if not examined.read.labels:
        return
    alike: dict[str, list[str]] = {}
    for label in examined.targets:
        alike.setdefault(plain(label), []).append(label)
    found = [sorted(labels) for labels in alike.values() if len(labels) > 1]
    if found:
        shown = "; ".join(listed(labels) for labels in found[:5])
        yield Finding(
            "alike-labels",
            "warning",
            "Some labels differ by capitals, blanks or forms of characters only",
            f"{many(len(found), 'group')}: {shown}. Each is a label of its own.",
            "Write them alike, if they mean the same.",
        )


def plain(label: str) -> str:
    """A label without capitals, blanks, and forms of characters that mean the same."""
    return "".join(unicodedata.normalize("NFKC", label).casefold().split())


def header_label(examined: Examined) -> Iterator[Finding]:
    """A first row whose target no other row has, where targets are few."""
    read = examined.read
    if not read.targets or examined.options.header != "auto" or read.lines[0] != 1:
        return
    first, others = read.targets[0], len(examined.targets) - 1
    few = 0 < others <= 100 and others * 5 <= len(read.targets) - 1
    if few and examined.targets[first] == 1:
        yield Finding(
            "header-doubt",
            "warning",
            "The first row may be a header",
            f"It is {clip(read.sources[0])!r} with {clip(first)!r}, which no other row has; these "
            f"have {many(others, 'different target')}.",
            "If it names the columns, set `header=yes`; if not, set `header=no`.",
        )
