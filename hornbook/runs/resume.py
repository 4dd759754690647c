"""Going on with a run: what `hornbook.resume` does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.errors import RunError
from hornbook.runs.events import Listener, Noted, Warned, apart, nobody
from hornbook.runs.extension import extend, refuse_ended
from hornbook.runs.reporting import Report, Reporting
from hornbook.runs.run import Run
from hornbook.runs.stops import answered_later
from hornbook.runs.training import session_of, train_session
from hornbook.training.distributed import World

__all__ = ["resume"]

Device = Literal["auto", "cpu", "cuda", "mps"]


@pinned()
def resume(
    path: str | Path,
    *,
    steps: int | None = None,
    threads: int | None = None,
    device: Device | None = None,
    listen: Listener = nobody,
    report: Report | None = None,
) -> Run:
    """Resume a run that was stopped, to the same result as without the stop, or train one longer.

    With more `steps` a run goes on that was stopped, that has finished, or that ended early; its
    schedule is then that of the new number of steps, from the step that was reached. Patience
    counts from there. The last digits of its losses may come out otherwise on other `threads` or
    another `device`. Each change is noted in the record.

    Args:
        path: the run directory.
        steps: of the whole training, those done included; by default as many as were asked for.
        threads: by default as before.
        device: by default as before.
        listen: as in `train`.
        report: as in `train`; for the service it is another run of the same name.

    Raises:
        RunError: if there is no such run, it was fitted in one pass, or it has already finished
            and no more steps are asked for.
        SettingsError: if `steps` are no more than are done, or there is no such device.
    """
    run = Run(path)
    if run.made_as.made_by == "mixing":
        raise RunError(
            f"{path} is a mixture: there is no training to resume.",
            hint="Train a run that it was made from for longer, and mix again: "
            + ", ".join(
                member.run
                for member in run.summary.members
                if run.task.family(member.family).trained
            )
            + ".",
        )
    if not run.made_as.trained:
        raise RunError(
            f"{path} is a run of {run.family}, which is made in one pass: there is no training to "
            "resume.",
            hint="To add data or change settings, make it again.",
        )
    if run.record.start.kind == "import":
        raise RunError(
            f"{path} was imported: there is no training to resume.",
            hint="Train it on a text of yours:",
            action=Action("train", ("DATA",), {"init_from": str(path)}),
        )
    given = {"steps": steps, "threads": threads, "device": device}
    wanted = {name: value for name, value in given.items() if value is not None}
    if steps is None:
        refuse_ended(run)
    world = World.join()
    reporting = Reporting(report if world.rank == 0 else None, listen)
    listen = apart(reporting) if world.rank == 0 else nobody
    world.from_first(run.directory.take_up)
    with answered_later() as stops:
        try:
            for path in (run.directory.checkpoint, run.directory.model):
                if path.exists():
                    run.refuse_too_large(path)
            for text in run.directory.remarks:
                listen(Warned(text))
            if run.record.start.kind == "run" and not run.directory.checkpoint.exists():
                raise RunError(
                    f"{run.path} was stopped before its first checkpoint, and does not hold the "
                    "weights that it began with.",
                    hint="Train it again with the same `init_from`.",
                )
            if wanted:
                run.record, told = world.from_first(lambda: extend(run, wanted))
                if told:
                    listen(Noted(told))
            return train_session(run, session_of(run, world), listen, stops, resumed=True)
        finally:
            run.directory.release()
            reporting.close()
