"""Training a network by gradients, into its run directory."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from hornbook.runs.prepare import at_start, batches_for, refuse_unshareable
from hornbook.runs.run import Run
from hornbook.runs.watcher import Watcher, finish
from hornbook.storage import read_tensors, write_json, write_tensors
from hornbook.text.baseline import count_baseline
from hornbook.text.losses import mean_loss
from hornbook.text.models import Family, family
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.stream import Stream
from hornbook.training.distributed import World
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.training.trainer import Record, Trainer

__all__ = ["optimise"]


def optimise(
    run: Run,
    streams: dict[str, Stream],
    about: dict[str, Any],
    watcher: Watcher,
    world: World,
) -> Run:
    """Train a network, from the start or from its checkpoint, on the threads of its settings."""
    from hornbook.compute.threads import threads

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

    from hornbook.compute.device import choose_device
    from hornbook.compute.memory import keep_freed_memory
    from hornbook.training.trainer import Trainer

    keep_freed_memory()
    line: Family = family(run.family)
    directory = run.directory
    device = choose_device(training.device, world.local)
    # Dropout's numbers, others in each process; the start has its own generator.
    torch.manual_seed(training.seed + world.rank)
    model = at_start(line.load(), run.settings, run.tokenizer, training, device)
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

    probe = None
    if training.watch and world.rank == 0:
        from hornbook.monitoring.probe import Probe, interval

        every = training.watch_every or interval(training.steps)
        probe = Probe(model, every, directory.append_health, last=training.steps - 1)
    trainer = Trainer(
        model,
        batches,
        training,
        lambda: {
            name: mean_loss(model, stream, limit=training.evaluate_on)
            for name, stream in measured.items()
        },
        world=world,
        probe=probe,
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
        directory.rewind_health(trainer.step)
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
        summary["losses"]["dev"] = mean_loss(model, streams["dev"])
        summary["seconds"] = round(trainer.elapsed, 3)
    write_json(directory.summary, summary)
    if ending != "interrupted" and run.plan["baseline"]:
        summary["baseline"] = count_baseline(streams, run.tokenizer)
    finished = finish(run, summary, watcher)
    return world.from_first(lambda: finished)


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
