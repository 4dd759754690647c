"""From data to a run: what the verb `train` does."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, cast

from hornbook.data.batches import Batches, make_batches
from hornbook.data.corpus import SPLITS, Corpus, SplitSettings, load_corpus, split_corpus
from hornbook.data.stream import Stream, encode_split
from hornbook.data.tokenizer import CharTokenizer
from hornbook.errors import RunError, SettingsError
from hornbook.evaluation import measure
from hornbook.models import Family, family
from hornbook.runs.baseline import count_baseline
from hornbook.runs.directory import RunDirectory, reserve
from hornbook.runs.run import Run
from hornbook.runs.watcher import Watcher
from hornbook.sampling import SamplingSettings, sample
from hornbook.settings import Settings
from hornbook.storage import read_tensors, write_json, write_tensors
from hornbook.training.distributed import World
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.models.network import Network
    from hornbook.training.trainer import Record, Trainer

__all__ = ["resume", "train"]

LARGEST = 500_000_000  # parameters: more is not a small model, nor a laptop's


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
            f"A {model} is not trained: it is made of runs that were.",
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
    settings = settings or model_class.Settings()
    if not isinstance(settings, model_class.Settings):
        raise SettingsError(f"{type(settings).__name__} are not the settings of {model}.")
    # Read once: standard input has no second reading, and a file may change between two.
    corpus = world.from_first(
        lambda: load_corpus(source, mode=mode, encoding=encoding, progress=watcher.downloaded)
    )
    splits = split_corpus(corpus, split)
    lines_mode = corpus.mode == "lines"
    tokenizer = CharTokenizer.fit(
        corpus.lines if lines_mode else [corpus.text], boundary=lines_mode
    )
    streams = {name: encode_split(splits, name, tokenizer) for name in SPLITS if splits[name]}
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


def describe(
    corpus: Corpus, streams: dict[str, Stream], tokenizer: CharTokenizer
) -> dict[str, Any]:
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


def training_settings(
    line: Family, given: TrainingSettings | Mapping[str, Any] | None, mode: str
) -> TrainingSettings:
    """The training settings as given, the family's own for this kind of data where left out.

    Raises:
        SettingsError: if a setting is unknown or not allowed.
    """
    if isinstance(given, TrainingSettings):
        return given
    own = {**line.training, **(line.text if mode == "text" else {})}
    return TrainingSettings.from_dict({**own, **(given or {})})


def prepare(
    model_class: Any,
    settings: Settings,
    training: TrainingSettings,
    tokenizer: CharTokenizer,
    stream: Stream,
    world: World,
    watcher: Watcher,
) -> tuple[TrainingSettings, float]:
    """Look for what would stop training at once, before any directory is touched; calibrate.

    Returns:
        The settings with device, threads, precision and path as they are to be used: going on
        after a stop has to use the same ones, for sums come out otherwise on others. And the
        seconds that it took to find them.

    Raises:
        SettingsError: if this machine has no such device, the model cannot carry a state along
            parallel streams or be trained by several processes, or it would have more parameters
            than a small model has (they are counted without being made).
    """
    import torch

    from hornbook.training.calibration import calibrate
    from hornbook.training.memory import keep_freed_memory
    from hornbook.training.trainer import choose_device

    keep_freed_memory()
    device = choose_device(training.device, world.local)
    with torch.device("meta"):
        n = model_class(settings, tokenizer.vocabulary).n_parameters
    if n > LARGEST:
        raise SettingsError(
            f"These settings make {n:,} parameters; hornbook trains up to {LARGEST:,}.",
            hint="Make the widths or the context smaller.",
        )

    def make() -> Network:
        generator = torch.Generator().manual_seed(training.seed)
        model: Network = model_class(settings, tokenizer.vocabulary, generator)
        return model.to(device)

    model = make()
    training = choose_batches(model, stream, training, world)
    refuse_unshareable(model, training, world)
    batches = batches_for(model, stream, training)
    kind = cast(Literal["cpu", "cuda", "mps"], device.type)
    found = calibrate(make, batches, replace(training, device=kind))
    watcher.calibrated(found)
    return found.settings, found.seconds


def batches_for(model: Network, stream: Stream, training: TrainingSettings) -> Batches:
    """The batches that a model is trained on."""
    return make_batches(
        stream,
        model.reads,
        block_size=model.block_size,
        batch_size=training.batch_size,
        seed=training.seed,
        lead=model.lead,
        parallel=training.batches == "parallel",
        mixed=model.mixed,
    )


def choose_batches(
    model: Network, stream: Stream, training: TrainingSettings, world: World
) -> TrainingSettings:
    """The settings with `batches` decided: parallel streams for what keeps a state along a text.

    Raises:
        SettingsError: if parallel streams are asked for and nothing is carried along them.
    """
    if training.batches == "auto":
        fits = model.carries and not stream.boundary
        fits = fits and world.size == 1 and training.accumulate == 1
        return replace(training, batches="parallel" if fits else "random")
    if training.batches == "parallel" and not model.carries:
        raise SettingsError(
            "batches parallel has no effect here: this model keeps nothing from batch to batch.",
            hint="Leave --batches out, or train a recurrent family (rnn, gru, lstm).",
        )
    return training


def count(run: Run, streams: dict[str, Stream], about: dict[str, Any], watcher: Watcher) -> Run:
    """Fit a family that is counted."""
    model: Any = family(run.family).load()(run.settings, run.tokenizer.vocabulary)
    watcher.began(run, about)
    began = time.perf_counter()
    model.fit(streams["train"])
    seconds = time.perf_counter() - began
    write_tensors(run.directory.model, model.arrays(), {"run": run.plan["id"]})
    losses = {
        name: measure(model, streams[name]).nats for name in ("train", "dev") if name in streams
    }
    summary = {
        "ending": "finished",
        "parameters": model.n_parameters,
        "seconds": round(seconds, 3),
        "losses": losses,
    }
    if run.family == "ngram" and model.settings.order == 2:
        from hornbook.inspection.counts import draw_counts

        draw_counts(model.count_matrix(), run.tokenizer, run.directory.counts)
        summary["picture"] = str(run.directory.counts)
    return finish(run, summary, watcher)


def optimise(
    run: Run,
    streams: dict[str, Stream],
    about: dict[str, Any],
    watcher: Watcher,
    world: World,
) -> Run:
    """Train a network, from the start or from its checkpoint, on the threads of its settings."""
    training = TrainingSettings.from_dict(run.plan["training"])
    with threads(training.threads):
        return optimise_on_threads(run, training, streams, about, watcher, world)


def optimise_on_threads(
    run: Run,
    training: TrainingSettings,
    streams: dict[str, Stream],
    about: dict[str, Any],
    watcher: Watcher,
    world: World,
) -> Run:
    """Train a network, from the start or from its checkpoint."""
    import torch

    from hornbook.training.memory import keep_freed_memory
    from hornbook.training.trainer import Trainer, choose_device

    keep_freed_memory()
    line: Family = family(run.family)
    directory = run.directory
    device = choose_device(training.device, world.local)
    # Dropout's numbers, others in each process; the start has its own generator.
    torch.manual_seed(training.seed + world.rank)
    generator = torch.Generator().manual_seed(training.seed)
    model: Network = line.load()(run.settings, run.tokenizer.vocabulary, generator).to(device)
    refuse_unshareable(model, training, world)
    batches = batches_for(model, streams["train"], training)
    measured = {name: streams[name] for name in ("train", "dev") if name in streams}

    def preview() -> list[str]:
        settings = SamplingSettings(n=4, longest=60)
        return [drawn.text for drawn in sample(model, run.tokenizer, settings, longest=60)]

    def record(found: Record) -> None:
        directory.append_metrics(found.as_dict())
        watcher.recorded(found, preview)

    def keep_best() -> None:
        write_tensors(directory.model, model.arrays(), {"run": run.plan["id"]})

    def keep_state() -> None:
        arrays, values = trainer.state()
        write_tensors(directory.checkpoint, arrays, {"run": run.plan["id"], **values})

    trainer = Trainer(
        model,
        batches,
        training,
        lambda: {
            name: measure(model, stream, limit=training.evaluate_on).nats
            for name, stream in measured.items()
        },
        world=world,
        on_record=record,
        on_best=keep_best,
        on_checkpoint=keep_state,
        on_progress=watcher.progressed,
    )
    trainer.seconds = run.plan.get("calibration_seconds", 0.0)
    # The first one says, for when another looks it may have written one already.
    if world.from_first(directory.checkpoint.exists):
        arrays, values = read_tensors(directory.checkpoint)
        run.refuse_foreign(directory.checkpoint, values)
        trainer.load_state(arrays, values)
        if world.rank > 0:
            torch.manual_seed(training.seed + world.rank + trainer.step)  # kept is the first's only
    if world.rank == 0:
        directory.rewind_metrics(trainer.recorded)
    about = {**about, "parameters": model.n_parameters, "device": str(device)}
    watcher.began(run, about)
    with stopping(trainer):
        ending = trainer.run()
    if world.rank > 0:
        return world.from_first(lambda: run)
    if not directory.model.exists():
        keep_best()  # stopped before the first evaluation: what there is, is kept
    best = next((found for found in reversed(directory.read_metrics()) if found["best"]), None)
    summary: dict[str, Any] = {
        "ending": ending,
        "steps": trainer.step,
        "best_step": best["step"] if best else trainer.step,
        "parameters": model.n_parameters,
        "seconds": round(trainer.elapsed, 3),
        "losses": {name: best[name] for name in measured} if best else {},
    }
    if "dev" in summary["losses"] and 0 < training.evaluate_on < len(streams["dev"]):
        # What led the way was a part of dev; what is reported is all of it.
        model.load_arrays(read_tensors(directory.model)[0])
        summary["losses"]["dev"] = measure(model, streams["dev"]).nats
        summary["seconds"] = round(trainer.elapsed, 3)
    write_json(directory.summary, summary)
    if ending != "interrupted" and run.plan["baseline"]:
        summary["baseline"] = count_baseline(streams, run.tokenizer)
    finished = finish(run, summary, watcher)
    return world.from_first(lambda: finished)


def refuse_unshareable(model: Network, training: TrainingSettings, world: World) -> None:
    """Refuse what several processes cannot train as one would.

    Raises:
        SettingsError: for BatchNorm, whose statistics would be those of a process's own part; for
            parallel streams, whose states would be in the process that reads them.
    """
    if world.size > 1 and training.batches == "parallel":
        raise SettingsError(
            "The states at the end of parallel streams would be others in each process.",
            hint="Train in one process, or with --batches random.",
        )
    kept = model.state_dict().keys() - dict(model.named_parameters()).keys()
    if world.size > 1 and kept:
        raise SettingsError(
            f"{len(kept)} running statistics (of BatchNorm) would differ in each process.",
            hint="Train in one process, or with --norm layer or none.",
        )


def finish(run: Run, summary: dict[str, Any], watcher: Watcher) -> Run:
    """Write the summary, and open the run anew so that it reads what was kept."""
    write_json(run.directory.summary, summary)
    opened = Run(run.path)
    watcher.ended(opened, summary)
    return opened


@contextmanager
def threads(number: int) -> Iterator[None]:
    """As many processor threads meanwhile; what the caller had comes back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def stopping(trainer: Trainer) -> Iterator[None]:
    """Let Ctrl-C end training after the present step; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if trainer.stop:
            raise KeyboardInterrupt
        trainer.stop = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
