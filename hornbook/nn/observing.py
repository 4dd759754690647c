"""How an observer looks into layers while they compute: one rule for all of them.

Doors. What a layer computes goes out by one of its methods, and the gradient of it comes back the
same way:

    layer.vjp(x)                 the result and the backward pass
    layer.vjp_from(x, state)     the same of a recurrent layer that begins from a state
    layer(x), layer.forward(x)   the result alone

`observing` stands in these doors of the layers that it is given, and only there:

    saw(name, layer, x, y)       the layer was given x, and y is its result
    felt(name, layer, dy)        dL/dy has come back: by `backward`, or by autograd

Each result is told once, though one door may open another (`forward` is `vjp(x)[0]`, and `vjp` of
a recurrent layer begins `vjp_from` with zeros). Neither function is recorded by autograd. Layers
that nobody looks at have the methods of their class, so looking costs nothing while it is not done.

Fused paths. Code that computes what a layer stands for without opening one of its doors leaves
the layer unseen: `join`, which takes the place of a FlattenConsecutive among packed trees, or
`advance` and `begin` of a layer with a memory. Such code has two choices: call the layer, if that
costs little, or go around it and leave it unseen; it never opens a door for something else than
the layer's whole result. And every observer says what it did not see (`Observation.unseen`): the
probe keeps the names in its record, and a view that needs a layer refuses with a reason.

Code that torch.compile made before keeps the doors that it found, so it is not to be observed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from hornbook.nn.layer import Layer, refuse_other

__all__ = ["Felt", "Observation", "Saw", "keeping_outputs", "observing"]

Saw = Callable[[str, Layer, Tensor, Tensor], None]
Felt = Callable[[str, Layer, Tensor], None]

DOORS = ("vjp", "vjp_from", "forward")


class Observation:
    """One look at some layers: who was seen, and who is told.

    Args:
        layers: that are looked at, by name.
        saw: told of each result.
        felt: told of each gradient of a result.
    """

    def __init__(self, layers: Mapping[str, Layer], saw: Saw, felt: Felt | None) -> None:
        self.layers, self.saw, self.felt = dict(layers), saw, felt
        self.seen: set[str] = set()
        self.inside: set[str] = set()  # layers that are computing just now
        self.over = False

    @property
    def unseen(self) -> tuple[str, ...]:
        """The layers that have given no result so far, by name."""
        return tuple(name for name in self.layers if name not in self.seen)

    def gave(self, name: str, x: Tensor, y: Tensor) -> None:
        """Tell a result, and have autograd tell its gradient."""
        self.seen.add(name)
        with torch.no_grad():
            self.saw(name, self.layers[name], x, y)
        if self.felt is not None and y.requires_grad:
            y.register_hook(functools.partial(self.came_back, name))  # type: ignore[no-untyped-call]

    def came_back(self, name: str, dy: Tensor) -> None:
        """Tell a gradient, unless the look is over."""
        if self.felt is not None and not self.over:
            with torch.no_grad():
                self.felt(name, self.layers[name], dy)

    def standing_in(self, name: str, door: Callable[..., Any]) -> Callable[..., Any]:
        """The same way out and back, looked at."""

        @functools.wraps(door)
        def watched(x: Tensor, *given: Any, **named: Any) -> Any:
            if name in self.inside:  # one door opened by another
                return door(x, *given, **named)
            self.inside.add(name)
            try:
                result = door(x, *given, **named)
            finally:
                self.inside.discard(name)
            if isinstance(result, Tensor):
                self.gave(name, x, result)
                return result
            y, *others, backward = result
            self.gave(name, x, y)

            def back(dy: Tensor, *rest: Any) -> Any:
                self.came_back(name, dy)
                return backward(dy, *rest)

            return (y, *others, back)

        return watched


@contextmanager
def observing(
    layers: Mapping[str, Layer], *, saw: Saw, felt: Felt | None = None
) -> Iterator[Observation]:
    """Look into some layers, by the rule above, as long as the context lasts.

    Observations may be nested; what comes back after the end is not told. However it ends, every
    door is as it was found.

    Args:
        layers: to look at, by name.
        saw: told of each result: name, layer, what the layer was given and what it gives.
        felt: told of each gradient of a result: name, layer, and the gradient, of y's shape.
    """
    look = Observation(layers, saw, felt)
    found: list[tuple[Layer, str, Any]] = []  # a door, and what of its own the layer had there
    try:
        for name, layer in look.layers.items():
            for door in DOORS:
                if hasattr(layer, door):
                    found.append((layer, door, vars(layer).get(door)))
                    vars(layer)[door] = look.standing_in(name, getattr(layer, door))
        yield look
    finally:
        look.over = True
        for layer, door, own in reversed(found):
            if own is None:
                vars(layer).pop(door, None)
            else:
                vars(layer)[door] = own


@contextmanager
def keeping_outputs(*nets: Layer | Iterable[Layer]) -> Iterator[None]:
    """Keep what each layer gives as its `out`, for as long as the context lasts.

    The lecture's layers always keep it, which holds the activations of a whole batch in memory.
    Here a layer keeps nothing unless it is asked to:

        with keeping_outputs(net):
            loss = CrossEntropy()(net(x), y)
        for layer in net.layers:
            print(type(layer).__name__, layer.out.mean(), layer.out.std())

    Each `out` is the result itself, of the last batch in the context: autograd's way back leads
    through it, so that `layer.out.retain_grad()` before `loss.backward()` gives `layer.out.grad`.
    It stays there after the end, until the next context, or `del layer.out`.

    Args:
        nets: a layer, with all layers within it, or some of them in a list.

    Raises:
        TypeError: if something else is given.
    """
    given = [layer for net in nets for layer in ([net] if isinstance(net, Layer) else net)]
    refuse_other(given)
    within = dict.fromkeys(part for layer in given for part in layer.modules())
    found = [part for part in within if isinstance(part, Layer)]
    layers = {str(number): layer for number, layer in enumerate(found)}

    def saw(name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        vars(layer)["out"] = y

    for layer in found:
        vars(layer).pop("out", None)
    with observing(layers, saw=saw):
        yield
