"""`hornbook runs tag | note | archive | unarchive`: what a person writes of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, escape, notes, print_json
from hornbook.cli.wording import for_shell
from hornbook.errors import SettingsError, as_typed
from hornbook.runs.notes import Notes, annotate, read_notes
from hornbook.runs.run import Run
from hornbook.settings import Given

Runs = Annotated[tuple[str, ...], Given("RUN")]

TAG = """\
Add tags to runs, or take them away.

Examples:
  hornbook runs tag runs/net runs/counts --add good small
  hornbook runs tag runs/net --drop small

Tags stay when a run is resumed or copied, and are removed by hornbook strip. Find runs by them: \
hornbook runs --where tag=good.
"""
NOTE = """\
Write a note beside a run, in place of the one it has.

Examples:
  hornbook runs note runs/net "wider, and no dropout"
  hornbook runs note runs/net

Without a text the note is printed; an empty one ("") removes it. hornbook runs shows it.
"""
ARCHIVE = """\
Leave runs out of the list.

Examples:
  hornbook runs archive runs/net
  hornbook runs archive runs/net runs/counts

They stay where they are, and can be used as before. hornbook runs --archived lists them, too, and \
hornbook runs unarchive RUN undoes it.
"""
UNARCHIVE = """\
List runs again that were archived.

Examples:
  hornbook runs unarchive runs/net
  hornbook runs unarchive runs/net runs/counts
"""


@dataclass(frozen=True)
class Several(OutputArgument):
    """Runs."""

    runs: Runs = field(kw_only=True)
    "Run directories."


@dataclass(frozen=True)
class Tagging(Several):
    """Runs."""

    add: tuple[str, ...] = ()
    "Tags to add."
    drop: tuple[str, ...] = ()
    "Tags to take away."


@dataclass(frozen=True)
class Noting(OutputArgument):
    """Run."""

    run: Annotated[str, Given("RUN")] = field(kw_only=True)
    "Run directory."
    text: Annotated[str | None, Given("TEXT")] = None
    "The note."


def tag(argv: Sequence[str]) -> None:
    """Parse, change the tags, show them."""
    asked = parse(Tagging, "runs tag", TAG, argv)
    if not asked.add and not asked.drop:
        words = [word for word in asked.runs[1:] if not Path(word).exists()]
        runs = asked.runs[: len(asked.runs) - len(words)]
        typed = for_shell(as_typed(*runs, "--add", *(words or ["TAG"])))
        raise SettingsError("No tag is given.", hint=f"Type:  hornbook runs tag {typed}")
    if both := set(asked.add) & set(asked.drop):
        raise SettingsError(
            f"`add` and `drop` both have {sorted(both)[0]!r}.", hint="Give it to one of them."
        )
    held = {run: read_notes(Run(run).path).tags for run in asked.runs}
    known = {tag for tags in held.values() for tag in tags}

    def change(run: str) -> Notes:
        # Of several runs only some need to have a tag; one that none has is a mistake.
        return annotate(
            run, add=asked.add, drop=[tag for tag in asked.drop if tag in held[run] or
                                      tag not in known],
        )  # fmt: skip

    changed(asked.runs, change, json=asked.json)


def note(argv: Sequence[str]) -> None:
    """Parse, write the note, or show it."""
    asked = parse(Noting, "runs note", NOTE, argv)
    if asked.text is None:
        held = read_notes(Run(asked.run).path)
        if asked.json:
            print_json({asked.run: held})
        elif held.note:
            console().print(escape(held.note))
        else:
            notes().print(f"{escape(asked.run)} has no note.")
        return
    changed([asked.run], lambda run: annotate(run, note=asked.text), json=asked.json)


def archive(argv: Sequence[str]) -> None:
    """Parse, and leave runs out of lists."""
    asked = parse(Several, "runs archive", ARCHIVE, argv)
    changed(asked.runs, lambda run: annotate(run, archived=True), json=asked.json)


def unarchive(argv: Sequence[str]) -> None:
    """Parse, and list runs again."""
    asked = parse(Several, "runs unarchive", UNARCHIVE, argv)
    changed(asked.runs, lambda run: annotate(run, archived=False), json=asked.json)


def changed(runs: Sequence[str], change: Callable[[str], Notes], *, json: bool) -> None:
    """Change what is written of runs, and show what is written now."""
    for run in runs:
        Run(run)  # all of them are runs before the first is changed
    found = {run: change(run) for run in runs}
    if json:
        print_json(found)
        return
    for run, held in found.items():
        told = [f"tags {', '.join(held.tags)}" if held.tags else "no tags"]
        told += [f"note: {held.note}"] if held.note else []
        told += ["archived"] if held.archived else []
        notes().print(escape(f"{run}: {'; '.join(told)}"))
