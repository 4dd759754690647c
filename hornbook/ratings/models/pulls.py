"""Pulls on the rows of a batch: what keeps users and items modest that are seldom seen."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["Pulled", "pull_vjp"]

Pulled = tuple[Tensor, Callable[[], tuple[Tensor | None, Tensor | None]]]


def pull_vjp(used: Tensor, own: Tensor, columns: Tensor | None, each: Tensor | None) -> Pulled:
    """Σ_bc columns_c used_bc² + Σ_bc each_b own_bc², and the way to its gradients.

    Args:
        used: the rows that predictions are made of, shape (B, C).
        own: the rows as they are in the table, shape (B, C); the same tensor, or that to which
            something was added.
        columns: the pull on each column of the first, shape (C,); None where there is none.
        each: the pull on each row of the second, shape (B,); None where there is none.

    Returns:
        The sum, and the function that gives the gradients of both, None where there is none. Where
        both are one tensor, its whole gradient is that of the first.
    """
    on_used, on_own = columns, None if each is None else each.unsqueeze(1)
    if used is own and on_own is not None:
        on_used, on_own = on_own if on_used is None else on_used + on_own, None
    # d Σ w x² / dx = 2 w x: so one product, w x, serves the sum and its gradient.
    drags = [
        None if drag is None else rows * drag for rows, drag in ((used, on_used), (own, on_own))
    ]
    total = used.new_zeros(())
    for rows, drag in zip((used, own), drags, strict=True):
        if drag is not None:
            total = total + torch.dot(drag.reshape(-1), rows.reshape(-1))
    first, second = drags

    def backward() -> tuple[Tensor | None, Tensor | None]:
        return None if first is None else 2 * first, None if second is None else 2 * second

    return total, backward
