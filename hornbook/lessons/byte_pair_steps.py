"""Byte pairs, merge by merge, with a line of the text as it looks after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hornbook.lessons.byte_pairs import BYTES, Merge, encode, learn, words_of
from hornbook.tokenizers.labels import label_of

__all__ = ["Step", "steps"]

READ = 200_000  # characters: all pairs of them are counted again for each merge
SHOWN = 40  # characters of the line


@dataclass(frozen=True)
class Step:
    """A merge, and what it did."""

    made: int
    "The new token."
    first: str
    "Labels of the two that became one."
    second: str
    token: str
    "Label of the new one."
    times: int
    "How often they stood together."
    line: tuple[str, ...]
    "The beginning of the text in the tokens there are now, as labels."


def steps(text: str, merges: int) -> Iterator[Step]:
    """Learn byte pairs of a text, one merge at a time; it ends where no pair is left.

    Args:
        text: of which the first 200,000 characters are read.
        merges: how many, at most.
    """
    text = text[:READ]
    line = text.strip().partition("\n")[0][:SHOWN]
    spelled = [bytes([byte]) for byte in BYTES]
    known: list[Merge] = []
    for merge in learn(words_of(text), merges):
        known.append(merge)
        spelled.append(merge.spelled)
        first, second = (label_of(spelled[number]) for number in merge.pair)
        shown = tuple(label_of(spelled[number]) for number in encode(line, known))
        yield Step(merge.made, first, second, label_of(merge.spelled), merge.times, shown)
