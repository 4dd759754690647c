"""What can be asked of a run on a table: name, what it does, and the class."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

HOME = "hornbook.tables.questions"
QUESTIONS: dict[str, tuple[str, str]] = {
    "predict": (
        "predict the target column of a table",
        f"{HOME}.predict:PredictQuestion",
    ),
}
