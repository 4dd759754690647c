"""Training a net by gradients into its run directory, from the start or from its checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hornbook.compute.pinned import pinned
from hornbook.errors import RunError
from hornbook.runs.beside import with_baselines
from hornbook.runs.events import Began, Compiling, Ended, Evaluated, Listener, Progressed, Warned
from hornbook.runs.outcome import is_worse, reached
from hornbook.runs.pace import Pace, watched
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.stops import Stops
from hornbook.tasks import Figures, Task
from hornbook.training.counters import read_counters
from hornbook.training.distributed import World
from hornbook.training.measures import LOSS, Extent
from hornbook.training.rates import frozen_by

if TYPE_CHECKING:
    import torch

    from hornbook.monitoring.probe import Probe
    from hornbook.training.record import Record
    from hornbook.training.trainer import Ending, Trainer

__all__ = ["begin_training", "conclude_training", "session_of", "train_session"]


def session_of(run: Run, world: World) -> Session:
    """The session of a run that has begun, as its record says."""
    training = run.record.training
    if training is None:
        raise RunError(f"{run.directory.run} is damaged: training is missing.")
    session = Session(run.task, run.data, run.family, run.settings, training, world)
    session.start = run.record.start
    return session


def frozen_numbers(session: Session) -> int:
    """How many numbers of a session's model do not learn."""
    frozen = frozen_by(session.training.rates, session.model)
    return sum(p.numel() for name, p in session.model.named_parameters() if name in frozen)


def train_session(
    run: Run, session: Session, listen: Listener, stops: Stops, *, resumed: bool
) -> Run:
    """Train to the end, or until a signal, and keep everything in the run's directory."""
    with session.working():
        trainer = begin_training(run, session, listen, resumed=resumed)
        if wait := trainer.way.waits_for(trainer):
            listen(Compiling(wait))
        with stops.stopping(trainer):
            ending = trainer.run()
        if session.world.rank > 0:
            return session.world.from_first(lambda: Run(run.path))
        summary = conclude_training(run, session, trainer, ending, listen)
    opened = Run(run.path)
    listen(Ended(opened, summary))
    return session.world.from_first(lambda: opened)


def begin_training(
    run: Run,
    session: Session,
    listen: Listener,
    *,
    resumed: bool,
    random: torch.Generator | None = None,
) -> Trainer:
    """The trainer of a run, where its checkpoint has it or at the start; `listen` is told.

    Args:
        run, session, listen: of the training.
        resumed: whether it has begun before.
        random: what dropout draws from, where that is not torch's own generator.
    """
    trainer = trainer_for(run, session, listen)
    trainer.random = random
    if session.world.rank == 0 and not resumed:
        keep_frozen(run, session.model, trainer)
    if session.start.kind == "run" and session.world.rank == 0 and not resumed:
        trainer.on_checkpoint()  # weights that no seed gives, for the others and after a kill
    take_up(run, session, trainer)
    listen(
        Began(
            run.path,
            run.record,
            session.model.n_parameters,
            str(session.device),
            resumed,
            frozen_numbers(session),
            session.measured_again(),
        )
    )
    return trainer


def conclude_training(
    run: Run, session: Session, trainer: Trainer, ending: Ending, listen: Listener
) -> Summary:
    """Keep how a training ended, and what stands beside it; `listen` is warned of remarks."""
    summary = summarise(run, session, trainer, ending)
    run.directory.write_summary(summary)  # before what only stands beside it is measured
    run.directory.settle()
    for remark in summary.remarks:
        listen(Warned(remark))
    if run.record.baseline and summary.ended:
        summary = with_baselines(run, session.data, summary, listen)
    return summary


def trainer_for(run: Run, session: Session, listen: Listener) -> Trainer:
    """The trainer, with what it keeps and tells."""
    directory, model = run.directory, session.model

    def keep_best() -> None:
        keep_weights(run, session.model, trainer)

    def keep_state() -> None:
        arrays, values = trainer.state()
        directory.write_tensors(directory.checkpoint, arrays, run.record, **values)
        if trainer.step and directory.model.exists():  # something was learned that can be used
            directory.settle()

    pace = Pace(session, listen)

    def note(found: Record) -> None:
        pace.evaluated()
        directory.append_metrics(found)
        preview = pinned()(lambda: session.task.preview(model, session.data))
        listen(Evaluated(found, preview, session.during))

    trainer = session.trainer(
        probe=probe_for(run, session),
        on_record=note,
        on_best=keep_best,
        on_checkpoint=keep_state,
        on_progress=watched(pace, lambda progress: listen(Progressed(progress))),
    )
    trainer.seconds = run.record.calibration_seconds
    trainer.compiling_seconds = session.compiling
    return trainer


def keep_weights(run: Run, model: Any, trainer: Trainer) -> None:
    """Write the model's weights, without those that stand apart."""
    apart = trainer.apart()
    arrays = {name: a for name, a in model.arrays().items() if name not in apart}
    run.directory.write_tensors(run.directory.model, arrays, run.record)


def keep_frozen(run: Run, model: Any, trainer: Trainer) -> None:
    """Write what is frozen, once, where most of the net is: it would be most of each checkpoint."""
    apart, directory = trainer.apart(), run.directory
    if apart and not directory.frozen.exists():
        arrays = {name: a for name, a in model.arrays().items() if name in apart}
        directory.write_tensors(directory.frozen, arrays, run.record)


def probe_for(run: Run, session: Session) -> Probe | None:
    """What watches the training, if it is to be watched."""
    how = session.training
    if not how.watch or session.world.rank > 0:
        return None
    from hornbook.monitoring.probe import Probe, interval

    every = how.watch_every or interval(how.steps)
    return Probe(session.model, every, run.directory.append_health, last=how.steps - 1)


def take_up(run: Run, session: Session, trainer: Trainer) -> None:
    """Go back to the checkpoint, if there is one, and forget what was noted after it."""
    directory, world = run.directory, session.world
    # The first one says, for when another looks it may have written one already.
    if world.from_first(directory.checkpoint.exists):
        arrays, values = directory.read_tensors(directory.checkpoint, run.record)
        held = directory.read_frozen(run.record)
        arrays = {**{f"weights.{name}": array for name, array in held.items()}, **arrays}
        if run.record.resumptions:
            arrays = with_own_random_states(session, arrays, read_counters(values).step)
        trainer.load_state(arrays, values)
        if run.record.extended_at(trainer.step):
            trainer.renew_patience()
        if world.rank > 0:  # the random numbers that were kept are the first one's only
            from hornbook.compute.random_states import seed_random

            seed_random(session.device, session.training.seed + world.rank + trainer.step)
    if world.rank == 0:
        directory.rewind_metrics(trainer.recorded)
        directory.rewind_health(trainer.step)
        keep_frozen(run, session.model, trainer)  # of a checkpoint that an earlier version wrote
        # Last, so that a kill before this leaves a directory of the older format that resumes.
        directory.write_record(run.record)


def with_own_random_states(session: Session, arrays: dict[str, Any], step: int) -> dict[str, Any]:
    """A checkpoint's arrays where another device wrote it: this one's random numbers begin here."""
    from hornbook.compute.random_states import random_states, seed_random

    if f"rng.{session.device.type}" in arrays:
        return arrays
    seed_random(session.device, session.training.seed + step)
    own = random_states(session.device)[session.device.type].cpu().numpy()
    return {**arrays, f"rng.{session.device.type}": own}


def summarise(run: Run, session: Session, trainer: Trainer, ending: Ending) -> Summary:
    """How it ended; what was measured on parts is measured on all that costs little."""
    directory, task, data = run.directory, session.task, session.data
    records = directory.read_metrics()
    if not directory.model.exists():
        # Stopped before the first evaluation: what there is, is kept.
        keep_weights(run, session.model, trainer)
    best = next((record for record in reversed(records) if record.best), None)
    losses = dict(best.losses) if best else {}
    measures = dict(best.measures) if best else {}
    extents = session.during if best else {}
    remarks: tuple[str, ...] = ()
    if best and ending != "interrupted":  # who asked to stop does not want to wait
        remarks = concluded(run, session, trainer)
        for split, found, extent in measured_at_the_end(run, session, every=bool(remarks)):
            extents[split] = extent
            if found.loss is not None:
                trainer.refuse_infinite(found.loss, f"The loss on {split}", best.step)
                losses[split] = found.loss
            if found.measures:
                measures[split] = found.measures
    untrained = reached(records[0], task.keeps_by) if records and records[0].step == 0 else None
    kept = reached(best, task.keeps_by) if best else None
    diverged = (
        ending != "interrupted"
        and untrained is not None
        and kept is not None
        and is_worse(task.keeps_by, kept, untrained)
    )
    ignorance = task.ignorance(data.shape) if task.decides.name == LOSS.name else None
    return Summary(
        "diverged" if diverged else ending,
        parameters=session.model.n_parameters,
        seconds=round(trainer.elapsed, 3),
        compiling=round(trainer.compiling_seconds, 3),
        losses=losses,
        measures=measures,
        steps=trainer.step,
        best_step=best.step if best else trainer.step,
        untrained=untrained,
        guessing=ignorance.loss if ignorance else None,
        remarks=remarks,
        measured_on=extents,
    )


def concluded(run: Run, session: Session, trainer: Trainer) -> tuple[str, ...]:
    """What the task does with the weights that are kept, if it does anything: they are kept again.

    They are the session's model's from then on.
    """
    if type(session.task).conclude is Task.conclude:
        return ()
    session.model.load_arrays(run.directory.read_weights(run.record))
    told = tuple(session.task.conclude(session.model, session.data))
    if told:
        keep_weights(run, session.model, trainer)
    return told


def measured_at_the_end(
    run: Run, session: Session, *, every: bool
) -> Iterator[tuple[str, Figures, Extent]]:
    """Splits of which less was measured before: figures of the weights that were kept, and of what.

    The weights are the session's model's from then on.

    Args:
        run: with its weights.
        session: of the training.
        every: measure all splits, for the model has changed since.
    """
    wanted = session.at_the_end() if every else session.measured_again()
    if wanted:
        session.model.load_arrays(run.directory.read_weights(run.record))
    for split, extent in wanted.items():
        limit = 0 if extent.is_whole else extent.measured
        found = session.task.evaluate(session.model, session.data, split, limit)
        yield split, found, Extent(found.predictions or extent.measured, extent.of)
