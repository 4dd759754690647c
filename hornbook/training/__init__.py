"""The trainer and its parts: settings, ways to get gradients, schedules, optimizers, measures.

`TrainingSettings` is imported when it is first asked for, so that a measure alone costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use

if TYPE_CHECKING:
    from hornbook.training.settings import TrainingSettings

__all__ = ["TrainingSettings"]

HOMES = {"TrainingSettings": "hornbook.training.settings"}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
