"""Cross-entropy: the loss of every language model here."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.products import raised

__all__ = ["CrossEntropy"]


class CrossEntropy(torch.nn.Module):
    """The mean of -ln softmax(logits)[target], as torch.nn.CrossEntropyLoss.

    Args:
        ignore_index: a target that is not a target; such positions count in neither sum nor mean.
            None says that there are none, which saves looking for them.

    Shapes: logits (..., V), targets (...) of ids; the loss is a single number. If every position
    is ignored the loss is NaN, as torch's.
    """

    def __init__(self, ignore_index: int | None = None) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss alone."""
        return self.vjp(logits, targets)[0]

    def vjp(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        """The loss, and the way to dloss/dlogits, of the shape of the logits."""
        ignored = self.ignore_index
        flat, wanted = raised(logits).reshape(-1, logits.shape[-1]), targets.reshape(-1)
        logp = torch.log_softmax(flat, 1)
        loss = F.nll_loss(logp, wanted, ignore_index=-100 if ignored is None else ignored)

        def backward() -> Tensor:
            # dL/dlogits = (softmax - onehot) / n, and nothing where a position is ignored.
            d = torch.exp(logp)
            if ignored is None:
                d.scatter_add_(1, wanted.unsqueeze(1), minus_one(d, len(wanted)))
                return d.mul_(1 / len(wanted)).view_as(logits)
            real = wanted != ignored
            column = torch.where(real, wanted, 0).unsqueeze(1)
            d.scatter_add_(1, column, minus_one(d, len(wanted)))
            weight = real.to(d.dtype) / real.sum()
            return d.mul_(weight.unsqueeze(1)).view_as(logits)

        return loss, backward


def minus_one(like: Tensor, rows: int) -> Tensor:
    """A column of -1, shape (rows, 1)."""
    return like.new_full((), -1.0).expand(rows, 1)
