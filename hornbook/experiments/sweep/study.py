"""A sweep's study opened: its storage, its sampler, and which trainings are hopeless."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner

from hornbook.experiments.sweep.events import Sweeping
from hornbook.experiments.sweep.folder import JOURNAL, Folder
from hornbook.experiments.sweep.journal import damage_told
from hornbook.experiments.sweep.sampler import Sampler
from hornbook.experiments.sweep.space import Space
from hornbook.experiments.sweep.storage import Patience, named_place, open_storage
from hornbook.experiments.sweep.trials import Trials
from hornbook.runs.events import Warned
from hornbook.runs.prepare import Prepared
from hornbook.tasks import Family
from hornbook.training.settings import TrainingSettings

__all__ = ["open_study"]

PRUNERS: Mapping[str, BasePruner] = {
    "none": NopPruner(),
    # Not in the first fifth of a training, and not before there are some to compare with.
    "median": MedianPruner(n_startup_trials=5, n_warmup_steps=4, n_min_trials=3),
    # Of those that come to the third and to the ninth evaluation, the best third goes on.
    "halving": SuccessiveHalvingPruner(min_resource=3, reduction_factor=3),
}


def open_study(
    home: Folder,
    prepared: Prepared,
    line: Family,
    space: Space,
    training: Mapping[str, Any],
    storage: str | None,
    listen: Sweeping,
) -> Trials:
    """The trials of a sweep, of which there may be some already.

    Args:
        home: its folder.
        prepared: the data.
        line: of the family.
        space: of the settings.
        training: settings of training that are the same in all trials.
        storage: address of a database; None: the journal in the folder.
        listen: is told when the database is away.

    Raises:
        HornbookError: if the storage cannot be used.
    """
    task, record = prepared.task, home.record
    usual = usual_values(space, line, prepared)
    inside = {one.name: usual[one.name] for one in space.settings if one.holds(usual[one.name])}
    sampler = Sampler(space, inside, training.get("seed", TrainingSettings().seed))
    where = str(home.folder / JOURNAL) if storage is None else named_place(storage)
    stopping = threading.Event()
    patience = Patience(
        where, lambda text: listen(Warned(text)), stopping, remote=storage is not None
    )
    opened = open_storage(storage, home.folder)

    def study() -> optuna.Study:
        return optuna.create_study(
            storage=opened,
            sampler=sampler,
            pruner=PRUNERS[record.pruning],
            study_name=f"{record.family}-{record.digest}",
            direction="minimize" if task.decides.best == "lowest" else "maximize",
            load_if_exists=True,
        )

    with damage_told(home.folder / JOURNAL) if storage is None else contextlib.nullcontext():
        trials = Trials(
            patience(study), space, sampler, record.id, patience,
            shared=storage is not None,
            trained=line.trained,
            usual=usual,
            sign=1.0 if task.decides.best == task.keeps_by.best else -1.0,
        )  # fmt: skip
        trials.rows()  # what is there can be read
    return trials


def usual_values(space: Space, line: Family, prepared: Prepared) -> dict[str, Any]:
    """The value of each setting that is recommended."""
    own = line.load().Settings()
    suited = line.suiting(prepared.data) if line.trained else None
    held = {"settings": own, "training": suited}
    return {one.name: getattr(held[one.of], one.name) for one in space.settings}
