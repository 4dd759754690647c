"""What kinds of operations are compiled to, each by itself."""

from __future__ import annotations

from collections.abc import Callable

from numba import types

from hornbook.kernels.case import Case, case_of
from hornbook.kernels.compiled import by_itself
from hornbook.kernels.entries import names_of
from hornbook.kernels.program import Kind

__all__ = ["back", "there"]

Function = Callable[[Case], None]


def there(*kinds: Kind) -> Callable[[Function], Function]:
    """What kinds of operations do on the way to the logits."""
    return kept(0, kinds)


def back(*kinds: Kind) -> Callable[[Function], Function]:
    """What they do on the way back: gradients of parameters are added to g."""
    return kept(1, kinds)


def kept(way: int, kinds: tuple[Kind, ...]) -> Callable[[Function], Function]:
    """What is compiled by itself for some kinds."""

    def keep(function: Function) -> Function:
        for kind in kinds:
            by_itself(names_of(kind)[way], lambda number: (function, types.void(case_of(number))))
        return function

    return keep
