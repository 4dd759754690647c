"""`hornbook strip`: a run to give away, without the data that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.opening import opened_run
from hornbook.cli.output import escape, notes, print_json
from hornbook.runs import strip

DESCRIPTION = """\
Remove from RUN the data that it was trained on, before you share it.

Examples:
  hornbook strip runs/net
  hornbook strip runs/counts --json

A run contains its data word for word, and the path of the original file. Without the data it can \
still sample, score, and be evaluated on a file, but it cannot be resumed or mixed. This cannot be \
undone. A report in the run quotes the data and is removed too; inspect makes another, without \
them. The file's name, the vocabulary and hashes of the data stay, and a model may have \
memorised parts of its data, n-gram counts above all.
"""


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    json: bool = False
    "Print the names of the removed files as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, remove and tell."""
    options = parse(Options, "strip", DESCRIPTION, argv)
    run = opened_run(options.run)
    names = strip(options.run)
    if options.json:
        print_json({"run": options.run, "removed": names})
        return
    path, told = escape(options.run), escape(", ".join(names))
    say = notes().print
    say(f"Removed from {path}: {told}." if names else f"{path} was already stripped.")
    families = [run.family, *(member.family for member in run.summary.members)]
    if any(run.task.family(family).fitted for family in families):
        say("Counts are part of this model: it can give much of its data again word for word.")
    tried = Path(options.run).absolute()
    tried = tried.with_name(f"{tried.name}-tried")
    if tried.exists():
        say(
            f"The data is also in {escape(str(tried))}, in each run that best tried: do not share "
            "that folder."
        )
