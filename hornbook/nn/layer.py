"""The one idea of this package: an operation returns its result and the backward pass.

`layer.vjp(x)` computes y and returns it with a function that takes dL/dy, adds dL/dθ to the
gradients of the layer's parameters and returns dL/dx: the vector-Jacobian product. `layer(x)` is
`layer.vjp(x)[0]`, so each computation is written once, whether its gradients come by hand, by
autograd or not at all. What an observer sees of a layer, hornbook.nn.observing says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeGuard, overload

import torch
from torch import Tensor

__all__ = ["Backward", "Layer", "Shape", "add_gradient", "grad_of", "take_room", "wants_gradient"]

Backward = Callable[[Tensor], Tensor]
Shape = tuple[int, ...]


class Unkept:
    """What stands in the place of an output that nobody asked to keep: an error that says how.

    An output that is kept is the layer's own attribute, which comes before this.
    """

    @overload
    def __get__(self, layer: None, kind: type[Any]) -> Unkept: ...

    @overload
    def __get__(self, layer: Layer, kind: type[Any]) -> Tensor: ...

    def __get__(self, layer: Layer | None, kind: type[Any]) -> Unkept | Tensor:
        if layer is None:
            return self
        raise RuntimeError(
            f"this {kind.__name__} has no `out`: outputs are kept only while they are asked for, "
            "since they take memory; run the net within `with hornbook.nn.keeping_outputs(net):`"
        )


def refuse_other(layers: Iterable[object]) -> None:
    """Refuse what is not a layer of this package.

    Raises:
        TypeError: naming it, with its module, since torch's layers have the same names.
    """
    for layer in layers:
        if not isinstance(layer, Layer):
            kind = type(layer)
            name = (
                kind.__name__
                if kind.__module__ == "builtins"
                else f"{kind.__module__}.{kind.__name__}"
            )
            raise TypeError(f"expected layers of hornbook.nn, got {name}")


class Layer(torch.nn.Module, ABC):
    """A torch module whose forward is the first half of its `vjp`.

    Attributes:
        out: what it gave last, if `hornbook.nn.keeping_outputs` was asked to keep it; else a
            RuntimeError.
        decayed: names of the layer's own parameters that weight decay should pull on.
        input_axes: of its own parameters and buffers, the axis that runs over the features of the
            input, or over the ids that it reads.
        output_axes: the same over the features of the output.
        featurewise: whether a feature of the output comes from that one of the input alone.
        tables: names of those whose gradient is a sparse tensor of the rows that a batch touched.
        recompute: whether a chain that it stands in keeps only its input for the backward pass, and
            computes it once more then; see `hornbook.nn.recompute`.

    Raises:
        TypeError: when a class without `vjp` is constructed.
    """

    out = Unkept()
    decayed: ClassVar[frozenset[str]] = frozenset()
    tables: frozenset[str] = frozenset()
    recompute: bool = False
    input_axes: ClassVar[Mapping[str, int]] = {}
    output_axes: ClassVar[Mapping[str, int]] = {}
    featurewise: ClassVar[bool] = False

    @abstractmethod
    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The result, and the way from its gradient to the input's.

        `backward(dy)` adds to `grad_of(p)` of each parameter p that wants a gradient; it does not
        clear it first.
        """

    def forward(self, x: Tensor) -> Tensor:
        """The result alone."""
        return self.vjp(x)[0]

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """How many multiplications its own matrix products take, those of layers in it left out.

        Each multiplies numbers that the layer computes or has learned and adds them up. What is
        done to single numbers (norms, nonlinearities, gates) is not counted, nor is a look-up.

        Args:
            given: shape of the input.
            gives: shape of the result.
        """
        return 0

    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Read one more position of each row, as `forward` reads them all.

        A layer that treats each position by itself has nothing to remember; one that looks back
        at others overrides this.

        Args:
            x: shape (B, ...), the new position without a dimension of time.
            state: what the last step returned, None before the first.

        Returns:
            What `forward` gives at that position, and the new state.
        """
        return self.forward(x), None

    def begin(self, x: Tensor) -> tuple[Tensor, Any]:
        """Read a row from its start, to the end that `advance` would come to step by step.

        A layer that can read all positions at once overrides this together with `advance`.

        Args:
            x: shape (B, T, ...).

        Returns:
            What `forward` gives, and the state after the last position.
        """
        if type(self).advance is Layer.advance:
            return self.forward(x), None
        state, columns = None, []
        for column in x.unbind(1):
            y, state = self.advance(column, state)
            columns.append(y)
        return torch.stack(columns, 1), state

    def pick(self, state: Any, places: Tensor) -> Any:
        """The state of some rows only, in the order given."""
        return None


def grad_of(parameter: Tensor) -> Tensor:
    """A parameter's gradient, made of zeros if there is none yet, to add to in place."""
    if parameter.grad is None:
        parameter.grad = take_room(parameter).zero_()
    return parameter.grad


def add_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Add to a parameter's gradient, or let this be its first, which saves making zeros."""
    if parameter.grad is None:
        parameter.grad = take_room(parameter).copy_(gradient)
    else:
        parameter.grad.add_(gradient)


def take_room(parameter: Tensor) -> Tensor:
    """Memory for a parameter's first gradient, whatever is in it, to be written over.

    It is where training wants the gradient (`FlatParameters.begin`), or new memory if nobody wants
    it anywhere, or if that was taken before. Who has filled it makes it `parameter.grad`: so a
    large gradient is written once, not made of zeros, read and written.
    """
    room: Tensor | None = vars(parameter).pop("room", None)
    return torch.empty_like(parameter) if room is None else room


def wants_gradient(parameter: Tensor | None) -> TypeGuard[Tensor]:
    """Whether a backward pass should add a parameter's gradient: not where there is none of it, and
    not where it is frozen, `requires_grad` False as for autograd: then nothing is spent on it.
    """
    return parameter is not None and parameter.requires_grad
