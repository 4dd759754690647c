"""What a mixture is made of, in words: nothing of its own was trained, but its members may be."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.runs.calls import without_home
from hornbook.runs.record import Member, Summary
from hornbook.runs.run import Run

__all__ = ["made_of", "where_to_watch"]


def made_of(summary: Summary) -> str:
    """The members of a mixture with their weights, as the end of a sentence."""
    if not summary.members:
        return "other models"
    return f"{len(summary.members)} other models: {listed(list(map(told, summary.members)))}"


def where_to_watch(run: Run, summary: Summary | None) -> str:
    """Why there are no figures of the training of a mixture, and which runs have them."""
    if summary is None:
        return "This model is made of other models, and is not finished."
    text = f"This model is made of {made_of(summary)}."
    trained = [
        without_home(one.run) for one in summary.members if run.task.family(one.family).trained
    ]
    if trained:
        text += f" {listed(trained)} {'was' if len(trained) == 1 else 'were'} trained by gradients;"
        text += " to see how that went, inspect "
        text += "that run." if len(trained) == 1 else "those runs."
    elif not summary.members:
        text += " Their training can be watched in runs of their own."
    return text


def told(one: Member) -> str:
    """A member: its run as others may see it, its family, its weight."""
    return f"{without_home(one.run)} ({one.family}, weight {one.weight:.2f})"


def listed(words: Sequence[str]) -> str:
    """Words as a list: one, two and three."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
