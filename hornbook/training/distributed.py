"""Several processes that train one model, each on a part of every batch.

Started by `torchrun`, each process builds the same model and the same batches, takes its part of
each batch, and adds its share of the gradient to the others': one sum over one vector, since all
parameters lie in one (`FlatParameters`). What comes out is the single process's gradient.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hornbook.errors import HornbookError, SettingsError, TrainingError
from hornbook.training.launch import Launch
from hornbook.training.waiting import in_background, is_abandoned, wait_for

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
        launch = Launch.from_environment()
        if launch.size == 1:
            return cls()
        import torch
        import torch.distributed as dist

        if not dist.is_initialized():
            backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
            try:
                in_background(lambda: dist.init_process_group(backend))
            except (RuntimeError, ValueError) as error:
                raise SettingsError(
                    f"WORLD_SIZE is {launch.size}, but the processes cannot connect to each other: "
                    f"{error}",
                    hint="Start them with torchrun, which sets up the connection.",
                ) from error
        return cls(dist.get_rank(), dist.get_world_size(), launch.local)

    @staticmethod
    def leave() -> None:
        """Part from the others, if there are any, before the process ends.

        gloo's threads, if they are still there at the end of Python, abort the process.
        """
        if "torch.distributed" in sys.modules and not is_abandoned():
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
                wait_for(dist.all_reduce(tensor, async_op=True), on_gpu=tensor.is_cuda)

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
            own = torch.full_like(lengths[0], len(tensor))
            wait_for(dist.all_gather(lengths, own, async_op=True), on_gpu=tensor.is_cuda)
            counts = [int(length) for length in lengths]
            if not any(counts):
                return tensor
            padded = tensor.new_zeros(max(counts), *tensor.shape[1:])
            padded[: len(tensor)] = tensor
            found = [torch.empty_like(padded) for _ in self.ranks]
            wait_for(dist.all_gather(found, padded, async_op=True), on_gpu=tensor.is_cuda)
        return torch.cat([one[:count] for one, count in zip(found, counts, strict=True)])

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes, for all; the others wait for it.

        Raises:
            Exception: in every process, whatever the first one met.
            TrainingError: if one of them has ended.
        """
        if self.size == 1:
            return make()
        made: T | Exception | None = None
        if self.rank == 0:
            try:
                made = make()
            except Exception as error:  # carried to all, so that none waits for ever
                made = error
        with together():
            made = self.broadcast(made)
        if isinstance(made, Exception):
            if isinstance(made, HornbookError):
                made.told_elsewhere = self.rank > 0
            raise made
        return made  # type: ignore[return-value]

    def broadcast(self, value: T) -> T:
        """The first process's value, in every process.

        As `torch.distributed.broadcast_object_list` does it, but Ctrl-C ends the wait.
        """
        import numpy as np
        import torch
        import torch.distributed as dist

        packed = np.frombuffer(pickle.dumps(value) if self.rank == 0 else b"", np.uint8).copy()
        length = torch.tensor([len(packed)])
        wait_for(dist.broadcast(length, src=0, async_op=True))
        content = torch.from_numpy(packed) if self.rank == 0 else torch.empty(
            int(length), dtype=torch.uint8
        )  # fmt: skip
        wait_for(dist.broadcast(content, src=0, async_op=True))
        if self.rank == 0:
            return value
        # Not from a file: from the first of the processes that were started together.
        received: T = pickle.loads(content.numpy().tobytes())
        return received


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
