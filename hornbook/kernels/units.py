"""What kinds of operations are compiled to, each by itself."""

from __future__ import annotations

from collections.abc import Callable

from hornbook.kernels.case import Case, case_of
from hornbook.kernels.compiled import Unit
from hornbook.kernels.program import Kind

__all__ = ["Units"]

Function = Callable[[Case], None]


class Units:
    """Some kinds of operations.

    Attributes:
        ways: of each kind what it does on the way to the logits, and back.
    """

    def __init__(self) -> None:
        self.ways: tuple[dict[Kind, Unit], dict[Kind, Unit]] = {}, {}

    def there(self, *kinds: Kind) -> Callable[[Function], Function]:
        """What kinds of operations do on the way to the logits."""
        return self.kept(0, kinds)

    def back(self, *kinds: Kind) -> Callable[[Function], Function]:
        """What they do on the way back: gradients of parameters are added to g."""
        return self.kept(1, kinds)

    def kept(self, way: int, kinds: tuple[Kind, ...]) -> Callable[[Function], Function]:
        """What is compiled by itself for some kinds."""

        def keep(function: Function) -> Function:
            unit = Unit(function, case_of)
            self.ways[way].update(dict.fromkeys(kinds, unit))
            return function

        return keep
