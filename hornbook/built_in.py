"""The tasks that come with hornbook, and what can be asked of their runs; nothing is loaded.

A task is a package: its class is in `task`, and `asked` holds its questions by name, each with what
it does and the class that answers it. The help of the command line needs no more than these words.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

__all__ = ["TASKS", "in_one_line", "questions"]

TASKS = {
    "text": "hornbook.text.task:TextTask",
    "ratings": "hornbook.ratings.task:RatingsTask",
    "clicks": "hornbook.ratings.task:ClicksTask",
    "tables": "hornbook.tables.task:TableTask",
    "words": "hornbook.words.task:WordsTask",
    "pairs": "hornbook.pairs.task:PairsTask",
}
"Tasks by name, each as `module:class`."


def questions() -> dict[str, str]:
    """What can be asked of a run of some task, and what the answer is."""
    found: dict[str, list[str]] = {}
    for home in TASKS.values():
        package = home.partition(":")[0].rpartition(".")[0]
        asked: dict[str, tuple[str, str]] = importlib.import_module(f"{package}.asked").QUESTIONS
        for name, (summary, _) in asked.items():
            found.setdefault(name, []).append(summary)
    return {name: in_one_line(summaries) for name, summaries in found.items()}


def in_one_line(summaries: Iterable[str]) -> str:
    """What a question does for runs of several tasks: `predict the ratings, or the prices`."""
    first, *others = dict.fromkeys(summaries)
    verb = first.partition(" ")[0]
    return ", or ".join([first, *(other.removeprefix(f"{verb} ") for other in others)])
