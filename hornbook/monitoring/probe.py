"""Looks on at some updates of a training and writes down what a layer sees and feels.

A layer's `vjp` is the one door through which all that it computes goes out and every gradient
comes back, by hand and under autograd alike. At the updates that are looked at, the probe stands
in that door; at all others nothing is changed and nothing is paid.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from hornbook.monitoring.measures import (
    histogram,
    idle,
    rounded,
    sampled,
    saturation,
    spread,
)
from hornbook.nn import CrossEntropy, Dropout, Layer, Sequential
from hornbook.nn.recurrent_stack import RecurrentStack
from hornbook.training.trainer import Trainer

__all__ = ["Probe", "interval", "label"]

EARLY = {0, 1, 2, 5, 10, 20}  # updates at the start, where most faults show
RECORDS = 100  # of a run, about
LEAST = 50  # updates from one record to the next: what a record costs is spread over them
DOORS = ("vjp", "vjp_from")
Record = dict[str, Any]


def interval(steps: int) -> int:
    """Updates from one record to the next, where none are given."""
    return max(LEAST, steps // RECORDS)


class Probe:
    """Writes a record of an update when it is due.

    Args:
        module: whose layers are watched; all of its parameters are.
        every: updates from one record to the next; the first few are looked at besides.
        last: the update that is looked at in any case, by how many are before it.
        write: takes each record, a JSON object.

    A record holds:
        step, loss, rate        of the update: how many were before it, its batch's mean loss
        norm                    of the gradient over all parameters, before it is clipped
        layers                  in the order of computing: name, kind, mean and std of the outputs
                                and their histogram, flat (share of a nonlinearity's outputs that
                                pass no gradient on), idle (share of its units that pass none on
                                for any row), the same figures of the gradient (`grad_…`), and of
                                BatchNorm how far its running statistics are from the batch's
        parameters              name, shape, whether frozen, and the root mean square of the values
                                (`size`), the gradient and the update; of a matrix's gradient the
                                histogram too
    """

    def __init__(
        self,
        module: torch.nn.Module,
        every: int,
        write: Callable[[Record], None],
        *,
        last: int = -1,
    ) -> None:
        self.every, self.write, self.last = every, write, last
        self.layers = dict(watched_layers(module))
        self.seen: dict[str, Record] = {}
        self.record: Record = {}
        self.before: dict[str, Tensor] = {}
        self.doors: list[tuple[Layer, str, Any]] = []

    def due(self, step: int) -> bool:
        """Whether the update after so many others is looked at."""
        return step in EARLY or step % self.every == 0 or step == self.last

    def begin(self, trainer: Trainer) -> None:
        """Stand in every door."""
        self.seen = {}
        for name, layer in self.layers.items():
            for door in DOORS:
                if hasattr(layer, door):
                    self.doors.append((layer, door, vars(layer).get(door)))
                    vars(layer)[door] = self.standing_in(getattr(layer, door), name, layer)

    def leave(self) -> None:
        """Leave every door as it was found."""
        for layer, door, own in reversed(self.doors):
            if own is None:
                del vars(layer)[door]
            else:
                vars(layer)[door] = own
        self.doors = []

    def standing_in(self, door: Callable[..., Any], name: str, layer: Layer) -> Callable[..., Any]:
        """The same way out and back, looked at."""

        @functools.wraps(door)
        def watched(*given: Any) -> Any:
            y, *others, backward = door(*given)
            self.came_out(name, layer, given[0], y)
            if y.requires_grad:  # under autograd, which does not come back through `backward`
                y.register_hook(functools.partial(self.came_back, name))

            def back(dy: Tensor, *rest: Any) -> Any:
                self.came_back(name, dy)
                return backward(dy, *rest)

            return (y, *others, back)

        return watched

    @torch.no_grad()
    def came_out(self, name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        """Measure what a layer gave; of several parts of a batch the first speaks for all."""
        if name in self.seen:
            return
        some = sampled(y)
        mean, std = spread(some)
        found: Record = {
            "name": name,
            "kind": type(layer).__name__,
            "mean": rounded(mean),
            "std": rounded(std),
            "histogram": histogram(some),
        }
        flat = saturation(layer, some)
        if flat is not None:
            found |= {"flat": rounded(flat), "idle": rounded(idle(layer, y) or 0.0)}
        if isinstance(getattr(layer, "running_mean", None), Tensor):
            found["running"] = running(layer, x)
        self.seen[name] = found

    @torch.no_grad()
    def came_back(self, name: str, dy: Tensor) -> None:
        """Measure the gradient of what a layer gave."""
        found = self.seen.get(name)
        if found is None or "grad_std" in found:
            return
        some = sampled(dy)
        mean, std = spread(some)
        found |= {
            "grad_mean": rounded(mean), "grad_std": rounded(std), "grad_histogram": histogram(some)
        }  # fmt: skip

    @torch.no_grad()
    def gradients(self, trainer: Trainer, loss: float) -> None:
        """The gradients are there: measure them before they are clipped."""
        flat = trainer.flat
        self.record = {
            "step": trainer.step,
            "loss": loss,
            "rate": trainer.rate,
            "norm": rounded(flat.norm()),
            "layers": list(self.seen.values()),
            "parameters": [
                {
                    "name": name,
                    "shape": list(p.shape),
                    "size": rounded(size(p)),
                    "grad_size": rounded(size(grad, p.numel())),
                    "frozen": flat.is_frozen(p),
                    **(
                        {"grad_histogram": histogram(sampled(grad))}
                        if p.dim() == 2 and grad.numel()
                        else {}
                    ),
                }
                for name, p in trainer.module.named_parameters()
                for grad in [flat.gradient_of(p)]
            ],
        }
        self.before = {name: p.clone() for name, p in trainer.module.named_parameters()}
        if not math.isfinite(loss):  # there will be no update
            for one in self.record["parameters"]:
                one["update_size"] = math.nan
            self.write(self.record)

    @torch.no_grad()
    def updated(self, trainer: Trainer) -> None:
        """The parameters have changed: by how much, and the record is whole."""
        for one, p in zip(self.record["parameters"], trainer.module.parameters(), strict=True):
            one["update_size"] = rounded(size(p - self.before[one["name"]]))
        self.write(self.record)


def watched_layers(module: torch.nn.Module) -> Iterator[tuple[str, Layer]]:
    """The layers of a module by name, without those that only hold others, or drop."""
    for name, part in module.named_modules():
        held = isinstance(part, Layer) and part is not module
        if held and not isinstance(part, Sequential | RecurrentStack | Dropout | CrossEntropy):
            yield name, part


def size(x: Tensor, numel: int = 0) -> float:
    """Root of the mean square, which a single number has too, and a gain that is near one.

    Args:
        x: the numbers; those that are left out are zero.
        numel: how many there are with them; as many as in x if it is left out.
    """
    found: float = float(x.norm()) / max(1, numel or x.numel()) ** 0.5
    return found


def running(layer: Any, x: Tensor) -> Record:
    """How far the running statistics of a BatchNorm are from those of a batch.

    Returns:
        `kept`: how many means it keeps, `channels`: how many it should. Where these agree: `mean`,
        the root mean square of the differences of means, in running deviations, and `std`, the
        mean ratio of the batch's deviation to the running one.
    """
    channels = x.shape[-1]
    found: Record = {"kept": layer.running_mean.numel(), "channels": channels}
    if found["kept"] == channels:
        rows = sampled(x)
        var, mean = torch.var_mean(rows, 0, correction=0)
        kept = (layer.running_var + layer.eps).sqrt()
        found["mean"] = rounded(size((mean - layer.running_mean) / kept))
        found["std"] = rounded(float((var.sqrt() / kept).mean()))
    return found


def label(name: str) -> str:
    """A layer's or parameter's name for people: its places in the chains, without their holders."""
    parts = [part for part in name.split(".") if part not in ("net", "layers", "layer")]
    return ".".join(parts)
