"""Rows that compiled code reads token by token: what is remembered of them, and a step."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.kernels.decoding_plan import (
    ALONE,
    HELPING,
    LEADING,
    ROWS,
    Decoded,
    DecodingKind,
)
from hornbook.kernels.entries import Call, decode
from hornbook.nn.attention_cache import Cache
from hornbook.nn.decoding_plan import DecodingPlan

__all__ = ["MANY", "CompiledRows"]

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
# Seconds that one waits for helpers, longer than any piece takes, before it sees that others are at
# work; and for which it then works alone.
PATIENCE, AGAIN = 0.003, 5.0
ROWS_AT, COUNT_AT = 4, 5  # of the arguments of `decode`
MANY = 4  # rows from which on weights are turned, so that a vector of them meets each number of x


@cache
def helpers(process: int, count: int) -> ThreadPoolExecutor:
    """Threads that help, of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(count, thread_name_prefix="decoding")


class Kernels:
    """A plan with its weights where compiled code finds them.

    Args:
        plan: of a net.
        many: whether many rows are read, and weights are to be turned for them.
    """

    def __init__(self, plan: DecodingPlan, *, many: bool) -> None:
        decode.native((np.dtype(np.float32),))  # before anything is moved for it
        self.plan, self.many = plan, many
        self.weights, operations = list(plan.weights), list(plan.operations)
        for at, one in enumerate(operations):
            if many and one.kind is DecodingKind.DOTS:
                self.weights[one.weight] = self.weights[one.weight].t().contiguous()
                operations[at] = replace(one, kind=DecodingKind.PRODUCT)
        self.whole, self.numbers = Decoded.tables(operations)
        self.addresses = np.array([one.data_ptr() for one in self.weights], np.int64)
        self.rooms: list[Room] = []
        self.alone_until = 0.0
        self.pair = torch.zeros(1, 2, dtype=torch.float32, device="cpu")  # what is turned
        self.turned = 1  # numbers of its turns
        if plan.rotary is not None:
            self.turned = 2 * plan.rotary.table(0, 1, self.pair).numel()

    def step(
        self, ids: Ids, places: Ids, caches: Ids, rows: int, count: int, threads: int
    ) -> Floats:
        """Logits (B, V) of what follows ids (B,).

        Args:
            ids: one of each row that is read.
            places: where these are in the caches, (B,).
            caches: see `CompiledRows`.
            rows: of the caches.
            count: tokens of each row before.
            threads: that may share the work.
        """
        plan, n = self.plan, len(ids)
        if time.monotonic() < self.alone_until:
            threads = 1
        single = n == 1 and not self.many
        sharing = threads if single else min(threads, -(-n // ROWS))
        room = self.room(n, int(caches[:, 2].max()), sharing, single=single)
        room.ids[:], room.places[:], room.caches[:], room.work[:] = ids, places, caches, 0
        if plan.rotary is not None:
            table = plan.rotary.table(count, 1, self.pair)
            room.turns[:] = torch.view_as_real(table).reshape(-1).numpy()
        for call in room.calls:
            call.change(ROWS_AT, rows)
            call.change(COUNT_AT, count)
        if sharing == 1:
            room.calls[0]()
        else:
            self.share(room.calls)
        logits = room.logits.copy()
        self.rooms.append(room)
        return logits

    def share(self, calls: list[Call]) -> None:
        """The first call, while helpers make the others."""
        pool = helpers(os.getpid(), len(calls) - 1)
        helping = [pool.submit(one) for one in calls[1:]]
        calls[0]()
        began = time.monotonic()
        for one in helping:
            one.result()
        if time.monotonic() - began > PATIENCE:
            self.alone_until = began + AGAIN

    def room(self, rows: int, positions: int, sharing: int, *, single: bool) -> Room:
        """What a step of some rows needs, whose caches have so many positions.

        It is nobody else's until it is given back.
        """
        with contextlib.suppress(IndexError):  # two threads may read on from here at once
            room = self.rooms.pop()
            if (len(room.ids), len(room.calls)) == (rows, sharing) and positions <= room.positions:
                return room
        return Room(self, rows, positions, sharing, single=single)


class Room:
    """What a step of some rows writes to, and the calls that make it.

    Args:
        kernels: whose step it is.
        rows: of it.
        positions: that caches may have.
        sharing: threads.
        single: whether they share the products of a single row.
    """

    def __init__(
        self, kernels: Kernels, rows: int, positions: int, sharing: int, *, single: bool
    ) -> None:
        plan, whole = kernels.plan, kernels.whole
        self.positions = positions
        self.ids, self.places = np.zeros((2, rows), np.int64)
        self.caches = np.zeros((len(plan.attentions), 3), np.int64)
        self.work = np.zeros(2 + 2 * len(whole), np.int64)
        self.turns = np.zeros(kernels.turned, np.float32)
        self.logits = np.empty((rows, plan.classes), np.float32)
        values, scores = min(rows, ROWS) * plan.width, positions * plan.heads
        own = [(np.empty(values, np.float32), np.empty(scores, np.float32))
               for _ in range(1 if single else sharing)]  # fmt: skip
        parts = [ALONE] * sharing
        if single and sharing > 1:
            parts = [LEADING] + [HELPING] * (sharing - 1)
        self.calls = [
            Call(
                decode, whole, kernels.numbers, kernels.addresses, self.caches, 0, 0, self.ids,
                self.places, self.turns, *own[0 if single else thread], self.logits, self.work,
                part,
            )
            for thread, part in enumerate(parts)
        ]  # fmt: skip


@dataclass
class CompiledRows:
    """What is remembered of rows, as their layers' `advance` would.

    Attributes:
        keys, values: of each attention, see `Cache`. There may be rows among theirs that are gone.
        places: where among them those are that remain.
        count: positions read so far.
        kernels: that read on.
        caches: of each attention the addresses of keys and values, and how many positions there is
            room for.
    """

    keys: list[Tensor]
    values: list[Tensor]
    places: Ids
    count: int
    kernels: Kernels
    caches: Ids

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
        keys, values = (
            [part.contiguous() for part in parts]
            for parts in ([one.keys for one in found], [one.values for one in found])
        )
        places, count = np.arange(keys[0].shape[1]), found[0].count
        kernels = Kernels(plan, many=len(places) >= MANY)
        return cls(keys, values, places, count, kernels, addresses(keys, values))

    def step(self, ids: Ids, threads: int = 1) -> tuple[Floats, CompiledRows]:
        """Read one more token of each row, (B,): logits (B, V), and what is remembered then.

        Args:
            ids: the tokens.
            threads: that may share the work, which is the same to the bit by each number.
        """
        full = self.count >= self.caches[:, 2].min() and self.rooms() != self.caches[:, 2].tolist()
        here = self.moved(self.places) if full else self
        logits = here.kernels.step(
            ids, here.places, here.caches, here.keys[0].shape[1], here.count, threads
        )
        return logits, replace(here, count=here.count + 1)

    def pick(self, rows: Tensor) -> CompiledRows:
        """Some rows, in the order given.

        Those that are gone are left where they are until they are the half.
        """
        places = np.ascontiguousarray(self.places[rows.numpy()])
        if 2 * len(places) > self.keys[0].shape[1] and (np.diff(places) > 0).all():
            return replace(self, places=places)
        return self.moved(places)

    def moved(self, places: Ids) -> CompiledRows:
        """The rows at some places, together, with room for one more position in each."""
        seen, rows = np.minimum(self.count, self.caches[:, 2]).tolist(), torch.from_numpy(places)
        keys, values = (
            [moved(*one) for one in zip(part, [rows] * len(part), seen, self.rooms(), strict=True)]
            for part in (self.keys, self.values)
        )
        kernels, many = self.kernels, len(places) >= MANY
        if many and not kernels.many:
            kernels = Kernels(kernels.plan, many=many)
        left = np.arange(len(places))
        return CompiledRows(keys, values, left, self.count, kernels, addresses(keys, values))

    def rooms(self) -> list[int]:
        """For how many positions each attention has room, with one more."""
        pairs = zip(self.kernels.plan.attentions, self.keys, strict=True)
        return [layer.room_for(self.count + 1, len(keys)) for layer, keys in pairs]


def moved(kept: Tensor, rows: Tensor, seen: int, room: int) -> Tensor:
    """Some rows of what attention keeps, of which some positions are filled, with more room."""
    made = kept.new_empty(room, len(rows), *kept.shape[2:])
    torch.index_select(kept[:seen], 1, rows, out=made[:seen])
    return made


def caches_in(state: Any) -> Iterator[Cache]:
    """Those of attention in what layers remember, in their order."""
    if isinstance(state, Cache):
        yield state
    elif isinstance(state, list):
        for one in state:
            yield from caches_in(one)


def addresses(keys: list[Tensor], values: list[Tensor]) -> Ids:
    """See `CompiledRows`."""
    pairs = zip(keys, values, strict=True)
    return np.array([(k.data_ptr(), v.data_ptr(), len(k)) for k, v in pairs], np.int64)
