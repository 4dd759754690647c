"""Many runs of a family at once: those of small nets together, by compiled steps, others in turn.

What is made comes out as if each were made alone by `make_run`, to rounding; so whoever has a list
of trials that differ in seeds, rates, decay, dropout or any other settings asks for them here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError
from hornbook.experiments.making import Budget, begun, make_run, refuse_other
from hornbook.runs import Run
from hornbook.runs.events import Event, Listener, Noted
from hornbook.runs.prepare import Prepared
from hornbook.runs.together import One, train_together, why_apart

__all__ = ["AT_ONCE", "Parted", "RunPlan", "make_together", "parted", "trained", "why_alone"]

AT_ONCE = 64  # runs, each with its batches and its state: 64 of a small net take some 300 MB


@dataclass(frozen=True)
class RunPlan:
    """One run of several, as `make_run` takes it."""

    path: Path
    "The run's directory."
    settings: Mapping[str, Any]
    "Of the family, where they differ from its defaults."
    training: Mapping[str, Any]
    "Settings of training, seed and steps included, where they differ from what suits."


def make_together(
    prepared: Prepared,
    family: str,
    trials: Sequence[RunPlan],
    *,
    baseline: bool = False,
    threads: int = 0,
    listen: Callable[[int, Event], None] = lambda at, event: None,
) -> list[Run | HornbookError]:
    """Finished runs, each trained now, gone on with if it was stopped, or as it is there.

    Args:
        prepared: the data and their task.
        family: of the models.
        trials: what to make. One that cannot be trained with the others is made by itself, and
            `listen` is told why.
        baseline: evaluate the task's baselines after each training too.
        threads: on which trainings take turns; 0: as many as there are processors.
        listen: is told of the events of each trial by its number, one at a time, though not in the
            thread of the caller. A `HornbookError` that it raises ends that training, and stands in
            its place; what else it raises ends all.

    Returns:
        In their order the runs; in the place of one whose training failed, why.

    Raises:
        RunError: if a run of something else stands in the place of one.
        KeyboardInterrupt: if the trainings were stopped; the same call goes on.
        HornbookError: whatever is wrong with the settings.
    """
    parts = parted(prepared, family, trials)
    for error in parts.refused.values():
        raise error
    for at, why in parts.apart.items():
        listen(at, Noted(f"It is trained by itself: {why}."))
    found: dict[int, Run | HornbookError] = dict(parts.done)
    found |= trained(
        prepared, family, parts.together, baseline=baseline, threads=threads, listen=listen
    )
    for at in parts.apart:
        trial = trials[at]
        try:
            found[at] = make_run(
                prepared, family, trial.settings, trial.training, None, Budget(), trial.path,
                of_one(listen, at), baseline=baseline,
            )  # fmt: skip
        except HornbookError as error:
            found[at] = error
    return [found[at] for at in range(len(trials))]


@dataclass(frozen=True)
class Parted:
    """Runs that are to be made, by how; each is known by its number."""

    done: Mapping[int, Run]
    "Those that are there."
    together: Mapping[int, One]
    "Those that can be trained together."
    apart: Mapping[int, str]
    "Those that are to be made by themselves, and why, as the end of a sentence."
    refused: Mapping[int, HornbookError]
    "Those whose settings are wrong."


def parted(prepared: Prepared, family: str, trials: Sequence[RunPlan]) -> Parted:
    """How each of several runs is made. Nothing is written.

    Raises:
        RunError: if a run of something else stands in the place of one.
    """
    done: dict[int, Run] = {}
    together: dict[int, One] = {}
    apart: dict[int, str] = {}
    refused: dict[int, HornbookError] = {}
    known: dict[str, str | HornbookError | None] = {}
    for at, trial in enumerate(trials):
        state = begun(trial.path)
        if state:
            run = Run(trial.path)
            refuse_other(run, prepared, family, trial.settings, trial.training, timed=False)
            if state == "done":
                done[at] = run
                continue
        one = One(trial.path, trial.settings, trial.training, stopped=state == "stopped")
        why = reason(prepared, family, one, known)
        if why is None:
            together[at] = one
        elif isinstance(why, str):
            apart[at] = why
        else:
            refused[at] = why
    return Parted(done, together, apart, refused)


def trained(
    prepared: Prepared,
    family: str,
    ones: Mapping[int, One],
    *,
    baseline: bool = False,
    threads: int = 0,
    listen: Callable[[int, Event], None] = lambda at, event: None,
) -> dict[int, Run | HornbookError]:
    """Runs trained together, so many at a time; see `make_together`.

    Raises:
        KeyboardInterrupt: if they were stopped; the same call goes on.
    """
    found: dict[int, Run | HornbookError] = {}
    numbers = list(ones)
    for group in (numbers[i : i + AT_ONCE] for i in range(0, len(numbers), AT_ONCE)):
        made = train_together(
            prepared, family, [ones[at] for at in group], baseline=baseline, threads=threads,
            listen=lambda i, event, group=group: listen(group[i], event),
        )  # fmt: skip
        found |= dict(zip(group, made, strict=True))
        if any(isinstance(one, Run) and not one.summary.ended for one in made):
            raise KeyboardInterrupt
    return found


def why_alone(prepared: Prepared, family: str, trials: Sequence[RunPlan]) -> list[str | None]:
    """Why each of several runs would be trained by itself; None of one that can be with others.

    Each is the end of a sentence. Nothing is written.

    Raises:
        HornbookError: whatever is wrong with the settings.
    """
    found: list[str | None] = []
    known: dict[str, str | HornbookError | None] = {}
    for trial in trials:
        stopped = begun(trial.path) == "stopped"
        one = One(trial.path, trial.settings, trial.training, stopped=stopped)
        why = reason(prepared, family, one, known)
        if isinstance(why, HornbookError):
            raise why
        found.append(why)
    return found


def reason(
    prepared: Prepared, family: str, one: One, known: dict[str, str | HornbookError | None]
) -> str | HornbookError | None:
    """Why a run is trained by itself, or cannot be; None if it can be with others.

    Args:
        prepared, family, one: of the run.
        known: by kind, what was found before: it is looked for once.
    """
    kind = kind_of(one)
    if kind not in known:
        try:
            known[kind] = why_apart(prepared, family, one)
        except HornbookError as error:
            known[kind] = error
        except MemoryError:
            known[kind] = "there is too little memory for its parameters"
    return known[kind]


def of_one(listen: Callable[[int, Event], None], at: int) -> Listener:
    """What listens to one trial."""
    return lambda event: listen(at, event)


def kind_of(one: One) -> str:
    """What is the same of runs of which all or none can be trained together.

    Seeds make no difference, nor does how much of something there is, but whether there is any.
    """
    told = []
    for given in (one.settings, one.training):
        values = dict(given) if isinstance(given, Mapping) else given.as_dict()
        values.pop("seed", None)
        told.append({k: v != 0 if isinstance(v, float) else v for k, v in values.items()})
    return f"{one.stopped} {told}"
