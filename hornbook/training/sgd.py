"""Stochastic gradient descent, with momentum for dense parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.training.parameters import FlatParameters
from hornbook.training.settings import TrainingSettings
from hornbook.training.tables import SparseTable
from hornbook.training.update_rule import Rule

__all__ = ["SGD", "TableSGD"]


class SGD(Rule):
    """w -= rate · b, where b = momentum · b + g + decay · w."""

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        self.flat, self.settings = flat, settings
        self.velocity = torch.zeros_like(flat.values) if settings.momentum else None
        direction = flat.grads if self.velocity is None else self.velocity
        parts = [(group.part, group.factor) for group in flat.groups]
        if len({factor for _, factor in parts}) == 1:  # the usual: one operation for all
            parts = [(slice(None), parts[0][1])]
        self.moves = [(flat.values[part], direction[part], factor) for part, factor in parts]

    def update(self, rate: float, count: int) -> None:
        """One step downhill."""
        flat, n = self.flat, self.flat.decayed
        if self.settings.weight_decay and n:
            flat.grads[:n].add_(flat.values[:n], alpha=self.settings.weight_decay)
        if self.velocity is not None:
            self.velocity.mul_(self.settings.momentum).add_(flat.grads)
        for values, direction, factor in self.moves:
            values.add_(direction, alpha=-rate * factor)

    def state(self) -> dict[str, Tensor]:
        """The velocity, with momentum."""
        return {} if self.velocity is None else {"velocity": self.velocity}


class TableSGD(Rule):
    """w -= rate · g for the rows of tables that were touched.

    Raises:
        SettingsError: with momentum, by which every row would move in every update.
    """

    def __init__(self, tables: Sequence[SparseTable], settings: TrainingSettings) -> None:
        if settings.momentum:
            names = ", ".join(table.name for table in tables)
            raise SettingsError(
                f"`momentum` cannot be used with sparse tables, since it would change every row in "
                f"every update. This model's tables: {names}.",
                hint="Set `momentum=0` or `optimizer=adamw`.",
            )
        self.tables = tables

    def update(self, rate: float, count: int) -> None:
        """One step downhill."""
        for table in self.tables:
            table.values.index_add_(0, table.rows, table.grads, alpha=-rate * table.factor)

    def state(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}
