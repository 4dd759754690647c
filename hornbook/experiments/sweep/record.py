"""What is kept of a sweep beside its trials: what it is of, its time, the looks at test."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hornbook.errors import RunError
from hornbook.experiments.owned import read_kept
from hornbook.records import JSON, as_json
from hornbook.runs.contents import SWEPT
from hornbook.storage import sealed, write_json

__all__ = ["Look", "SweepRecord"]

FORMAT = 1
OTHER = {
    "task": "of another task",
    "family": "of another family",
    "files": "on other data",
    "over": "over other ranges",
    "settings": "with other settings of the model",
    "training": "with other settings of training",
    "pruning": "that prunes in another way",
    "measure": "by another measure",
    "storage": "whose trials are kept elsewhere",
}
"What to say of a sweep that differs in a field."


@dataclass(frozen=True)
class Look:
    """A look at the test split."""

    trial: int
    "Whose run was measured."
    trials: int
    "Among how many it was chosen."
    value: float
    "The deciding measure on test."


@dataclass(frozen=True)
class SweepRecord:
    """What a sweep is."""

    task: str
    family: str
    files: Mapping[str, str]
    "SHA-256 of the data as they were split, by file."
    over: Mapping[str, str]
    "The range of each setting that is varied, as it is written."
    settings: Mapping[str, JSON]
    "Settings of the family that are the same in all trials, where they are not as by default."
    training: Mapping[str, JSON]
    "The same of training, seed included."
    pruning: str
    measure: str
    "The name of that which decides."
    storage: str
    "The database of the trials, without user and password; empty: a file here."
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    "Of this folder, by which its trials are known among those of others."
    seconds: float = 0.0
    "Time that was spent here so far."
    looks: tuple[Look, ...] = ()
    format: int = FORMAT

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that two folders share where their sweeps are one."""
        told = json.dumps({name: as_json(getattr(self, name)) for name in OTHER}, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def differs(self, other: SweepRecord) -> str:
        """In what another sweep differs, for people; empty if it is the same."""
        for name, told in OTHER.items():
            ours, theirs = (as_json(getattr(record, name)) for record in (self, other))
            if ours != theirs:
                return told
        return ""

    def write(self, folder: Path) -> None:
        """Keep it.

        Raises:
            RunError: if it cannot be written.
        """
        write_json(folder / SWEPT, sealed(as_json(self)))

    @classmethod
    def read(cls, folder: Path) -> SweepRecord:
        """What `write` kept.

        Raises:
            RunError: if it is missing or damaged.
        """
        return read_kept(cls, folder / SWEPT, FORMAT)

    def taken_up(self, folder: Path) -> SweepRecord:
        """The record that stands in a folder, if it is of the same sweep; itself if none does.

        Raises:
            RunError: if it is of another sweep, saying in what.
        """
        if not (folder / SWEPT).exists():
            return self
        kept = SweepRecord.read(folder)
        if differing := self.differs(kept):
            raise RunError(
                f"{folder} holds a sweep {differing}.",
                hint="Choose another `out`, or replace it with `overwrite`.",
            )
        return kept
