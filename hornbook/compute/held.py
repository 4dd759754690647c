"""What a backward pass holds on to until it is called: the memory of activations."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["held_by"]


def held_by(backward: Callable[..., Any]) -> dict[int, Tensor]:
    """The tensors that a backward pass holds, one of each storage, by the storage's address.

    A backward pass is a function; what it needs it has closed over, and so have the functions that
    it will call. Those of modules, which are there anyway, are left out.
    """
    found: dict[int, Tensor] = {}
    seen: set[int] = set()
    waiting: list[Any] = [backward]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, torch.nn.Module | torch.nn.Parameter):
            continue
        seen.add(id(thing))
        if isinstance(thing, Tensor):
            found.setdefault(thing.untyped_storage().data_ptr(), thing)
        else:
            waiting.extend(parts_of(thing))
    return found


def parts_of(thing: Any) -> Iterator[Any]:
    """What a function closed over, a container contains, an object of ours has."""
    if isinstance(thing, types.FunctionType):
        for cell in thing.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not set yet, or deleted
                continue
    elif isinstance(thing, types.MethodType):
        yield from (thing.__func__, thing.__self__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from thing
    elif isinstance(thing, dict):
        yield from thing.values()
    elif type(thing).__module__.startswith("hornbook.") and hasattr(thing, "__dict__"):
        yield from vars(thing).values()
