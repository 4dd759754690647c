"""What every update rule is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

__all__ = ["Rule"]


class Rule(ABC):
    """Turns the gradients of some parameters into changes of them, in place.

    Each group of parameters moves at its own factor times the rate, weight decay with it.
    """

    @abstractmethod
    def update(self, rate: float, count: int) -> None:
        """Change the parameters once.

        Args:
            rate: the learning rate.
            count: updates so far, this one included.
        """

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """What the rule remembers from update to update, to be saved and filled in place."""
