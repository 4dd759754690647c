"""Cross-entropy: the loss of every language model here."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["CrossEntropy"]


class CrossEntropy(torch.nn.Module):
    """The mean of -ln softmax(logits)[target], as torch.nn.CrossEntropyLoss.

    Args:
        ignore_index: a target that is no target; such positions count in neither sum nor mean.

    Shapes: logits (..., V), targets (...) of ids; the loss is a single number. If every position
    is ignored the loss is NaN, as torch's.
    """

    def __init__(self, ignore_index: int = -1) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss alone."""
        return self.vjp(logits, targets)[0]

    def vjp(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        """The loss, and the way to dloss/dlogits, of the shape of the logits."""
        flat, wanted = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
        logp = F.log_softmax(flat, dim=-1)
        loss = F.nll_loss(logp, wanted, ignore_index=self.ignore_index)

        def backward() -> Tensor:
            # dL/dlogits = (softmax - onehot) / n, and nothing where a position is ignored.
            d = torch.exp(logp)
            real = wanted != self.ignore_index
            column = torch.where(real, wanted, 0).unsqueeze(1)
            d.scatter_add_(1, column, d.new_full((1, 1), -1.0).expand_as(column))
            return (d * (real / real.sum()).unsqueeze(1)).view_as(logits)

        return loss, backward
