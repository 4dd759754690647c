"""Passages of a text that train has word for word, held against those of held-out text.

Held-out text shares passages with train, too: names, set phrases, quotations. Passages longer than
nearly all of those are more than the language of the text; they come from memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval
from hornbook.text.closeness import mean_apart
from hornbook.text.matching import Passage, longest_passages

__all__ = ["Copied", "CopiedPassage", "copied_passages"]

USUAL = 0.99  # of the held-out characters lie in passages that are no longer


@dataclass(frozen=True)
class CopiedPassage:
    """A passage of a sample that is in train."""

    text: str
    sample: int
    "Which of the samples, from 0."
    place: int
    "Where it begins in train, in characters."


@dataclass(frozen=True)
class Copied:
    """How much of some samples is in train word for word."""

    lengths: tuple[int, ...]
    "Of each sample: length in characters of the longest passage that train has."
    held_lengths: tuple[int, ...]
    "The same of held-out stretches."
    longest: float
    "Mean length in characters of the longest passage of a sample that train has."
    held_longest: float | None
    "The same of held-out stretches of the same length; None if nothing was held out."
    apart: Interval | None
    "Of the difference of both; None where one of them is less than two."
    usual: int | None
    "Length of passages that 99 of 100 held-out characters lie in no longer ones than."
    copied: float | None
    "Share of the samples' characters in longer passages than that."
    passages: tuple[CopiedPassage, ...]
    "The longest one of each sample, the longest first."


def copied_passages(samples: Sequence[str], held: Sequence[str], train: str) -> Copied:
    """Look for passages of train in samples and in held-out stretches.

    Args:
        samples: at least one.
        held: stretches of dev or test, as long as the samples; none, if nothing was held out.
        train: the text.
    """
    found = longest_passages([*samples, *held], train)
    own, others = found[: len(samples)], found[len(samples) :]
    longest, held_longest = (tuple(map(longest_of, some)) for some in (own, others))
    passages = []
    for number, (text, (lengths, places)) in enumerate(zip(samples, own, strict=True)):
        if len(lengths):
            at = int(lengths.argmax())
            passage = text[at : at + int(lengths[at])]
            passages.append(CopiedPassage(passage, number, int(places[at])))
    passages.sort(key=lambda one: -len(one.text))
    mean = float(np.mean(longest))
    if not held:
        return Copied(longest, (), mean, None, None, None, None, tuple(passages))
    usual = int(np.quantile(np.concatenate(list(map(covered_by, others))), USUAL, method="lower"))
    ours = np.concatenate(list(map(covered_by, own)))
    share = float((ours > usual).mean()) if len(ours) else 0.0
    return Copied(
        longest, held_longest, mean, float(np.mean(held_longest)),
        mean_apart(longest, held_longest), usual, share, tuple(passages),
    )  # fmt: skip


def longest_of(passage: Passage) -> int:
    """Length of the longest passage of a text; 0 of an empty one."""
    return int(passage[0].max(initial=0))


def covered_by(passage: Passage) -> npt.NDArray[np.int64]:
    """Length of the longest passage that each character of a text lies in, shape (characters,)."""
    lengths = passage[0]
    found = np.zeros(len(lengths), np.int64)
    for begin in np.argsort(lengths, kind="stable"):  # the longest last, over all others
        found[begin : begin + lengths[begin]] = lengths[begin]
    return found
