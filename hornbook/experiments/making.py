"""One run of an experiment, made in a folder: trained, gone on with, or taken as it is.

Whoever makes many runs (`best`, `compare`, a sweep) asks for each of them by the same call, however
often it was stopped or killed before. A run that is finished is taken, one that was stopped goes on
to the same bits, and what is not there is made. What stands there and is another run is refused:
nothing is replaced that somebody may want.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from hornbook.compute.memory import is_out_of_memory
from hornbook.errors import HornbookError, RunError, SettingsError, TrainingError
from hornbook.records import JSON
from hornbook.runs import Run, resume, train
from hornbook.runs.events import Listener, nobody
from hornbook.runs.prepare import Prepared, family_settings, settle_training
from hornbook.settings import Settings, check, plain
from hornbook.storage import Sums
from hornbook.tasks import Data

__all__ = ["Budget", "begun", "data_sums", "make_run", "refuse_other"]

LEFT_OPEN: Mapping[str, JSON] = {
    "batches": "auto", "recompute": "auto", "gradients": "auto", "precision": "auto",
}  # fmt: skip
"Training settings that are decided when training begins, where they are asked for so."
ASIDE = frozenset({"threads", "device", "evaluate_on", "rates"})
"""Those that say where a run is trained and on how much it is looked at, which another machine or a
task settles otherwise; a task adds to `rates` what it keeps frozen."""

MOST = 10**9  # seconds, or steps, that one net is trained for
KNOWN: WeakKeyDictionary[Data, Mapping[str, str]] = WeakKeyDictionary()
"Many runs may be made of the same data."


@dataclass(frozen=True)
class Budget:
    """How long one net is trained: for a time, for a number of steps, or as its family is best.

    What is made in one pass over the data takes what it takes.

    Raises:
        SettingsError: if both are given, or one is not above 0.
    """

    seconds: float | None = None
    "The number of steps is chosen by the time that a few of them take, when the run begins."
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and self.steps is not None:
            raise SettingsError(
                f"`seconds` is {self.seconds:g} and `steps` {self.steps:,}: each run is trained "
                "for one of the two.",
                hint="Give one of them.",
                setting="steps",
            )
        kinds: dict[str, type] = {"seconds": float, "steps": int}
        for name, kind in kinds.items():
            value = plain(getattr(self, name))
            if value is None:
                continue
            check(name, value, kind)
            if not 0 < value < MOST:
                raise SettingsError(
                    f"`{name}` must be above 0 and below {MOST:,}; it is {value:g}.", setting=name
                )


@contextlib.contextmanager
def full_memory_told() -> Iterator[None]:
    """A context in which a full memory is an error of one training, as divergence is.

    Raises:
        TrainingError: where Python or torch says that it is full.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            "Out of memory.", hint="Use a smaller model, a smaller batch, or shorter texts."
        ) from error


@full_memory_told()
def make_run(
    prepared: Prepared,
    family: str,
    settings: Settings | Mapping[str, Any],
    training: Mapping[str, Any],
    seed: int | None,
    budget: Budget,
    path: Path,
    listen: Listener = nobody,
    *,
    baseline: bool = False,
) -> Run:
    """A finished run in a folder: trained now, gone on with if it was stopped, or as it is there.

    Of the time in `budget` nothing is kept in a run, only the steps that came of it: whoever makes
    several runs in a folder keeps it beside them.

    Args:
        prepared: the data and their task.
        family: of the model.
        settings: of the family, where they differ from its defaults.
        training: settings of training, where they differ from what suits family and data.
        seed: of the training; None: the usual one. It has no effect on what is made in one pass.
        budget: how long a net is trained.
        path: the run's directory. What a kill left there before there was a run is replaced.
        listen: is told; what it raises ends the training, which goes on with the same call.
        baseline: evaluate the task's baselines after a training too.

    Raises:
        RunError: if a run of something else stands there.
        TrainingError: if it diverges, or needs more memory than there is.
        KeyboardInterrupt: if the training was stopped; the same call goes on.
        HornbookError: whatever is wrong with the settings or the budget.
    """
    line = prepared.task.family(family)
    wanted = {} if seed is None or not line.trained else {"seed": seed}
    if line.trained and budget.steps is not None:
        wanted["steps"] = budget.steps
    wanted = {**training, **wanted}
    state = begun(path)
    if state:
        run = Run(path)
        refuse_other(run, prepared, family, settings, wanted, timed=budget.seconds is not None)
        run = resume(path, listen=listen) if state == "stopped" else run
    else:
        timed = line.trained and budget.seconds is not None
        run = train(
            prepared,
            model=family,
            settings=settings,
            training=wanted if line.trained or wanted else None,
            minutes=budget.seconds / 60 if timed and budget.seconds is not None else None,
            out=path,
            overwrite=path.exists(),
            baseline=baseline,
            listen=listen,
        )
    if not run.summary.ended:
        raise KeyboardInterrupt
    return run


def begun(path: Path) -> Literal["", "stopped", "done"]:
    """Whether a run was stopped or is done there; empty if it must be made."""
    try:
        run = Run(path)
        summary = run.directory.read_summary()
    except HornbookError:
        return ""
    if summary is not None and summary.ended:
        return "done"
    return "stopped" if run.made_as.trained else ""


def refuse_other(
    run: Run,
    prepared: Prepared,
    family: str,
    settings: Settings | Mapping[str, Any],
    training: Mapping[str, Any],
    *,
    timed: bool,
) -> None:
    """Refuse a run that is not the one that would be made: of other data, family or settings.

    Args:
        run: that stands there.
        prepared: the data.
        family: of the model.
        settings: of the family, where they differ from its defaults.
        training: settings of training, where they differ from what suits, seed and steps included.
        timed: whether the steps come of a time.

    Raises:
        RunError: naming what differs.
    """
    line = prepared.task.family(family)
    if run.family != family:
        raise other(run, f"the family {run.family}, not {family}")
    if run.record.task != prepared.task.name or data_sums(prepared.data) != run.record.data.files:
        raise other(run, f"other data ({run.record.data.source})")
    asked = family_settings(line, family, settings).as_dict()
    refuse_differing(run, run.settings.as_dict(), asked)
    if run.record.training is None:
        return
    wanted = settle_training(line, prepared.data, training).as_dict()
    open_still = {name for name, value in LEFT_OPEN.items() if wanted[name] == value}
    aside = {*ASIDE, *open_still, *(("steps",) if timed else ())}
    refuse_differing(
        run,
        {name: v for name, v in run.record.training.as_dict().items() if name not in aside},
        {name: v for name, v in wanted.items() if name not in aside},
    )


def refuse_differing(run: Run, held: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse a run one of whose settings is another.

    Raises:
        RunError: naming the first.
    """
    for name, value in asked.items():
        if held.get(name) != value:
            raise other(run, f"`{name}={held.get(name)}`, not {value}")


def other(run: Run, what: str) -> RunError:
    """The error that another run stands in the place."""
    return RunError(
        f"{run.path} holds a run of {what}.",
        hint="Choose another folder, or delete that run if you do not need it.",
    )


def data_sums(data: Data) -> Mapping[str, str]:
    """SHA-256 of the data as they were split, by the file that a run keeps them in."""
    if data not in KNOWN:
        sums = Sums()
        data.keep(sums)
        KNOWN[data] = sums.sums
    return KNOWN[data]
