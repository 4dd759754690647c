"""The figures of the lectures, repeated by the lectures' own settings.

figures         what a lecture says, and how far from it is still the same
bench           where it is repeated: folder, data, form; trainings that go on after a kill
data            the files that the lectures train on, and where to get them
micrograd, bigrams, mlp, batchnorm, backprop, wavenet, gpt, nietzsche, movielens, rossmann
                one file for each lecture: what it claims, and how it is measured here
table           all of them in order
run             `hornbook.reproduce`
"""

from __future__ import annotations

from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduced,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.experiments.reproduce.run import reproduce

__all__ = [
    "LectureFigure",
    "NotRunError",
    "Reproduced",
    "Reproduction",
    "Tolerance",
    "about",
    "reproduce",
]
