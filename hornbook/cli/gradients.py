"""`hornbook gradients`: the lecture's table of derivatives by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from hornbook.cli.arguments import parse
from hornbook.cli.output import COMPARED, compared, console, escape, print_json, shape_cell, table
from hornbook.errors import SettingsError
from hornbook.lessons.derivations import DERIVATIONS, Derivation, derivation
from hornbook.lessons.gradient_table import Atom, atoms, batch_of
from hornbook.lessons.logit_gradients import draw_push_and_pull, forces_of
from hornbook.outputs import writable_format
from hornbook.settings import Bounds, Settings
from hornbook.text.corpus import load_corpus

DESCRIPTION = """\
Compare gradients by hand with autograd, for every line of a computation.

Examples:
  hornbook gradients
  hornbook gradients --exercise attention

Gradients are computed in float64 on a batch of examples. The table shows whether they are equal, \
exactly or approximately, and the largest difference; gradients in closed form come last.

Computations:
""" + "\n".join(f"  {made.name:<14} {made.title}" for made in DERIVATIONS.values())


@dataclass(frozen=True)
class Arguments(Settings):
    """Computation and data."""

    data: str = "names"
    "Path of a text file, - for standard input, or the name of a data set."
    mode: Literal["auto", "lines", "text"] = "auto"
    "lines: one example per line. text: one long text. auto: decided from the file."
    exercise: Annotated[str, arg(metavar="{" + ",".join(DERIVATIONS) + "}")] = "backprop"
    "Name of the computation."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 1337
    "Random seed for the batch and the parameters."
    picture: str | None = None
    """Save a picture (.png or .svg) of the gradient of the logits.
    Only for backprop and cross-entropy."""
    json: bool = False
    "Print only the result, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, compute and show."""
    arguments = parse(Arguments, "gradients", DESCRIPTION, argv)
    made = derivation(arguments.exercise)
    if arguments.picture is not None:
        if "logits" not in made.order:
            raise SettingsError(
                f"`picture` has no effect here: {made.name} has no logits.",
                hint="Use `exercise=backprop` or `exercise=cross-entropy`.",
            )
        writable_format(Path(arguments.picture), "png", "svg")
    corpus = load_corpus(arguments.data, mode=arguments.mode)
    batch, tokenizer = batch_of(made, corpus, arguments.seed)
    values = made.forward(made.start(arguments.seed, batch))
    rows = atoms(made, values)
    if arguments.picture is not None:
        targets, contexts = batch["Yb"].numpy(), batch["Xb"].numpy()
        forces = forces_of(made, values)
        draw_push_and_pull(forces, targets, contexts, tokenizer, Path(arguments.picture))
    if arguments.json:
        print_json([{**dataclasses.asdict(row.comparison), "shape": row.shape,
                     "formula": row.formula, "closed": row.closed} for row in rows])  # fmt: skip
        return
    show(made, rows, f"{batch['n']} examples of {corpus.source}, loss {float(values['loss']):.4f}")
    if arguments.picture is not None:
        console().print(f"\nSaved to {escape(arguments.picture)}")


def show(made: Derivation, rows: Sequence[Atom], about: str) -> None:
    """The table, then the derivatives as code; both from the loss up."""
    out = console()
    out.print(f"{made.title}: {escape(about)}\n")
    cells = table("gradient", "shape", *COMPARED)
    for row in rows:
        name = f"d{row.comparison.name}" + (", closed form" if row.closed else "")
        cells.add_row(name, shape_cell(row.shape), *compared(row.comparison))
    out.print(cells)
    for closed, title in ((False, "By hand, line by line:"), (True, "In closed form:")):
        if lines := [row for row in rows if row.closed == closed]:
            out.print(f"\n[bold]{title}[/]")
            for row in lines:
                out.print(escape(f"d{row.comparison.name} = {row.formula}"))
