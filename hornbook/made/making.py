"""Pairs of a kind, drawn by a seed and written as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hornbook.errors import RunError, SettingsError
from hornbook.made.kind import Kind, Pair, Part
from hornbook.made.kinds import KINDS
from hornbook.made.shuffling import drawn, shuffled
from hornbook.outputs import format_of
from hornbook.paths import is_folder
from hornbook.settings import Settings
from hornbook.storage import refuse_unwritable, write_pieces
from hornbook.suggestions import did_you_mean
from hornbook.tasks.csv_lines import csv_lines

__all__ = ["ENDINGS", "USUAL", "Drawn", "Made", "draw", "make", "told_count"]

USUAL = 20_000
"Pairs that are made where no number is given, if there are as many."
ENDINGS = ("tsv", "csv", "jsonl", "ndjson")
"Of files that can be written: a table cut by tabs or by commas, JSON lines."
SEPARATORS = {"tsv": "\t", "csv": ","}
AT_ONCE = 4096  # lines that are written together


@dataclass(frozen=True)
class Drawn:
    """Pairs that were asked for, made while they are read."""

    kind: str
    columns: Pair
    "What source and target are called."
    parts: Sequence[Part]
    n: int
    "How many pairs."
    seed: int

    @property
    def there_are(self) -> int:
        """How many different pairs the kind has with these settings."""
        return sum(part.size for part in self.parts)

    def __iter__(self) -> Iterator[Pair]:
        """The pairs; the first ones are the same however many were asked for."""
        taken = [0] * len(self.parts)
        left = [place for place, part in enumerate(self.parts) if part.size]
        for row in range(self.n):
            at = drawn(key_of(self.seed), 0, row) % len(left)
            place = left[at]
            part = self.parts[place]
            yield part.pair(shuffled(taken[place], part.size, key_of(self.seed, place)))
            taken[place] += 1
            if taken[place] == part.size:
                del left[at]

    def lines(self, ending: str) -> Iterator[str]:
        """The lines of a file with this ending, of `ENDINGS`."""
        if separator := SEPARATORS.get(ending):
            line: Callable[[Sequence[str]], str] = csv_lines(separator)
            yield line(self.columns)
            yield from map(line, self)
            return
        for pair in self:
            record = dict(zip(self.columns, pair, strict=True))
            yield json.dumps(record, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Made:
    """A file that was written."""

    path: Path
    pairs: Drawn


def key_of(seed: int, *place: int) -> bytes:
    """What the order of the pairs of a part follows from, or of which part each is."""
    return b",".join(b"%d" % one for one in (seed, *place))


def draw(kind: str, *, n: int | None = None, seed: int = 0, **settings: Any) -> Drawn:
    """Pairs of a kind, no two with the same source.

        for source, target in draw("dates", n=5, first_year=1987): ...

    Args:
        kind: a name of KINDS.
        n: how many; None: `USUAL`, or all where there are fewer.
        seed: another one gives other pairs, in another order.
        settings: of the kind, by name.

    Raises:
        SettingsError: if there is no such kind or setting, or there are not as many pairs.
        MissingPackageError: if the kind needs a package that is not installed.
    """
    if kind not in KINDS:
        raise SettingsError(
            f"`kind` must be one of {', '.join(KINDS)}; it is {kind!r}.",
            hint=did_you_mean(kind, KINDS).strip(),
            setting="kind",
        )
    how = KINDS[kind].load()
    return draw_as(kind, how, n, seed, how.settings.from_dict(settings))


def draw_as(name: str, kind: Kind, n: int | None, seed: int, settings: Settings) -> Drawn:
    """As `draw`, with all that was asked for at hand."""
    parts = kind.parts(settings)
    there_are = sum(part.size for part in parts)
    if n is not None and not 1 <= n <= there_are:
        raise SettingsError(
            f"`n` must be from 1 to {told_count(there_are)}, the number of different pairs of the "
            f"kind {name} with these settings; it is {n:,}.",
            hint="Ask for fewer, or leave `n` out.",
            setting="n",
        )
    if not 0 <= seed < 2**63:
        raise SettingsError(f"`seed` must be from 0 to 2^63 - 1; it is {seed:,}.", setting="seed")
    return Drawn(name, kind.columns(settings), parts, min(n or USUAL, there_are), seed)


def told_count(count: int) -> str:
    """A number of pairs, for people: in full, or its size."""
    return f"{count:,}" if count < 10**12 else f"{count:.1e}"


def make(
    kind: str, out: Path | str, *, n: int | None = None, seed: int = 0, overwrite: bool = False,
    **settings: Any,
) -> Made:  # fmt: skip
    """Write pairs of a kind as a table with two named columns, or as JSON lines.

        make("reversal", "reversal.tsv", n=20_000, longest=12)

    Args:
        kind: a name of KINDS.
        out: the file; its ending, of `ENDINGS`, says how it is written.
        n: how many pairs; None: `USUAL`, or all where there are fewer.
        seed: as of `draw`.
        overwrite: replace a file that is there.
        settings: of the kind, by name.

    Raises:
        SettingsError: as `draw`; or if the file has none of the endings.
        MissingPackageError: as `draw`.
        RunError: if a file is there already, or it cannot be written.
    """
    path = Path(out)
    ending = format_of(path, *ENDINGS)
    refuse_taken(path, overwrite=overwrite)
    refuse_unwritable(path)
    pairs = draw(kind, n=n, seed=seed, **settings)
    write_pieces(path, pieces(pairs.lines(ending)))
    return Made(path, pairs)


def refuse_taken(path: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file that was not given up, and ever what is not a file.

    Raises:
        RunError: if it is there.
    """
    if not os.path.lexists(path) or is_folder(path):
        return  # a directory is refused when it comes to writing
    if not overwrite:
        raise RunError(
            f"{path} already exists.",
            hint="Choose another `out`, or set `overwrite` to replace it.",
        )
    if not path.is_file():
        raise RunError(
            f"{path} exists and is not a regular file: it is not replaced.",
            hint="Choose another `out`.",
        )


def pieces(lines: Iterator[str]) -> Iterator[bytes]:
    """Lines as bytes, many at a time."""
    while some := "".join(islice(lines, AT_ONCE)):
        yield some.encode()
