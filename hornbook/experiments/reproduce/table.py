"""All experiments of the lectures, in their order."""

from __future__ import annotations

from hornbook.experiments.reproduce.backprop import BACKPROP
from hornbook.experiments.reproduce.batchnorm import BATCHNORM
from hornbook.experiments.reproduce.bigrams import BIGRAMS
from hornbook.experiments.reproduce.figures import Reproduction
from hornbook.experiments.reproduce.gpt import GPT
from hornbook.experiments.reproduce.micrograd import MICROGRAD
from hornbook.experiments.reproduce.mlp import MLP
from hornbook.experiments.reproduce.movielens import MOVIELENS_LESSON
from hornbook.experiments.reproduce.nietzsche import NIETZSCHE
from hornbook.experiments.reproduce.rossmann import ROSSMANN_LESSON
from hornbook.experiments.reproduce.wavenet import WAVENET

__all__ = ["REPRODUCTIONS"]

REPRODUCTIONS: tuple[Reproduction, ...] = (
    *MICROGRAD, *BIGRAMS, *MLP, *BATCHNORM, *BACKPROP, *WAVENET, *GPT, *NIETZSCHE,
    *MOVIELENS_LESSON, *ROSSMANN_LESSON,
)  # fmt: skip
