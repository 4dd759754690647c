"""Observe some updates of a training and record each layer's outputs and gradients.

Layers are observed with hornbook.nn.observing. All other updates are unchanged and cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from hornbook.monitoring.measures import (
    distribution,
    histogram,
    idle,
    rounded,
    sampled,
    saturation,
)
from hornbook.monitoring.record import LayerFigures, ParameterFigures, Running, UpdateRecord
from hornbook.nn import CrossEntropy, Dropout, Layer, Sequential
from hornbook.nn.observing import Observation, observing
from hornbook.nn.recurrent_stack import RecurrentStack
from hornbook.training.trainer import Trainer

__all__ = ["Probe", "interval"]

EARLY = {0, 1, 2, 5, 10, 20}  # updates at the start, where most faults appear
RECORDS = 100  # approximate number of records of a run
LEAST = 50  # fewest updates between records: they share the cost of a record


def interval(steps: int) -> int:
    """The default number of updates between records."""
    return max(LEAST, steps // RECORDS)


class Probe:
    """Records an update when one is due.

    Args:
        module: the module whose layers and parameters are recorded.
        every: updates between records; some of the first updates are recorded too.
        last: an update that is recorded in any case, counted from 0.
        write: called with each record.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        every: int,
        write: Callable[[UpdateRecord], None],
        *,
        last: int = -1,
    ) -> None:
        self.every, self.write, self.last = every, write, last
        self.layers = dict(watched_layers(module))
        self.seen: dict[str, LayerFigures] = {}
        self.look, self.looking = Observation(self.layers, self.saw, self.felt), ExitStack()
        self.record: UpdateRecord | None = None
        self.before: dict[str, Tensor] = {}

    def due(self, step: int) -> bool:
        """Whether the update at this step is recorded."""
        return step in EARLY or step % self.every == 0 or step == self.last

    def begin(self, trainer: Trainer) -> None:
        """Start observing the layers."""
        self.seen = {}
        look = observing(self.layers, saw=self.saw, felt=self.felt)
        self.look = self.looking.enter_context(look)

    def leave(self) -> None:
        """Stop observing, and leave every layer as it was."""
        self.looking.close()

    def saw(self, name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        """Measure a layer's output; if a batch has several parts, only the first counts."""
        if name in self.seen:
            return
        some = sampled(y)
        flat = saturation(layer, some)
        normalises = isinstance(getattr(layer, "running_mean", None), Tensor)
        self.seen[name] = LayerFigures(
            name,
            type(layer).__name__,
            distribution(some),
            flat=None if flat is None else rounded(flat),
            idle=None if flat is None else rounded(idle(layer, y) or 0.0),
            running=running(layer, x) if normalises else None,
        )

    def felt(self, name: str, layer: Layer, dy: Tensor) -> None:
        """Measure the gradient with respect to a layer's output."""
        found = self.seen[name]
        if found.gradient is None:
            self.seen[name] = replace(found, gradient=distribution(sampled(dy)))

    @torch.no_grad()
    def gradients(self, trainer: Trainer, loss: float) -> None:
        """Measure the gradients before they are clipped."""
        flat = trainer.flat
        parameters = []
        for name, p in trainer.module.named_parameters():
            grad = flat.gradient_of(p)
            parameters.append(
                ParameterFigures(
                    name,
                    tuple(p.shape),
                    flat.is_frozen(p),
                    size=rounded(size(p)),
                    grad_size=rounded(size(grad, p.numel())),
                    update_size=math.nan,
                    grad_histogram=histogram(sampled(grad))
                    if p.dim() == 2 and grad.numel()
                    else None,
                )
            )
        self.record = UpdateRecord(
            step=trainer.step,
            loss=loss,
            rate=trainer.rate,
            norm=rounded(flat.norm()),
            layers=tuple(self.seen.values()),
            parameters=tuple(parameters),
            unseen=self.look.unseen,
        )
        self.before = {name: p.clone() for name, p in trainer.module.named_parameters()}
        if not math.isfinite(loss):  # there will be no update
            self.write(self.record)

    def looked(self) -> None:
        """Write the record of a look that no update follows."""
        assert self.record is not None
        if math.isfinite(self.record.loss):  # else it is written
            self.write(self.record)

    @torch.no_grad()
    def updated(self, trainer: Trainer) -> None:
        """Measure how much the parameters changed, and write the record."""
        assert self.record is not None
        parameters = [
            replace(one, update_size=rounded(size(p - self.before[one.name])))
            for one, p in zip(self.record.parameters, trainer.module.parameters(), strict=True)
        ]
        self.write(replace(self.record, parameters=tuple(parameters)))


def watched_layers(module: torch.nn.Module) -> Iterator[tuple[str, Layer]]:
    """The layers of a module by name, without containers and dropout."""
    for name, part in module.named_modules():
        held = isinstance(part, Layer) and part is not module
        if held and not isinstance(part, Sequential | RecurrentStack | Dropout | CrossEntropy):
            yield name, part


def size(x: Tensor, numel: int = 0) -> float:
    """Root mean square, which is also defined for a single value or a gain near one.

    Args:
        x: the values that are not zero.
        numel: how many values there are with the zeros (0: as many as in x).
    """
    found: float = float(x.norm()) / max(1, numel or x.numel()) ** 0.5
    return found


def running(layer: Any, x: Tensor) -> Running:
    """The difference between the running statistics of a BatchNorm and those of a batch."""
    kept, channels = layer.running_mean.numel(), x.shape[-1]
    if kept != channels:
        return Running(kept, channels)
    rows = sampled(x)
    var, mean = torch.var_mean(rows, 0, correction=0)
    std = (layer.running_var + layer.eps).sqrt()
    return Running(
        kept,
        channels,
        mean=rounded(size((mean - layer.running_mean) / std)),
        std=rounded(float((var.sqrt() / std).mean())),
    )
