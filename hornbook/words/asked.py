"""What can be asked of a run on words: name, what it does, and the class."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

QUESTIONS = {
    "nearest": (
        "list the words nearest to a word, or to a sum of words",
        "hornbook.words.questions.nearest:NearestQuestion",
    ),
}
