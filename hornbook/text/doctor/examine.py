"""Examine a corpus before training on it.

`examine` measures and looks for faults; it changes nothing and prints nothing. The table CHECKS in
findings lists everything it checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hornbook.compute.pinned import pinned
from hornbook.errors import DataError
from hornbook.reports.finding import Finding, worst_first
from hornbook.text.byte_figures import count_bytes, labelled
from hornbook.text.corpus import Corpus, SplitSettings
from hornbook.text.doctor.conditions import counts_of_values
from hornbook.text.doctor.doors import kind_of
from hornbook.text.doctor.examined_corpus import ExaminedCorpus, SplitSize
from hornbook.text.doctor.findings import checks_of
from hornbook.text.doctor.given import Given
from hornbook.text.doctor.lengths import Lengths
from hornbook.text.layout import Mode, Separator

__all__ = ["CorpusReport", "Lengths", "SplitSize", "examine", "examine_given"]


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
    raw: bool
    "Whether it is not text, and its bytes are learned as they are."
    characters: int
    "Characters in the whole text, including line ends; bytes of what is not text."
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
    counted: str
    "How the distinct and repeated ones were: counted exactly, or estimated from a part."
    tokens: str
    "The kind of tokens that was asked for; its vocabulary, where it is not that of characters."
    splits: dict[str, SplitSize]
    "The non-empty splits by name; empty if the splits cannot be made."
    vocabulary: dict[str, int]
    "How often each character occurs in the corpus, or each byte (`<FF>`), most frequent first."
    lengths: Lengths
    findings: tuple[Finding, ...]
    "Problems first, then warnings, then notes."
    conditions: dict[str, dict[str, int]] = field(default_factory=dict)
    "How often each value of each condition occurs, most frequent first; empty without conditions."


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
    return examine_given(Given.of(corpus), settings or SplitSettings())


@pinned()
def examine_given(
    given: Given, settings: SplitSettings, sample: Sequence[str] | None = None
) -> CorpusReport:
    """The same of a text in memory or on the disk.

    Args:
        given: the text.
        settings: how it would be split.
        sample: of train, where the text is too large for tokens to be learned from all of it.

    Raises:
        HornbookError: as reading it, and learning the tokens that were asked for, have them.
    """
    examined = ExaminedCorpus(given, settings, sample)
    gathered = examined.gathered
    if not gathered.lines.filled:
        raise DataError(f"{given.source} is empty.", hint="Give a file that contains text.")
    characters, vocabulary = gathered.characters, examined.counts
    if given.raw:
        counts = count_bytes([given.in_memory.text])
        characters = int(counts.sum())
        if given.listed and given.separator == "line":
            counts[ord("\n")] = 0  # it stands between examples, as of text
        vocabulary = labelled(counts)
    return CorpusReport(
        name=given.name,
        source=given.source,
        encoding=given.encoding,
        line_ends=given.line_ends,
        mode=given.mode,
        reason=given.reason,
        raw=given.raw,
        characters=characters,
        lines=gathered.lines.nonempty,
        distinct_lines=gathered.line_repeats.distinct,
        kind=kind_of(examined),
        separator=given.separator,
        examples=gathered.lengths.total,
        distinct_examples=gathered.repeats.distinct,
        counted=examined.estimated or "counted exactly",
        tokens=examined.tokens_told,
        splits=examined.sizes,
        vocabulary=vocabulary,
        lengths=gathered.lengths.summary(),
        findings=worst_first(finding for check in checks_of(given) for finding in check(examined)),
        conditions=counts_of_values(given.corpus),
    )
