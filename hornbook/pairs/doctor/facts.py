"""What pairs are, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hornbook.pairs.doctor.examined import Examined
from hornbook.rendering import clip, many
from hornbook.reports.table import Table
from hornbook.tasks.splits import SPLITS

__all__ = ["facts", "figures", "label_table"]

LISTED = 20  # labels of the table


def facts(examined: Examined) -> dict[str, str]:
    """For people."""
    read = examined.read
    sizes = {split: len(examined.of(split)) for split in SPLITS}
    there = {split: n for split, n in sizes.items() if n}
    found = {
        "source": examined.where,
        "read as": "; ".join(read.remarks),
        "pairs": f"{len(read.sources):,}, of {many(len(examined.by_source), 'different source')} "
        f"and {many(len(examined.targets), 'different target')}",
        "sources": told_of_lengths(read.sources),
    }
    if not read.labels:
        found["targets"] = told_of_lengths(read.targets)
    if there:
        found["split"] = f"{' / '.join(there)}: {' / '.join(f'{n:,}' for n in there.values())}"
    return found


def told_of_lengths(texts: Sequence[str]) -> str:
    """How long texts are, and of how many different characters."""
    lengths = np.array([len(text) for text in texts])
    characters = len(set().union(*texts))
    return (
        f"{lengths.min():,} to {lengths.max():,} characters, half of them up to "
        f"{np.median(lengths):,.0f}; {many(characters, 'different character')}"
    )


def figures(examined: Examined) -> dict[str, Any]:
    """For machines."""
    read = examined.read
    same = sum(a == b for a, b in zip(read.sources, read.targets, strict=True))
    return {
        "pairs": len(read.sources),
        "sources": len(examined.by_source),
        "targets": len(examined.targets),
        "labels": dict(examined.targets.most_common()) if read.labels else None,
        "splits": {split: len(examined.of(split)) for split in SPLITS},
        "unreadable": read.bad,
        "contradicting_sources": len(examined.contradicting),
        "repeated_pairs": len(read.sources) - len(examined.pairs),
        "copies": same,
        "near_train": None if examined.near is None else len(examined.near[0]),
    }


def label_table(examined: Examined) -> Table:
    """How many pairs each label has."""
    n = len(examined.read.targets)
    most = examined.targets.most_common(LISTED)
    rows = tuple((clip(label), f"{count:,}", f"{count / n:.1%}") for label, count in most)
    beyond = len(examined.targets) - len(most)
    return Table((examined.read.names[1], "pairs", "share"), rows, beyond=beyond)
