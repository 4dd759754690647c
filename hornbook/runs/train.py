"""From data to a run: what the verb `train` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import RunError, SettingsError
from hornbook.runs.count import count
from hornbook.runs.directory import RunDirectory, reserve
from hornbook.runs.optimise import optimise
from hornbook.runs.prepare import encoded, model_settings, prepare, training_settings
from hornbook.runs.run import Run
from hornbook.runs.watcher import Watcher
from hornbook.settings import Settings
from hornbook.text.corpus import SPLITS, Corpus, SplitSettings, load_corpus
from hornbook.text.models import family
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Tokenizer
from hornbook.training.distributed import World
from hornbook.training.settings import TrainingSettings

__all__ = ["resume", "train"]


def train(
    source: str | Path,
    *,
    model: str = "mlp",
    out: str | Path | None = None,
    settings: Settings | None = None,
    training: TrainingSettings | Mapping[str, Any] | None = None,
    split: SplitSettings | None = None,
    mode: Literal["auto", "lines", "text"] = "auto",
    encoding: str = "auto",
    overwrite: bool = False,
    baseline: bool = True,
    watcher: Watcher | None = None,
) -> Run:
    """Train a model on data, and keep everything in a run directory.

    Args:
        source: a file, `-` for standard input, or the name of a data set.
        model: the family.
        out: the run directory; by default a free name under `runs/`.
        settings: of the family; its defaults if left out.
        training: of the training by gradients, whole, or some by name (`{"steps": 200}`) with the
            family's defaults for the rest.
        split: how to cut the data.
        mode: how to read it.
        encoding: of the file.
        overwrite: replace a run that is there.
        baseline: count n-grams besides, and tell what a net has to clear.
        watcher: is told of everything as it happens.

    Raises:
        HornbookError: whatever is wrong with the data, the settings or the directory.
    """
    line = family(model)
    if line.made_by == "mixing":
        raise SettingsError(
            f"{model} is not trained: it is made of runs that were.",
            hint="hornbook mix RUN RUN --out NEW",
        )
    world = World.join()
    watcher = (watcher if world.rank == 0 else None) or Watcher()
    if line.counted and training is not None:
        raise SettingsError(f"{model} is counted: training settings have no effect on it.")
    if out is not None:
        taken = RunDirectory(out)
        world.from_first(lambda: taken.refuse_if_taken(overwrite=overwrite))
    elif overwrite:
        raise SettingsError(
            "overwrite has no effect here: without a run directory a free name is taken.",
            hint="Say which run to replace with --out.",
        )
    model_class = line.load()
    settings = model_settings(model, settings)
    # Read once: standard input has no second reading, and a file may change between two.
    corpus = world.from_first(
        lambda: load_corpus(source, mode=mode, encoding=encoding, progress=watcher.downloaded)
    )
    splits, tokenizer, streams = encoded(corpus, split)
    how, spent = None, 0.0
    if not line.counted:
        how = training_settings(line, training, corpus.mode)
        how, spent = world.from_first(
            lambda: prepare(model_class, settings, how, tokenizer, streams["train"], world, watcher)
        )
    plan = {
        "family": model,
        "settings": settings.as_dict(),
        "training": how.as_dict() if how else None,
        "calibration_seconds": spent,
        "split": (split or SplitSettings()).as_dict(),
        "baseline": baseline,
    }

    def create() -> Path:
        path = reserve(Path("runs"), f"{corpus.name}-{model}") if out is None else Path(out)
        RunDirectory(path).create(corpus, splits, tokenizer, plan, overwrite=overwrite)
        return path

    run = Run(world.from_first(create))
    about = describe(corpus, streams, tokenizer)
    if line.counted:
        return world.from_first(lambda: count(run, streams, about, watcher))
    return optimise(run, streams, about, watcher, world)


def resume(path: str | Path, *, watcher: Watcher | None = None) -> Run:
    """Go on with a run that was stopped, to the same end that it would have had.

    Raises:
        RunError: if there is no such run, it is counted, or it has ended already.
    """
    run = Run(path)
    if family(run.family).made_by != "training":
        raise RunError(f"{path} was made in one pass: there is nothing to go on with.")
    if run.summary.get("ending") in ("finished", "early"):
        raise RunError(
            f"{path} has ended already, at step {run.summary['steps']:,}.",
            hint="Train longer with a new run: hornbook train DATA --steps N",
        )
    streams = {name: run.stream(name) for name in SPLITS if run.splits[name]}
    data = run.plan["data"]
    about = {"name": data["name"], "source": data["source"], "mode": data["mode"]}
    world = World.join()
    watcher = (watcher if world.rank == 0 else None) or Watcher()
    return optimise(run, streams, {**about, "resumed": True}, watcher, world)


def describe(corpus: Corpus, streams: dict[str, Stream], tokenizer: Tokenizer) -> dict[str, Any]:
    """What was read, for people and for machines."""
    return {
        "name": corpus.name,
        "source": corpus.source,
        "mode": corpus.mode,
        "why": corpus.reason,
        "encoding": corpus.encoding,
        "predictions": {name: len(stream) for name, stream in streams.items()},
        "vocabulary": tokenizer.vocab_size,
        "resumed": False,
    }
