"""Tensors that a net has under two names, as an output layer that is tied to its embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor

__all__ = ["each_once", "second_names", "without_second_names"]

T = TypeVar("T")


def second_names(module: torch.nn.Module) -> dict[str, str]:
    """The later names of tensors that have several, each with the first name of the same one."""
    first: dict[int, str] = {}
    found: dict[str, str] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if (known := first.setdefault(id(tensor), name)) != name:
            found[name] = known
    return found


def each_once(module: torch.nn.Module) -> dict[str, Tensor]:
    """A module's parameters and buffers by their first names, each tensor once."""
    return without_second_names(module, module.state_dict())


def without_second_names(module: torch.nn.Module, held: Mapping[str, T]) -> dict[str, T]:
    """What is held by a module's names, without the later names of tensors that have several.

    Files of earlier versions have such a tensor under each name.
    """
    second = second_names(module)
    return {name: one for name, one in held.items() if name not in second}
