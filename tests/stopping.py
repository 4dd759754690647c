"""Stopping a training at a chosen update, as Ctrl-C at that moment would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hornbook.training.trainer import Trainer

__all__ = ["stopped_at"]


@contextmanager
def stopped_at(step: int) -> Iterator[None]:
    """A context in which every training ends after so many updates."""
    update = Trainer.update

    def update_and_stop(trainer: Trainer) -> float:
        loss = update(trainer)
        trainer.stop = trainer.stop or trainer.step == step
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "update", update_and_stop)
        yield
