"""The calls that made a run, told from its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from itertools import pairwise
from typing import Any

from hornbook.actions import Action
from hornbook.runs.run import Run
from hornbook.settings import Settings
from hornbook.tasks import Task
from hornbook.training.settings import TrainingSettings

__all__ = [
    "calls_of", "data_options", "data_words", "last_part", "task_option", "without_home",
]  # fmt: skip

DECIDED = {"threads", "precision", "gradients", "device", "batches"}
"Training settings that are mostly decided by the machine or the model, and are then in the record."


def calls_of(run: Run, *, folders: bool = True) -> list[Action]:
    """The calls that make such a run again: its training, and each time that it was made longer.

    Only what differs from the defaults is named, and nothing that training decided by itself.

    Args:
        run: the run.
        folders: name data and runs by their paths as they were given; else as others may see them.
    """
    record, kind = run.record, run.made_as.load().Settings
    own = changed(run.settings.as_dict(), defaults(kind))
    summary = run.directory.read_summary()
    if summary is not None and (found := summary.found) is not None:
        how = {"minutes": found.minutes, **({"filter": found.filter} if found.filter else {})}
        words = data_words(run) if folders else tuple(map(last_part, data_words(run)))
        return [Action("best", words, how | task_option(run) | data_options(run, folders=folders))]
    if (imported := record.start.imported) is not None:
        source, tokens = imported.source, imported.tokens
        if not folders:
            source, tokens = without_home(source), tokens and last_part(tokens)
        asked = {"tokens": tokens, "block_size": imported.block_size}
        how = {name: value for name, value in asked.items() if value is not None}
        return [Action("import_model", (source,), how)]
    if record.start.kind == "runs":
        mixed = tuple(one.run for one in summary.members) if summary else ("RUN", "RUN")
        if not folders:
            mixed = tuple(map(without_home, mixed))
        # What it lists is of its members, and follows from them.
        all_of_it = run.settings.as_dict().items()
        how = {name: value for name, value in all_of_it if not isinstance(value, list)}
        return [Action("mix", mixed, how)]
    settings: dict[str, Any] = {"model": run.family}
    if record.start.ancestor is not None:  # the rest is the ancestor's
        start = record.start.ancestor.run
        settings["init_from"] = start if folders else without_home(start)
        own = {name: value for name, value in own.items() if name in kind.training_only}
        own |= record.start.ancestor.shortened
    if own:
        settings["settings"] = own
    if record.training is not None and (how := training_changed(run, record.training)):
        settings["training"] = how
    settings |= data_options(run, folders=folders)
    if record.training is not None and not record.baseline:
        settings["baseline"] = False
    words = data_words(run)
    if not folders:
        words = tuple(map(last_part, words))
    path = str(run.path) if folders else without_home(str(run.path))
    return [Action("train", words, settings), *resumed(run, path)]


def defaults(kind: type[Settings]) -> dict[str, Any]:
    """What settings are where nothing is said, by name; those that must be given are left out."""
    found = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in found.items()
    }


def changed(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not as usual."""
    return {name: value for name, value in values.items() if value != usual.get(name)}


def training_changed(run: Run, training: TrainingSettings) -> dict[str, Any]:
    """The training settings that were not as the family and the data suggest, at first."""
    if run.record.resumptions:
        training = replace(training, steps=run.record.resumptions[0].steps)
    suited = run.suited
    found = changed(training.as_dict(), suited.usual_beside(training))
    if training.recompute == "no":  # as memory did not ask for it; the result is the same
        found.pop("recompute", None)
    if 0 < training.evaluate_on < suited.evaluate_on:
        found.pop("evaluate_on", None)  # lowered where evaluating would take too long
    return {name: value for name, value in found.items() if name not in DECIDED}


def resumed(run: Run, path: str) -> list[Action]:
    """A call for each time that the training was made longer."""
    record = run.record
    if record.training is None or not record.resumptions:
        return []
    asked = [*(one.steps for one in record.resumptions), record.training.steps]
    return [
        Action("resume", (path,), {"steps": after})
        for before, after in pairwise(asked)
        if after != before
    ]


def data_options(run: Run, *, folders: bool = True) -> dict[str, Any]:
    """How the data were read and split, as far as it is not as usual: `encoding`, `column`."""
    found = changed(run.record.options, defaults(run.task.options))
    if not folders:
        found |= {name: last_part(found[name]) for name in run.task.options.files & found.keys()}
    return found


def task_option(run: Run) -> dict[str, Any]:
    """The task, where a call names no family and no file is recognised as being of it."""
    unclaimed = type(run.task).recognise is Task.recognise
    return {"task": run.task.name} if unclaimed else {}


def data_words(run: Run) -> tuple[str, ...]:
    """The data, as they are given again; a placeholder where the record does not tell that."""
    source = run.record.data.source
    if source.startswith("data set "):
        return (source.removeprefix("data set "),)
    if source == "standard input":
        return ("-",)
    words = tuple(source.split(", "))
    return ("DATA",) if not all(words) or words[-1].endswith(" more") else words


def without_home(path: str) -> str:
    """A path as others may see it: a relative one as it is, of another the last part."""
    absolute = path.startswith(("/", "~", "\\")) or path[1:2] == ":"
    return last_part(path) if absolute else path


def last_part(path: str) -> str:
    """A path's last part."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
