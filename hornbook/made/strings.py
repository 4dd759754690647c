"""Words of random letters, and the same backwards, sorted, or as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from string import ascii_lowercase
from typing import Annotated

from hornbook.errors import SettingsError
from hornbook.made.kind import Kind, Pair, Part
from hornbook.made.shuffling import LARGEST
from hornbook.settings import Bounds, Settings

__all__ = ["COPY", "REVERSAL", "SORTING", "StringSettings"]


@dataclass(frozen=True)
class StringSettings(Settings):
    """Words of random letters; every length is equally probable."""

    shortest: Annotated[int, Bounds(1, 100)] = 3
    "Least letters of a word."
    longest: Annotated[int, Bounds(1, 100)] = 12
    "Most letters of a word."
    letters: str = ascii_lowercase
    "The letters that words are made of."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shortest > self.longest:
            raise SettingsError(
                f"`shortest` must be at most `longest`, {self.longest}; it is {self.shortest}.",
                hint="Raise `longest`, or lower `shortest`.",
                setting="shortest",
            )
        if problem := fault_of(self.letters):
            raise SettingsError(
                f"`letters` must be at least two different characters; {problem}.",
                hint="Write each letter once, such as `letters=abc`.",
                setting="letters",
            )
        if len(self.letters) ** self.longest > LARGEST:
            raise SettingsError(
                f"{len(self.letters):,} letters make too many words of {self.longest} to count.",
                hint="Lower `longest`, or give fewer letters.",
                setting="longest",
            )


def fault_of(letters: str) -> str:
    """What is wrong with letters; empty if nothing is."""
    if len(letters) < 2:
        return f"there is {len(letters) or 'none'}"
    for letter in letters:
        if letters.count(letter) > 1:
            return f"{letter!r} stands there {letters.count(letter)} times"
        if not letter.isprintable() or letter.isspace():
            return f"{letter!r} cannot be seen"
    return ""


def word(number: int, length: int, letters: str) -> str:
    """The word of a number: its digits in the base of the number of letters."""
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(letters))
        found.append(letters[digit])
    return "".join(found)


def backwards(text: str) -> str:
    """A word from its end to its beginning."""
    return text[::-1]


def in_order(text: str) -> str:
    """The letters of a word by their code points."""
    return "".join(sorted(text))


def kind(name: str, change: Callable[[str], str]) -> Kind:
    """A kind of words.

    Args:
        name: of its second column.
        change: makes the target from the source.
    """

    def parts(settings: StringSettings) -> Sequence[Part]:
        lengths = range(settings.shortest, settings.longest + 1)
        letters = settings.letters
        return [Part(len(letters) ** n, partial(pair, length=n, letters=letters)) for n in lengths]

    def pair(number: int, *, length: int, letters: str) -> Pair:
        source = word(number, length, letters)
        return source, change(source)

    return Kind(StringSettings, lambda settings: ("word", name), parts)


REVERSAL = kind("reversed", backwards)
SORTING = kind("sorted", in_order)
COPY = kind("copy", str)
