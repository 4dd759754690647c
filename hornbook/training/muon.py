"""Muon: momentum made orthogonal, for matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import has_fast_bfloat16
from hornbook.training.adam import Adam
from hornbook.training.parameters import FlatParameters
from hornbook.training.settings import TrainingSettings

__all__ = ["Muon", "orthogonal"]


class Muon(Adam):
    """Momentum made orthogonal, for matrices (Jordan et al. 2024); AdamW for everything else.

    The singular values of a matrix's momentum are all brought near one, so that an update moves
    every direction alike. It is scaled to the size of an AdamW update, as torch's Muon does with
    `match_rms_adamw`, so both share one learning rate and one weight decay (Liu et al. 2025).
    """

    MOMENTUM = 0.95

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.momentum = torch.zeros_like(flat.values[: flat.decayed])

    def update(self, rate: float, count: int) -> None:
        """One step; the matrices' part of the AdamW step is made nothing by its own gradients."""
        flat = self.flat
        directions = []
        for (rows, columns), places in flat.matrices.items():
            size = rows * columns
            parts = [slice(at, at + size) for at, _ in places]
            for part in parts:
                self.momentum[part].lerp_(flat.grads[part], 1 - self.MOMENTUM)
            # Nesterov's: the gradient once more, beside the momentum that it is in already.
            ahead = torch.stack(
                [flat.grads[p].lerp(self.momentum[p], self.MOMENTUM) for p in parts]
            )
            made = orthogonal(ahead.view(len(parts), rows, columns))
            directions += list(zip(parts, made.reshape(len(parts), -1), strict=True))
            for part in parts:
                flat.grads[part].zero_()
        super().update(rate, count)
        for (rows, columns), places in flat.matrices.items():
            scale = 0.2 * max(rows, columns) ** 0.5
            for at, factor in places:
                part, direction = directions.pop(0)
                assert part.start == at
                flat.values[part].add_(direction, alpha=-rate * factor * scale)

    def state(self) -> dict[str, Tensor]:
        """AdamW's, and the matrices' momentum."""
        return {**super().state(), "momentum": self.momentum}


def orthogonal(x: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrices, nearly: a quintic Newton-Schulz iteration, five times.

    In bfloat16, as torch's, where the processor multiplies it: the iteration forgives it, and it
    takes a fifth of the time. Elsewhere bfloat16 would take ten to twenty times as long
    (EXPERIMENTS.md), and the precision is that of x.

    Args:
        x: shape (n, rows, columns).

    Returns:
        The same shape, in the precision of x; singular values between about 0.7 and 1.2.
    """
    tall = x.shape[1] > x.shape[2]
    y = x.transpose(1, 2) if tall else x
    if has_fast_bfloat16(x.device):
        y = y.bfloat16()
    y = y / y.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(5):
        gram = y @ y.transpose(1, 2)
        # y <- a y + b (y yᵀ) y + c (y yᵀ)² y, which moves singular values towards one.
        step = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
        y = torch.baddbmm(y, step, y, beta=3.4445)
    return (y.transpose(1, 2) if tall else y).to(x.dtype)
