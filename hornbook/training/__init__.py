"""The trainer and its parts: settings, schedules, optimizers."""

from hornbook.training.settings import TrainingSettings

__all__ = ["TrainingSettings"]
