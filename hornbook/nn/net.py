"""A chain of layers as a model: counted, saved, loaded, used."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.compute.tied import each_once, second_names, without_second_names
from hornbook.errors import RunError
from hornbook.nn.layer import Backward, Layer
from hornbook.nn.sequential import Sequential

__all__ = ["Net"]


class Net(Layer):
    """A model made of layers: a subclass builds `self.net`, and says what the loss is."""

    net: Sequential
    anchor: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("anchor", torch.empty(0), persistent=False)  # is where the model is

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """What the layers give, and the backward pass from its gradient."""
        return self.net.vjp(x)

    @abstractmethod
    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The mean loss of a batch, and the way to the gradients of all parameters."""

    def loss(self, batch: Any) -> Tensor:
        """The mean loss of a batch, for autograd."""
        return self.loss_vjp(batch)[0]

    @property
    def blocks(self) -> list[Layer]:
        """The layers of the chain that have layers within them: training can recompute them."""
        if type(getattr(self, "net", None)) is not Sequential:  # others may go their own ways
            return []
        return [
            layer
            for layer in self.net.chain
            if any(isinstance(part, Layer) for part in layer.children())
        ]

    @property
    def n_parameters(self) -> int:
        """Numbers that training changes by gradient."""
        return sum(p.numel() for p in self.parameters())

    def tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """An array where the parameters are."""
        tensor = torch.from_numpy(array)
        return tensor.to(self.anchor.device) if self.anchor.device.type != "cpu" else tensor

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """A context in which the model is used, not trained: evaluation mode, no gradients."""
        was_training = self.training
        if was_training:
            self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            if was_training:
                self.train()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Parameters and buffers by name; one that has two names, a tied one, by the first."""
        return {name: t.detach().cpu().numpy() for name, t in each_once(self).items()}

    def load_arrays(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take what `arrays` gave; earlier versions gave a tied parameter under both its names.

        Raises:
            RunError: if the names or shapes are not this model's, or what should be one parameter
                is two.
        """
        second = second_names(self)
        for name, first in second.items():
            if name in arrays and not np.array_equal(arrays[name], arrays.get(first, ())):
                raise RunError(
                    f"The weights do not match this run's settings: {name} and {first} are tied, "
                    "and differ.",
                    hint="The file belongs to another run or is damaged.",
                )
        arrays = without_second_names(self, arrays)
        own = {name: tuple(t.shape) for name, t in each_once(self).items()}
        given = {name: array.shape for name, array in arrays.items()}
        if own != given:
            wrong = sorted(n for n in own.keys() | given.keys() if own.get(n) != given.get(n))
            raise RunError(
                f"The weights do not match this run's settings: {', '.join(wrong[:4])}.",
                hint="The file belongs to another run or is damaged.",
            )
        taken = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.load_state_dict(taken | {name: taken[first] for name, first in second.items()})
        self.eval()  # what is loaded is used; training says so itself
