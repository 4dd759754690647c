"""Adam, with weight decay apart from the gradients or within them, and Adam for tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from hornbook.compute.large_pages import in_large_pages
from hornbook.training.parameters import FlatParameters
from hornbook.training.settings import TrainingSettings
from hornbook.training.tables import RowStore, SparseTable
from hornbook.training.update_rule import Rule

__all__ = ["Adam", "Part", "TableAdam", "choose_step", "fused_step", "plain_step"]

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
    by 1 - βᵗ to undo that pull: w -= rate · (m / (sqrt(v) + ε) + decay · w). With optimizer=adam
    decay · w is added to the gradient instead, before the means are taken.
    """
    beta1, beta2 = settings.beta1, settings.beta2
    for values, grads, mean, square, factor, decay in parts:
        if settings.optimizer != "adam":
            values.mul_(1 - rate * factor * decay)
        elif decay:
            grads = grads.add(values, alpha=decay)
        mean.lerp_(grads, 1 - beta1)
        square.mul_(beta2).addcmul_(grads, grads, value=1 - beta2)
        size = (square.sqrt() / math.sqrt(1 - beta2**count)).add_(EPS)
        values.addcdiv_(mean, size, value=-rate * factor / (1 - beta1**count))


def fused_step(parts: Iterable[Part], rate: float, count: int, settings: TrainingSettings) -> None:
    """The same by the kernel of torch.optim's `fused`, which passes over memory but once.

    It is private to torch: see `choose_step`.
    """
    kernel = torch._fused_adam_ if settings.optimizer == "adam" else torch._fused_adamw_
    counts: list[Tensor] = []
    for values, grads, mean, square, factor, decay in parts:
        counts = counts or [torch.tensor(float(count), device=values.device)]
        kernel(
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


class Adam(Rule):
    """Adam (Kingma and Ba 2015), or AdamW (Loshchilov and Hutter 2019); see `plain_step`."""

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
    """Adam with β1 = 0 on tables, at the price of the rows that were touched.

    The result is that of `Adam` on the whole table with `beta1=0` and no weight decay: a row
    without gradient stays where it is, and v, its mean of squared gradients, sinks by β2 in every
    update. A row that is touched k updates after the last time makes up for that:
    v = β2^k v + (1 - β2) g².

    With β1 > 0 a row would go on moving after it was touched, which cannot be had at this price.
    But a mean of gradients only spreads each of them over later updates, with weights
    (1 - β1) β1^j that add up to 1: without it the row moves about as far, at once.
    torch.optim.SparseAdam ("lazy Adam") lets both means sink by the row's own touches instead, so
    that a row that is touched seldom moves up to (1 - β2)^-½ times less than in dense Adam.
    """

    def __init__(self, tables: Sequence[SparseTable], settings: TrainingSettings) -> None:
        self.settings = replace(settings, beta1=0.0)
        self.kept = [KeptTable(table) for table in tables]
        self.step = choose_step(tables[0].values, settings)

    def update(self, rate: float, count: int) -> None:
        """One step of the touched rows, taken out and put back."""
        touched = [kept for kept in self.kept if len(kept.table.rows)]
        parts = [kept.take(count, self.settings.beta2) for kept in touched]
        self.step(parts, rate, count, self.settings)
        for kept, part in zip(touched, parts, strict=True):
            kept.put(part, count)

    def state(self) -> dict[str, Tensor]:
        """The mean of squares of each row, and the update in which it was last touched."""
        found = {}
        for kept in self.kept:
            found[f"tables.{kept.table.name}.square"] = kept.square
            found[f"tables.{kept.table.name}.touched"] = kept.touched
        return found


class KeptTable:
    """A table with what `TableAdam` remembers of its rows.

    Attributes:
        square: v of each number, as it was when its row was last touched; shape (R, ...).
        touched: the update in which each row was last touched, 0 if in none; shape (R,).
    """

    def __init__(self, table: SparseTable) -> None:
        self.table = table
        self.square = in_large_pages(*table.values.shape, like=table.values)
        self.touched = torch.zeros(len(table.values), dtype=torch.int64, device=table.values.device)
        self.value_rows, self.square_rows = RowStore(table.values), RowStore(self.square)

    def take(self, count: int, beta2: float) -> Part:
        """The touched rows before update `count`, with v sunk by the updates that left them out."""
        rows, grads = self.table.rows, self.table.grads
        values, square = self.value_rows.take(rows), self.square_rows.take(rows)
        missed = (count - 1 - self.touched.index_select(0, rows)).to(square.dtype)  # (K,)
        square.mul_(torch.pow(beta2, missed).view(-1, *(1,) * (square.dim() - 1)))
        # With β1 = 0 the mean of the gradients is the last one, which the step leaves as it is.
        return Part(values, grads, grads, square, self.table.factor, 0.0)

    def put(self, changed: Part, count: int) -> None:
        """Put the rows back after that update."""
        rows = self.table.rows
        self.value_rows.put(rows, changed.values)
        self.square_rows.put(rows, changed.square)
        self.touched.index_fill_(0, rows, count)
