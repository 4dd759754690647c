"""Adam with weight decay apart from the gradient, for dense parameters and for tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hornbook.training.parameters import FlatParameters
from hornbook.training.settings import TrainingSettings
from hornbook.training.tables import RowStore, SparseTable
from hornbook.training.update_rule import Rule

__all__ = ["AdamW", "Part", "TableAdam", "choose_step", "fused_step", "plain_step"]

EPS = 1e-8


class Part(NamedTuple):
    """Parameters that are treated alike; four tensors of one shape."""

    values: Tensor
    grads: Tensor
    mean: Tensor
    square: Tensor
    factor: float
    "Factor on the learning rate."
    decay: float
    "Weight decay."


Step = Callable[[Iterable[Part], float, int, TrainingSettings], None]


def plain_step(parts: Iterable[Part], rate: float, count: int, settings: TrainingSettings) -> None:
    """One step in torch's public operations.

    With means of the gradient, m, and of its square, v, both of which start at zero and are divided
    by 1 - βᵗ to undo that pull: w -= rate · (m / (sqrt(v) + ε) + decay · w).
    """
    beta1, beta2 = settings.beta1, settings.beta2
    for values, grads, mean, square, factor, decay in parts:
        values.mul_(1 - rate * factor * decay)
        mean.lerp_(grads, 1 - beta1)
        square.mul_(beta2).addcmul_(grads, grads, value=1 - beta2)
        size = (square.sqrt() / math.sqrt(1 - beta2**count)).add_(EPS)
        values.addcdiv_(mean, size, value=-rate * factor / (1 - beta1**count))


def fused_step(parts: Iterable[Part], rate: float, count: int, settings: TrainingSettings) -> None:
    """The same by the kernel of torch.optim.AdamW's `fused`, which passes over memory but once.

    It is private to torch: see `choose_step`.
    """
    counts: list[Tensor] = []
    for values, grads, mean, square, factor, decay in parts:
        counts = counts or [torch.tensor(float(count), device=values.device)]
        torch._fused_adamw_(
            [values], [grads], [mean], [square], [], counts, lr=rate * factor,
            beta1=settings.beta1, beta2=settings.beta2, weight_decay=decay, eps=EPS, amsgrad=False,
            maximize=False,
        )  # fmt: skip


def choose_step(like: Tensor, settings: TrainingSettings) -> Step:
    """The fused step if this torch has it for such tensors, else the plain one.

    Args:
        like: has the device and the precision of the parameters.
        settings: of the training.
    """
    values, grads, mean, square = torch.zeros(4, 1, dtype=like.dtype, device=like.device)
    try:
        fused_step([Part(values, grads, mean, square, 1.0, 0.0)], 0.0, 1, settings)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return plain_step
    return fused_step


class AdamW(Rule):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); see `plain_step`."""

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        self.flat, self.settings = flat, settings
        self.mean = torch.zeros_like(flat.values)
        self.square = torch.zeros_like(flat.values)
        self.parts = [
            Part(
                values=flat.values[group.part],
                grads=flat.grads[group.part],
                mean=self.mean[group.part],
                square=self.square[group.part],
                factor=group.factor,
                decay=settings.weight_decay if group.decayed else 0.0,
            )
            for group in flat.groups
        ]
        self.step = choose_step(flat.values, settings)

    def update(self, rate: float, count: int) -> None:
        """One step, each parameter scaled by its own gradients' size."""
        self.step(self.parts, rate, count, self.settings)

    def state(self) -> dict[str, Tensor]:
        """Both means."""
        return {"mean": self.mean, "square": self.square}


class TableAdam(Rule):
    """Adam on the rows of tables that were touched; all others, and their means, stay as they are.

    So a row that is touched seldom moves at a mean of its last gradients, however long ago they
    came (torch.optim.SparseAdam, "lazy Adam"). Touched in every update, all is as in `AdamW`.
    """

    def __init__(self, tables: Sequence[SparseTable], settings: TrainingSettings) -> None:
        self.settings = settings
        self.kept = [
            (table, torch.zeros_like(table.values), torch.zeros_like(table.values))
            for table in tables
        ]
        self.stores = [
            tuple(map(RowStore, (t.values, mean, square))) for t, mean, square in self.kept
        ]
        self.step = choose_step(tables[0].values, settings)

    def update(self, rate: float, count: int) -> None:
        """One step of the touched rows, taken out and put back."""
        touched = [
            (table, stores)
            for (table, _, _), stores in zip(self.kept, self.stores, strict=True)
            if len(table.rows)
        ]
        parts = []
        for table, stores in touched:
            values, mean, square = (store.take(table.rows) for store in stores)
            parts.append(Part(values, table.grads, mean, square, table.factor, 0.0))
        self.step(parts, rate, count, self.settings)
        for (table, stores), part in zip(touched, parts, strict=True):
            for store, changed in zip(stores, (part.values, part.mean, part.square), strict=True):
                store.put(table.rows, changed)

    def state(self) -> dict[str, Tensor]:
        """Both means of each table."""
        found = {}
        for table, mean, square in self.kept:
            found[f"tables.{table.name}.mean"] = mean
            found[f"tables.{table.name}.square"] = square
        return found
