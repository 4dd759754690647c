"""What can go wrong, in one small tree of exceptions.

    HornbookError                a mistake that the user can mend; everything below is one
    ├── SettingsError            a setting is out of range, or does not fit with another
    ├── DataError                a file cannot be read, or holds too little
    │   ├── EncodingError        bytes that are not the text they were said to be
    │   └── DownloadError        a data set could not be fetched whole
    ├── UnknownSymbolError       a symbol that the model has never seen
    ├── RunError                 a run directory is missing, in the way, damaged or too new
    │   └── QuestionError        a run is asked what only runs of another task can answer
    ├── TrainingError            training cannot go on
    │   └── DivergedError        the loss is no longer a number
    ├── SamplingError            what was asked of the sampler cannot be had
    ├── ExpressionError          a formula cannot be read, or has no value
    ├── ToolError                a program that is needed is missing, or fails
    │   └── MissingPackageError  a package that is needed is not installed
    └── ExerciseError            a learner's file cannot be run, or is not that of the exercise

Every error says what is wrong and where; `hint` says how to mend it, and `action` is what the
library can do about it, if anything. The library speaks of settings by their names, in backticks
where they stand in a sentence: "Lower `learning_rate`, or set `clip=1`." How they are typed is the
business of whoever shows the error: the command line turns them into flags, the action into a
command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Action",
    "DataError",
    "DivergedError",
    "DownloadError",
    "EncodingError",
    "ExerciseError",
    "ExpressionError",
    "HornbookError",
    "MissingPackageError",
    "QuestionError",
    "RunError",
    "SamplingError",
    "SettingsError",
    "ToolError",
    "TrainingError",
    "UnknownSymbolError",
]


@dataclass(frozen=True)
class Action:
    """A call of the library that an error, or a finished run, proposes."""

    verb: str
    "The function's name in `hornbook`, or a question's: `train`, `resume`, `sample`."
    given: tuple[str, ...] = ()
    "What comes first, in order: the data, or the run; a name in capitals is to be filled in."
    settings: Mapping[str, object] = field(default_factory=dict)
    "Settings by name."

    def __str__(self) -> str:
        words = [word if word.isupper() else repr(word) for word in self.given]
        words += [f"{name}={value!r}" for name, value in self.settings.items()]
        return f"hornbook.{self.verb}({', '.join(words)})"


class HornbookError(Exception):
    """A mistake that the user can mend.

    Attributes:
        message: what is wrong and where.
        hint: how to mend it, in words.
        setting: the name of the setting that is wrong, if it is one.
        action: what to call instead, or next.
        told_elsewhere: whether another process, of several that train together, tells of it.
    """

    told_elsewhere = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        setting: str | None = None,
        action: Action | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.setting, self.action = message, hint, setting, action

    def __str__(self) -> str:
        told = (self.message, self.hint, str(self.action or ""))
        return "\n".join(part for part in told if part)


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


class QuestionError(RunError, AttributeError):
    """A run is asked a question that only runs of another task can answer."""


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


class MissingPackageError(ToolError, ImportError):
    """A package that only some uses need is not installed."""


class ExerciseError(HornbookError):
    """A learner's file cannot be run, or is not that of the exercise."""
