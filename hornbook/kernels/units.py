"""What kinds of operations are compiled to, each by itself."""

from __future__ import annotations

from collections.abc import Callable

from hornbook.kernels.case import Case, case_of
from hornbook.kernels.compiled import Unit
from hornbook.kernels.program import Kind

__all__ = ["BACK", "THERE", "back", "there"]

Function = Callable[[Case], None]


THERE: dict[Kind, Unit] = {}
BACK: dict[Kind, Unit] = {}


def there(*kinds: Kind) -> Callable[[Function], Function]:
    """What kinds of operations do on the way to the logits."""
    return kept(THERE, kinds)


def back(*kinds: Kind) -> Callable[[Function], Function]:
    """What they do on the way back: gradients of parameters are added to g."""
    return kept(BACK, kinds)


def kept(units: dict[Kind, Unit], kinds: tuple[Kind, ...]) -> Callable[[Function], Function]:
    """What is compiled by itself for some kinds."""

    def keep(function: Function) -> Function:
        units.update(dict.fromkeys(kinds, Unit(function, case_of)))
        return function

    return keep
