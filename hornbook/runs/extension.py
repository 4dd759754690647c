"""What a resume may change of a run: its number of steps, and where and on how many threads.

All else would make another training of it. What is changed is noted in the record, so that it tells
what was asked for at first and what was added when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hornbook.actions import Action
from hornbook.errors import RunError, SettingsError
from hornbook.rendering import many
from hornbook.runs.record import Resumption, RunRecord
from hornbook.runs.run import Run
from hornbook.training.counters import read_counters
from hornbook.training.schedules import continued
from hornbook.training.settings import TrainingSettings

__all__ = ["extend", "longer", "refuse_ended"]


def refuse_ended(run: Run) -> None:
    """Refuse a run that has nothing left to do.

    Raises:
        RunError: if it has ended.
    """
    summary = run.directory.read_summary()
    if summary is not None and summary.ended:
        done = summary.steps or 0
        raise RunError(
            f"{run.path} has already finished, at step {done:,}.",
            hint="To train it longer, give more `steps`.",
            action=Action("resume", (str(run.path),), {"steps": longer(run, done)}),
        )


def longer(run: Run, done: int) -> int:
    """Steps for a run to go on to: twice as many as it has done, or what suits an untrained one."""
    return 2 * done or run.suited.steps


def extend(run: Run, wanted: Mapping[str, Any]) -> tuple[RunRecord, str]:
    """Change an owned run as a resume may, in its directory.

    Args:
        run: one that is trained.
        wanted: `steps`, `threads` or `device`.

    Returns:
        The record as it is now, and what becomes of the learning rate; empty if nothing does.

    Raises:
        SettingsError: if one of them cannot be had, or there are no more steps than are done.
        RunError: if there is nothing to go on from.
    """
    before = run.record.training
    assert before is not None  # who calls has looked
    after = settled(before, wanted)
    done = updates_done(run)
    if after.steps <= done:
        raise SettingsError(
            f"{run.path} has already done {many(done, 'step')}. `steps` is the total, including "
            f"those; it is {after.steps:,}.",
            hint=f"Set `steps` to more than {done:,}, for example `steps={longer(run, done)}`.",
            setting="steps",
        )
    if after == before:
        return run.record, ""
    noted = Resumption(done, before.steps, before.threads, before.device)
    record = replace(run.record, training=after, resumptions=(*run.record.resumptions, noted))
    summary = run.directory.read_summary()
    # A kill between the two leaves a run that was stopped at its old end, and ends there again.
    if summary is not None and summary.ended:
        run.directory.write_summary(replace(summary, ending="interrupted", baselines=()))
    run.directory.write_record(record)
    return record, "" if after.steps == before.steps else continued(before, after, done)


def settled(before: TrainingSettings, wanted: Mapping[str, Any]) -> TrainingSettings:
    """The settings with the changes.

    Raises:
        SettingsError: if they are not allowed, or this machine has no such device.
    """
    from hornbook.compute.device import choose_device

    if wanted.get("threads") == 0:
        raise SettingsError(
            "`threads` is 0, but a run is not measured again when it is resumed.",
            hint="Set `threads` to 1 or more, or leave it out.",
            setting="threads",
        )
    after = TrainingSettings.from_dict({**before.as_dict(), **wanted})
    after = replace(after, device=choose_device(after.device).type)  # type: ignore[arg-type]
    if after.gradients == "compiled" and after.device != "cpu":
        after = replace(after, gradients="hand")  # the same to rounding, as all on another device
    return after


def updates_done(run: Run) -> int:
    """Updates in the checkpoint; 0 if there is none yet.

    Raises:
        RunError: if it is damaged, or was removed.
    """
    directory = run.directory
    if directory.checkpoint.exists():
        return read_counters(directory.read_tensors(directory.checkpoint, run.record)[1]).step
    if directory.read_summary() is None:
        return 0
    raise RunError(
        f"{run.path} has no checkpoint: it cannot be trained further.",
        hint="Restore it from an intact copy. A run that was stripped has none.",
    )
