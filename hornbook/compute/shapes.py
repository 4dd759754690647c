"""Tensors that have a shape and no numbers: how large a model would be, before it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["shapes_only"]


@contextmanager
def shapes_only() -> Iterator[None]:
    """A context in which a model is built without memory for its numbers or drawing any."""
    with torch.device("meta"), Undrawn():
        yield


class Undrawn(TorchFunctionMode):
    """Tensors are not filled with random numbers.

    On the meta device there is nothing to fill; torch does it all the same, through its compiler,
    which takes two seconds to load.
    """

    FILLS = frozenset({torch.Tensor.normal_, torch.Tensor.uniform_})

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The call itself, or nothing at all if it only fills its tensor."""
        return args[0] if func in self.FILLS else func(*args, **(kwargs or {}))
