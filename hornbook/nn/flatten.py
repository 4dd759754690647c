"""Changes of shape."""

from __future__ import annotations

from torch import Tensor

from hornbook.nn.layer import Backward, Layer

__all__ = ["Flatten", "FlattenConsecutive"]


class Flatten(Layer):
    """All dimensions but the first made one: (B, ...) to (B, product)."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        shape = x.shape
        return x.flatten(1), lambda dy: dy.reshape(shape)


class FlattenConsecutive(Layer):
    """Each n neighbours in time made one: (B, T, C) to (B, T/n, n·C).

    As in the lecture, a T/n of 1 is dropped: (B, n, C) gives (B, n·C).

    Args:
        n: how many neighbours; T must be a multiple of it.
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Raises:
            ValueError: if T is not a multiple of n.
        """
        shape = x.shape
        batch, time, channels = shape
        if time % self.n:
            raise ValueError(f"the number of positions, {time}, is not a multiple of {self.n}")
        y = x.reshape(batch, time // self.n, channels * self.n)
        return (y.squeeze(1) if time == self.n else y), lambda dy: dy.reshape(shape)
