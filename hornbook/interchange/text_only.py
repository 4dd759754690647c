"""Runs that no other program's format has a place for: those that are not on text."""

from __future__ import annotations

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.runs import Run

__all__ = ["refuse_other_tasks"]


def refuse_other_tasks(run: Run, what: str) -> None:
    """Refuse runs that are not on text, with how else they can be given away.

    Args:
        run: any.
        what: is to be made of it, as the subject of a sentence.

    Raises:
        SettingsError: if it is one.
    """
    if run.task.name == "text":
        return
    strips = bool(run.task.private)
    raise SettingsError(
        f"{what} can be made of a run on text only; {run.path} is a run of the task "
        f"{run.task.name} ({run.family}).",
        hint="Give a copy of its folder away, which whoever has hornbook can ask"
        + ("; your data are taken out of it by:" if strips else "."),
        action=Action("strip", (str(run.path),)) if strips else None,
        setting="to",
    )
