"""Compiled steps whose update is the trainer's own, for a rule that has no kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from hornbook.kernels.program import Cut
from hornbook.training.kernels_order import from_kernels, to_kernels

if TYPE_CHECKING:
    from hornbook.training.laid_out import LaidOut
    from hornbook.training.many_steps import ManySteps

__all__ = ["update_by_trainer"]


def update_by_trainer(steps: ManySteps, laid: LaidOut, begun: int) -> None:
    """Updates by some batches, of the gradients that kernels find.

    Args:
        steps: of the trainer.
        laid: the batches.
        begun: how many were drawn before these.

    Raises:
        DivergedError: if a loss is not a finite number; the updates before it are made.
    """
    trainer, drawn = steps.trainer, steps.drawn(laid.drawn)
    for at, own in enumerate(laid.cuts):
        losses, _ = steps.call(replace(laid, cuts=own[None]), drawn)
        trainer.batches.cursor = begun + at
        from_kernels(steps.program, steps.grads[0], trainer.flat.grads)
        with torch.inference_mode():
            trainer.apply(float(losses[0]))
        trainer.took([float(losses[0])])
        to_kernels(steps.program, trainer.flat.values, steps.values)
        if steps.program.state and steps.program.of_rows:
            steps.state_rows = int(own[0, Cut.ALL])
    trainer.batches.cursor = begun + len(laid.cuts)
