"""A small net and a batch of made-up ratings or clicks, to check the net's gradients on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hornbook.ratings.data import RatingsData
from hornbook.ratings.features import Features
from hornbook.ratings.interactions import Interactions
from hornbook.settings import Settings
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.ratings.task import OfItems

__all__ = ["gradient_case"]

USERS, ITEMS, ROWS, BATCH = 6, 9, 30, 7


def gradient_case(
    task: OfItems, name: str, settings: Settings, generator: torch.Generator, seed: int
) -> tuple[Any, Any]:
    """A net of a family, and a batch.

    Args:
        task: of ratings or of clicks.
        name: of the family.
        settings: of the net.
        generator: of the start.
        seed: of the data and the batch.
    """
    random = np.random.default_rng(seed)
    pairs = random.permutation(USERS * ITEMS)[:ROWS]
    values = random.integers(1, 6, ROWS) if task.kind == "ratings" else np.ones(ROWS)
    users, items = (column.astype(np.int32) for column in np.divmod(pairs, ITEMS))
    rows = Interactions(users, items, values.astype(np.float32))
    data = RatingsData(
        "made up", "memory", task.kind, {"train": rows}, list(map(str, range(USERS))),
        list(map(str, range(ITEMS))), scale=(1.0, 5.0) if task.kind == "ratings" else (0.0, 1.0),
        features=Features(("a", "b", "c"), ((0,), (0, 1), (), (1, 2)) + ((2,),) * (ITEMS - 4)),
    )  # fmt: skip
    model = task.family(name).load()(settings, data.shape, generator)
    task.acquaint(model, data)
    batches = task.batches(model, data, TrainingSettings(batch_size=BATCH, seed=seed))
    return model, next(batches)
