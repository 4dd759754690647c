"""The folder of a comparison: one owner at a time, and what is kept beside the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from hornbook.errors import RunError
from hornbook.experiments.compare.asking import Ask
from hornbook.experiments.compare.record import ComparisonRecord
from hornbook.experiments.making import data_sums
from hornbook.experiments.owned import own
from hornbook.paths import exists
from hornbook.runs.contents import COMPARED
from hornbook.runs.lock import LOCK, Lock
from hornbook.runs.prepare import Prepared

__all__ = ["ComparedFolder"]


class ComparedFolder:
    """The folder, owned in a `with` block.

    Args:
        path: of the folder.
        prepared: the data by name.
        ask: what was asked for.

    Raises:
        RunError: on entering, if another comparison or anything else is there, another process
            owns it, or it cannot be written.
    """

    def __init__(self, path: Path, prepared: Mapping[str, Prepared], ask: Ask) -> None:
        self.path = path
        task = next(iter(prepared.values())).task.name
        sums = {name: dict(data_sums(one.data)) for name, one in prepared.items()}
        self.record = ComparisonRecord(task, sums, ask.same_for_all)
        self.lock: Lock | None = None

    def __enter__(self) -> ComparedFolder:
        refuse_foreign(self.path)
        self.lock = own(self.path)
        try:
            if exists(self.path / COMPARED):
                self.take_up(ComparisonRecord.read(self.path))
            self.record.write(self.path)
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.lock is not None:
            self.lock.release()

    def take_up(self, known: ComparisonRecord) -> None:
        """Go on with the record that is there.

        Raises:
            RunError: if it is of another comparison.
        """
        if differing := known.differing(self.record):
            raise RunError(
                f"{self.path} holds a comparison {differing}.",
                hint="Choose another `out`, or ask for the same. Seeds, models, changes, data "
                "sets and runs can be added to a comparison.",
            )
        self.record = replace(known.tried_again(), data={**known.data, **self.record.data})

    def of_data(self, name: str) -> Path:
        """The folder of the runs on a data set."""
        return self.path / name

    def write(self, record: ComparisonRecord) -> None:
        """Keep a changed record.

        Raises:
            RunError: if it cannot be written, or the folder was moved or deleted meanwhile.
        """
        if self.lock is not None:
            self.lock.check()
        self.record = record
        record.write(self.path)


def refuse_foreign(path: Path) -> None:
    """Refuse a place in which something else stands.

    Raises:
        RunError: if it is a file, a run, or a folder with other contents.
    """
    if not exists(path) or exists(path / COMPARED):
        return
    if not path.is_dir():
        raise RunError(f"{path} is a file.", hint="Choose another `out`.")
    if any(one.name != LOCK for one in path.iterdir()):
        raise RunError(
            f"{path} holds something else than a comparison.",
            hint="Choose another `out`.",
        )
