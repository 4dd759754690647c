"""A denoising autoencoder of rows: it mends cells that were replaced by those of other rows.

The task is invented: nobody wants the mended rows. To tell which cells do not belong, and what
stood there, the net must know how columns hang together; its hidden layers are codes that say so
(Vincent et al. 2008; with swap noise, the codes that won Porto Seguro's contest: Jahrer 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.nn import CrossEntropy, Embeddings, Linear, Net, ReLU
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape
from hornbook.training.batches import ArrayBatch, ArrayBatches

__all__ = ["SwapBatches", "SwapNet", "swapped"]

AT_ONCE = 8_192  # rows that are coded at a time


class SwapNet(Net):
    """[embeddings, numbers] → (linear → ReLU) … → linear: all numbers, and logits of all codes.

    The loss of a row is the mean over its columns: squared errors of standardised numbers, and
    cross-entropies of categories by ln of the number of codes. Knowing nothing is about 1 each.

    Args:
        shape: of the table; its outputs are not used.
        n_hidden: units of each hidden layer.
        generator: of the random start.
    """

    def __init__(
        self, shape: Shape, n_hidden: tuple[int, ...], generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.shape = shape
        sizes = [(n, min(50, (n + 1) // 2)) for n in shape.codes]
        self.embeddings = Embeddings(sizes, generator=generator) if sizes else None
        width = sum(length for _, length in sizes) + shape.continuous
        hidden, relus = [], []
        for units in n_hidden:
            hidden.append(Linear(width, units, generator=generator))
            relus.append(ReLU())
            width = units
        self.hidden, self.relus = torch.nn.ModuleList(hidden), torch.nn.ModuleList(relus)
        self.layers = tuple(zip(hidden, relus, strict=True))
        self.last = Linear(width, shape.continuous + sum(shape.codes), generator=generator)

    def hidden_vjp(
        self, codes: Tensor, numbers: Tensor
    ) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
        """What each hidden layer gives, and the way back from the gradient of the last.

        Args:
            codes: shape (B, categories).
            numbers: shape (B, numbers and flags).

        Returns:
            Layers, each (B, units); and the function that gives the gradient of `numbers`.
        """
        x, embedded_back = numbers, None
        if self.embeddings is not None:
            embedded, embedded_back = self.embeddings.vjp(codes)
            x = torch.cat([embedded, numbers], 1)
        found, backs = [], []
        for linear, relu in self.layers:
            x, linear_back = linear.vjp(x)
            x, relu_back = relu.vjp(x)
            found.append(x)
            backs += [linear_back, relu_back]

        def backward(d: Tensor) -> Tensor:
            for back in reversed(backs):
                d = back(d)
            if embedded_back is None:
                return d
            cut = d.shape[1] - numbers.shape[1]
            embedded_back(d[:, :cut])
            return d[:, cut:]

        return found, backward

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The loss of rows: codes and numbers with noise, and as they were."""
        noisy, shaken, codes, numbers = (self.tensor(array) for array in batch)
        layers, hidden_back = self.hidden_vjp(noisy, shaken.to(self.anchor.dtype))
        y, last_back = self.last.vjp(layers[-1])  # (B, numbers + Σ codes)
        n, columns = numbers.shape[1], numbers.shape[1] + len(self.shape.codes)
        wrong = y[:, :n] - numbers
        loss = wrong.square().sum() / (len(y) * columns)
        parts, backs, at = [], [], n
        for place, size in enumerate(self.shape.codes):
            one, back = CrossEntropy().vjp(y[:, at : at + size], codes[:, place].long())
            parts.append(1 / (columns * float(np.log(size))))
            backs.append(back)
            loss = loss + parts[-1] * one
            at += size

        def backward() -> None:
            d = [wrong * (2 / (len(y) * columns))]
            d += [back() * share for back, share in zip(backs, parts, strict=True)]
            hidden_back(last_back(torch.cat(d, 1)))

        return loss, backward

    def coded(self, inputs: Mapped) -> list[npt.NDArray[np.float32]]:
        """What each hidden layer makes of rows as they are, each (n, units)."""
        found: list[list[npt.NDArray[np.float32]]] = [[] for _ in self.layers]
        with self.in_use():
            for start in range(0, max(1, len(inputs)), AT_ONCE):
                part = inputs.take(slice(start, start + AT_ONCE))
                codes, numbers = self.tensor(part.codes), self.tensor(part.numbers)
                layers, _ = self.hidden_vjp(codes, numbers.to(self.anchor.dtype))
                for kept, layer in zip(found, layers, strict=True):
                    kept.append(layer.float().cpu().numpy())
        return [np.concatenate(kept) for kept in found]


def swapped(
    array: npt.NDArray[Any], whole: npt.NDArray[Any], share: float, random: np.random.Generator
) -> npt.NDArray[Any]:
    """Rows in which some cells are replaced by the cells of random rows in the same columns.

    So each column keeps its values and how frequent they are; only what hangs together is lost.

    Args:
        array: shape (B, columns).
        whole: all rows, shape (n, columns).
        share: of the cells.
        random: draws which, and from where.
    """
    rows = random.integers(0, len(whole), array.shape)
    others = whole[rows, np.arange(array.shape[1])]
    return np.where(random.random(array.shape) < share, others, array)


class SwapBatches(ArrayBatches):
    """An endless source of batches (noisy codes, noisy numbers, codes, numbers).

    Args:
        rows: all of them.
        share: of the cells that are replaced.
        batch_size: rows in a batch.
        seed: of the order and the noise.
    """

    def __init__(self, rows: Mapped, share: float, *, batch_size: int, seed: int) -> None:
        super().__init__(rows.codes, rows.numbers, batch_size=batch_size, seed=seed)
        self.rows, self.share = rows, share

    def __next__(self) -> ArrayBatch:
        """The next batch."""
        random = np.random.default_rng([self.seed, self.cursor, 1])  # the order is without the 1
        codes, numbers = super().__next__()
        noisy = swapped(codes, self.rows.codes, self.share, random)
        shaken = swapped(numbers, self.rows.numbers, self.share, random)
        return ArrayBatch((noisy, shaken, codes, numbers))
