"""What conditions save: how many bits less an example costs when they are given.

Both costs are of the same model and the same examples, so that what is easy or hard about these
does not matter to their difference, whose interval is over examples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON
from hornbook.rendering import figure
from hornbook.statistics import Interval, difference_interval
from hornbook.text.conditions import Conditions
from hornbook.text.grouped import located_losses
from hornbook.text.losses import Loss
from hornbook.text.models.contract import LanguageModel
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["LossGiven", "Saving", "example_nats", "loss_given", "savings_by_value", "with_only"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Saving:
    """What is saved in some examples."""

    given: str
    "What is given: `sex`, `sex=F`."
    examples: int
    "How many they are."
    bits: float
    "Saved for each example, on average."
    bits_per_character: float
    interval: Interval | None
    "Of the bits for each example; None of a single one."

    @classmethod
    def of(cls, given: str, without: Doubles, with_it: Doubles, characters: int) -> Saving:
        """What examples cost less with something given than without.

        Args:
            given: what it is.
            without: nats of each example with nothing given, shape (N,).
            with_it: with it.
            characters: in all of them.
        """
        more, less = without / math.log(2), with_it / math.log(2)
        saved = float((more - less).sum())
        interval = difference_interval(more, less) if len(more) > 1 else None
        return cls(given, len(more), saved / len(more), saved / max(1, characters), interval)

    @property
    def range(self) -> str:
        """The interval of the bits for each example, in brackets; empty if there is none."""
        if self.interval is None:
            return ""
        return f" ({figure(self.interval.low, 3)} to {figure(self.interval.high, 3)})"

    def __str__(self) -> str:
        return (
            f"{figure(self.bits, 3)} bits less{self.range}, "
            f"{figure(self.bits_per_character, 4)} less per character"
        )

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        ends = {} if self.interval is None else self.interval.ends("bits_per_example")
        return {
            "given": self.given,
            "examples": self.examples,
            "bits_per_example": self.bits,
            **ends,
            "bits_per_character": self.bits_per_character,
        }


@dataclass(frozen=True)
class LossGiven(Loss):
    """The loss with all conditions given, and what they save."""

    saved: tuple[Saving, ...] = field(default=(), kw_only=True)
    "By all of them together, and where there are several by each alone."
    split: str = field(default="", kw_only=True)
    strange: str = field(default="", kw_only=True)
    "How many values are not among those of train, and so are not given; empty if none."

    @property
    def remarks(self) -> Sequence[str]:
        """What is saved, in words."""
        told = [f"Given {one.given}, an example of {self.split} costs {one}." for one in self.saved]
        return [*told, self.strange] if self.strange else told

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        return {**super().as_dict(), "saved": [one.as_dict() for one in self.saved]}


def example_nats(model: LanguageModel, stream: Stream) -> Doubles:
    """What each example of a stream costs: -ln p of all its tokens, shape (examples,).

    Each prediction has the context that it has in a loss.
    """
    totals = np.zeros(len(stream.bounds) - 1)
    for places, losses in located_losses(model, stream):
        totals += np.bincount(stream.example_of(places), losses, len(totals))
    return totals


def with_only(stream: Stream, k: int) -> Stream:
    """A stream with condition k given and no other."""
    assert stream.given is not None  # who calls has conditions
    alone = np.zeros_like(stream.given.numbers)
    alone[:, k] = stream.given.numbers[:, k]
    return replace(stream, given=replace(stream.given, numbers=alone))


def loss_given(
    loss: Loss,
    split: str,
    model: LanguageModel,
    stream: Stream,
    conditions: Conditions,
    tokenizer: Tokenizer,
) -> LossGiven:
    """A loss with what the conditions save.

    Args:
        loss: of the stream, all conditions given.
        split: what to call it.
        model: that it is of.
        stream: with conditions.
        conditions: that are given.
        tokenizer: of the stream.
    """
    without = example_nats(model, stream.without_conditions())
    characters = tokenizer.count_characters(stream.ids[stream.first :])

    def saved(names: Sequence[str], given: Stream) -> Saving:
        return Saving.of(", ".join(names), without, example_nats(model, given), characters)

    found = [saved(conditions.names, stream)]
    if len(conditions.names) > 1:
        found += [saved([n], with_only(stream, k)) for k, n in enumerate(conditions.names)]
    figures = {name: getattr(loss, name) for name in Loss.__dataclass_fields__}
    return LossGiven(**figures, saved=tuple(found), split=split)


def savings_by_value(
    model: LanguageModel, stream: Stream, conditions: Conditions, tokenizer: Tokenizer, most: int
) -> Iterator[Saving]:
    """What each value saves in its own examples, of each condition the most frequent ones.

    Args:
        model: to measure.
        stream: with conditions.
        conditions: that are given.
        tokenizer: of the stream.
        most: values of each condition.
    """
    assert stream.given is not None
    without = example_nats(model, stream.without_conditions())
    each = tokenizer.characters_each[stream.ids[stream.first :]]
    sizes = np.add.reduceat(each, stream.bounds[:-1])
    for k, name in enumerate(conditions.names):
        told = example_nats(model, with_only(stream, k))
        numbers = stream.given.numbers[:, k]
        for number, value in enumerate(conditions.values[k][:most], 1):
            rows = np.flatnonzero(numbers == number)
            if len(rows):
                characters = int(sizes[rows].sum())
                yield Saving.of(f"{name}={value}", without[rows], told[rows], characters)
