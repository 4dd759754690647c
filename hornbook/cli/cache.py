"""`hornbook cache`: what is kept to be had again faster, and how to remove it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hornbook.caches import cache_folder
from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, escape, notes, print_json, table
from hornbook.errors import RunError
from hornbook.rendering import told_size
from hornbook.text.large import cached
from hornbook.text.large.cached import CachedCorpus, corpora, remove

DESCRIPTION = f"""\
List what is in the cache, and remove the tokens of large texts.

Examples:
  hornbook cache
  hornbook cache --clear unused

The tokens of a large text (train DATA --large yes) are kept for the next run on it, \
{told_size(cached.MOST)} of them at most and those of runs: beyond that, what no run refers to \
goes, what was used longest ago first. Data sets that were fetched, and what was found to be the \
fastest way to train, stay until you delete them in the folder that is named.
"""


@dataclass(frozen=True)
class Options(OutputArgument):
    """Cache."""

    clear: Literal["", "unused", "all"] = ""
    """unused: remove the tokens of large texts that no run refers to. all: those of runs too; a run
    makes them again from its text when it needs them."""


def run(argv: Sequence[str]) -> None:
    """Parse, remove what is to be removed, and show."""
    options = parse(Options, "cache", DESCRIPTION, argv)
    gone = cleared(options.clear) if options.clear else []
    left = corpora()
    if options.json:
        print_json({
            "folder": str(cache_folder()), "removed": [as_dict(one) for one in gone],
            "corpora": [as_dict(one) for one in left], "other_bytes": other_bytes(),
        })  # fmt: skip
        return
    show(left)
    say = notes().print
    for one in gone:
        of = f", which {', '.join(one.runs)} will make again" if one.runs else ""
        say(escape(f"Removed: {one.in_words}{of}."))
    if options.clear and not gone:
        say("Nothing to remove.")
    free = [one for one in left if not one.runs]
    if free and not options.clear:
        say(f"\nRemove {told_size(sum(one.bytes for one in free))} that no run refers to:  "
            "hornbook cache --clear unused")  # fmt: skip


def cleared(which: str) -> list[CachedCorpus]:
    """Remove, and give what was removed."""
    gone = []
    for one in corpora():
        if which == "unused" and one.runs:
            continue
        try:
            remove(one)
            gone.append(one)
        except RunError as error:
            notes().print(escape(f"Left: {one.in_words}. {error.message}"))
    return gone


def show(found: Sequence[CachedCorpus]) -> None:
    """A row for each large text, and one for all else."""
    rows = table("what", "size", "last used", "runs", left=1)
    rows.columns[2].justify = rows.columns[3].justify = "left"
    for one in found:
        day = time.strftime("%Y-%m-%d", time.localtime(one.used))
        rows.add_row(escape(f"tokens of {one.name}"), told_size(one.bytes), day,
                     escape(", ".join(one.runs) or "none"))  # fmt: skip
    rows.add_row("data sets, and ways to train", told_size(other_bytes()), "", "")
    console().print(rows)
    notes().print(escape(f"In {cache_folder()}"))


def other_bytes() -> int:
    """Bytes of what is not of large texts."""
    folder: Path = cache_folder()
    whole = cached.size_of(folder) if folder.is_dir() else 0
    return whole - sum(one.bytes for one in corpora())


def as_dict(one: CachedCorpus) -> dict[str, object]:
    """A corpus for machines."""
    return {**dataclasses.asdict(one), "folder": str(one.folder)}
