"""One gradient beside another, as the lecture's `cmp` shows it, for notebooks and for tables.

dprobs = dlogprobs / probs
hornbook.compare_gradients("probs", dprobs, probs.grad)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hornbook.compute.pinned import pinned

__all__ = ["Comparison", "compare_gradients"]

RELATIVE, ABSOLUTE = 1e-5, 1e-8  # torch.allclose's own


@dataclass(frozen=True)
class Comparison:
    """How close one tensor is to another."""

    name: str
    exact: bool
    "Whether every element is the same number."
    approximate: bool
    "Whether torch.allclose holds: every element within 1e-8 plus a relative 1e-5."
    maxdiff: float
    "The largest absolute difference; NaN if the two cannot be compared."
    problem: str = ""
    "Why the two cannot be compared; empty if they can."

    @classmethod
    @pinned()
    def of(cls, name: str, mine: Any, reference: Any) -> Comparison:
        """Compare two tensors, arrays or numbers; a wrong shape is a result, not an error."""
        import torch

        def none(problem: str) -> Comparison:
            return cls(name, exact=False, approximate=False, maxdiff=float("nan"), problem=problem)

        if mine is None:
            return none("it is None, not filled in yet")
        if reference is None:
            return none("the reference is None; call retain_grad() before backward()")
        try:
            one, other = (torch.as_tensor(x).detach().cpu().double() for x in (mine, reference))
        except (TypeError, ValueError, RuntimeError):
            kinds = " and ".join(type(value).__name__ for value in (mine, reference))
            return none(f"expected two tensors, arrays or numbers, not {kinds}")
        if one.shape != other.shape:
            return none(f"its shape is {(*one.shape,)}, the reference's shape is {(*other.shape,)}")
        return cls(
            name,
            exact=torch.equal(one, other),
            approximate=torch.allclose(one, other, RELATIVE, ABSOLUTE),
            maxdiff=float((one - other).abs().max()) if one.numel() else 0.0,
        )

    def __str__(self) -> str:
        """The lecture's line."""
        if self.problem:
            return f"{self.name:15} | cannot be compared: {self.problem}"
        return (
            f"{self.name:15} | exact: {self.exact!s:5} | approximate: {self.approximate!s:5} | "
            f"maxdiff: {self.maxdiff:.3g}"
        )


def compare_gradients(name: str, mine: Any, reference: Any) -> None:
    """Print how near a gradient of yours is to a reference.

    The lecture compares a dozen in one cell of a notebook: each has its line, and nothing comes
    back that the notebook would show once more. A program takes `Comparison.of(name, mine,
    reference)` from this module, which prints nothing.

    Args:
        name: what to call it.
        mine: a tensor, array or number.
        reference: the same from elsewhere, for example `probs.grad` after `loss.backward()`.

    The line says whether the two are equal bit by bit, whether nearly, and the largest difference.
    A shape that is wrong is said, not raised.
    """
    print(Comparison.of(name, mine, reference))
