"""What runs reach on dev and test, group by group, measured once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.errors import MissingPackageError, RunError, SettingsError
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.runs.naming import safe_name
from hornbook.runs.prepare import Prepared
from hornbook.storage import read_json, write_json
from hornbook.tasks import AnswerPace, Grouped
from hornbook.tensor_files import Owner, read_tensors, write_tensors

__all__ = ["MeasuredModel", "is_measured", "measured_baselines", "measured_run"]

HELD_OUT = ("dev", "test")
KEPT = "measured"
"Folder of what was measured."
OWNER = Owner(
    "The same comparison measures it again.",
    "It is not a file of a comparison: move it away.",
    "Delete it: the same comparison measures it again.",
)


@dataclass(frozen=True)
class MeasuredModel:
    """What a run, or a baseline, reaches."""

    name: str
    splits: Mapping[str, Grouped]
    "By split: dev, and test if there is one."
    pace: AnswerPace | None = None
    seconds: float = 0.0
    "That a baseline took; of a run its summary tells."
    again: bool = False
    "Whether it was measured before, and read."


def measured_run(run: Run, prepared: Prepared, folder: Path) -> MeasuredModel:
    """What a run reaches on the whole of dev and test, and how fast it answers.

    Args:
        run: that has ended.
        prepared: the data, which are those of the run.
        folder: of the comparison on these data.

    Raises:
        SettingsError: if its task does not measure group by group.
        RunError: if nothing can be written.
    """
    path, state = place_of_run(folder, run), state_of(run)
    if (known := kept(path, run.path.name, state)) is not None:
        return known
    found = {}
    for split in HELD_OUT:
        if split in prepared.data.sizes:
            grouped = prepared.task.grouped(run.model, prepared.data, split)
            if grouped is None:
                raise SettingsError(
                    f"The task {prepared.task.name} does not measure group by group, which a "
                    "comparison needs."
                )
            found[split] = grouped
    made = MeasuredModel(run.path.name, found, prepared.task.pace(run))
    keep(path, made, state)
    return made


def is_measured(run: Run, folder: Path) -> bool:
    """Whether what a run reaches is known already.

    Raises:
        RunError: if what is known is damaged.
    """
    return kept(place_of_run(folder, run), run.path.name, state_of(run)) is not None


def place_of_run(folder: Path, run: Run) -> Path:
    """The file of a run."""
    return folder / KEPT / f"{run.record.id}.safetensors"


def state_of(run: Run) -> dict[str, JSON]:
    """What changes where a run is trained further."""
    summary = run.summary
    return {"run": run.record.id, "steps": summary.steps, "best": summary.best_step}


def measured_baselines(prepared: Prepared, folder: Path) -> tuple[list[MeasuredModel], str]:
    """What stands beside every model and is of no family, fitted once and kept.

    Returns:
        What could be had, and why others could not; empty if nothing is missing.

    Raises:
        RunError: if nothing can be written.
    """
    index = folder / KEPT / "baselines.json"
    if index.exists():
        names = list(map(str, read_json(index).get("baselines", [])))
        known = [kept(place_of(folder, name), name, {"baseline": name}) for name in names]
        if None not in known:
            return [one for one in known if one is not None], ""
    found, missing = [], ""
    try:
        for one in prepared.task.grouped_baselines(prepared.data):
            made = MeasuredModel(one.name, one.splits, seconds=round(one.seconds, 3))
            keep(place_of(folder, one.name), made, {"baseline": one.name})
            found.append(made)
    except MissingPackageError as error:
        missing = error.message
    if not missing and found:
        write_json(index, {"baselines": [one.name for one in found]})
    return found, missing


def place_of(folder: Path, baseline: str) -> Path:
    """The file of a baseline."""
    return folder / KEPT / f"baseline-{safe_name(baseline)}.safetensors"


def keep(path: Path, one: MeasuredModel, state: Mapping[str, JSON]) -> None:
    """Write what was measured.

    Raises:
        RunError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot create {path.parent}: {error.strerror or error}.") from error
    arrays: dict[str, Any] = {}
    for split, grouped in one.splits.items():
        arrays |= {f"{split}.sums": grouped.sums, f"{split}.weights": grouped.weights}
    first = next(iter(one.splits.values()))
    values = {
        "state": dict(state),
        "splits": list(one.splits),
        "groups": {split: grouped.groups for split, grouped in one.splits.items()},
        "root": first.root,
        "most": None if np.isinf(first.most) else first.most,
        "pace": one.pace,
        "seconds": one.seconds,
    }
    write_tensors(path, arrays, values)


def kept(path: Path, name: str, state: Mapping[str, JSON]) -> MeasuredModel | None:
    """What `keep` wrote of the same state; None if nothing, or of another.

    Raises:
        RunError: if it is damaged.
    """
    if not path.exists():
        return None
    arrays, values = read_tensors(path, OWNER)
    if values.get("state") != dict(state):
        return None
    most = values["most"]
    splits = {
        split: Grouped(
            arrays[f"{split}.sums"], arrays[f"{split}.weights"], values["groups"][split],
            bool(values["root"]), np.inf if most is None else float(most),
        )
        for split in values["splits"]
    }  # fmt: skip
    return MeasuredModel(
        name, splits, pace_of(values["pace"]), float(values["seconds"]), again=True
    )


def pace_of(held: Any) -> AnswerPace | None:
    """The pace in a file."""
    return None if held is None else AnswerPace(**held)
