"""The figures of the lectures, repeated by the lectures' own settings.

figures         what a lecture says, and how far from it is still the same
names           the same of all nets of names, and what the lectures' loops come to in fewer steps
bench           where it is repeated: folder, data, form; trainings that go on after a kill
data            the files that the lectures train on, and where to get them
micrograd, bigrams, mlp, batchnorm, backprop, wavenet, gpt, nietzsche, movielens, rossmann
                one file for each lecture: what it claims, and how it is measured here
table           all of them in order
asked           which of them are asked for: a lecture's, one by name or by a part of its title
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
