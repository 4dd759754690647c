"""`hornbook import`: a model that others trained, as a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from hornbook.actions import Action
from hornbook.cli.arguments import parse
from hornbook.cli.output import console, escape, notes, print_json
from hornbook.cli.progress import telling
from hornbook.cli.wording import command
from hornbook.records import as_json
from hornbook.runs import Run
from hornbook.settings import Bounds, Given

DESCRIPTION = """\
Make a run of a model that others trained: GPT-2, or one shaped as Llama.

Examples:
  hornbook import models/gpt2
  hornbook import smollm2.gguf --out runs/smollm2

SOURCE is a folder with config.json and model.safetensors, as Hugging Face keeps models (one file \
or several), a .gguf file, or a name: gpt2, gpt2-medium, gpt2-large and gpt2-xl are downloaded \
once, checked and kept. Pickled files (.bin, .pt) are never read: they can run programs.

The run has no data. It samples, scores, is evaluated on files and inspected as any other, and \
hornbook train DATA --init-from RUN fine-tunes it. Quantised GGUF files need the package gguf.
"""


@dataclass(frozen=True)
class Options:
    """Import."""

    source: Annotated[str, Given("SOURCE")]
    "A folder, a file, or the name of a published model."
    out: str | None = None
    "Directory for the run; by default a new one under runs/."
    tokens: str | None = None
    "File of tokens, in place of those that come with the model."
    block_size: Annotated[int | None, Bounds(1, 65_536)] = None
    "Context length, if it is to be shorter than the model's: less memory, and faster."
    overwrite: bool = False
    "Replace a run that is already in that directory."
    json: bool = False
    "Print only what was imported, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, import and tell."""
    options = parse(Options, "import", DESCRIPTION, argv)
    with telling(options.json, doing="Reading the model") as listen:
        from hornbook.interchange.importing import import_model

        made = import_model(
            options.source,
            out=options.out,
            tokens=options.tokens,
            block_size=options.block_size,
            overwrite=options.overwrite,
            listen=listen,
        )
    if options.json:
        print_json(facts(made))
        return
    tell(made)


def facts(made: Run) -> dict[str, Any]:
    """What was imported."""
    return {
        "run": str(made.path),
        "family": made.family,
        "parameters": made.record.parameters,
        "settings": made.settings.as_dict(),
        "imported": as_json(made.record.start.imported),
    }


def tell(made: Run) -> None:
    """What it is on standard output, and beside it what to type next."""
    settings, imported = made.settings.as_dict(), made.record.start.imported
    assert imported is not None
    shape = f"{settings['n_layer']} layers of {settings['n_head']} heads"
    if settings["n_kv_head"]:
        shape += f" ({settings['n_kv_head']} of keys and values)"
    console().print(
        f"{escape(made.record.data.name)}: {made.family}, {made.record.parameters:,} parameters, "
        f"{shape}, n_embd {settings['n_embd']:,}, context {settings['block_size']:,} tokens; "
        f"{made.data.shape.size:,} tokens ({escape(made.data.tokenizer.about)})"
    )
    say, path = notes().print, str(made.path)
    say(f"\nSaved to {escape(path)}. Next:")
    for action in (
        Action("sample", (path,), {"n": 1, "prefix": "Once upon a time"}),
        Action("score", (path, "A text of yours.")),
        Action("evaluate", (path, "FILE")),
        Action("inspect", (path,)),
        Action("train", ("DATA",), {"init_from": path}),
    ):
        say(f"  {escape(command(action))}")
