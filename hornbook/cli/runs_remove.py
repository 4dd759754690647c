"""`hornbook runs remove`: runs deleted for good, once that is confirmed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import escape, notes, print_json
from hornbook.errors import SettingsError
from hornbook.rendering import listed, many, told_size
from hornbook.runs.removal import Doomed, looked_at_for_removal, remove_run
from hornbook.settings import Given

DESCRIPTION = """\
Delete runs for good, after asking.

Examples:
  hornbook runs remove runs/net --yes
  hornbook runs remove runs/counts runs/films --yes

Only a run's own files are deleted: what else stands in its directory stays, and is named. A run \
that is being trained is refused. To only leave it out of the list: hornbook runs archive RUN.
"""


@dataclass(frozen=True)
class Arguments(OutputArgument):
    """Runs."""

    runs: Annotated[tuple[str, ...], Given("RUN")] = field(kw_only=True)
    "Run directories."
    yes: bool = False
    "Do not ask."


def remove(argv: Sequence[str]) -> None:
    """Parse, ask, delete and tell."""
    asked = parse(Arguments, "runs remove", DESCRIPTION, argv)
    runs = list(dict.fromkeys(asked.runs))
    doomed = [looked_at_for_removal(run) for run in runs]  # all of them, before the first is gone
    if not asked.yes and not confirmed(doomed):
        notes().print("Nothing was removed.")
        sys.exit(1)
    gone = [remove_run(run) for run in runs]
    if asked.json:
        print_json([{"run": str(one.path), "bytes": one.bytes, "left": one.strangers}
                    for one in gone])  # fmt: skip
        return
    for one in gone:
        left = f" What is not the run's stays: {listed(one.strangers)}." if one.strangers else ""
        notes().print(escape(f"Removed {one.path} ({told_size(one.bytes)}).{left}"))


def confirmed(doomed: Sequence[Doomed]) -> bool:
    """Ask a person at a terminal.

    Raises:
        SettingsError: if there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise SettingsError(
            "Nobody can be asked here whether the runs are to be removed.",
            hint="To remove them without being asked, add `yes`.",
        )
    for one in doomed:
        notes().print(escape(f"  {one.path}  ({told_size(one.bytes)})"))
    notes().print(f"Remove {many(len(doomed), 'run')} for good? (y/N) ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
