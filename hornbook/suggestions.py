"""What was perhaps meant by a name that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hornbook.errors import as_typed

__all__ = ["did_you_mean", "nearest", "parted", "settings_without_commas", "without_commas"]

LONGEST = 60  # characters of a name that was typed: a longer one is a text
NEXT = re.compile(r",\s*(?=[A-Za-z_][\w.-]*\s*(?:[=<>~]|!=))")  # before a name with a sign
WHOLE = 4  # letters that a name and another must share to be near as a part of it


def did_you_mean(given: str, known: Iterable[str], *, also: Mapping[str, str] | None = None) -> str:
    """`Did you mean gru? ` with the nearest known name; empty if none is near.

    Args:
        given: what was given.
        known: the names there are.
        also: other words for them, in lowercase: `{"transformer": "gpt"}`.
    """
    names = {name.lower(): name for name in known}
    others = {word: name for word, name in (also or {}).items() if name.lower() in names}
    words = {**names, **others}
    near = nearest(given.lower(), words)
    return f"Did you mean {words[near]}? " if near is not None else ""


def without_commas(
    given: str, known: Iterable[str], *, setting: str = "", among: Sequence[str] = ()
) -> str:
    """`Give several without commas: names nietzsche. ` where commas join names; empty elsewhere.

    Args:
        given: what is not known as one name.
        known: the names there are; one of those that were joined must be, or be near, one of these.
        setting: that the names are given for; empty where they stand without one.
        among: all that was given for it.
    """
    parts = parted([given])
    if "," not in given or not parts:
        return ""
    names = {name.lower() for name in known}
    if not any(part.lower() in names or nearest(part.lower(), names) for part in parts):
        return ""
    return apart(parted(among) if given in among else parts, setting)


def settings_without_commas(given: str, setting: str) -> str:
    """The same of what has a value or is compared, as `n_embd=8,n_head=2` or `dev<2,family=gru`."""
    parts = NEXT.split(given)
    return apart(parts, setting) if len(parts) > 1 else ""


def apart(parts: Sequence[str], setting: str) -> str:
    """How several are given."""
    typed = as_typed(*parts)
    told = "it without the comma" if len(parts) == 1 else "several without commas"
    return f"Give {told}: {f'`{setting}={typed}`' if setting else typed}. "


def parted(words: Iterable[str]) -> list[str]:
    """What stands between the commas of some words, without what is empty."""
    return [part.strip() for word in words for part in word.split(",") if part.strip()]


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The known name with the fewest slips of the hand from what was given; None if all are far.

    A short name bears one slip, a longer one two or three: `no` is not a slip of `json`. If
    none is so near, a name is that contains what was given, or the reverse.
    """
    if not given or len(given) > LONGEST:
        return None
    known = list(known)
    far = {name: edits(given, name) for name in known}
    near = [name for name in known if far[name] <= slips(given, name)]
    if near:
        return min(near, key=far.__getitem__)
    bare = given.strip("-")
    parts = [name for name in known if bare in name or name.strip("-") in bare]
    parts = [name for name in parts if min(len(bare), len(name.strip("-"))) >= WHOLE]
    return min(parts, key=far.__getitem__, default=None)


def slips(one: str, other: str) -> int:
    """How many slips two names may be apart: by the letters of the shorter one."""
    letters = min(len(one.strip("-")), len(other.strip("-")))
    return 0 if letters < 2 else 1 if letters < 6 else 2 if letters < 12 else 3


def edits(one: str, other: str) -> int:
    """The fewest letters put in, left out or replaced, and neighbours swapped, from one to other.

    Damerau's distance, in which no letter is touched twice ("optimal string alignment").
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
