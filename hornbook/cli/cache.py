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
from hornbook.kernels import code_folders
from hornbook.kernels.code_folders import LONG, CodeFolder, folders
from hornbook.rendering import many, told_size
from hornbook.text.large import cached
from hornbook.text.large.cached import CachedCorpus, corpora, remove

DESCRIPTION = f"""\
List what is kept to be had again faster, and remove it.

Examples:
  hornbook cache
  hornbook cache --clear unused

The tokens of a large text (train DATA --large yes) are kept for the next run on it, \
{told_size(cached.MOST)} of them at most and those of runs: beyond that, what no run refers to \
goes, what was used longest ago first.

Compiled kernels are kept for each version of hornbook and of Numba, and each processor, beside \
the code or in the cache. What nobody has used for {LONG} days goes when those of another version \
are kept for the first time.

Data sets that were fetched, and what was found to be the fastest way to train, stay until you \
delete them in the folder that is named.
"""


@dataclass(frozen=True)
class Options(OutputArgument):
    """Cache."""

    clear: Literal["", "unused", "kernels", "all"] = ""
    """unused: remove the tokens of large texts that no run refers to, and compiled kernels that
    nobody has used for 30 days. kernels: all compiled kernels; they are compiled again when they
    are next needed. all: these, and all tokens of large texts; a run makes its own again from its
    text when it needs them."""


def run(argv: Sequence[str]) -> None:
    """Parse, remove what is to be removed, and show."""
    options = parse(Options, "cache", DESCRIPTION, argv)
    gone = cleared(options.clear) if options.clear in ("unused", "all") else []
    code_gone = code_cleared(options.clear) if options.clear else []
    left, code = corpora(), folders()
    if options.json:
        print_json({
            "folder": str(cache_folder()), "removed": [as_dict(one) for one in gone],
            "corpora": [as_dict(one) for one in left],
            "removed_kernels": [as_dict(one) for one in code_gone],
            "kernels": [as_dict(one) for one in code], "other_bytes": other_bytes(),
        })  # fmt: skip
        return
    show(left, code)
    say = notes().print
    for one in gone:
        of = f", which {', '.join(one.runs)} will make again" if one.runs else ""
        say(escape(f"Removed: {one.in_words}{of}."))
    if code_gone:
        say(f"Removed: {code_in_words(code_gone)}.")
    if options.clear and not gone and not code_gone:
        say("Nothing to remove.")
    free = [one.bytes for one in left if not one.runs]
    old = [one for one in code if one.is_unused]
    if (free or old) and not options.clear:
        what = ["that no run refers to"] if free else []
        what += [f"of kernels that nobody has used for {LONG} days"] if old else []
        say(f"\nRemove {told_size(sum(free) + sum(one.bytes for one in old))} "
            f"{' and '.join(what)}:  hornbook cache --clear unused")  # fmt: skip


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


def code_cleared(which: str) -> list[CodeFolder]:
    """Remove compiled kernels, and give what was removed."""
    gone = []
    for one in folders():
        if which == "unused" and not one.is_unused:
            continue
        try:
            code_folders.remove(one)
            gone.append(one)
        except RunError as error:
            notes().print(escape(f"Left: {code_in_words([one])}. {error.message}"))
    return gone


def code_in_words(found: Sequence[CodeFolder]) -> str:
    """How many kernels some folders have, and how large they are."""
    kernels = many(sum(one.kernels for one in found), "compiled kernel")
    of = f" of {len(found):,} versions" if len(found) > 1 else ""
    return f"{kernels}{of} ({told_size(sum(one.bytes for one in found))})"


def show(found: Sequence[CachedCorpus], code: Sequence[CodeFolder]) -> None:
    """A row for each large text, one for the kernels of each version, and one for all else."""
    rows = table("what", "size", "last used", "runs", left=1)
    rows.columns[2].justify = rows.columns[3].justify = "left"
    for one in found:
        rows.add_row(escape(f"tokens of {one.name}"), told_size(one.bytes), day_of(one.used),
                     escape(", ".join(one.runs) or "none"))  # fmt: skip
    if code:
        kernels = many(sum(one.kernels for one in code), "compiled kernel")
        size = told_size(sum(one.bytes for one in code))
        of = f", {len(code):,} versions" if len(code) > 1 else ""
        rows.add_row(f"{kernels}{of}", size, day_of(code[-1].used), "")
    rows.add_row("data sets, and ways to train", told_size(other_bytes()), "", "")
    console().print(rows)
    elsewhere = {one.folder.parent: None for one in code}.keys() - {cache_folder() / "kernels"}
    notes().print(escape(f"In {cache_folder()}"))
    for home in sorted(elsewhere):
        notes().print(escape(f"Kernels in {home}"))


def day_of(seconds: float) -> str:
    """The day of a moment in seconds since 1970."""
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def other_bytes() -> int:
    """Bytes of what is neither of large texts nor of kernels."""
    folder: Path = cache_folder()
    whole = cached.size_of(folder) if folder.is_dir() else 0
    within = [one for one in folders() if one.folder.is_relative_to(folder)]
    return whole - sum(one.bytes for one in corpora()) - sum(one.bytes for one in within)


def as_dict(one: CachedCorpus | CodeFolder) -> dict[str, object]:
    """What is kept of one text, or of one version of the kernels, for machines."""
    return {**dataclasses.asdict(one), "folder": str(one.folder)}
