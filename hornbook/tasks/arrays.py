"""Data that are rows of numbers: an array for each split, kept as NumPy's own files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.records import JSONObject
from hornbook.storage import HashedFiles
from hornbook.tasks.data import Data

__all__ = ["ArrayData"]


class ArrayData(Data):
    """Rows of numbers, split.

    Args:
        name: what to call it.
        source: where it came from, for people.
        splits: by name, `train` first; those without rows are left out.
        details: whatever else must be known to open it.
    """

    def __init__(
        self,
        name: str,
        source: str,
        splits: Mapping[str, npt.NDArray[Any]],
        details: JSONObject | None = None,
    ) -> None:
        self.name, self.source = name, source
        self.splits = {split: rows for split, rows in splits.items() if len(rows)}
        self.more = dict(details or {})

    def __repr__(self) -> str:
        sizes = ", ".join(f"{split} {size:,}" for split, size in self.sizes.items())
        return f"<ArrayData {self.name} from {self.source}: {sizes}>"

    @property
    def shape(self) -> Any:
        """The shape of a row."""
        return self.splits["train"].shape[1:]

    @property
    def sizes(self) -> Mapping[str, int]:
        """The number of rows in each split."""
        return {split: len(rows) for split, rows in self.splits.items()}

    @property
    def details(self) -> JSONObject:
        """The names of the splits, and what was given."""
        return {**self.more, "splits": list(self.splits)}

    def keep(self, files: HashedFiles) -> None:
        """A file for each split."""
        for split, rows in self.splits.items():
            held = io.BytesIO()
            np.save(held, rows, allow_pickle=False)
            files.write(f"data/{split}.npy", held.getvalue())

    @classmethod
    def open(cls, files: HashedFiles, name: str, source: str, details: JSONObject) -> ArrayData:
        """What `keep` wrote.

        Raises:
            RunError: if a file is missing or damaged.
        """
        names = details.get("splits")
        if not isinstance(names, list) or "train" not in names:
            raise RunError(
                "The run's record is damaged: data.details.splits must contain train; it is "
                f"{names!r}."
            )
        splits = {}
        for split in names:
            data = files.read(f"data/{split}.npy")
            try:
                splits[str(split)] = np.load(io.BytesIO(data), allow_pickle=False)
            except (ValueError, EOFError) as error:
                raise RunError(f"data/{split}.npy is damaged: {error}.") from error
        return cls(name, source, splits, {k: v for k, v in details.items() if k != "splits"})
