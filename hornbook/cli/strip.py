"""`hornbook strip`: a run to give away, without the data that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.opening import opened_run
from hornbook.cli.output import escape, notes, print_json
from hornbook.runs import strip
from hornbook.runs.contents import experiment_in

DESCRIPTION = """\
Remove from RUN the data that it was trained on, before you share it.

Examples:
  hornbook strip runs/net
  hornbook strip runs/counts --json

A run contains its data word for word, and the path of the original file. Without the data it can \
still sample, score, be evaluated on a file, or recommend to new users, but it cannot be resumed \
or mixed. This cannot be undone. A report in the run quotes the data and is removed too; inspect \
makes another, without them. So are its tags and note. The file's name, the vocabulary or \
the list of items, and hashes of the data stay. A model may have memorised parts of its data. \
Where it holds some as they were (n-gram counts; ease with few users and many items), that is said.
"""


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    json: bool = False
    "Print the names of the removed files, and what the model itself still holds, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, remove and tell."""
    options = parse(Options, "strip", DESCRIPTION, argv)
    run = opened_run(options.run)
    names = strip(options.run)
    still = run.task.still_private(run)
    if options.json:
        print_json({"run": options.run, "removed": names, "still_private": still})
        return
    path, told = escape(options.run), escape(", ".join(names))
    say = notes().print
    say(f"Removed from {path}: {told}." if names else f"{path} was already stripped.")
    if still:
        say(f"Not all of the data is gone: {still}.")
    home = Path(options.run).absolute()
    for name in (f"{home.name}-tried", home.name.removesuffix("-best")):  # of best, of sweep
        if name != home.name and (who := experiment_in(home.with_name(name))):
            say(
                f"The data is also in {escape(str(home.with_name(name)))}, in each run that {who} "
                "tried: do not share that folder."
            )
