"""The residual connection (He et al. 2016)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer

__all__ = ["Residual"]


class Residual(Layer):
    """x + layer(x): the layer learns what to change, and says nothing where nothing should.

    The sum hands its gradient on to both terms alike, so however many of these stand one after
    another, what comes back reaches the first of them without passing through any layer.

    Args:
        layer: whose result has the shape of its input.

    Shapes: x and y the same, any that the layer reads.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """y alone; what the layer kept for its backward pass is let go at once."""
        y: Tensor = x + self.layer(x)
        return y

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        change, layer_backward = self.layer.vjp(x)

        def backward(dy: Tensor) -> Tensor:
            # What adds up over all layers stays float32, where products give bfloat16 too.
            dy = raised(dy)
            return dy + layer_backward(dy)

        return x + change, backward

    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One more position, with what the layer remembers."""
        change, state = self.layer.advance(x, state)
        return x + change, state

    def begin(self, x: Tensor) -> tuple[Tensor, Any]:
        """A row from its start."""
        change, state = self.layer.begin(x)
        return x + change, state

    def pick(self, state: Any, places: Tensor) -> Any:
        """What the layer remembers of some rows."""
        return self.layer.pick(state, places)
