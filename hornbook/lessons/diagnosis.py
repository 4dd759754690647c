"""What is wrong with a gradient: told by the numbers, without giving the right ones away."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hornbook.compute.pinned import pinned
from hornbook.lessons.derivations import Derivation, Values

__all__ = ["Examiner", "FaultKind", "Foreign", "Verdict"]

FaultKind = Literal[
    "right", "unfilled", "type", "not finite", "sum", "spread", "dimension", "transposed",
    "shape", "sign", "branch", "factor", "wrong",
]  # fmt: skip
Branches = tuple[str, ...]
"Steps that use the same value."
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 3e-2}
ZERO = 1e-12  # of the derivation's largest gradient: what is left of an exact zero after rounding


@dataclass(frozen=True)
class Foreign:
    """What stands where a tensor should."""

    kind: str
    "Name of its type."


@dataclass(frozen=True)
class Verdict:
    """What was found about one gradient."""

    name: str
    "The value whose gradient it is."
    kind: FaultKind
    message: str
    "What is wrong, and where to look; empty if it is right."


class Examiner:
    """Holds gradients against autograd's, and names the mistake in a wrong one.

    A mistake is named only if mending it makes the numbers right.

    Args:
        derivation: the computation.
        values: what its `forward` gave.
    """

    def __init__(self, derivation: Derivation, values: Values) -> None:
        self.derivation, self.values = derivation, values
        self.references = derivation.by_autograd(values)
        self.floor = ZERO * max(float(g.abs().max()) for g in self.references.values())

    @pinned()
    def judge(self, name: str, mine: Tensor | Foreign | None) -> Verdict:
        """The verdict on what was given as the gradient of the value `name`."""
        kind, message = self.find(name, mine)
        return Verdict(name, kind, message)

    def find(self, name: str, mine: Tensor | Foreign | None) -> tuple[FaultKind, str]:
        """The kind of mistake, and what to say of it."""
        if mine is None:
            return "unfilled", f"d{name} is the next one to fill in."
        if isinstance(mine, Foreign):
            return "type", f"d{name} must be a torch tensor; it is of type {mine.kind}."
        if mine.dtype not in TOLERANCE:
            kind = str(mine.dtype).removeprefix("torch.")
            return "type", f"d{name} must have a floating-point dtype; its dtype is {kind}."
        if not mine.isfinite().all():
            return (
                "not finite",
                f"d{name} has elements that are not finite: {count_not_finite(mine)}.",
            )
        reference = self.references[name]
        tolerance = TOLERANCE[mine.dtype]
        allowed = tolerance * float(reference.abs().max()) + self.floor

        def right(gradient: Tensor) -> Tensor:
            return (gradient - reference).abs() <= allowed

        mine = mine.detach().cpu().double()
        if mine.shape != reference.shape:
            return misshapen(name, mine, (*reference.shape,), right)
        if right(mine).all():
            return "right", ""
        return self.misvalued(name, mine, right, tolerance)

    def misvalued(
        self, name: str, mine: Tensor, right: Callable[[Tensor], Tensor], tolerance: float
    ) -> tuple[FaultKind, str]:
        """What is wrong with a gradient whose shape is right."""
        look = f"Check the local derivative of {'; '.join(self.lines_with(name))}."
        if not mine.any():
            return "wrong", f"d{name} is zero everywhere, but should not be. {look}"
        if right(-mine).all():
            return "sign", f"d{name} has the wrong sign, but is otherwise right."
        square = mine.ndim == 2 and mine.shape[0] == mine.shape[1]
        if square and right(mine.T).all():
            return "transposed", f"d{name} has the right numbers, but transposed."
        reference = self.references[name]
        for kept in self.slips(name):
            without = {
                (user, used)
                for used, some in kept.items()
                for user in self.derivation.users[used]
                if user not in some
            }
            slipped = self.derivation.by_hand(self.values, without)[name]
            if right(reference + (mine - slipped)).all():  # as near to it as right ones must be
                return "branch", f"A branch is missing in d{name}: {self.kept_alone(kept)}."
        ratio = float((mine * reference).sum() / (reference * reference).sum())
        # Against mine, not against the floor: any multiple of what is nearly zero would pass.
        if float((mine - ratio * reference).abs().max()) <= tolerance * float(mine.abs().max()):
            return "factor", f"d{name} is {self.described(ratio)}, the same for all elements."
        share = f"{int(right(mine).sum()):,} of {mine.numel():,} elements are right"
        said = share if right(mine).any() else "no element is right"
        return "wrong", f"d{name} is wrong: {said}. {look}"

    def slips(self, name: str) -> list[dict[str, Branches]]:
        """Ways to forget branches between a value and the next gradients that were asked for.

        Returns:
            For each way, the values with a branch missing and those of their uses that are kept;
            those that forget the least first.
        """
        users = self.derivation.users
        waiting, between = [name], [name]
        while waiting:
            further = set(users[waiting.pop()]) - {*self.derivation.wanted, *between, "loss"}
            between += sorted(further)
            waiting += sorted(further)
        choices = [
            [(used, kept) for size in range(len(users[used]), 0, -1)
             for kept in itertools.combinations(users[used], size)]
            for used in between
        ]  # fmt: skip
        ways = [
            {used: kept for used, kept in way if len(kept) < len(users[used])}
            for way in itertools.product(*choices)
        ]
        return sorted(filter(None, ways), key=len)

    def kept_alone(self, kept: Mapping[str, Branches]) -> str:
        """Which branches are there, where there should be more."""
        users = self.derivation.users
        return "; ".join(
            f"{used} is used {len(users[used])} times, in {listed(users[used])}, but only the "
            f"gradient through {listed(some)} is included"
            for used, some in kept.items()
        )

    def described(self, ratio: float) -> str:
        """A factor in words, by the sizes that it may come from."""
        n = int(self.values["n"])
        known = {n: "n", n - 1: "n - 1", n / (n - 1): "n/(n - 1)"}
        size = abs(ratio)
        low = "small" if size < 1 else "large"
        times = size if size > 1 else 1 / size
        name = next((text for value, text in known.items() if math.isclose(value, times)), "")
        by = f"{times:.6g}" + (f" ({name}, with n = {n})" if name else "")
        sign = " and has the wrong sign" if ratio < 0 else ""
        return f"too {low} by a constant factor of {by}{sign}"

    def lines_with(self, name: str) -> list[str]:
        """The lines of the forward pass that use a value."""
        steps = self.derivation.steps
        return [f"{step.name} = {step.code}" for step in steps if name in step.backward]


def misshapen(
    name: str, mine: Tensor, wanted: tuple[int, ...], right: Callable[[Tensor], Tensor]
) -> tuple[FaultKind, str]:
    """What is wrong with a gradient whose shape is.

    Args:
        name: of the value.
        mine: its gradient as given.
        wanted: the shape it should have.
        right: tells which elements of a tensor of that shape are right.
    """
    shape, size = (*mine.shape,), math.prod(wanted)
    said = f"d{name} has shape {shape}; it must have the shape of {name}, {wanted}."
    if (summed := sum_to(mine, wanted)) is not None and mine.numel() > size:
        if right(summed).all():
            return "sum", (
                f"{said} A sum is missing: {name} is broadcast in the forward pass, so each "
                "element is used several times, and its gradients add up."
            )
        return "shape", (
            f"{said} {name} is broadcast in the forward pass, so the backward pass needs a sum; "
            "but the numbers would be wrong even with it."
        )
    if mine.numel() < size and expands(mine, wanted):
        if right(mine.expand(wanted)).all():
            return "spread", (
                f"{said} The numbers are right but must be repeated: where the forward pass "
                "sums, every term of the sum gets the whole gradient."
            )
        return "shape", f"{said} Broadcast to that shape, the numbers would still be wrong."
    if mine.ndim == 2 and shape[::-1] == wanted and right(mine.T).all():
        return "transposed", f"{said} The numbers are right, but transposed."
    if mine.numel() == size:
        if right(mine.reshape(wanted)).all():
            return "dimension", (
                f"{said} The numbers are right, but a dimension was lost or added "
                "(keepdim, view, unsqueeze)."
            )
        return "shape", f"{said} Viewed in that shape, the numbers would still be wrong."
    return "shape", said


def sum_to(tensor: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """The tensor summed over what broadcasting would repeat; None if that gives no such shape."""
    if tensor.ndim < len(shape):
        return None
    padded = (1,) * (tensor.ndim - len(shape)) + shape
    if any(want not in (1, have) for have, want in zip(tensor.shape, padded, strict=True)):
        return None
    return tensor.sum_to_size(shape)


def expands(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether broadcasting brings the tensor to the shape."""
    padded = (1,) * (len(shape) - tensor.ndim) + (*tensor.shape,)
    return len(padded) == len(shape) and all(
        have in (1, want) for have, want in zip(padded, shape, strict=True)
    )


def count_not_finite(tensor: Tensor) -> str:
    """How many elements are NaN, and how many infinite."""
    found = {"NaN": int(tensor.isnan().sum()), "infinite": int(tensor.isinf().sum())}
    return " and ".join(f"{n:,} {what}" for what, n in found.items() if n)


def listed(names: tuple[str, ...]) -> str:
    """Names as a sentence has them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
