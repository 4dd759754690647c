"""What nets of tables share: rows in, predictions out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn import CrossEntropy, Embeddings, Net, SquaredError
from hornbook.nn.layer import Backward
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape

__all__ = ["LARGE", "EmbeddingRule", "TableNet", "embedding_sizes"]

LARGE = 1_000_000  # numbers in a table from which an update of the touched rows alone is faster
AT_ONCE = 8_192  # rows that are predicted at a time

EmbeddingRule = Literal["half", "power"]


def embedding_sizes(
    codes: Sequence[int], rule: EmbeddingRule, fixed: int = 0
) -> list[tuple[int, int]]:
    """Rows and length of the embedding of each category.

    Args:
        codes: how many each category has.
        rule: `half`: half of them, 50 at most (fast.ai's lesson); `power`: 1.6 · codes^0.56, 600 at
            most (fastai 2).
        fixed: this length for all; 0: by the rule.
    """
    if fixed:
        return [(n, fixed) for n in codes]
    if rule == "half":
        return [(n, min(50, (n + 1) // 2)) for n in codes]
    return [(n, min(600, round(1.6 * n**0.56))) for n in codes]


class TableNet(Net):
    """A net that reads codes and numbers of a row.

    A subclass says what it makes of them (`outputs_vjp`). The loss is the mean squared error of
    standardised numbers, or the cross-entropy of classes, both weighted if the batch has weights.

    Args:
        shape: of the table.

    Attributes:
        embeddings: of the categories; None where there are none.
        ordered: the places of the categories whose codes are numbers too, shape (M,).
        orders: these numbers, by category and code, shape (M, most codes).
    """

    ordered: Tensor
    orders: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.counts: list[Tensor] = []
        self.embeddings: Embeddings | None = None
        places = shape.ordered
        self.register_buffer("ordered", torch.tensor(places, dtype=torch.long), persistent=False)
        longest = max((shape.codes[place] for place in places), default=0)
        orders = [[*shape.orders[p], *[0.0] * (longest - shape.codes[p])] for p in places]
        table = torch.tensor(orders).view(len(places), longest)
        self.register_buffer("orders", table, persistent=False)

    def with_orders(self, codes: Tensor, numbers: Tensor) -> Tensor:
        """Numbers and flags, and behind them the numbers that codes are.

        Args:
            codes: shape (B, categories).
            numbers: shape (B, numbers and flags), perhaps with the places of unseen categories.

        Returns:
            Shape (B, numbers, flags and ordered categories).
        """
        if not len(self.ordered):
            return numbers
        given = codes[:, self.ordered].long()
        found = self.orders.gather(1, given.t()).t().to(numbers.dtype)
        n = self.shape.continuous
        if numbers.shape[1] > n:  # the order of what is unseen is 0, but where it has a place
            found = torch.where(given == 0, numbers[:, n:], found)
        return torch.cat([numbers[:, :n], found], 1)

    def acquaint(self, train: Mapped) -> None:
        """Take what the net needs of the rows of train beside batches: how often each code occurs.

        Called before training begins, and before weights are loaded; what is needed later as well
        is kept in buffers, which come with these.
        """
        self.counts = [
            torch.from_numpy(np.bincount(column, minlength=n)).float()
            for column, n in zip(train.codes.T, self.shape.codes, strict=True)
        ]

    def train(self, mode: bool = True) -> TableNet:
        """Begin to train, or to be used: then codes that train has not get the mean of the others.

        Nothing was learned of them, so their vectors would be as they were drawn at first.
        """
        super().train(mode)
        if not mode and self.counts and self.embeddings is not None:
            with torch.no_grad():
                for place, count in enumerate(self.counts):
                    rows = self.embeddings.rows_of(place)  # (codes, length)
                    if (count == 0).any():
                        count = count.to(rows)
                        rows[count == 0] = count @ rows / count.sum()
        return self

    @abstractmethod
    def outputs_vjp(self, codes: Tensor, numbers: Tensor) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """What the net gives for rows, and the way back from its gradient.

        Args:
            codes: shape (B, categories).
            numbers: shape (B, numbers and flags), perhaps with places as of `with_orders`.

        Returns:
            Outputs, shape (B, heads, outputs), each head a prediction of its own; and the function
            that takes their gradient, adds those of the parameters, and returns that of `numbers`.
        """

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Outputs of rows in which the codes stand before the numbers, shape (B, both).

        Codes have no gradient: 0 is returned for them.
        """
        n = len(self.shape.codes)
        y, back = self.outputs_vjp(x[:, :n].long(), x[:, n:])

        def backward(dy: Tensor) -> Tensor:
            dx = torch.zeros_like(x)
            dx[:, n:] = back(dy)
            return dx

        return y, backward

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The objective of a batch: codes, numbers, targets, and perhaps weights of the rows."""
        codes, numbers, target, *weights = (self.tensor(array) for array in batch)
        y, back = self.outputs_vjp(codes, numbers.to(self.anchor.dtype))  # (B, K, V)
        loss, to_y = self.error_vjp(y, target, *weights)

        def backward() -> None:
            back(to_y())

        return loss, backward

    def error_vjp(
        self, y: Tensor, target: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Callable[[], Tensor]]:
        """The mean error of all heads, and the way to its gradient by their outputs.

        Args:
            y: shape (B, K, V).
            target: shape (B,).
            weights: of the rows, shape (B,); None: all count alike.
        """
        wanted = target.unsqueeze(1).expand(-1, y.shape[1])  # (B, K)
        if self.shape.outputs == 1 and weights is None:
            loss, loss_back = SquaredError().vjp(y.squeeze(2), wanted)
            return loss, lambda: loss_back().unsqueeze(2)
        if self.shape.outputs == 1:  # the mean of w (y - t)² over rows and heads
            assert weights is not None
            error, of = raised(y.squeeze(2)) - wanted, weights.unsqueeze(1) / wanted.numel()
            return (error.square() * of).sum(), lambda: (2 * error * of).unsqueeze(2)
        if weights is None:
            return CrossEntropy().vjp(y, wanted)
        # The mean of w · -ln p over rows and heads; its gradient is w (softmax - onehot) / n.
        logp = torch.log_softmax(y, 2)
        picked = logp.gather(2, wanted.unsqueeze(2)).squeeze(2)  # (B, K)
        scale = weights.unsqueeze(1) / picked.numel()

        def to_y() -> Tensor:
            d = torch.exp(logp)
            d.scatter_add_(2, wanted.unsqueeze(2), d.new_full((), -1.0).expand(*wanted.shape, 1))
            return d * scale.unsqueeze(2)

        return -(picked * scale).sum(), to_y

    def predict(self, inputs: Mapped) -> npt.NDArray[np.float64]:
        """Standardised numbers, shape (n,); or probabilities, shape (n, outputs): heads' means."""
        found = []
        with self.in_use():
            for start in range(0, max(1, len(inputs)), AT_ONCE):
                part = inputs.take(slice(start, start + AT_ONCE))
                codes, numbers = self.tensor(part.codes), self.tensor(part.with_places)
                y, _ = self.outputs_vjp(codes, numbers.to(self.anchor.dtype))
                if self.shape.outputs > 1:
                    y = torch.softmax(y.double(), 2)
                found.append(y.double().mean(1).cpu().numpy())
        whole: npt.NDArray[np.float64] = np.concatenate(found)
        return whole[:, 0] if self.shape.outputs == 1 else whole

    def category_vectors(self, place: int) -> npt.NDArray[np.float32] | None:
        """The learned vectors of the codes of a category, (codes, length); None if it has none."""
        if self.embeddings is None:
            return None
        found: npt.NDArray[np.float32] = self.embeddings.rows_of(place).detach().cpu().numpy()
        return found
