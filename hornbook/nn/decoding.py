"""When a net reads rows token by token in compiled code, and when by its layers' `advance`.

Compiled code has to be loaded, and on a machine that has not kept it, compiled first. So rows begin
with the layers; what compiled steps would have saved is added up, and once it is more than they
cost, they are taken. That hangs on what was read in this process, not on a clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from hornbook.kernels import kept
from hornbook.kernels.machine_code import cannot_compile
from hornbook.nn.compiled_decoding import MANY, CompiledRows
from hornbook.nn.decoding_plan import DecodingPlan, Observed
from hornbook.nn.layer import Layer
from hornbook.nn.program_builder import Unsuited

__all__ = ["Decoding", "Wanted", "decoding_by"]

# Seconds that compiled steps save for each operation of a plan, and for each row of it.
PRICE, PRICE_OF_ROW = 15e-6, 1e-7
LOADING, COMPILING = 0.1, 10.0  # seconds, about
# Multiplications in a step of many rows from which on a library's products are nearly as fast, and
# weights from which on turning them for those rows takes too long.
LARGE, HEAVY = 10**9, 2**23

Wanted = Literal["auto", "compiled", "layers"]


@dataclass
class Account:
    """What is known of compiled steps in this process."""

    wanted: Wanted = "auto"
    saved: float = 0.0
    "Seconds that they would have saved so far."
    ready: bool | None = None
    "Whether they are here to be taken; None: not decided."
    asked: bool = False
    "Whether it is known that they are not kept on disk."

    def takes(self, operations: int, rows: int) -> bool:
        """Whether a step of so many operations on so many rows is to be a compiled one."""
        if self.wanted != "auto":
            return self.wanted == "compiled"
        if self.ready is None:
            self.saved += operations * (PRICE + PRICE_OF_ROW * rows)
            self.decide()
        return bool(self.ready)

    def decide(self) -> None:
        """Load them once they pay."""
        if self.saved < (COMPILING if self.asked else LOADING):
            return
        if kept.are_kept([kept.DECODING]):
            self.ready = True
        elif self.saved >= COMPILING:
            self.ready = not cannot_compile()
        self.asked = True


ACCOUNT = Account()


@contextmanager
def decoding_by(wanted: Wanted) -> Iterator[None]:
    """A context in which nets read token by token in one way, where they can.

    Args:
        wanted: `compiled`, which needs the extra `fast`; `layers`; or `auto`, whatever pays.
    """
    before, ACCOUNT.wanted = ACCOUNT.wanted, wanted
    try:
        yield
    finally:
        ACCOUNT.wanted = before


class Decoding:
    """Of one net, whether compiled steps can read for it."""

    def __init__(self) -> None:
        self.operations, self.multiplications = 0, 0
        self.threads = 1  # that may share a step
        self.refused = ""

    def is_large(self, rows: int) -> bool:
        """Whether the net has too many weights, or the rows too much to multiply."""
        return self.multiplications > HEAVY or rows * self.multiplications > LARGE

    def rows(self, net: Layer, state: Any, count: int) -> CompiledRows | None:
        """What layers remember of rows, to be read on by compiled steps; None if not by these.

        Args:
            net: that reads.
            state: what its layers remember.
            count: of rows.
        """
        if self.refused or ACCOUNT.wanted == "layers":
            return None
        try:
            plan = None if self.operations else DecodingPlan([net])
            if plan is not None:
                self.operations, self.multiplications = len(plan.operations), plan.multiplications
            if count >= MANY and self.is_large(count):
                return None
            if not ACCOUNT.takes(self.operations, count):
                return None
            return CompiledRows.of(state, plan or DecodingPlan([net]))
        except Observed:
            return None
        except Unsuited as why:
            self.refused = str(why)
            return None
