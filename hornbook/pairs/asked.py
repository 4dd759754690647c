"""What can be asked of a run on pairs: name, what it does, and the class."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

HOME = "hornbook.pairs.questions"
QUESTIONS: dict[str, tuple[str, str]] = {
    "translate": (
        "say what belongs to a text: its translation, or what was learned",
        f"{HOME}.translate:TranslateQuestion",
    ),
    "classify": (
        "tell which label a text has, with probabilities",
        f"{HOME}.classify:ClassifyQuestion",
    ),
    "novelty": (
        "tell whether a run repeats its training data",
        f"{HOME}.novelty:RepeatingQuestion",
    ),
}
