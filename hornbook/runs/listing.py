"""The runs in a folder, with their figures: what `hornbook.list_runs` gives.

Only the small files of a run are read, its records and its metrics: no data and no weights.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hornbook.errors import RunError
from hornbook.paths import exists, is_folder
from hornbook.runs.claim import beside_of, recover
from hornbook.runs.columns import chosen, sorted_by
from hornbook.runs.contents import EXPERIMENTS, experiment_in
from hornbook.runs.listed_run import ListedRun, Status, looked_at

__all__ = ["ListedRun", "Status", "folders_tried", "list_runs"]


def list_runs(
    folder: str | Path = "runs",
    *,
    where: Sequence[str] = (),
    sort: str = "",
    archived: bool = False,
) -> list[ListedRun]:
    """The runs in a folder and in the folders below it, sorted by data, the best first.

    A run that cannot be read is listed as damaged, or as newer than this hornbook, with the reason,
    after the others. Runs that `best`, `compare` or `sweep` made are listed only where their own
    folder is named (`folders_tried`).

    Args:
        folder: where to look; a run directory is listed by itself.
        where: conditions that all have to hold, such as `"dev<2"`, `"family=gru"` or `"tag=good"`;
            see `hornbook.runs.columns`.
        sort: a column to sort by instead; with `-` before it the other way round.
        archived: whether archived runs are listed, too.

    Raises:
        RunError: if there is no such folder.
        SettingsError: if a condition cannot be understood, or there is no such column.
    """
    folder = Path(folder)
    if not is_folder(folder):
        what = "is not a folder" if exists(folder) else "does not exist"
        raise RunError(
            f"{folder} {what}.",
            hint=f"Give the folder that holds the runs; paths are relative to the current "
            f"directory, {Path.cwd()}.",
        )
    found = [looked_at(path) for path in run_folders(folder)]
    sums: dict[tuple[str, str], set[str]] = {}
    for _, (task, name, digest) in found:
        sums.setdefault((task, name), set()).add(digest)
    rows = [
        replace(row, data=f"{row.data} ({key[2][:4]})") if len(sums[key[:2]]) > 1 else row
        for row, key in found
    ]
    rows.sort(key=place_in_list)
    kept = [row for row in chosen(rows, where) if archived or not row.archived]
    return sorted_by(kept, sort) if sort else kept


def run_folders(folder: Path) -> Iterator[Path]:
    """The run directories in a folder, itself perhaps; links are looked at but not followed."""
    if (folder / "run.json").exists():
        yield folder
        return
    try:
        with os.scandir(folder) as items:
            inside = sorted(items, key=lambda item: item.name)
    except OSError:
        return
    for item in inside:
        path = folder / item.name
        if item.name.startswith("."):
            # A run of which a kill left nothing under its own name.
            if (home := beside_of(path)) is not None and recover(home):
                yield from run_folders(home)
        elif is_folder_there(item) and not experiment_in(path):
            if exists(path / "run.json"):
                yield path
            elif not item.is_symlink():
                yield from run_folders(path)


def is_folder_there(item: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; nothing is, that cannot be looked at."""
    try:
        return item.is_dir()
    except OSError:
        return False


def folders_tried(folder: str | Path) -> list[Path]:
    """The folders below a folder in which `best`, `compare` and `sweep` keep their runs, sorted."""
    found = (path.parent for name in EXPERIMENTS for path in Path(folder).rglob(name))
    return sorted(path for path in found if path != Path(folder))


def place_in_list(row: ListedRun) -> tuple[bool, str, str, bool, float, str]:
    """By data, the best first; what has no figure last, what cannot be read after all others."""
    known = row.value is not None and not math.isnan(row.value)
    best_first = 0.0
    if known and row.value is not None:
        best_first = row.value if row.best == "lowest" else -row.value
    unread = row.status in ("newer", "damaged")
    return unread, row.task, row.data, not known, best_first, str(row.path)
