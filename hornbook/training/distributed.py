"""Several processes that train one model, each on a part of every batch.

Started by `torchrun`, each process builds the same model and the same batches, takes its part of
each batch, and adds its share of the gradient to the others': one sum over one vector, since all
parameters lie in one (`FlatParameters`). What comes out is the single process's gradient.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hornbook.errors import HornbookError, SettingsError, TrainingError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["World"]

T = TypeVar("T")


class World:
    """The processes that train together; alone, one of one.

    Attributes:
        rank: number of this process, from 0; the first one writes files and talks to people.
        size: how many there are.
        local: number of this process on its machine: of its GPU.
    """

    def __init__(self, rank: int = 0, size: int = 1, local: int = 0) -> None:
        self.rank, self.size, self.local = rank, size, local

    @property
    def ranks(self) -> range:
        """The numbers of all processes."""
        return range(self.size)

    @classmethod
    def join(cls) -> World:
        """The world that `torchrun` made around this process, or one of its own.

        Raises:
            SettingsError: if the environment speaks of several processes and they cannot meet.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return cls()
        import torch
        import torch.distributed as dist

        if not dist.is_initialized():
            try:
                cuda = torch.cuda.is_available()
                dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
            except (RuntimeError, ValueError) as error:
                raise SettingsError(
                    f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but the processes cannot connect "
                    f"to each other: {error}",
                    hint="Start them with torchrun, which sets up the connection.",
                ) from error
        local = int(os.environ.get("LOCAL_RANK", "0"))
        return cls(dist.get_rank(), dist.get_world_size(), local)

    @staticmethod
    def leave() -> None:
        """Part from the others, if there are any, before the process ends.

        gloo's threads, if they are still there at the end of Python, abort the process.
        """
        if "torch.distributed" in sys.modules:
            import torch.distributed as dist

            if dist.is_available() and dist.is_initialized():
                dist.destroy_process_group()

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all processes.

        Raises:
            TrainingError: if one of them has ended.
        """
        if self.size > 1:
            import torch.distributed as dist

            with together():
                dist.all_reduce(tensor)

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of all processes, one after the other by their ranks.

        Args:
            tensor: shape (K, ...); K may be another number in each process.

        Raises:
            TrainingError: if one of them has ended.
        """
        if self.size == 1:
            return tensor
        import torch
        import torch.distributed as dist

        with together():
            lengths = [torch.zeros(1, dtype=torch.int64, device=tensor.device) for _ in self.ranks]
            dist.all_gather(lengths, torch.full_like(lengths[0], len(tensor)))
            counts = [int(length) for length in lengths]
            if not any(counts):
                return tensor
            padded = tensor.new_zeros(max(counts), *tensor.shape[1:])
            padded[: len(tensor)] = tensor
            found = [torch.empty_like(padded) for _ in self.ranks]
            dist.all_gather(found, padded)
        return torch.cat([one[:count] for one, count in zip(found, counts, strict=True)])

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes, for all; the others wait for it.

        Raises:
            Exception: in every process, whatever the first one met.
            TrainingError: if one of them has ended.
        """
        if self.size == 1:
            return make()
        import torch.distributed as dist

        made: list[T | Exception | None] = [None]
        if self.rank == 0:
            try:
                made[0] = make()
            except Exception as error:  # carried to all, so that none waits for ever
                made[0] = error
        with together():
            dist.broadcast_object_list(made, src=0)
        if isinstance(made[0], Exception):
            if isinstance(made[0], HornbookError):
                made[0].told_elsewhere = self.rank > 0
            raise made[0]
        return made[0]  # type: ignore[return-value]


@contextmanager
def together() -> Iterator[None]:
    """What all processes do at once.

    Raises:
        TrainingError: if one of them has ended.
    """
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            f"Another training process has stopped: {error}",
            hint="See that process's output for the reason. Resume from the last checkpoint with "
            "`resume`.",
        ) from error
