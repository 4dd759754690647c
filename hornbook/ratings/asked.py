"""What can be asked of a run on ratings or clicks: name, what it does, and the class."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

HOME = "hornbook.ratings.questions"
QUESTIONS = {
    "recommend": ("recommend items to a user", f"{HOME}.recommend:RecommendQuestion"),
    "similar": ("list the items that are most like one", f"{HOME}.similar:SimilarQuestion"),
    "explain": (
        "show what a prediction is made of, and which ratings it comes from",
        f"{HOME}.explain:ExplainQuestion",
    ),
    "predict": ("predict the ratings in a file",
                f"{HOME}.predict:PredictQuestion"),
}  # fmt: skip
