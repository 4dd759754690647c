"""The sum of vectors of what a user has rated, or of who has rated an item."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hornbook.errors import TrainingError
from hornbook.nn import Bag, Lists
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient
from hornbook.ratings.interactions import History

__all__ = ["HistorySum", "need_history"]

WHOLE = 2_000_000  # ratings up to which all histories are summed in each step


class HistorySum(Layer):
    """y = |N(r)|^-½ (Σ_{j in N(r)} w_j - w_l): the history of row r, its other l left out.

    Args:
        rows: users, or items.
        others: items, or users.
        length: C of a vector.
        std: standard deviation of the random start.
        itself: whether l stays in the sum.
        generator: of the random start.

    Attributes:
        whole: whether all histories are summed at once, rather than those that a batch touches one
            by one: faster where there are few.

    Shapes: x (B, 2), pairs of r and l; y (B, C).
    """

    starts: Tensor
    ids: Tensor
    back_starts: Tensor
    back_ids: Tensor

    def __init__(
        self,
        rows: int,
        others: int,
        length: int,
        *,
        std: float,
        itself: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.bag = Bag(others, length, std=std, generator=generator)
        self.itself, self.sizes = itself, (rows, others)
        self.forget()

    def forget(self) -> None:
        """Have no histories."""
        # Whose history it is, is not part of a model: it is given again by whoever has the data.
        device = self.bag.weight.device
        for prefix, n in zip(("", "back_"), self.sizes, strict=True):
            for name, length in (("starts", n + 1), ("ids", 0)):
                empty = torch.zeros(length, dtype=torch.int32, device=device)
                self.register_buffer(f"{prefix}{name}", empty, persistent=False)
        self.whole = True

    @property
    def known(self) -> bool:
        """Whether the histories are at hand."""
        return len(self.ids) > 0

    def remember(self, history: History, back: History) -> None:
        """Take the histories, and for each of the others in whose it is."""
        for prefix, one in (("", history), ("back_", back)):
            starts = torch.from_numpy(one.starts.astype(np.int32))
            ids = torch.from_numpy(np.ascontiguousarray(one.others, dtype=np.int32))
            setattr(self, f"{prefix}starts", starts.to(self.starts.device))
            setattr(self, f"{prefix}ids", ids.to(self.ids.device))
        self.whole = len(self.ids) <= WHOLE

    @property
    def lists(self) -> Lists:
        """N(r) for each r."""
        return Lists(self.starts, self.ids)

    def scales(self, rows: Tensor | slice = slice(None)) -> Tensor:
        """|N(r)|^-½ of some rows, shape (B, 1); 1 where there is nothing."""
        counts = self.lists.counts[rows].clamp(min=1).to(self.bag.weight.dtype)
        return counts.rsqrt().unsqueeze(1)

    def all(self) -> Tensor:
        """Of every row, with nothing left out; shape (rows, C)."""
        return self.lists.sums(self.bag.weight) * self.scales()

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The sums, and the backward pass; ids have no gradient, so dy itself is returned for them.

        Raises:
            TrainingError: if the histories are not at hand.
        """
        need_history(self.known)
        r, left = x[:, 0], x[:, 1]
        if self.whole:
            places, turned, lists = r, Lists(self.back_starts, self.back_ids), self.lists
        else:
            rows, places = torch.unique(r, return_inverse=True)
            lists, turned = self.lists.take(rows), None
        scales, weight = self.scales(r), self.bag.weight
        sums, back = self.bag.lists_vjp(lists, turned)  # (rows, C)
        y = sums[places]
        if not self.itself:
            y = y - weight[left]

        def backward(dy: Tensor) -> Tensor:
            d = dy * scales
            back(torch.zeros_like(sums).index_add_(0, places, d))
            if not self.itself and wants_gradient(weight):
                grad_of(weight).index_add_(0, left, d, alpha=-1)
            return dy

        return y * scales, backward


def need_history(known: bool) -> None:
    """Refuse to train without the histories.

    Raises:
        TrainingError: if they are not at hand.
    """
    if not known:
        raise TrainingError(
            "This model cannot be trained before it is given what users have rated; call "
            "`remember` first."
        )
