"""What can go wrong, in one small tree of exceptions.

    HornbookError                base class of all errors that the user can fix
    ├── SettingsError            a setting is out of range, or conflicts with another
    ├── DataError                a file cannot be read, or contains too little data
    │   ├── EncodingError        a file is not text in the expected encoding
    │   └── DownloadError        a data set could not be downloaded
    ├── UnknownTokenError        a token that is not in the vocabulary
    ├── RunError                 a run directory is missing, exists already, damaged or too new
    │   ├── NewerRunError        a run directory was written by a newer version
    │   └── QuestionError        a question that only runs of another task can answer
    ├── TrainingError            training cannot continue
    │   └── DivergedError        the loss is no longer finite
    ├── SamplingError            the sampler cannot do what was asked
    ├── ExpressionError          a formula cannot be parsed or evaluated
    ├── ToolError                an external program is missing, or fails
    │   └── MissingPackageError  a required package is not installed
    └── ExerciseError            a learner's file cannot be run, or belongs to another exercise

Every error says what is wrong and where; `hint` says how to mend it, and `action` is what the
library can do about it, if anything; `choices` are several such calls, if one of them is meant. The
library speaks of settings by their names, in backticks where they stand in a sentence: "Lower
`learning_rate`, or set `clip=1`." How they are typed is the business of whoever shows the error:
the command line turns them into flags, the action into a command.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hornbook.actions import Action

__all__ = [
    "DataError",
    "DivergedError",
    "DownloadError",
    "EncodingError",
    "ExerciseError",
    "ExpressionError",
    "HornbookError",
    "MissingPackageError",
    "NewerRunError",
    "QuestionError",
    "RunError",
    "SamplingError",
    "SettingsError",
    "ToolError",
    "TrainingError",
    "UnknownTokenError",
    "why",
]


# A setting in a sentence: `clip`, or `clip=1` where a value is proposed. What stands in quotation
# marks is somebody's text, and stays as it is.
QUOTED = r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)"""
MARKED = re.compile(QUOTED + r"|`([a-z_][a-z0-9_]*)(?:=((?:'[^']*'|[^`])*))?`")
LITERAL = re.compile(r"-?[\d.]+(?:e[-+]?\d+)?|True|False|None|[\"\[({].*")
PLAIN = re.compile(r"(?:[\w./:=@%+-]*\w)?")  # what no shell reads otherwise, nor a full stop ends


def as_typed(*values: str) -> str:
    """Values that a sentence proposes, as words of a shell: `target='Last Login'`.

    Names of columns, and cells, are of any characters. What is not plain is quoted.
    """
    return " ".join(
        one if one and PLAIN.fullmatch(one) else "'" + one.replace("'", "'\"'\"'") + "'"
        for one in values
    )


def in_python(text: str) -> str:
    """A sentence with the values that it proposes as they stand in a program: `split="80/20"`."""

    def quoted(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if not value or LITERAL.fullmatch(value):
            return found[0]
        words = shlex.split(value) if "'" in value else value.split()
        if len(words) == 1:
            return f"`{name}={text_of(words[0])}`"
        listed = ", ".join(map(text_of, words))
        return f"`{name}=[{listed}]`"

    return MARKED.sub(quoted, text)


def text_of(word: str) -> str:
    """A text as it stands in a program."""
    return repr(word) if '"' in word or "\\" in word or not word.isprintable() else f'"{word}"'


class HornbookError(Exception):
    """Base class of all errors that the user can fix.

    Attributes:
        message: what is wrong, and where.
        hint: how to fix it.
        setting: name of the setting that is wrong, if it is one.
        action: call to make instead, or next.
        choices: several calls, one of which is meant.
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
        choices: Sequence[Action] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.setting, self.action = message, hint, setting, action
        self.choices = tuple(choices)

    @property
    def in_a_line(self) -> str:
        """What is wrong and how to fix it, as a part of somebody's sentence or warning."""
        return f"{self.message} {self.hint}".strip()

    def __str__(self) -> str:
        told = (self.message, self.hint, str(self.action or ""), *map(str, self.choices))
        return in_python("\n".join(part for part in told if part))


def why(error: BaseException) -> str:
    """What an error tells, in a line, where a warning goes on with it."""
    if isinstance(error, HornbookError):
        return error.in_a_line
    return str(error) or "out of memory"


class SettingsError(HornbookError):
    """A setting is out of range, of the wrong type, or conflicts with another."""


class DataError(HornbookError):
    """A file cannot be read, or contains too little data."""


class EncodingError(DataError):
    """A file is not text in the expected encoding."""


class DownloadError(DataError):
    """A data set could not be downloaded, or the downloaded file is not the expected one."""


class UnknownTokenError(HornbookError):
    """A text contains a token that is not in the run's vocabulary."""


class RunError(HornbookError):
    """A run directory is missing, exists already, is damaged or from a newer version."""


class NewerRunError(RunError):
    """A run directory was written by a newer version, in a format that this one cannot read."""


class QuestionError(RunError, AttributeError):
    """A question that only runs of another task can answer."""


class TrainingError(HornbookError):
    """Training cannot continue."""


class DivergedError(TrainingError):
    """The loss is no longer a finite number: the learning rate was too high."""


class SamplingError(HornbookError):
    """The sampler cannot do what was asked with this model."""


class ExpressionError(HornbookError):
    """A formula cannot be parsed, or has no value or gradient at the given inputs."""


class ToolError(HornbookError):
    """An external program is not installed, or fails."""


class MissingPackageError(ToolError, ImportError):
    """An optional package that is required here is not installed."""


class ExerciseError(HornbookError):
    """A learner's file cannot be run, or belongs to another exercise."""
