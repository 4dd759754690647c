"""Whether blocks of a net are computed once more on the backward pass: as asked, or as memory asks.

How much memory training needs is found by trying: one row of a batch goes through the net, and what
the backward pass holds until it is called is counted. The rest is known: numbers that move have a
gradient and what the optimizer keeps of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hornbook.compute.held import held_by
from hornbook.compute.memory import available_memory
from hornbook.compute.random_states import random_states, set_random_states
from hornbook.errors import SettingsError
from hornbook.training.protocols import BatchSource, Block, WithBackward, WithBlocks, WithLargest
from hornbook.training.rates import rate_factors
from hornbook.training.settings import TrainingSettings

__all__ = ["Needed", "blocks", "choose_recompute", "needed", "recompute_blocks"]

FREE = 0.9  # of the available memory may be planned for
PASSING = 1.3  # times what is held: what stands beside it for a moment
MOMENTS = {
    "sgd": 1,
    "adam": 2,
    "adamw": 2,
    "muon": 3,
}  # numbers that an optimizer keeps of one, at most


@dataclass(frozen=True)
class Needed:
    """About how many bytes training needs."""

    plain: int
    "Where all that the blocks computed is held."
    frugal: int
    "Where they are computed once more."


def blocks(objective: object) -> list[Block]:
    """The blocks of a net; none of a net that has none."""
    return objective.blocks if isinstance(objective, WithBlocks) else []


def recompute_blocks(objective: torch.nn.Module, settings: TrainingSettings) -> None:
    """Have the blocks of a net recomputed, or not, as the settings say.

    Raises:
        SettingsError: if it is asked for and there are none.
    """
    found = blocks(objective)
    if settings.recompute == "yes" and not found:
        raise SettingsError(
            "`recompute=yes` has no effect here: the net has no blocks, layers with layers within "
            "them.",
            hint="Leave `recompute` out.",
            setting="recompute",
        )
    for layer in found:
        layer.recompute = settings.recompute == "yes"


def choose_recompute(
    objective: torch.nn.Module, batches: BatchSource, settings: TrainingSettings, processes: int = 1
) -> tuple[TrainingSettings, str | None]:
    """The settings with `recompute` decided, and what there is to say of it.

    Args:
        objective: the net, on its device.
        batches: of the training; the next one stays the next.
        settings: as they were given.
        processes: that share a batch.
    """
    if settings.recompute != "auto":
        return settings, None
    there, has = available_on(next(objective.parameters()).device), bool(blocks(objective))
    known = has or isinstance(batches, WithLargest)
    if not known or there is None or not isinstance(objective, WithBackward):
        return replace(settings, recompute="no"), None
    found = needed(objective, measured_batch(batches), settings, processes)
    if found.plain <= FREE * there:
        return replace(settings, recompute="no"), None
    told = (
        f"Training needs about {gigabytes(found.plain)} of memory, and {gigabytes(there)} are "
        "available"
    )
    if has:
        told += (
            ": blocks are computed once more on the backward pass, which needs about "
            f"{gigabytes(found.frugal)} and more time"
        )
    if not has or found.frugal > there:
        still = "still " if has else ""
        told += f". That may {still}be too much: raise `accumulate`, or lower `batch_size`"
    return replace(settings, recompute="yes" if has else "no"), f"{told}."


def measured_batch(batches: BatchSource) -> Any:
    """The batch that needs the most memory where it is known, else the next one, which stays it."""
    if isinstance(batches, WithLargest):
        return batches.largest()
    cursor = batches.cursor
    batch = next(batches)
    batches.cursor = cursor
    return batch


def needed(
    objective: WithBackward, batch: Any, settings: TrainingSettings, processes: int = 1
) -> Needed:
    """About how much memory training needs, with the gradients by hand.

    Args:
        objective: the net, a torch module with blocks.
        batch: one of the training.
        settings: of the training.
        processes: that share a batch.
    """
    assert isinstance(objective, torch.nn.Module)
    named = list(objective.named_parameters())
    factors = rate_factors([name for name, _ in named], settings.rates)
    of_net = sum(p.nbytes for _, p in named)
    moving = sum(p.nbytes for (_, p), factor in zip(named, factors, strict=True) if factor)
    whole, within, entering, largest = held_for_a_row(objective, batch, settings.batch_size)
    shapes = {p.shape for _, p in named}
    fixed = size(t for t in whole if t.shape in shapes)  # gradients, the same for any batch
    of_row = size(whole) - fixed
    rows = -(-settings.batch_size // (settings.accumulate * processes))
    always = of_net + (1 + MOMENTS[settings.optimizer]) * moving + fixed
    frugal = of_row - within + entering + largest
    return Needed(
        int(always + PASSING * rows * of_row), int(always + PASSING * rows * min(of_row, frugal))
    )


def held_for_a_row(
    objective: torch.nn.Module, batch: Any, rows: int
) -> tuple[list[Tensor], int, int, int]:
    """What the backward pass of one row of a batch holds.

    Returns:
        All tensors; of them the bytes that blocks hold; the bytes that enter blocks; and what the
        block that holds most does.
    """
    of_blocks: dict[int, Tensor] = {}
    entering: dict[int, Tensor] = {}
    largest = 0

    def measured(layer: Block) -> Callable[..., tuple[Tensor, Callable[[Tensor], Any]]]:
        def vjp(x: Tensor, *more: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
            nonlocal largest
            y, backward = type(layer).vjp(layer, x, *more)
            held = held_by(backward)
            of_blocks.update(held)
            entering[x.untyped_storage().data_ptr()] = x
            largest = max(largest, size(held.values()))
            return y, backward

        return vjp

    found, device = blocks(objective), next(objective.parameters()).device
    before = {id(layer): layer.recompute for layer in found}
    was_training, random = objective.training, random_states(device)
    one, share = batch.part(0, rows)
    if not share:  # of a batch of fewer rows
        one = batch
    objective.train()
    try:
        for layer in found:
            vars(layer)["vjp"], layer.recompute = measured(layer), False
        with torch.inference_mode():
            assert isinstance(objective, WithBackward)
            whole = list(held_by(objective.loss_vjp(one)[1]).values())
    finally:
        for layer in found:
            del vars(layer)["vjp"]
            layer.recompute = before[id(layer)]
        objective.train(was_training)
        set_random_states(device, random)
    return whole, size(of_blocks.values()), size(entering.values()), largest


def size(tensors: Iterable[Tensor]) -> int:
    """The bytes of some tensors' storages."""
    return sum(t.untyped_storage().nbytes() for t in tensors)


def available_on(device: torch.device) -> int | None:
    """Bytes that can be had on a device; None where nothing tells."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return available_memory() if device.type == "cpu" else None


def gigabytes(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / 1e9:.1f} GB"
