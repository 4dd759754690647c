"""Run directories: made by training, complete in themselves, opened by every other verb."""

from hornbook.runs.mix import mix
from hornbook.runs.rate import find_rate
from hornbook.runs.run import Made, Run, Samples
from hornbook.runs.train import resume, train
from hornbook.runs.watcher import Watcher

__all__ = ["Made", "Run", "Samples", "Watcher", "find_rate", "mix", "resume", "train"]
