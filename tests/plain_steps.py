"""Trainings side by side without kernels, whose compiling takes long: by the usual updates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from hornbook.training import side_by_side
from hornbook.training.trainer import Trainer


class PlainSteps:
    """In the place of `ManySteps`."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def load(self) -> float:
        """There is nothing to load."""
        return 0.0

    def measuring(self) -> nullcontext[None]:
        """Losses are measured as they are otherwise."""
        return nullcontext()

    def advance(self, steps: int) -> None:
        """Make so many updates."""
        for _ in range(steps):
            self.trainer.update()


@contextmanager
def plain_steps() -> Iterator[pytest.MonkeyPatch]:
    """A context in which what is trained together is trained by them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(side_by_side, "ManySteps", PlainSteps)
        yield patch
