"""What can go wrong, in one small tree of exceptions.

    HornbookError                a mistake that the user can mend; everything below is one
    ├── SettingsError            a setting is out of range, or does not fit with another
    ├── DataError                a file cannot be read, or holds too little
    │   ├── EncodingError        bytes that are not the text they were said to be
    │   └── DownloadError        a data set could not be fetched whole
    ├── UnknownSymbolError       a symbol that the model has never seen
    ├── RunError                 a run directory is missing, in the way, damaged or too new
    ├── TrainingError            training cannot go on
    │   └── DivergedError        the loss is no longer a number
    ├── SamplingError            what was asked of the sampler cannot be had
    ├── ExpressionError          a formula cannot be read, or has no value
    ├── ToolError                a program that is needed is missing, or fails
    └── ExerciseError            a learner's file cannot be run, or is not that of the exercise

Every error says what is wrong and where; `hint` says how to mend it. The command line prints both
and exits with status 1, so no traceback reaches a user for a mistake of theirs.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "DivergedError",
    "DownloadError",
    "EncodingError",
    "ExerciseError",
    "ExpressionError",
    "HornbookError",
    "RunError",
    "SamplingError",
    "SettingsError",
    "ToolError",
    "TrainingError",
    "UnknownSymbolError",
]


class HornbookError(Exception):
    """A mistake that the user can mend: `message` says what and where, `hint` says how."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class SettingsError(HornbookError):
    """A setting is out of range, of the wrong type, or does not fit with another."""


class DataError(HornbookError):
    """A file cannot be read, or there is too little in it for what is asked."""


class EncodingError(DataError):
    """The bytes of a file are not text in the encoding that was expected."""


class DownloadError(DataError):
    """A data set could not be fetched, or what arrived is not what was promised."""


class UnknownSymbolError(HornbookError):
    """A text holds a symbol that is not in the alphabet of the run."""


class RunError(HornbookError):
    """A run directory is missing, already there, damaged, foreign or from a newer version."""


class TrainingError(HornbookError):
    """Training cannot go on."""


class DivergedError(TrainingError):
    """The loss is no longer a finite number: the learning rate was too high."""


class SamplingError(HornbookError):
    """What was asked of the sampler cannot be had from this model."""


class ExpressionError(HornbookError):
    """A formula cannot be read, or has no value or no gradient at the numbers given."""


class ToolError(HornbookError):
    """A program that is needed is not installed, or fails."""


class ExerciseError(HornbookError):
    """A learner's file cannot be run, or is not that of the exercise."""
