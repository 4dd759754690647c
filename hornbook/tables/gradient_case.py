"""A small net and a batch of a made-up table, to check the net's gradients on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hornbook.settings import Settings
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.features import CategoryFeature, NumberFeature
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.target import Target
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.tables.task import TableTask

__all__ = ["gradient_case", "made_up"]

ROWS, BATCH = 40, 9


def made_up(kind: str, seed: int, *, weighted: bool = False, rows: int = ROWS) -> TableData:
    """A table of two categories, one of numbers, and three numbers, one missing now and then.

    Args:
        kind: of the target.
        seed: of the values.
        weighted: whether classes have weights.
        rows: how many.
    """
    random = np.random.default_rng(seed)
    codes = np.stack([random.integers(0, n, rows) for n in (5, 4)], 1).astype(np.int32)
    numbers = random.normal(size=(rows, 4)).astype(np.float32)
    numbers[:, 3] = numbers[:, 2] > 0.5
    target: Any = np.exp(0.3 * random.normal(size=rows) + 0.2 * codes[:, 0])
    labels: tuple[str, ...] = ()
    if kind == "class":
        target, labels = random.integers(0, 3, rows), ("a", "b", "c")
    mapper = Mapper(
        (),
        (
            CategoryFeature("c", "", ("1", "2", "4"), (-1.0, 0.0, 1.5)),
            CategoryFeature("d", "", ("u", "v")),
        ),
        tuple(NumberFeature(name, "", 0.0, 0.0, 1.0, name == "g") for name in "efg"),
    )
    learned = Target(
        "t", kind, labels, 0.5, 1.0, float(np.min(target)), float(np.max(target)),  # type: ignore[arg-type]
        (0.5, 1.0, 2.0) if weighted else (),
    )  # fmt: skip
    whole = TableRows(Mapped(codes, numbers), target)
    return TableData("made up", "memory", {"train": whole}, mapper, learned)


def gradient_case(
    task: TableTask, name: str, settings: Settings, generator: torch.Generator, seed: int
) -> tuple[Any, Any]:
    """A net of a family, and a batch: of numbers for even seeds, of classes for odd ones."""
    data = made_up(("number", "class")[seed % 2], seed, weighted=seed % 4 == 3)
    model = task.family(name).load()(settings, data.shape, generator)
    task.acquaint(model, data)
    batches = task.batches(model, data, TrainingSettings(batch_size=BATCH, seed=seed))
    return model, next(batches)
