"""What a careful person would want to know of a corpus before training on it.

`examine` measures and looks for faults; it changes nothing and prints nothing. What it looks for is
the table CHECKS in findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import clip
from hornbook.reports.finding import Finding, worst_first
from hornbook.text.corpus import Corpus, Mode, SplitSettings
from hornbook.text.doctor.findings import CHECKS
from hornbook.text.doctor.patient import Patient

__all__ = ["Lengths", "Report", "SplitSize", "examine"]

EXAMPLES = 3  # of the shortest and of the longest lines


@dataclass(frozen=True)
class SplitSize:
    """How much a split holds."""

    things: int
    "Lines, or 1 for a text."
    predictions: int
    "Symbols to predict: every symbol, and a boundary for each line."


@dataclass(frozen=True)
class Lengths:
    """How long the lines that are not empty are, in symbols."""

    min: int
    median: float
    mean: float
    p95: float
    "19 lines of 20 are at most so long."
    max: int
    shortest: tuple[str, ...]
    "The first few distinct ones, clipped."
    longest: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """A corpus in figures, and what was found amiss."""

    name: str
    source: str
    encoding: str
    line_ends: str
    mode: Mode
    reason: str
    "Why this mode."
    characters: int
    "Symbols of the whole text, line ends among them."
    lines: int
    "Lines that are not empty."
    distinct_lines: int
    splits: dict[str, SplitSize]
    "By name, those that are not empty; none if they cannot be made."
    alphabet: dict[str, int]
    "How often each symbol stands in the corpus, the most frequent first."
    lengths: Lengths
    findings: tuple[Finding, ...]
    "Problems first, then warnings, then notes."


def examine(corpus: Corpus, settings: SplitSettings | None = None) -> Report:
    """Look at a corpus before training on it.

    Args:
        corpus: what to look at.
        settings: how it would be cut. Splits that cannot be made are a finding, not an error.

    Raises:
        DataError: if the corpus is empty.
        SettingsError: if the settings are no shares, or do not fit the corpus's mode.
    """
    if not isinstance(corpus, Corpus):
        raise DataError(
            f"A corpus is examined; {type(corpus).__name__} was given.",
            hint="Load it first, with load_corpus.",
        )
    if not corpus.text.strip():
        raise DataError(f"{corpus.source} is empty.", hint="Give a file with something in it.")
    patient = Patient(corpus, settings or SplitSettings())
    sizes = {
        name: SplitSize(len(texts), patient.predictions[name])
        for name, texts in patient.splits.items()
    }
    return Report(
        name=corpus.name,
        source=corpus.source,
        encoding=corpus.encoding,
        line_ends=corpus.line_ends,
        mode=corpus.mode,
        reason=corpus.reason,
        characters=len(corpus.text),
        lines=len(patient.lines),
        distinct_lines=len(patient.times),
        splits=sizes,
        alphabet=patient.counts,
        lengths=measure(patient.lines),
        findings=worst_first(finding for check in CHECKS for finding in check(patient)),
    )


def measure(lines: Sequence[str]) -> Lengths:
    """How long some lines are, at least one."""
    lengths = np.array([len(line) for line in lines])
    return Lengths(
        min=int(lengths.min()),
        median=float(np.median(lengths)),
        mean=float(lengths.mean()),
        p95=float(np.quantile(lengths, 0.95, method="inverted_cdf")),
        max=int(lengths.max()),
        shortest=first_distinct(lines[i] for i in np.argsort(lengths, kind="stable")),
        longest=first_distinct(lines[i] for i in np.argsort(-lengths, kind="stable")),
    )


def first_distinct(lines: Iterable[str]) -> tuple[str, ...]:
    """The first few lines that differ, clipped."""
    found: dict[str, None] = {}
    for line in lines:
        found[clip(line, 60)] = None
        if len(found) == EXAMPLES:
            break
    return tuple(found)
