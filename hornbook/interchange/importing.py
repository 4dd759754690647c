"""Models of others as runs: checked, renamed, copied one tensor at a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.compute.pinned import pinned
from hornbook.compute.tied import each_once
from hornbook.environment import Versions
from hornbook.errors import DataError, SettingsError
from hornbook.interchange.architectures.gpt2 import gpt2_recipe, gpt2_settings
from hornbook.interchange.architectures.gpt_names import GPTNames, gpt_names
from hornbook.interchange.architectures.llama import llama_recipe, llama_settings
from hornbook.interchange.architectures.recipe import (
    Layout,
    Recipe,
    deferred,
    layout_of,
    refuse_unfit,
)
from hornbook.interchange.json_files import Config, shown
from hornbook.interchange.published import PUBLISHED, fetched_model
from hornbook.interchange.sources import Model, find_model
from hornbook.interchange.tokens import option_of
from hornbook.runs import Run, RunDirectory, RunRecord, Summary, reserve
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.events import Fetched, Listener, Noted, apart, nobody
from hornbook.runs.naming import name_of
from hornbook.runs.record import KeptData
from hornbook.tasks import Imported, Start, task_named
from hornbook.text.imported import ImportedText
from hornbook.text.models.gpt import GPTSettings
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["import_model"]

FAMILY = "gpt"


@dataclass(frozen=True)
class Architecture:
    """How models of one architecture become nets of the family gpt."""

    settings: Callable[[Config], dict[str, Any]]
    recipe: Callable[[Layout, Config, GPTSettings, GPTNames, int], Recipe]
    root: str
    "Before the names of Hugging Face's tensors, where it is not left out."


ARCHITECTURES = {
    "gpt2": Architecture(gpt2_settings, gpt2_recipe, "transformer."),
    "llama": Architecture(llama_settings, llama_recipe, "model."),
}
"By `model_type`. A new one is a file like gpt2.py, and a line here."


@pinned()
def import_model(
    source: str | Path,
    *,
    out: str | Path | None = None,
    tokens: str | Path | None = None,
    block_size: int | None = None,
    overwrite: bool = False,
    listen: Listener = nobody,
) -> Run:
    """Make a run of a model that others trained: GPT-2 of any size, or one shaped as Llama.

    The run has no data: it samples, scores, is evaluated on files and inspected as any other, and
    `train(..., init_from=run)` fine-tunes it.

    Args:
        source: a folder in Hugging Face's layout, a safetensors file in one, a GGUF file; or
            `gpt2`, `gpt2-medium`, `gpt2-large`, `gpt2-xl`, which are downloaded. Pickled files are
            never read.
        out: the run directory; by default a new one under `runs/`.
        tokens: a file of tokens in place of those that come with the model.
        block_size: a shorter context than the model's, for machines with less memory.
        overwrite: replace a run that is there.
        listen: called with events.

    Raises:
        DataError: if there is no such model, its files are damaged, or it has something that the
            family gpt has not.
        SettingsError: if it is too large, or a setting does not fit it.
        RunError: if the run cannot be written.
        MissingPackageError: if a package that its format or its tokens need is not installed.
    """
    listen = apart(listen)
    if out is not None:
        refuse_if_taken(RunDirectory(out).path, overwrite=overwrite)
    elif overwrite:
        raise SettingsError(
            "`overwrite` has no effect without `out`: a new name is chosen for each run.",
            hint="Name the run to replace with `out`.",
            setting="overwrite",
        )
    given = str(source)
    if given in PUBLISHED and not Path(given).exists():
        model = fetched_model(given, lambda done, total: listen(Fetched(done, total)))
    else:
        model = find_model(given)
    try:
        tokenizer = model.tokenizer(None if tokens is None else str(tokens))
        asked = str(tokens) if tokens is not None else None
        return made(model, given, tokenizer, asked, block_size, out, overwrite, listen)
    finally:
        model.weights.close()


def made(
    model: Model,
    given: str,
    tokenizer: Tokenizer,
    asked: str | None,
    block_size: int | None,
    out: str | Path | None,
    overwrite: bool,
    listen: Listener,
) -> Run:
    """The run of a model whose files are open."""
    began, task = time.perf_counter(), task_named("text")
    architecture = architecture_of(model.config)
    settings = settled(model.config, architecture, block_size)
    vocabulary = tokenizer.vocabulary
    refuse_too_few(model, vocabulary.size, listen)
    bare = task.refuse_too_large(FAMILY, settings, vocabulary)
    layout = layout_of(model.weights, architecture.root)
    recipe = architecture.recipe(layout, model.config, settings, gpt_names(bare), vocabulary.size)
    refuse_unfit(model.weights, recipe)
    shapes = {name: tuple(tensor.shape) for name, tensor in each_once(bare).items()}
    data = ImportedText(model.name, f"imported from {given}", tokenizer)
    options = {**task.options().as_dict(), "mode": data.kind}
    sums = {path.name: sum_of(path) for path in model.weights.files}
    record = RunRecord(
        id=RunRecord.new_id(),
        task=task.name,
        family=FAMILY,
        settings=settings.as_dict(),
        options={**options, "tokens": option_of(tokenizer, asked or given)},
        training=None,
        data=KeptData(data.name, data.source, {}),
        start=Start(
            "import",
            ancestors=(model.name,),
            imported=Imported(given, model.weights.form, sums, asked, block_size),
        ),
        versions=Versions.of_today(),
        parameters=bare.n_parameters,
    )
    path = reserve(Path("runs"), name_of(model.name, FAMILY)) if out is None else Path(out)
    directory = RunDirectory(path)
    directory.begin(record, data, overwrite=overwrite)
    try:
        arrays = deferred(model.weights, recipe, shapes)
        directory.write_tensors(directory.model, arrays, record)
        seconds = round(time.perf_counter() - began, 3)
        directory.write_summary(
            Summary("finished", parameters=bare.n_parameters, seconds=seconds, losses={})
        )
        directory.settle()
    except BaseException:
        directory.abandon()  # nothing of it can be gone on with
        raise
    directory.release()
    return Run(path)


def architecture_of(config: Config) -> Architecture:
    """How such a model is read.

    Raises:
        DataError: if it is of an architecture that is not known here.
    """
    kind = config.values.get("model_type")
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        raise DataError(
            f"{config.where} cannot be imported: its model_type is {shown(kind)}; those that fit "
            f"the family {FAMILY} are {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[kind]


def settled(config: Config, architecture: Architecture, block_size: int | None) -> GPTSettings:
    """The settings of our net.

    Raises:
        DataError: if the model has what the family has not.
        SettingsError: if its context is shorter than what was asked for.
    """
    found = architecture.settings(config)
    try:
        settings = GPTSettings.from_dict(found)
    except SettingsError as error:
        raise DataError(
            f"{config.where} cannot be imported: {error.message}", hint=error.hint
        ) from error
    if block_size is None:
        return settings
    if block_size > settings.block_size:
        raise SettingsError(
            f"`block_size` is {block_size:,}; the model's context is {settings.block_size:,}.",
            hint=f"Set `block_size` to at most {settings.block_size:,}, or leave it out.",
            setting="block_size",
        )
    return GPTSettings.from_dict({**found, "block_size": block_size})


def refuse_too_few(model: Model, vocab_size: int, listen: Listener) -> None:
    """Refuse tokens of which the model has fewer; of more rows than tokens it is told.

    Raises:
        DataError: if there are.
    """
    rows = model.config.size("vocab_size", 50_257)
    if rows < vocab_size:
        raise DataError(
            f"{model.weights.where} knows {rows:,} tokens, and its tokens are {vocab_size:,}.",
            hint="Give the tokens of this model as `tokens`.",
            setting="tokens",
        )
    if rows > vocab_size:
        listen(
            Noted(
                f"The model has {rows:,} rows for {vocab_size:,} tokens; the last "
                f"{rows - vocab_size:,} stand for no token and are left out."
            )
        )


def sum_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
