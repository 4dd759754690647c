"""A learning rate for a model on data, from a short trial. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.compute.pinned import pinned
from hornbook.errors import SettingsError
from hornbook.runs.ancestor import refuse_beside_nothing
from hornbook.runs.events import Listener, Tried, apart, nobody
from hornbook.runs.prepare import Training, family_settings, load_data, settle_training
from hornbook.runs.session import Session
from hornbook.settings import Settings
from hornbook.sources.source import DataPath, Source
from hornbook.tasks import Task
from hornbook.training.finder import FinderSettings, Found
from hornbook.training.finder import find_rate as try_rates

__all__ = ["find_rate", "no_rate"]


@pinned()
def find_rate(
    source: DataPath | Source,
    *,
    model: str | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    training: Training = None,
    task: str | None = None,
    finder: FinderSettings | None = None,
    listen: Listener = nobody,
    **options: Any,
) -> Found:
    """Find a learning rate for a model on data, by a short training at increasing learning rates.

    Args:
        source: as `train` takes it.
        model: the family.
        settings: of the family, as `train` takes them.
        training: as `train` takes it; learning rate, schedule and number of steps are ignored.
        task: what kind of data it is; by default recognised from the data.
        finder: which learning rates to try.
        listen: called with events during a download, and after every update.
        options: of the task, for loading and splitting; only train is read.

    Raises:
        HornbookError: whatever is wrong with the data or the settings.
    """
    listen = apart(listen)
    chosen, data, family, line = load_data(source, task, model, options, listen)
    if not line.trained:
        raise no_rate(family, chosen)
    how = family_settings(line, family, settings)
    refuse_beside_nothing(how)
    session = Session(chosen, data, family, how, settle_training(line, data, training))
    session.calibrate(seconds=0.0)  # it is too short for steps to be compiled
    with session.working():
        return try_rates(
            session.trainer(), finder, on_progress=lambda done, of: listen(Tried(done, of))
        )


def no_rate(family: str, task: Task[Any]) -> SettingsError:
    """The error that a family has no learning rate."""
    nets = ", ".join(name for name, line in task.families.items() if line.trained)
    return SettingsError(
        f"{family} is not trained by gradient descent, so it has no learning rate.",
        hint=f"Choose a neural net as `model`: {nets}.",
        setting="model",
    )
