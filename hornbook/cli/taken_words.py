"""What a flag of several values took: words that were meant otherwise, or none.

Such a flag takes all words up to the next flag: in `--ignore sold flats.csv` the file too.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from hornbook.cli.flags import group_in, mark, one_of_several, value_type
from hornbook.cli.unknown_words import is_dataset
from hornbook.cli.wording import flag, shell_word
from hornbook.paths import exists
from hornbook.rendering import clip, visible
from hornbook.settings import Given
from hornbook.suggestions import parted

__all__ = ["left_without_value", "told_of_taken"]

SHOWN = 200  # characters of a line to type
COMMALESS = {"--models", "--columns", "--add", "--drop"}
"Flags of names that have no commas, as numbers have none: what these join is several."
NEGATIVE = re.compile(r"-\.?\d")  # how a number below 0 begins: a value, not a flag


def told_of_taken(
    verb: str, word: str, kinds: Iterable[type[Any]], argv: Sequence[str], *, sure: bool = True
) -> str:
    """What to say of a flag that took what stands first; empty if none did.

    Args:
        verb: that was typed.
        word: what help calls what is missing, such as DATA.
        kinds: dataclasses of the words and flags of the verb.
        argv: what was typed after it.
        sure: whether the word is missing; else only what looks like it counts: a file, a run, or a
            data set.
    """
    several = dict(one for kind in kinds for one in flags_of_several(kind))
    found = [
        (at, argv[at + 1 : at + 1 + count])
        for at, name in enumerate(argv)
        if name in several and (count := values_after(argv[at + 1 :]))
    ]
    for at, values in reversed(found):
        taken = [value for value in values if exists(value) or is_dataset(value)]
        if word != "DATA":  # of which there may be several
            taken = taken[-1:]
        if taken:
            kept = [value for value in values if value not in taken]
            if several[argv[at]] is not str or argv[at] in COMMALESS:
                kept = parted(kept)
            flagged = [argv[at], *kept] if kept else []
            line = ["hornbook", verb, *taken, *argv[:at], *flagged, *argv[at + 1 + len(values) :]]
            first = visible(clip(" ".join(map(shell_word, taken)), SHOWN))
            return (
                f"{argv[at]} takes all words up to the next flag, {first} too. Type {word} first: "
                f"{visible(clip(' '.join(map(shell_word, line)), SHOWN))}"
            )
    if found and sure:
        name = argv[found[-1][0]]
        return f"{word} is missing: {name} takes all words up to the next flag. Type {word} first."
    return ""


def left_without_value(kind: type[Any], argv: Sequence[str]) -> str:
    """The first flag of several values that was typed without any; empty if there is none.

    Args:
        kind: dataclass of the words and flags of the verb.
        argv: what was typed after it.
    """
    several = dict(flags_of_several(kind))
    for at, name in enumerate(argv):
        if name == "--":
            break
        after = argv[at + 1 : at + 2]
        is_empty = not values_after(after) and not any(map(NEGATIVE.match, after))
        if is_empty and name.replace("_", "-") in several:
            return name
    return ""


def values_after(words: Sequence[str]) -> int:
    """How many words there are before the next flag."""
    return len(list(takewhile(lambda word: word == "-" or not word.startswith("-"), words)))


def flags_of_several(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """The flags of a dataclass that take any number of values, each with the type of these."""
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if (group := group_in(hint)) is not None:
            yield from flags_of_several(group)
        elif mark(hint, Given) is None:
            bare, _ = value_type(hint)
            if (one := one_of_several(bare)) is not None:
                yield flag(name), one
