"""The run whose weights another begins with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hornbook.errors import RunError, SettingsError
from hornbook.runs.outcome import deciding
from hornbook.runs.run import Run
from hornbook.settings import Settings
from hornbook.tasks import Ancestor, Family, Task

__all__ = [
    "inherited_settings", "line_begun", "named_ancestor", "open_ancestor",
    "refuse_beside_nothing", "refuse_two_starts", "refuse_unrelated", "shortened", "was_imported",
]  # fmt: skip

MADE = {
    "counting": "made by counting, in one pass over the data. To add data, count all of it again",
    "fitting": "fitted in one pass over the data. To add data, fit it to all of it again",
    "mixing": "mixed from other runs. Begin with the weights of one of those",
}


def open_ancestor(path: str | Path) -> Run:
    """A run whose weights another can begin with.

    Raises:
        RunError: if it is not a run, or has no weights yet.
        SettingsError: if it has none that could be trained further.
    """
    run = Run(path)
    if not run.made_as.trained:
        raise SettingsError(
            f"Training cannot begin with the weights of {path}: {run.family} is "
            f"{MADE[run.made_as.made_by]}.",
            hint="Set `init_from` to a run of a net.",
            setting="init_from",
        )
    run.refuse_unmade()
    if not run.directory.model.exists():
        raise RunError(
            f"{path} has no weights yet: it was stopped before its first evaluation.",
            hint="Resume it first.",
        )
    return run


def refuse_two_starts(init_from: str | Path | None, preset: str | None) -> None:
    """Refuse a preset beside a run whose settings are taken.

    Raises:
        SettingsError: if both are given.
    """
    if init_from is not None and preset is not None:
        raise SettingsError(
            "`preset` has no effect with `init_from`: the settings are those of that run.",
            hint="Leave one of the two out.",
            setting="preset",
        )


def refuse_beside_nothing(settings: Settings) -> None:
    """Refuse settings that add to learned weights in a training that begins from a seed.

    Raises:
        SettingsError: naming the first.
    """
    for name in sorted(settings.beside_learned & settings.changed().keys()):
        raise SettingsError(
            f"`{name}` adds to weights that were learned, which stay as they are; without "
            "`init_from` they would be the random ones of a new net.",
            hint=f"Set `init_from` to the run to adapt, or leave `{name}` out.",
            setting=name,
        )


def line_begun(run: Run, settings: Settings) -> Family:
    """The family of a run, as training that begins with its weights is recommended.

    Args:
        run: the ancestor.
        settings: of the net that is trained.
    """
    return run.made_as.begun(settings, imported=was_imported(run))


def refuse_unrelated(ancestor: Run, task: Task[Any], family: str | None, source: str) -> None:
    """Refuse data of another task, and another family.

    Args:
        ancestor: the run.
        task: of the data.
        family: as it was given; None: that of the ancestor.
        source: what to call the data.

    Raises:
        SettingsError: if they are.
    """
    if task.name != ancestor.task.name:
        raise SettingsError(
            f"{source} is data of task {task.name}, and {ancestor.path} is a run of task "
            f"{ancestor.task.name}: training cannot begin with its weights.",
            hint="Set `init_from` to a run on data of the same kind.",
            setting="init_from",
        )
    if family is not None and family != ancestor.family:
        raise SettingsError(
            f"`model` is {family}, and {ancestor.path} is a run of {ancestor.family}: training "
            "cannot begin with its weights.",
            hint="Leave `model` out, or leave `init_from` out.",
            setting="model",
        )


def inherited_settings(ancestor: Run, given: Settings | Mapping[str, Any] | None) -> Settings:
    """The ancestor's settings but for those that are not inherited, with those that were given.

    Raises:
        SettingsError: if one that was given would make it another net, or is not allowed.
    """
    kind = type(ancestor.settings)
    before = ancestor.settings.as_dict()
    inherited = {name: value for name, value in before.items() if name not in kind.not_inherited}
    if given is None or isinstance(given, Mapping):
        wanted = kind.from_dict({**inherited, **(given or {})})
    elif type(given) is kind:
        wanted = given
    else:
        raise SettingsError(
            f"The settings of {ancestor.family} must be {kind.__name__}, not "
            f"{type(given).__name__}.",
            setting="settings",
        )
    for name, value in wanted.as_dict().items():
        if name in kind.shortenable and value < before[name]:
            continue
        if value != before[name] and name not in kind.training_only:
            if name in kind.shortenable:
                raise SettingsError(
                    f"`{name}` is {value:,}, and {before[name]:,} in {ancestor.path}, whose "
                    "weights this training begins with: it cannot be larger, for nothing was "
                    "learned of what lies beyond.",
                    hint=f"Set `{name}` to at most {before[name]:,}, or leave it out.",
                    setting=name,
                )
            raise SettingsError(
                f"`{name}` is {value!r}, and {before[name]!r} in {ancestor.path}, whose weights "
                "this training begins with: the net must be the same.",
                hint=f"Leave `{name}` out, or leave `init_from` out.",
                setting=name,
            )
    return wanted


def shortened(ancestor: Run, settings: Settings) -> dict[str, int]:
    """The sizes of a net that are smaller than the ancestor's, by the name of the setting."""
    before, now = ancestor.settings.as_dict(), settings.as_dict()
    return {name: now[name] for name in sorted(settings.shortenable) if now[name] < before[name]}


def named_ancestor(run: Run) -> Ancestor:
    """What a record keeps of an ancestor."""
    directory, summary = run.directory, run.directory.read_summary()
    imported = was_imported(run)
    with directory.model.open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    if summary is None:
        best = [record.step for record in directory.read_metrics() if record.best]
        return Ancestor(
            str(run.path), run.record.id, weights, best[-1] if best else 0, imported=imported
        )
    held = summary.reached(run.task.decides)
    steps = summary.best_step if summary.best_step is not None else summary.steps or 0
    return Ancestor(
        str(run.path), run.record.id, weights, steps, held.get(deciding(held)), imported
    )


def was_imported(run: Run) -> bool:
    """Whether a run's weights were imported, or began with some that were."""
    start = run.record.start
    return start.kind == "import" or (start.ancestor is not None and start.ancestor.imported)
