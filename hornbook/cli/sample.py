"""`hornbook sample`: new things from a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import shell_word
from hornbook.runs import Run
from hornbook.text.samples import Piece, Sample
from hornbook.text.sampling import Samples, SamplingSettings

BETWEEN = "---"  # a line between two texts
DESCRIPTION = (
    "Make new things like those that the run was trained on, shown as they are drawn. Standard "
    f"output has the samples alone: one a line, or texts with a line {BETWEEN} between them. How "
    "many are new goes to standard error; in a terminal, what stands in the data is marked."
)


@dataclass(frozen=True)
class Arguments(RunArgument):
    """Run."""

    settings: SamplingSettings = field(default_factory=SamplingSettings)
    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, sample and show; Ctrl-C keeps what was printed, and exits with 130."""
    long = ["--n" if argument == "-n" else argument for argument in argv]
    arguments = parse(Arguments, "sample", DESCRIPTION, long)
    opened = Run(arguments.run)
    samples = opened.sample(arguments.settings)
    stopped = False
    try:
        if arguments.json:
            print_rows(samples)
        else:
            print_texts(samples, opened.mode)
    except KeyboardInterrupt:
        stopped = True
        samples.close()
    if arguments.json:
        print("\n], " + json.dumps(totals(samples))[1:], flush=True)
    else:
        sys.stdout.flush()
        show_totals(opened, samples)
    if stopped:
        raise SystemExit(130)


def print_rows(samples: Samples) -> None:
    """The beginning of a JSON object with the samples, a line for each as it is drawn."""
    print('{"samples": [', end="", flush=True)
    before = "\n"
    for made in samples:
        print(before + json.dumps(made.as_dict(), ensure_ascii=False), end="")
        before = ",\n"


def totals(samples: Samples) -> dict[str, object]:
    """The end of that object: what is known when no more come."""
    return {
        "asked": samples.asked,
        "drawn": samples.drawn,
        "shares": samples.shares,
        "ended_because": samples.ended_because,
    }


def print_texts(samples: Samples, mode: str) -> None:
    """Each sample as it is: rich would change tabs and what looks like its markup.

    A text grows token by token; so does a line in a terminal, where it has a mark beside it. In a
    file, half of a line would look like a whole one.
    """
    out, terminal = sys.stdout, sys.stdout.isatty()
    pieces: Iterable[Piece] = samples.pieces()
    if mode == "lines" and not terminal:
        pieces = (Piece(made.text, made) for made in samples)
    between, whole = "", True
    try:
        for piece in pieces:
            out.write(between + piece.text if whole else piece.text)
            whole = piece.sample is not None
            if piece.sample is not None:
                mark = mark_of(piece.sample)
                if mark and mode == "lines" and terminal:
                    out.write(f"  {mark}")
                out.write("\n")
                if mark and mode == "text":
                    out.flush()
                    print(mark, file=sys.stderr)
                between = f"{BETWEEN}\n" if mode == "text" else ""
            if terminal:
                out.flush()
    finally:
        if not whole:
            out.write("\n")


def mark_of(made: Sample) -> str:
    """What a person would like to know of a sample beside its text; often nothing."""
    if made.longest_copy is not None:
        if made.origin != "new":
            return f"(in {made.origin}, word for word)"
        return f"(longest stretch copied from train: {made.longest_copy:,} characters)"
    notes = [] if made.origin == "new" else [f"in {made.origin}"]
    if not made.ended:
        notes.append("cut")
    return f"({', '.join(notes)})" if notes else ""


def show_totals(run: Run, samples: Samples) -> None:
    """How many are new, why there are fewer than were asked for, and what to type next."""
    shares = ", ".join(
        f"{share:.1%} {'new' if name == 'new' else f'in {name}'}"
        for name, share in samples.shares.items()
        if share or name in ("new", "train")
    )
    stopped = samples.ended_because == "stopped"
    path = shell_word(str(run.path))
    said = [
        f"Stopped after {samples.kept:,} of {samples.asked:,} samples." if stopped else "",
        f"Of {samples.drawn:,} drawn: {shares}." if samples.drawn else "",
        samples.shortfall,
        f"More:  hornbook sample {path} -n 20 --temperature 0.8 --seed 1",
    ]
    print("", *filter(None, said), sep="\n", file=sys.stderr)
