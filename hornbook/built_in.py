"""The tasks that come with hornbook, and what can be asked of their runs; nothing is loaded.

A task is a package: its class is in `task`, and `asked` holds its questions by name, each with what
it does and the class that answers it. The help of the command line needs no more than these words.
"""

from __future__ import annotations

import importlib

__all__ = ["TASKS", "questions"]

TASKS = {
    "text": "hornbook.text.task:TextTask",
    "ratings": "hornbook.ratings.task:RatingsTask",
    "clicks": "hornbook.ratings.task:ClicksTask",
    "tables": "hornbook.tables.task:TableTask",
    "words": "hornbook.words.task:WordsTask",
}
"Tasks by name, each as `module:class`."


def questions() -> dict[str, str]:
    """What can be asked of a run of some task, and what the answer is."""
    found: dict[str, str] = {}
    for home in TASKS.values():
        package = home.partition(":")[0].rpartition(".")[0]
        asked: dict[str, tuple[str, str]] = importlib.import_module(f"{package}.asked").QUESTIONS
        found |= {name: summary for name, (summary, _) in asked.items()}
    return found
