"""What a computation has to do, counted while a net does it: products of matrices and bytes.

A net of float64 makes all its products through torch, by three operations and their forms in place,
which `Counting` sees. Each matrix product (n, k) × (k, m) is 2 n k m operations. Bytes are those of
float32: what products read and write, each matrix once on the way there and once on the way back
however often it is used, and what the update of the parameters reads and writes. Operations between
products are reckoned to cost nothing: a program could do them while the numbers are at hand.

Where compiled steps compute what embeddings add to a product once for each id, that is all that has
to be done, and it is counted.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from hornbook.kernels.program import Column, Kind, Operation
from hornbook.training.compilable import some_program
from hornbook.training.trainer import Trainer

__all__ = ["Counted", "Counting", "counted_calls", "counted_steps"]

BYTES = 4  # of a number
OPERANDS = {"mm": 0, "bmm": 0, "addmm": 1, "addmm_": 1, "baddbmm": 1, "baddbmm_": 1}
"Where the two matrices stand among the arguments of each operation that multiplies matrices."
Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class Counted:
    """What a step has to do, on the average of those counted."""

    products: Counter[Shape]
    "How many of each shape, (number, n, k, m): so many products at a time."
    steps: int
    "In which they were made."
    moved: float
    "Bytes of a step."
    held: float
    "Bytes that are touched in one: if a cache has room for them they stay there."

    @property
    def operations(self) -> float:
        """Of a step's products: a multiplication and an addition are two."""
        every = (2 * n * k * m * count * by for (count, n, k, m), by in self.products.items())
        return sum(every) / self.steps

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return self.operations / self.moved


@dataclass
class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A context in which products are counted.

    Args:
        once: whether a matrix that is read again counts no more, until `turn`.
    """

    once: bool
    products: Counter[Shape] = field(default_factory=Counter)
    numbers: int = 0
    "Read and written by products."
    seen: dict[tuple[int, int, int], Tensor] = field(default_factory=dict)
    "Matrices of this way, held so that no other takes their place in memory."
    whole: set[Any] = field(default_factory=set)
    "Operations that are not made of others."

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def turn(self) -> None:
        """From here on matrices count again."""
        self.seen.clear()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One operation."""
        kwargs = kwargs or {}
        if (found := self.taken_apart(func, args, kwargs)) is not NotImplemented:
            return found
        made = func(*args, **kwargs)
        name = func._overloadpacket.__name__
        if name in OPERANDS:
            a, b = args[OPERANDS[name] :][:2]
            if b.shape[-1] == 1 and bool((b == 1).all()):  # a sum, written as a product
                return made
            self.count((*(a.shape[:-2] or (1,)), *a.shape[-2:], b.shape[-1]), a, b, made)
        elif not self.once and name == "mul" and is_attention(*args[:2]):
            positions, rows, heads, size = args[0].shape
            self.count((rows * heads, 1, size, positions), args[0], args[1])
        return made

    def taken_apart(self, func: Any, args: Any, kwargs: Any) -> Any:
        """What an operation gives that is made of others, each of which is counted by itself.

        Only in inference mode are they not seen by themselves anyway.
        """
        name = func._overloadpacket.__name__
        if func in self.whole or name in OPERANDS:
            return NotImplemented
        with self:
            found = func.decompose(*args, **kwargs)
        if found is NotImplemented:
            self.whole.add(func)
        return found

    def count(self, shape: Shape, *matrices: Tensor) -> None:
        """A product and the matrices that it reads and writes."""
        self.products[shape] += 1
        self.numbers += sum(map(self.new, matrices))

    def new(self, x: Tensor) -> int:
        """Numbers of a matrix, or 0 if it has been counted."""
        if not self.once:
            return x.numel()
        place = x.untyped_storage().data_ptr(), int(x.storage_offset()), x.numel()
        known = place in self.seen
        self.seen[place] = x
        return 0 if known else x.numel()

    def look_up(self, one: Operation, ids: Any) -> None:
        """In place of a first layer's products those of the different ids at each of its places.

        Args:
            one: a TABLE.
            ids: of a batch.
        """
        fan_in, out, taps = (one.whole[at] for at in (Column.IN, Column.OUT, Column.OTHER))
        size, n = fan_in // taps, ids.size // taps
        there, weight, back = (1, n, fan_in, out), (1, out, n, fan_in), (1, n, out, fan_in)
        for shape in (there, weight, back):
            if not self.products[shape]:
                raise ValueError(f"no product {shape} was counted: {dict(self.products)}")
            self.products[shape] -= 1
        self.numbers -= 3 * n * fan_in
        for column in ids.reshape(-1, taps).T:
            count = len(np.unique(column))
            self.products.update(
                [(1, count, size, out), (1, size, count, out), (1, count, out, size)]
            )
            self.numbers += count * (3 * size + 2 * out)


def is_attention(a: Any, b: Any) -> bool:
    """Whether a product element by element is one of the two in the attention of one position.

    They are written as sums of products, of keys or values (S, B, H, D) and (B, H, D) or
    (S, B, H, 1); see `hornbook.nn.attention`.
    """
    both = isinstance(a, Tensor) and isinstance(b, Tensor)
    return both and a.dim() == 4 and b.dim() >= 3 and a.numel() > b.numel()


def counted_steps(trainer: Trainer, steps: int, *, by_ids: bool = True) -> Counted:
    """What a training step has to do: loss and gradients by hand, and the update.

    Args:
        trainer: of a net that can be taken apart: it becomes one of float64.
        steps: how many batches are looked at, for they may differ in size.
        by_ids: count what compiled steps compute once for each id so.
    """
    net: Any = trainer.module.double()
    numbers = sum(p.numel() for p in net.parameters())
    vectors = len([x for x in trainer.optimizer.state().values() if x.numel() == numbers])
    held, counting = 0, Counting(once=True)
    operations: tuple[Operation, ...] = ()
    if by_ids:
        with contextlib.suppress(ValueError):  # there may be no kernels for it
            operations = some_program(net, trainer.settings, trainer.batches).operations
    for _ in range(steps):
        batch = next(trainer.batches)
        net.zero_grad()
        # Not in inference mode, whose matrices cannot be told from each other's views.
        with torch.no_grad(), counting:
            _, backward = net.loss_vjp(batch)
            there = sum(x.numel() for x in counting.seen.values())
            counting.turn()
            backward()
            held += max(there, sum(x.numel() for x in counting.seen.values()))
            counting.turn()
        for one in operations:
            if one.whole[Column.KIND] == Kind.TABLE:
                counting.look_up(one, np.asarray(batch.inputs))
    # The update reads parameters, gradients and the optimizer's vectors, and writes all but the
    # gradients.
    update = numbers * (3 + 2 * vectors)
    moved = counting.numbers / steps + update
    return Counted(
        counting.products, steps, BYTES * moved, BYTES * (held / steps + numbers * (1 + vectors))
    )


def counted_calls(call: Callable[[], object], steps: int, passes: int) -> Counted:
    """What a step has to do of which a call makes several.

    Args:
        call: with a net of float64.
        steps: that it makes.
        passes: how often it goes through all that it reads, the weights above all.
    """
    counting = Counting(once=False)
    with counting:
        call()
    moved = BYTES * counting.numbers
    return Counted(counting.products, steps, moved / steps, moved / passes)
