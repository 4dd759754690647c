"""Which numbers of a chain of layers belong to one feature of what it reads, or of what it tells.

Each layer says which axis of its parameters runs over the features of its input, and which over
those of its output. A net of tokens reads ids and tells a logit for each: its features at both ends
are tokens, and what is said here finds the rows of each of them, whatever the net is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hornbook.nn.layer import Layer
from hornbook.nn.sequential import Sequential

__all__ = ["end_axes"]


def end_axes(chain: Sequential) -> dict[str, frozenset[int]]:
    """The axes that run over the features at either end of a chain.

    Args:
        chain: from ids, or features, to features.

    Returns:
        Axes of parameters and buffers, by their names in the chain's `state_dict`. One that two
        layers share has the same axes under both of its names.
    """
    found: dict[int, set[int]] = {}
    for layer in up_to_mixing(chain.chain):
        note(found, layer, layer.input_axes)
    for layer in up_to_mixing(reversed(chain.chain)):
        note(found, layer, layer.output_axes)
    kept = chain.state_dict(keep_vars=True)
    return {name: frozenset(found[id(t)]) for name, t in kept.items() if id(t) in found}


def up_to_mixing(layers: Iterable[Layer]) -> Iterable[Layer]:
    """The layers up to the first that mixes features, which is among them."""
    for layer in layers:
        yield layer
        if not layer.featurewise:
            return


def note(found: dict[int, set[int]], layer: Layer, axes: Mapping[str, int]) -> None:
    """Remember the axes of a layer's own parameters and buffers."""
    for name, axis in axes.items():
        tensor = getattr(layer, name)
        if tensor is not None:  # a linear layer may have no bias
            found.setdefault(id(tensor), set()).add(axis)
