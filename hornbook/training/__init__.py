"""The trainer and its parts: settings, ways to get gradients, schedules, optimizers, measures.

`TrainingSettings` is imported when it is first asked for, so that a measure alone costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hornbook.training.settings import TrainingSettings

__all__ = ["TrainingSettings"]


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name == "TrainingSettings":
        from hornbook.training.settings import TrainingSettings

        return TrainingSettings
    raise AttributeError(f"module 'hornbook.training' has no attribute {name!r}")
