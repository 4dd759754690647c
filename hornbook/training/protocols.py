"""What the trainer asks of those that it works with.

An objective, which is what is trained, is a torch module that has a loss, by autograd (`WithLoss`),
by hand (`WithBackward`), or, as every model here, both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch import Tensor

if TYPE_CHECKING:
    from hornbook.training.trainer import Trainer

__all__ = [
    "BatchSource",
    "Block",
    "Carrying",
    "Watcher",
    "WithBackward",
    "WithBlocks",
    "WithLargest",
    "WithLoss",
]


@runtime_checkable
class WithLoss(Protocol):
    """An objective whose loss autograd can differentiate."""

    def loss(self, batch: Any) -> Tensor:
        """The mean loss of a batch."""
        ...


@runtime_checkable
class WithBackward(Protocol):
    """An objective that knows its gradients itself."""

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and what adds its gradients to those of the parameters."""
        ...


class Block(Protocol):
    """A part of a net that can be computed once more on the backward pass.

    Attributes:
        recompute: whether it is.
    """

    recompute: bool

    def vjp(self, x: Tensor, *more: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """The result and the backward pass."""
        ...


@runtime_checkable
class WithBlocks(Protocol):
    """An objective that has such parts."""

    @property
    def blocks(self) -> list[Block]:
        """They, in the order in which they compute."""
        ...


@runtime_checkable
class Carrying(Protocol):
    """An objective that keeps something from batch to batch, a hidden state for example."""

    def carried(self) -> dict[str, Tensor]:
        """What it keeps, by name."""
        ...

    def carry(self, kept: dict[str, Tensor]) -> None:
        """Take what `carried` gave."""
        ...


class BatchSource(Protocol):
    """Where batches come from.

    A batch that is worked through in parts, by one process or by several, has a method
    `part(i, n)` that gives the part and its share of the batch's predictions.
    """

    cursor: int
    per_epoch: int

    def __next__(self) -> Any:
        """The next batch."""
        ...


@runtime_checkable
class WithLargest(Protocol):
    """Batches of rows of unequal lengths."""

    def largest(self) -> Any:
        """A batch of one row, the longest."""
        ...


class Watcher(Protocol):
    """What looks on at some of the updates, without changing any."""

    def due(self, step: int) -> bool:
        """Whether to look at the update that follows this many others."""
        ...

    def begin(self, trainer: Trainer) -> None:
        """The gradients of a batch come next."""
        ...

    def leave(self) -> None:
        """They have been, or something broke off."""
        ...

    def gradients(self, trainer: Trainer, loss: float) -> None:
        """The gradients are there, not clipped yet."""
        ...

    def updated(self, trainer: Trainer) -> None:
        """The parameters have changed."""
        ...

    def looked(self) -> None:
        """The net was only to be looked at: no update follows."""
        ...
