"""Samples drawn side by side: each has a place in the model, and a step draws a token of each.

What they take is bounded by whoever says how many there are: the ids drawn so far, in the smallest
type that holds them; one row of logits for each; and what the model remembers of each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.guide import Guide
from hornbook.text.models.contract import Floats, Ids, LanguageModel
from hornbook.text.models.pooling import log_softmax
from hornbook.text.overflow import refuse_overflow

__all__ = ["Places", "SmallIds", "Tokens", "size_of"]

BLOCK = 256  # steps whose ids are kept in one array
KEPT = 0.75  # share of the model's places still in use below which they are packed

SmallIds = npt.NDArray[np.unsignedinteger[Any]]
Mask = npt.NDArray[np.bool_]


class Tokens:
    """The ids drawn so far: a column for each place, in blocks that come as time goes on.

    Args:
        places: how many columns.
        dtype: the smallest type that holds every id.
    """

    def __init__(self, places: int, dtype: type[np.unsignedinteger[Any]]) -> None:
        self.places, self.dtype, self.time = places, dtype, 0
        self.blocks: list[SmallIds] = []  # each (BLOCK, places)

    def append(self, ids: Ids) -> None:
        """The next id of each place, shape (places,)."""
        row = self.time % BLOCK
        if row == 0:
            self.blocks.append(np.empty((BLOCK, self.places), self.dtype))
        self.blocks[-1][row] = ids
        self.time += 1

    @property
    def newest(self) -> Ids:
        """The last id of each place, shape (places,)."""
        newest: SmallIds = self.blocks[-1][(self.time - 1) % BLOCK]
        return newest.astype(np.int64)

    def of(self, places: Ids, since: int = 0) -> SmallIds:
        """The ids of some places from a time on, shape (len(places), time - since)."""
        found = np.empty((self.time - since, len(places)), self.dtype)
        at, skipped = 0, since % BLOCK
        for block in self.blocks[since // BLOCK :]:
            part = block[skipped : skipped + len(found) - at, places]
            found[at : at + len(part)] = part
            at, skipped = at + len(part), 0
        return found.T

    def keep(self, places: Ids) -> None:
        """Forget all but some places, which then stand in the order given."""
        filled = self.time % BLOCK or BLOCK
        for at, block in enumerate(self.blocks):
            kept, last = np.empty((BLOCK, len(places)), self.dtype), at == len(self.blocks) - 1
            rows = filled if last else BLOCK
            kept[:rows] = block[:rows, places]
            self.blocks[at] = kept
        self.places = len(places)


class Places:
    """Some samples in the making. Those that end leave, and the rest go on without them.

    The model goes on with the places of those that left until a quarter is empty, if it would have
    to move all that it remembers of the others: that costs more than to step a few places for
    nothing.

    Args:
        model: any language model.
        logits: of the first token, shape (1, V).
        state: what the model remembers of the prompt, of one place.
        count: how many samples.
        room: most tokens in one, at least 1.
        draw: gives an id for each row of logits.
        guide: tells which ids are possible; None: all.
        measured: whether to add up what each sample costs.

    Attributes:
        nats: -ln p of each sample's tokens so far, its end among them, under the model itself, in
            nats; all 0 if that is not measured.
        over: the samples that are over, by their number, until they are taken: the ids, and
            whether the model ended it; else it was cut, or nothing can follow.
    """

    def __init__(
        self,
        model: LanguageModel,
        logits: Floats,
        state: Any,
        count: int,
        room: int,
        draw: Callable[[Floats], Ids],
        *,
        guide: Guide | None = None,
        measured: bool = False,
    ) -> None:
        self.model, self.room, self.draw, self.measured = model, room, draw, measured
        self.guide = guide
        if guide is not None:
            guide.begin(count)
        self.nats = np.zeros(count)
        first = np.zeros(count, dtype=np.int64)
        self.logits, self.state = logits[first], model.select(state, first)
        self.alive = np.arange(count)  # the samples in the making
        self.at_place = self.alive  # where each of them stands among the model's places
        self.tokens = Tokens(count, model.vocabulary.dtype)
        self.over: dict[int, tuple[SmallIds, bool]] = {}

    def step(self) -> None:
        """Draw a token of each sample in the making."""
        if self.tokens.time:
            self.read()
        refuse_overflow(self.logits)
        plain = self.logits
        if self.guide is not None:
            self.logits = self.guide.masked(plain, self.alive)
        possible: Mask = np.asarray(np.isfinite(self.logits).any(axis=1))
        if not possible.all():
            # The data's own end: counts without smoothing know of nothing after it.
            self.logits, plain = self.logits[possible], plain[possible]
            self.finish(~possible, ended=False)
        if not len(self.alive):
            return
        ids = self.draw(self.logits)
        if self.guide is not None:
            self.guide.drawn(ids, self.alive)
        if self.measured:
            rows = np.arange(len(ids))
            self.nats[self.alive] -= log_softmax(plain)[rows, ids]
        boundary = self.model.vocabulary.boundary
        if boundary is not None and (ends := ids == boundary).any():
            self.finish(ends, ended=True)
            ids = ids[~ends]
            if not len(ids):
                return
        row = np.zeros(self.tokens.places, dtype=np.int64)
        row[self.at_place] = ids
        self.tokens.append(row)
        if self.tokens.time == self.room:
            self.finish(np.ones(len(self.alive), dtype=bool), ended=False)

    def read(self) -> None:
        """Let the model read what was drawn last."""
        share = len(self.alive) / self.tokens.places
        if share <= KEPT or (share < 1 and not self.model.moves(self.state)):
            self.state = self.model.select(self.state, self.at_place)
            self.tokens.keep(self.at_place)
            self.at_place = np.arange(len(self.alive))
        logits, self.state = self.model.step(self.tokens.newest, self.state)
        self.logits = logits[self.at_place]

    def finish(self, gone: Mask, *, ended: bool) -> None:
        """Take some of the samples in the making out of their places."""
        rows = self.tokens.of(self.at_place[gone])
        for number, ids in zip(self.alive[gone].tolist(), rows, strict=True):
            self.over[number] = ids, ended
        self.alive, self.at_place = self.alive[~gone], self.at_place[~gone]
        if not len(self.alive):  # what is over waits to be taken, and needs no more than its ids
            self.state, self.tokens = None, Tokens(0, self.tokens.dtype)
            self.logits = self.logits[:0].copy()

    def so_far(self, number: int, since: int) -> SmallIds:
        """The ids of one sample from a time on, whether it is over or in the making."""
        if number in self.over:
            return self.over[number][0][since:]
        place = self.at_place[np.searchsorted(self.alive, number)]
        found: SmallIds = self.tokens.of(np.array([place]), since)[0]
        return found


def size_of(state: Any) -> int:
    """Bytes of all arrays and tensors in what a model remembers, however it is built."""
    if hasattr(state, "nbytes"):
        return int(state.nbytes)
    if isinstance(state, Mapping):
        return sum(map(size_of, state.values()))
    if isinstance(state, list | tuple):
        return sum(map(size_of, state))
    if dataclasses.is_dataclass(state):
        return sum(size_of(getattr(state, field.name)) for field in dataclasses.fields(state))
    return 0
