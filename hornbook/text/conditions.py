"""Conditions: what is given with each example of a corpus, as values of columns beside its text.

Each condition is a column, and its values are those that occur in train: number 1 is the most
frequent, 0 is not given. So is a value that only dev or test has, and an empty cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.rendering import clip, listed, many, quoted
from hornbook.suggestions import did_you_mean, settings_without_commas
from hornbook.tokenizers.vocabulary import COMBINATIONS, Vocabulary

__all__ = ["Conditions", "Given"]

Ids = npt.NDArray[np.int64]

RARE = 10  # examples of train: of fewer a value's own way is hardly learned
SHOWN = 12  # values that a message names
LONGEST = 200  # characters of a value: more is not a label


@dataclass(frozen=True)
class Given:
    """What is given with each example of a stream."""

    numbers: Ids
    "Numbers of values, shape (examples, K)."
    vocabulary: Vocabulary
    "That has the conditions."
    drop: float = 0.0
    "Share of them that training does not tell."

    @cached_property
    def added(self) -> Ids:
        """What is added to the ids of each example, shape (examples,)."""
        return self.vocabulary.added(self.numbers)

    def dropped(self, rng: np.random.Generator) -> Given:
        """The same with some of them not given."""
        told = rng.random(self.numbers.shape) >= self.drop
        return replace(self, numbers=self.numbers * told)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a corpus, and their values."""

    names: tuple[str, ...]
    "Of the columns."
    values: tuple[tuple[str, ...], ...]
    "Of each, the most frequent in train first; the number of the first is 1."
    drop: float
    "Share of them that training does not tell."

    @classmethod
    def learned(
        cls, names: Sequence[str], cells: Sequence[Sequence[str]], drop: float
    ) -> Conditions:
        """The conditions with the values that train has.

        Args:
            names: of the columns.
            cells: of each example of train, a cell of each column; empty where none is given.
            drop: see above.

        Raises:
            SettingsError: if a column has only empty cells, cells that are too long to be labels,
                or the columns too many combinations.
        """
        values = []
        for name, column in zip(names, zip(*cells, strict=True), strict=True):
            counts = Counter(cell for cell in column if cell)
            if not counts:
                raise SettingsError(
                    f"The condition {quoted(name)} has no values in train: all its cells are "
                    "empty.",
                    hint="Leave it out.",
                    setting="condition",
                )
            if longest := next((cell for cell in counts if len(cell) > LONGEST), ""):
                raise SettingsError(
                    f"The condition {quoted(name)} has a value of {len(longest):,} characters "
                    f"({quoted(clip(longest, 40))}): it is not a label.",
                    hint=f"Name a column whose values have at most {LONGEST} characters.",
                    setting="condition",
                )
            values.append(tuple(sorted(counts, key=lambda cell: (-counts[cell], cell))))
        return cls(tuple(names), tuple(values), drop)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each has, not given among them."""
        return tuple(1 + len(values) for values in self.values)

    def vocabulary(self, tokens: Vocabulary) -> Vocabulary:
        """A vocabulary of tokens, with these conditions.

        Raises:
            SettingsError: if there are too many combinations of values.
        """
        if tokens.size * prod(self.sizes) >= COMBINATIONS:
            raise SettingsError(
                f"The conditions have {prod(self.sizes):.1e} combinations of values, more than can "
                "be numbered.",
                hint="Name fewer columns, or columns with fewer values.",
                setting="condition",
            )
        return replace(tokens, given=self.sizes)

    def numbers(self, cells: Sequence[Sequence[str]]) -> Ids:
        """The numbers of values: shape (examples, K), 0 for what train does not have."""
        known = [{value: i for i, value in enumerate(own, 1)} for own in self.values]
        found = [[own.get(cell, 0) for own, cell in zip(known, row, strict=True)] for row in cells]
        return np.array(found, dtype=np.int64).reshape(len(cells), len(self.names))

    def read(self, asked: Sequence[str]) -> Ids:
        """The numbers of values that were asked for as `column=value`, shape (K,).

        Raises:
            SettingsError: if there is no such column or value, or one column is named twice.
        """
        found = np.zeros(len(self.names), dtype=np.int64)
        for one in asked:
            name, value = self.parts(one)
            several = settings_without_commas(one, "condition").strip()
            if name not in self.names:
                known = listed(self.names)
                raise SettingsError(
                    f"This run has no condition {quoted(clip(name, 40))}; it has {known}.",
                    hint=several
                    or f"{did_you_mean(name, self.names)}Give `condition` as {self.example}.",
                    setting="condition",
                )
            at = self.names.index(name)
            if not value:
                raise SettingsError(
                    f"The condition {quoted(name)} is named without a value; it has "
                    f"{self.listed(at)}.",
                    hint=f"Give `condition` as {name}={self.values[at][0]}, or leave it out.",
                    setting="condition",
                )
            if value not in self.values[at]:
                raise SettingsError(
                    f"The condition {quoted(name)} has no value {quoted(clip(value, 40))} in "
                    f"train; it has {self.listed(at)}.",
                    hint=several
                    or f"{did_you_mean(value, self.values[at])}Give one of these, as "
                    f"{self.example}.",
                    setting="condition",
                )
            if found[at]:
                raise SettingsError(
                    f"The condition {quoted(name)} is given twice.",
                    hint="Give one value for each.",
                    setting="condition",
                )
            found[at] = 1 + self.values[at].index(value)
        return found

    def parts(self, asked: str) -> tuple[str, str]:
        """The name and the value of `column=value`; both may have an equals sign in them.

        With a single column its name says nothing, and its values go without it.
        """
        cuts = [at for at, ch in enumerate(asked) if ch == "="]
        found = [(asked[:at], asked[at + 1 :]) for at in cuts]
        whole = [(self.names[0], asked)] if len(self.names) == 1 else []
        known = dict(zip(self.names, self.values, strict=True))
        for name, value in [*found, *whole]:
            if value in known.get(name, ()):
                return name, value
        named = [one for one in found if one[0] in known]
        return (named or (found if found else whole) or [(asked, "")])[0]

    @property
    def example(self) -> str:
        """A value as it is asked for: the most frequent one of the first condition."""
        return f"{self.names[0]}={self.values[0][0]}"

    def listed(self, at: int) -> str:
        """The most frequent values of a condition, for a message."""
        values = self.values[at]
        more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
        return ", ".join(map(quoted, values[:SHOWN])) + more

    def in_words(self, numbers: Sequence[int]) -> str:
        """Values by their numbers, as they are asked for: `country=Japan sex=M`."""
        return " ".join(
            f"{name}={values[number - 1]}"
            for name, values, number in zip(self.names, self.values, numbers, strict=True)
            if number
        )

    def about(self, given: Mapping[str, Ids]) -> str:
        """What the conditions are, and how much of them there is, for people.

        Args:
            given: the numbers of the examples of each split.
        """
        told = []
        for k, (name, values) in enumerate(zip(self.names, self.values, strict=True)):
            counts = np.bincount(given["train"][:, k], minlength=1 + len(values))
            said = f"{name}, {many(len(values), 'value')}"
            notes = []
            if rare := int((counts[1:] < RARE).sum()):
                notes.append(f"{rare:,} with fewer than {RARE} examples in train")
            if counts[0]:
                notes.append(f"not given in {counts[0]:,} of train")
            others = {name: int((own[:, k] == 0).sum()) for name, own in given.items()}
            notes += [
                f"not given or not in train in {count:,} of {split}"
                for split, count in others.items()
                if count and split != "train"
            ]
            told.append(f"{said} ({', '.join(notes)})" if notes else said)
        return f"given: {'; '.join(told)}"
