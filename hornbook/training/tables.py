"""Tables: parameters of which a batch touches some rows only, as embeddings of a million ids.

The gradient of a table is the numbers of the rows that were touched and a gradient for each, so
what an update costs follows the batch, not the table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.sparse import sparse_rows
from hornbook.errors import TrainingError
from hornbook.training.distributed import World

__all__ = ["RowStore", "SparseTable"]


class RowStore:
    """A tensor whose rows are taken out and put back.

    On a CPU a row is one element to NumPy, which moves it as a whole: two to three times as fast as
    torch's index_copy_, which goes through its numbers.

    Args:
        whole: shape (R, ...), contiguous; rows that are put back change it.
    """

    def __init__(self, whole: Tensor) -> None:
        self.whole = whole
        self.rows = None
        if whole.device.type == "cpu" and whole.is_contiguous() and whole.numel():
            flat = whole.view(len(whole), -1).view(torch.uint8).numpy()  # (R, bytes of a row)
            self.rows = flat.view(f"V{flat.shape[1]}")[:, 0]

    def take(self, rows: Tensor) -> Tensor:
        """Copies of some rows, shape (K, ...).

        Args:
            rows: shape (K,), int64.
        """
        if self.rows is None:
            return self.whole.index_select(0, rows)
        found = self.rows.take(rows.numpy()).view(np.uint8)
        return torch.from_numpy(found).view(self.whole.dtype).view(-1, *self.whole.shape[1:])

    def put(self, rows: Tensor, changed: Tensor) -> None:
        """Put rows back.

        Args:
            rows: shape (K,), each once.
            changed: shape (K, ...).
        """
        if self.rows is None:
            self.whole.index_copy_(0, rows, changed)
        else:
            flat = changed.view(len(changed), -1).view(torch.uint8).numpy()
            self.rows[rows.numpy()] = flat.view(self.rows.dtype)[:, 0]


def grouped(rows: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Where each of some numbers stands.

    Args:
        rows: shape (K,), each below 2³¹, and at most 2³² of them.

    Returns:
        The places of the lowest number, of the next, and so on, shape (K,); where among them those
        of each number begin, and the numbers, rising, shape (L,) each.
    """
    # A whole number with the row in its upper half and the place in its lower is sorted five times
    # as fast as `argsort` finds places.
    keys = np.sort((rows << 32) | np.arange(len(rows)))
    order, found = keys & 0xFFFFFFFF, keys >> 32
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    return torch.from_numpy(order), torch.from_numpy(starts), torch.from_numpy(found[starts])


class SparseTable:
    """A parameter of R rows, and the gradient of those that the present batch touched.

    A backward pass, by hand or by autograd, leaves a sparse tensor in the parameter's `grad`;
    `collect` takes it from there.

    Args:
        name: of the parameter.
        parameter: shape (R, ...); keeps its own storage.
        factor: on its learning rate.

    Attributes:
        values: the parameter's, shape (R, ...); a change to them is one to the parameter.
        rows: numbers of the rows that were touched, shape (K,), rising, each once.
        grads: their gradients, shape (K, ...).
    """

    def __init__(self, name: str, parameter: torch.nn.Parameter, factor: float) -> None:
        self.name, self.parameter, self.factor = name, parameter, factor
        self.values = parameter.detach()
        self.clear()

    def clear(self) -> None:
        """Forget the gradient."""
        self.parameter.grad = None
        self.rows = torch.empty(0, dtype=torch.int64, device=self.values.device)
        self.grads = self.values.new_empty(0, *self.values.shape[1:])

    @torch.inference_mode()
    def collect(self, share: float = 1.0) -> None:
        """Add what a backward pass left in the parameter's `grad`, times a share.

        Raises:
            TrainingError: if that is not the gradient of some rows.
        """
        grad, self.parameter.grad = self.parameter.grad, None
        if grad is None:
            return
        if grad.layout is not torch.sparse_coo or grad.sparse_dim() != 1:
            raise TrainingError(
                f"The gradient of the table {self.name} is dense: the model uses the table for "
                "more than looking up rows."
            )
        grad = grad.detach()
        rows, grads = grad._indices()[0], grad._values()
        if share != 1:
            grads = grads * share
        if len(self.rows):
            rows, grads = torch.cat([self.rows, rows]), torch.cat([self.grads, grads])
        self.rows, self.grads = self.summed(rows, grads)

    def summed(self, rows: Tensor, grads: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of which some come more than once, each once, with the sum of its gradients.

        Args:
            rows: shape (K,).
            grads: shape (K, ...).
        """
        shape = self.values.shape
        if (
            len(rows)
            and grads.device.type == "cpu"
            and grads.dtype in (torch.float32, torch.float64)
        ):
            order, starts, rows = grouped(rows.numpy())
            sums = F.embedding_bag(order, grads.reshape(len(grads), -1), starts, mode="sum")
            return rows, sums.view(-1, *shape[1:])
        found = sparse_rows(rows, grads, shape).coalesce()
        return found.indices()[0], found.values()

    @torch.inference_mode()
    def add_up(self, world: World) -> None:
        """Replace the gradient by its sum over all processes: of every row that any has touched."""
        rows, grads = world.gather(self.rows), world.gather(self.grads)
        self.rows, self.grads = self.summed(rows, grads)
