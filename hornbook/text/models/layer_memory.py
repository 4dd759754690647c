"""Memories of nets that read rows: their layers remember what they need of the positions before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hornbook.nn.compiled_decoding import CompiledRows
from hornbook.nn.head_cross_entropy import body_and_end
from hornbook.nn.sequential import begin_chain
from hornbook.text.models.memory import Floats, Ids, Memory

if TYPE_CHECKING:
    from hornbook.text.models.network import Network

__all__ = ["BlockMemory", "LayerMemory"]


@dataclass(frozen=True)
class LayerMemory(Memory["Network"]):
    """A row without end: a state is what each layer of the net remembers of it."""

    reach: int | None
    """How many tokens back the state can depend on; only that many of a longer context are read.
    None: no limit."""

    def start(self, model: Network, ids: Ids) -> tuple[Floats, Any]:
        """Rows through each layer at once."""
        reach = ids.shape[1] if self.reach is None else self.reach
        with model.in_use():
            x, cut = model.tensor(ids[:, -reach:]), body_and_end(model.net)
            if cut is None:
                y, state = model.net.begin(x)
            else:  # only what follows the last position is asked for: of V logits a row, not T·V
                body, end = cut
                hidden, inside = begin_chain(body, x)
                y, ends = begin_chain(end, hidden[:, -1:])
                state = inside + ends
            logits: Floats = y[:, -1].cpu().numpy()
        return logits, state

    def step(self, model: Network, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """One more token in each place, through layers that remember those before."""
        if not isinstance(state, CompiledRows):
            state = model.decoding.rows(model.net, state, len(ids)) or state
        if isinstance(state, CompiledRows):
            return state.step(ids, model.decoding.threads)
        with model.in_use():
            y, state = model.net.advance(model.tensor(ids), state)
            logits: Floats = y.cpu().numpy()
        return logits, state

    def select(self, model: Network, state: Any, places: Ids) -> Any:
        """What the layers remember of some places."""
        rows = model.tensor(places)
        return state.pick(rows) if isinstance(state, CompiledRows) else model.net.pick(state, rows)

    def moves(self, state: Any) -> bool:
        """Not where rows are read by compiled code."""
        return not isinstance(state, CompiledRows)


ROW = LayerMemory(reach=None)


@dataclass(frozen=True)
class Row:
    """What a `BlockMemory` remembers.

    Attributes:
        layers: what the net's layers remember of the row.
        count: tokens in the row so far.
        recent: the last half of a block of them, shape (B, at most block_size // 2).
    """

    layers: Any
    count: int
    recent: Ids


@dataclass(frozen=True)
class BlockMemory(Memory["Network"]):
    """Rows that end at `block_size`, for a net that knows no positions beyond it.

    A full row is begun again with the last half of it, so that every prediction after the first row
    has at least that much before its own token. Losses are measured alike.
    """

    block_size: int

    @property
    def half(self) -> int:
        """What a row that follows another begins with; half of a block of one token is none."""
        return self.block_size // 2

    def start(self, model: Network, ids: Ids) -> tuple[Floats, Row]:
        """The last of the rows that stepping would go through: it depends on no other.

        They begin at 0, s, 2s, ... for s the tokens that are new in a row, block_size - half. Each
        ends at block_size tokens, when one more is to be read; the last is the first one that is
        long enough: number ceil((T - block_size) / s) for T tokens.
        """
        length, new = ids.shape[1], self.block_size - self.half
        begin = new * max(0, -((self.block_size - length) // new))
        logits, layers = ROW.start(model, ids[:, begin:])
        return logits, Row(layers, length - begin, ids[:, max(0, length - self.half) :])

    def step(self, model: Network, ids: Ids, state: Row) -> tuple[Floats, Row]:
        """One more token in each place; it begins a row if the last one is full."""
        recent = np.concatenate([state.recent, ids[:, None]], axis=1)
        if state.count == self.block_size:
            return self.start(model, recent)
        logits, layers = ROW.step(model, ids, state.layers)
        past = max(0, recent.shape[1] - self.half)
        return logits, Row(layers, state.count + 1, recent[:, past:])

    def select(self, model: Network, state: Row, places: Ids) -> Row:
        """The rows of some places."""
        layers = ROW.select(model, state.layers, places)
        return Row(layers, state.count, state.recent[places])

    def moves(self, state: Row) -> bool:
        """As the row's own memory."""
        return ROW.moves(state.layers)
