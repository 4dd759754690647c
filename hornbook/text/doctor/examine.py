"""Examine a corpus before training on it.

`examine` measures and looks for faults; it changes nothing and prints nothing. The table CHECKS in
findings lists everything it checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hornbook.compute.pinned import pinned
from hornbook.errors import DataError
from hornbook.rendering import clip
from hornbook.reports.finding import Finding, worst_first
from hornbook.text.corpus import Corpus, SplitSettings
from hornbook.text.doctor.doors import kind_of
from hornbook.text.doctor.examined_corpus import ExaminedCorpus
from hornbook.text.doctor.findings import checks_of
from hornbook.text.layout import Mode, Separator

__all__ = ["CorpusReport", "Lengths", "SplitSize", "examine"]

EXAMPLES = 3  # of the shortest and of the longest


@dataclass(frozen=True)
class SplitSize:
    """The size of a split."""

    examples: int
    "Examples, or 1 for a text."
    predictions: int
    "Tokens to predict, of the kind asked for, and a boundary token for each example."


@dataclass(frozen=True)
class Lengths:
    """The lengths of the examples, or of the non-empty lines of a text, in characters."""

    min: int
    median: float
    mean: float
    p95: float
    "The 95th percentile."
    max: int
    shortest: tuple[str, ...]
    "The first few distinct ones, shortened."
    longest: tuple[str, ...]


@dataclass(frozen=True)
class CorpusReport:
    """Statistics of a corpus, and the findings."""

    name: str
    source: str
    encoding: str
    line_ends: str
    mode: Mode
    reason: str
    "Why this mode was chosen."
    characters: int
    "Characters in the whole text, including line ends."
    lines: int
    "Non-empty lines."
    distinct_lines: int
    kind: str
    "What the file is, in a few words."
    separator: Separator
    "What parts the examples: the ends of lines, or blank lines."
    examples: int
    "Examples; of a text, non-empty lines."
    distinct_examples: int
    tokens: str
    "The kind of tokens that was asked for; its vocabulary, where it is not that of characters."
    splits: dict[str, SplitSize]
    "The non-empty splits by name; empty if the splits cannot be made."
    vocabulary: dict[str, int]
    "How often each character occurs in the corpus, most frequent first."
    lengths: Lengths
    findings: tuple[Finding, ...]
    "Problems first, then warnings, then notes."


@pinned()
def examine(corpus: Corpus, settings: SplitSettings | None = None) -> CorpusReport:
    """Examine a corpus before training on it.

    Args:
        corpus: what to examine.
        settings: how it would be split. Splits that cannot be made are a finding, not an error.

    Raises:
        DataError: if the corpus is empty.
        SettingsError: if the shares are not valid, or the settings do not fit the corpus's mode.
    """
    if not isinstance(corpus, Corpus):
        raise DataError(
            f"Expected a Corpus, got {type(corpus).__name__}.",
            hint="Load the data first, with load_corpus.",
        )
    if not corpus.text.strip():
        raise DataError(f"{corpus.source} is empty.", hint="Give a file that contains text.")
    examined = ExaminedCorpus(corpus, settings or SplitSettings())
    sizes = {
        name: SplitSize(len(texts), examined.predictions[name])
        for name, texts in examined.splits.items()
    }
    return CorpusReport(
        name=corpus.name,
        source=corpus.source,
        encoding=corpus.encoding,
        line_ends=corpus.line_ends,
        mode=corpus.mode,
        reason=corpus.reason,
        characters=len(corpus.text),
        lines=len(examined.lines),
        distinct_lines=len(
            examined.times if examined.lines is examined.examples else set(examined.lines)
        ),
        kind=kind_of(corpus),
        separator=corpus.separator,
        examples=len(examined.examples),
        distinct_examples=len(examined.times),
        tokens=examined.tokens_told,
        splits=sizes,
        vocabulary=examined.counts,
        lengths=measure(examined.examples),
        findings=worst_first(finding for check in checks_of(corpus) for finding in check(examined)),
    )


def measure(lines: Sequence[str]) -> Lengths:
    """The lengths of some lines, at least one."""
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
    """The first few distinct lines, shortened."""
    found: dict[str, None] = {}
    for line in lines:
        found[clip(line, 60)] = None
        if len(found) == EXAMPLES:
            break
    return tuple(found)
