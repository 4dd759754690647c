"""What is given with the examples of a corpus: its values, and which of them are of little use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hornbook.errors import SettingsError
from hornbook.rendering import clip, many
from hornbook.reports.finding import Finding
from hornbook.text.conditions import RARE, Conditions
from hornbook.text.corpus import Corpus
from hornbook.text.doctor.examined_corpus import ExaminedCorpus, percent
from hornbook.tokenizers.vocabulary import Vocabulary

__all__ = ["conditions", "counts_of_values", "said_counts"]

SHOWN = 8  # values that are listed
LENGTH = 30  # characters of each
MOST = 0.5  # of the examples: so many with rare values are more than a remark


def counts_of_values(corpus: Corpus | None) -> dict[str, dict[str, int]]:
    """How often each value of each condition occurs, most frequent first; empty: not given."""
    if corpus is None or not corpus.condition:
        return {}
    columns = zip(*corpus.beside, strict=True)
    return {
        name: dict(sorted(Counter(cells).items(), key=lambda pair: (-pair[1], pair[0])))
        for name, cells in zip(corpus.condition, columns, strict=True)
    }


def said_counts(found: Mapping[str, Mapping[str, int]]) -> str:
    """The values of each condition, for people: `sex: F 18,149, M 14,108`."""
    said = []
    for name, counts in found.items():
        values = {value: count for value, count in counts.items() if value}
        shown = [f"{clip(value, LENGTH)} {count:,}" for value, count in values.items()][:SHOWN]
        more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
        said.append(f"{name}: {', '.join(shown)}{more}")
    return "; ".join(said)


def impossible(corpus: Corpus | None) -> Iterator[Finding]:
    """Conditions that training refuses."""
    if corpus is None or not corpus.condition:
        return
    try:
        # A single token: of more there may be fewer values.
        Conditions.learned(corpus.condition, corpus.beside, 0).vocabulary(Vocabulary(1, None, 0))
    except SettingsError as error:
        yield Finding(
            "impossible-conditions", "problem", "The conditions cannot be trained with",
            error.message, error.hint or "",
        )  # fmt: skip


def conditions(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Conditions that cannot be, have a single value or rare ones, or are often not given."""
    yield from impossible(examined.given.corpus)
    for name, counts in counts_of_values(examined.given.corpus).items():
        values = {value: count for value, count in counts.items() if value}
        total = sum(counts.values())
        if len(counts) < 2:  # one value, given in some examples and in others not, tells them apart
            only = f"its only value is {next(iter(values))!r}" if values else "all cells are empty"
            yield Finding(
                "one-value",
                "warning",
                f"The condition {name} tells nothing",
                f"Of {many(total, 'example')}, {only}.",
                "Leave it out of `condition`.",
            )
        rare = {value: count for value, count in values.items() if count < RARE}
        if rare:
            covered = sum(rare.values())
            listed = ", ".join(repr(clip(value, LENGTH)) for value in list(rare)[:SHOWN])
            yield Finding(
                "rare-values",
                "warning" if covered > MOST * total else "note",
                f"Some values of {name} are rare",
                f"{len(rare):,} of {many(len(values), 'value')} have fewer than {RARE} examples, "
                f"together {covered:,} of {total:,} ({percent(covered, total)}): {listed}"
                f"{' …' if len(rare) > SHOWN else ''}. Little can be learned of what is theirs, "
                "and in train there are fewer still.",
                "Join rare values to one, or leave their cells empty: not given.",
            )
        if empty := counts.get("", 0):
            yield Finding(
                "not-given",
                "note",
                f"The condition {name} is not always given",
                f"Its cell is empty in {empty:,} of {many(total, 'example')} "
                f"({percent(empty, total)}). From these the model learns to do without.",
                "",
            )
