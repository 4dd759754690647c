"""What can be asked of a run on text: name, what it does, and the class that answers it."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

QUESTIONS = {
    "sample": ("sample new examples from a run", "hornbook.text.sample_question:SampleQuestion"),
    "score": (
        "show the loss of a string under a run, token by token",
        "hornbook.text.score_question:ScoreQuestion",
    ),
    "bigrams": ("show the most frequent pairs of tokens", "hornbook.text.bigrams:BigramsQuestion"),
    "quality": (
        "compare samples of a run with its data, at several temperatures",
        "hornbook.text.quality_question:QualityQuestion",
    ),
    "novelty": (
        "tell whether a run repeats its training data",
        "hornbook.text.novelty_question:NoveltyQuestion",
    ),
}
