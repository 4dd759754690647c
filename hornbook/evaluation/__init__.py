"""How good a model is, in nats and bits, on whole splits and on single things."""

from hornbook.evaluation.losses import Loss, measure, stream_losses
from hornbook.evaluation.novelty import Novelty
from hornbook.evaluation.scores import Score, score

__all__ = ["Loss", "Novelty", "Score", "measure", "score", "stream_losses"]
