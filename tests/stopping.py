"""Trainings that are stopped after so many updates, for progress is told by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hornbook.training.trainer import Trainer


def stop(trainer: Trainer) -> None:
    """As Ctrl-C does."""
    trainer.stop = True


@contextmanager
def stopped_at(step: int, by: Callable[[Trainer], None] = stop) -> Iterator[None]:
    """A context in which every training is told to stop after so many updates."""
    update = Trainer.update

    def counted(trainer: Trainer) -> float:
        loss = update(trainer)
        if trainer.step == step:
            by(trainer)
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "update", counted)
        yield
