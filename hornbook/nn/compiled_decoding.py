"""Rows that compiled code reads token by token: what is remembered of them, and a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.extras import needing
from hornbook.kernels.decoding_plan import Decoded, DecodingKind
from hornbook.nn.attention_cache import Cache
from hornbook.nn.decoding_plan import DecodingPlan

__all__ = ["CompiledRows"]

Floats = npt.NDArray[np.float32]
MANY = 4  # rows from which on weights are turned, so that a vector of them meets each number of x


@cache
def compiled() -> tuple[Callable[..., None], int]:
    """What reads a token, loaded or compiled, and how many rows it takes at a time.

    Raises:
        MissingPackageError: if Numba is not installed.
    """
    with needing("numba", "Reading token by token in compiled code"):
        from hornbook.kernels.decoding import ROWS, decode
        from hornbook.kernels.kept import note_kept

    whole, numbers = Decoded.tables([])
    no_addresses, nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
    no_caches, no_logits = np.zeros((0, 3), np.int64), np.zeros((0, 0), np.float32)
    decode(
        whole, numbers, no_addresses, no_caches, 0, no_addresses,
        nothing, 0, 0, nothing, nothing, no_logits, 0, 0,
    )  # fmt: skip
    note_kept("decoding")
    return decode, ROWS


class Kernels:
    """A plan with its weights where compiled code finds them.

    Args:
        plan: of a net.
        many: whether many rows are read, and weights are to be turned for them.
    """

    def __init__(self, plan: DecodingPlan, *, many: bool) -> None:
        self.plan, self.many = plan, many
        self.weights, operations = list(plan.weights), list(plan.operations)
        for at, one in enumerate(operations):
            if many and one.kind is DecodingKind.DOTS:
                self.weights[one.weight] = self.weights[one.weight].t().contiguous()
                operations[at] = replace(one, kind=DecodingKind.PRODUCT)
        self.whole, self.numbers = Decoded.tables(operations)
        self.addresses = np.array([one.data_ptr() for one in self.weights], np.int64)
        self.values, self.scores = np.empty((2, 0), np.float32)
        self.turns = np.zeros(1, np.float32)
        self.pair = torch.zeros(1, 2, dtype=torch.float32, device="cpu")  # what is turned

    def step(self, ids: npt.NDArray[np.int64], caches: npt.NDArray[np.int64], at: int) -> Floats:
        """Logits (B, V) of what follows ids (B,), which come after `at` others."""
        decode, some = compiled()
        plan, n = self.plan, len(ids)
        if len(self.values) < min(n, some) * plan.width:
            self.values = np.empty(min(n, some) * plan.width, np.float32)
        longest = int(caches[:, 2].max())
        if len(self.scores) < plan.heads * longest:
            self.scores = np.empty(plan.heads * longest, np.float32)
        turns = self.turns
        if plan.rotary is not None:
            table = plan.rotary.table(at, 1, self.pair)
            turns = torch.view_as_real(table).reshape(-1).numpy()
        logits = np.empty((n, plan.classes), np.float32)
        decode(
            self.whole, self.numbers, self.addresses, caches, at, ids, turns, n, plan.width,
            self.values, self.scores, logits, 0, n,
        )  # fmt: skip
        return logits


@dataclass
class CompiledRows:
    """What is remembered of rows, as their layers' `advance` would.

    Attributes:
        keys, values: of each attention; see `Cache`.
        count: positions read so far.
        kernels: that read on.
        caches: of each attention the addresses of keys and values, and how many positions there is
            room for.
    """

    keys: list[Tensor]
    values: list[Tensor]
    count: int
    kernels: Kernels
    caches: npt.NDArray[np.int64]

    @classmethod
    def of(cls, state: Any, plan: DecodingPlan) -> CompiledRows | None:
        """Taken over from what layers remember; None if they have no caches, as before the start.

        Args:
            state: of the layers.
            plan: of the same.
        """
        found = list(caches_in(state))
        if not found or len(found) != len(plan.attentions):
            return None
        keys, values = [one.keys for one in found], [one.values for one in found]
        kernels = Kernels(plan, many=keys[0].shape[1] >= MANY)
        return cls(keys, values, found[0].count, kernels, addresses(keys, values))

    def step(self, ids: npt.NDArray[np.int64]) -> tuple[Floats, CompiledRows]:
        """Read one more token of each row, (B,): logits (B, V), and what is remembered then."""
        here = self if self.count < self.caches[:, 2].min() else self.roomier()
        logits = here.kernels.step(ids, here.caches, here.count)
        return logits, replace(here, count=here.count + 1)

    def roomier(self) -> CompiledRows:
        """The same with room for one more position, where the windows want it."""
        grown = zip(self.kernels.plan.attentions, self.keys, self.values, strict=True)
        found = [layer.roomier(Cache(own, other, self.count)) for layer, own, other in grown]
        keys, values = [one.keys for one in found], [one.values for one in found]
        return CompiledRows(keys, values, self.count, self.kernels, addresses(keys, values))

    def pick(self, rows: Tensor) -> CompiledRows:
        """Some rows, in the order given."""
        keys, values = (
            [picked(one, rows, self.count) for one in part] for part in (self.keys, self.values)
        )
        kernels, many = self.kernels, len(rows) >= MANY
        if many and not kernels.many:
            kernels = Kernels(kernels.plan, many=many)
        return CompiledRows(keys, values, self.count, kernels, addresses(keys, values))


def picked(kept: Tensor, rows: Tensor, count: int) -> Tensor:
    """Some rows of a cache (room, B, K, D), of which `count` positions are filled."""
    made = kept.new_empty(len(kept), len(rows), *kept.shape[2:])
    seen = min(count, len(kept))
    torch.index_select(kept[:seen], 1, rows, out=made[:seen])
    return made


def caches_in(state: Any) -> Iterator[Cache]:
    """Those of attention in what layers remember, in their order."""
    if isinstance(state, Cache):
        yield state
    elif isinstance(state, list):
        for one in state:
            yield from caches_in(one)


def addresses(keys: list[Tensor], values: list[Tensor]) -> npt.NDArray[np.int64]:
    """See `CompiledRows`."""
    rows = [(k.data_ptr(), v.data_ptr(), len(k)) for k, v in zip(keys, values, strict=True)]
    return np.array(rows, np.int64)
