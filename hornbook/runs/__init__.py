"""Run directories: made by training, complete in themselves, opened by every other verb."""

from hornbook.runs.mix import mix
from hornbook.runs.rate import find_rate
from hornbook.runs.run import Run
from hornbook.runs.train import resume, train
from hornbook.runs.watcher import Watcher

__all__ = ["Run", "Watcher", "find_rate", "mix", "resume", "train"]
