"""First names and the sex of the children who were given them.

The bundled names are two lists that were joined: those of girls, then those of boys, each in order
of frequency and, where that is equal, of the alphabet. (So the Social Security Administration
orders its files; it leaves out names of fewer than five children.) No list has a name twice, so the
second begins where first a name is repeated, or before; and it is there that the order falls back,
from "zyona", the last of the rarest names of girls, to "liam", the most frequent name of boys.

The counts are not in the file. Of a name of both sexes only its two ranks are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hornbook.made.kind import Kind, Pair, Part, listed
from hornbook.settings import Settings
from hornbook.sources.datasets import DATASETS, locate

__all__ = ["NAMES", "NameSettings", "lists"]

FEMALE, MALE, BOTH = "female", "male", "both"


@dataclass(frozen=True)
class NameSettings(Settings):
    """The names of the data set `names`, each once, and the sex of the children who have it."""

    shared: Literal["ranked", "both", "left-out"] = "ranked"
    """What to say of names of both sexes. ranked: the sex in whose list the name stands higher, a
    guess, since the file has no counts (the one name of equal ranks is left out). both: a third
    label. left-out: nothing; then 64 of the 100 most frequent names of girls are missing, and 91 of
    those of boys."""


def lists() -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The names of girls and those of boys, each with its rank from 0.

    Raises:
        DataError: if the bundled file is missing.
    """
    names = locate(DATASETS["names"]).read_text(encoding="utf-8").splitlines()
    girls: dict[str, int] = {}
    for name in names:
        if name in girls:
            break
        girls[name] = len(girls)
    return girls, {name: rank for rank, name in enumerate(names[len(girls) :])}


def columns(settings: NameSettings) -> Pair:
    """The names of the columns."""
    return "name", "sex"


def parts(settings: NameSettings) -> Sequence[Part]:
    """All of them."""
    return listed(labelled(settings.shared))


def labelled(shared: str) -> Iterator[Pair]:
    """Each name once, with its label; `shared` as the setting."""
    girls, boys = lists()
    for name in {**girls, **boys}:
        if name not in boys:
            yield name, FEMALE
        elif name not in girls:
            yield name, MALE
        elif shared == "both":
            yield name, BOTH
        elif shared == "ranked" and girls[name] != boys[name]:
            yield name, FEMALE if girls[name] < boys[name] else MALE


NAMES = Kind(NameSettings, columns, parts)
