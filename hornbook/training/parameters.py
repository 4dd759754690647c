"""The parameters of a model as training sees them: dense, frozen, and tables.

Dense parameters are views into one vector, their gradients into another, so that an update costs a
handful of operations however many there are. Frozen ones, whose rate is 0, are left alone: backward
passes do not compute their gradients, and they have no place in what the optimizer remembers. Of
tables only the rows that a batch touches count (`training/tables.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from hornbook.training.distributed import World
from hornbook.training.rates import rate_factors
from hornbook.training.tables import SparseTable

__all__ = ["LAYOUT", "FlatParameters", "Gradients", "Group"]

LAYOUT = 2  # of the vectors in a checkpoint; until layout 1 frozen parameters had a place in them


@dataclass(frozen=True)
class Group:
    """A stretch of the flat vector whose parameters are treated alike."""

    part: slice
    "Its part of the flat vector."
    factor: float
    "Factor on the learning rate."
    decayed: bool
    "Whether weight decay applies to it."


@dataclass(frozen=True)
class Gradients:
    """The gradients of all parameters at one time, to be put back."""

    dense: Tensor
    "Copy of `FlatParameters.grads`."
    tables: tuple[tuple[Tensor, Tensor], ...]
    "Rows and gradients of each table."


class FlatParameters:
    """The parameters of a module: one dense vector, and apart from it frozen ones and tables.

    Args:
        module: its dense parameters become views into the vector. Those that a layer names in
            `decayed` come first, within these and within the rest those of the largest factor, and
            among equals in the module's order. Those that a layer names in `tables` are tables.
        rates: rates of their own for some of them, as in `TrainingSettings`; 0 freezes.

    Attributes:
        values: shape (P,); each dense parameter is a view into it.
        grads: shape (P,); each dense parameter's `grad` is a view into it.
        decayed: how many of the first values weight decay pulls on.
        groups: the stretches of one factor on the rate, within what is decayed and what is not;
            without `rates` these two.
        matrices: for each shape of the dense matrices under weight decay, where each one begins,
            and the factor on its rate.
        tables: the parameters of which a batch touches some rows.
        frozen: the parameters that do not move. They keep their own storage, and want no gradient
            inside of `freezing`.

    Raises:
        SettingsError: if a pattern in `rates` decides for no parameter, or all would be frozen.
        ValueError: if a layer names a parameter in `decayed` and in `tables`.
    """

    def __init__(self, module: torch.nn.Module, rates: Iterable[str] = ()) -> None:
        named = list(module.named_parameters())
        factors = rate_factors([name for name, _ in named], rates)
        factor_of = {id(p): factor for (_, p), factor in zip(named, factors, strict=True)}
        decayed, apart = list(marked(module, "decayed")), set(map(id, marked(module, "tables")))
        pulled = set(map(id, decayed))
        if both := [name for name, p in named if id(p) in pulled & apart]:
            raise ValueError(f"{', '.join(both)}: weight decay cannot apply to a table")
        rest = [p for _, p in named if id(p) not in pulled]
        self.frozen = [p for p in (*decayed, *rest) if not factor_of[id(p)]]
        self.frozen_decayed = count(p for p in self.frozen if id(p) in pulled)
        self.tables = [
            SparseTable(name, p, factor_of[id(p)])
            for name, p in named
            if id(p) in apart and factor_of[id(p)]
        ]
        apart |= set(map(id, self.frozen))
        decayed, rest = ([p for p in some if id(p) not in apart] for some in (decayed, rest))
        for some in (decayed, rest):
            some.sort(key=lambda p: factor_of[id(p)], reverse=True)  # those of a factor together
        self.decayed = count(decayed)
        self.lay_out(decayed + rest, pulled, factor_of, like=named[0][1])
        self.zero_grad()

    def lay_out(
        self,
        ordered: list[torch.nn.Parameter],
        pulled: set[int],
        factor_of: dict[int, float],
        *,
        like: Tensor,
    ) -> None:
        """Make parameters views into the vector, in this order, and find their groups."""
        pieces = [p.detach().reshape(-1) for p in ordered]
        self.values = torch.cat(pieces) if pieces else like.detach().new_empty(0)
        self.grads = torch.zeros_like(self.values)
        self.groups: list[Group] = []
        self.places: list[tuple[torch.nn.Parameter, Tensor]] = []
        self.matrices: dict[tuple[int, int], list[tuple[int, float]]] = {}
        at = 0
        for (decayed, factor), alike in groupby(
            ordered, lambda p: (id(p) in pulled, factor_of[id(p)])
        ):
            begin = at
            for p in alike:
                if p.dim() == 2 and decayed:
                    self.matrices.setdefault((p.shape[0], p.shape[1]), []).append((at, factor))
                end = at + p.numel()
                p.data = self.values[at:end].view_as(p)
                p.grad = self.grads[at:end].view_as(p)
                self.places.append((p, p.grad))
                at = end
            if at > begin:
                self.groups.append(Group(slice(begin, at), factor, decayed))

    def zero_grad(self) -> None:
        """Begin an update: no gradient yet."""
        self.settle()
        self.grads.zero_()
        self.clear()

    def begin(self) -> None:
        """The same for a backward pass by hand, which need not add to zeros (`take_room`).

        Until `collect`, parameters have a `grad` where there is one.
        """
        for p, place in self.places:
            p.grad = None
            vars(p)["room"] = place
        self.clear()

    def clear(self) -> None:
        """No gradient of what is frozen, nor of tables."""
        for p in self.frozen:
            p.grad = None
        for table in self.tables:
            table.clear()

    def settle(self) -> None:
        """Make each dense parameter's `grad` a view into the vector again."""
        for p, place in self.places:
            if p.grad is place:
                continue
            vars(p).pop("room", None)
            if p.grad is None:
                place.zero_()
            else:  # written elsewhere, since someone else had taken the room
                place.copy_(p.grad)
            p.grad = place

    @contextmanager
    def freezing(self) -> Iterator[None]:
        """A context in which no backward pass computes gradients of what is frozen.

        Afterwards `requires_grad` is as it was: who trains the module further may want them.
        """
        held = [p for p in self.frozen if p.requires_grad]
        for p in held:
            p.requires_grad_(False)
        try:
            yield
        finally:
            for p in held:
                p.requires_grad_(True)

    def collect(self, share: float = 1.0) -> None:
        """See to it that all gradients are in the vector, or taken from the `grad` of tables.

        Args:
            share: factor on the gradients of tables.
        """
        self.settle()
        for table in self.tables:
            table.collect(share)

    @contextmanager
    def weighted(self, share: float) -> Iterator[None]:
        """A context for a backward pass whose gradients count by a share.

        Σ share · g, though a backward pass can only add g: the sum so far is held in its unit
        meanwhile.
        """
        self.grads.mul_(1 / share)
        yield
        self.grads.mul_(share)
        self.collect(share)

    def add_up(self, world: World) -> None:
        """Replace the gradients by their sums over all processes."""
        if len(self.grads):
            world.add_up(self.grads)
        for table in self.tables:
            table.add_up(world)

    def norm(self) -> float:
        """Norm of the gradient, over all that moves."""
        tables = (float(table.grads.norm()) for table in self.tables)
        return math.hypot(float(self.grads.norm()), *tables)

    def scale(self, factor: float) -> None:
        """Make the gradients longer or shorter."""
        self.grads.mul_(factor)
        for table in self.tables:
            table.grads = table.grads * factor

    @property
    def mostly_frozen(self) -> bool:
        """Whether more numbers are frozen than move."""
        moving = len(self.values) + count(table.values for table in self.tables)
        return count(self.frozen) > moving

    def gradients(self) -> Gradients:
        """The gradients as they are, to be put back later."""
        # Those of tables are never changed in place.
        return Gradients(self.grads.clone(), tuple((t.rows, t.grads) for t in self.tables))

    def put_back(self, kept: Gradients) -> None:
        """Make the gradients what they were."""
        self.zero_grad()
        self.grads.copy_(kept.dense)
        for table, (rows, grads) in zip(self.tables, kept.tables, strict=True):
            table.rows, table.grads = rows, grads

    @property
    def begins(self) -> dict[int, int]:
        """Where each dense parameter begins in the vector, by its `id`."""
        return {id(p): int(place.storage_offset()) for p, place in self.places}

    def is_frozen(self, parameter: Tensor) -> bool:
        """Whether a parameter of the module is frozen."""
        return any(parameter is one for one in self.frozen)

    def gradient_of(self, parameter: Tensor) -> Tensor:
        """The gradient of a parameter of the module, to look at.

        Returns:
            Of a table that of the rows that were touched, shape (K, ...); of a frozen parameter
            zeros; of any other its own, of its shape.
        """
        for table in self.tables:
            if parameter is table.parameter:
                return table.grads
        return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad

    def from_layout_1(self, old: Tensor) -> Tensor:
        """What a vector of an optimizer's in a checkpoint of layout 1 says of the dense vector.

        There frozen parameters, having the smallest factor, stood at the end of those under weight
        decay and at the end of the rest; all others stood in today's order. A vector over those
        under weight decay alone (Muon's momentum) ended after the first of these places.

        Args:
            old: the vector, over all parameters or over those under weight decay.

        Raises:
            ValueError: if it is of neither length.
        """
        frozen = count(self.frozen)
        whole, pulled = len(self.values) + frozen, self.decayed + self.frozen_decayed
        if len(old) not in (whole, pulled):
            raise ValueError(f"expected {whole:,} or {pulled:,} values, got {len(old):,}")
        rest = old[pulled : whole - (frozen - self.frozen_decayed)]
        return torch.cat([old[: self.decayed], rest])


def marked(module: torch.nn.Module, attribute: str) -> Iterator[torch.nn.Parameter]:
    """The parameters that their layers name in an attribute, each once."""
    seen: set[int] = set()
    for part in module.modules():
        for name in sorted(getattr(part, attribute, ())):
            parameter = getattr(part, name)
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield parameter


def count(parameters: Iterable[Tensor]) -> int:
    """How many numbers there are in some parameters."""
    return sum(p.numel() for p in parameters)
