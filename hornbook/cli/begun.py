"""The run that is being trained, and what people are told of it if a signal ends that."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from hornbook.actions import Action
from hornbook.cli.output import escape, notes
from hornbook.cli.training_summary import tell
from hornbook.cli.wording import command
from hornbook.runs import Run
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Began, Event

__all__ = ["Begun"]


class Begun:
    """The run that is being trained, once it is there."""

    path: Path | None = None
    id: str = ""

    def look(self, event: Event) -> None:
        """Take the run's path and id from the event that tells them."""
        if isinstance(event, Began) and event.parameters is not None:
            self.path, self.id = event.path, event.record.id

    def explained(self, quiet: bool) -> bool:
        """Say what is saved and how to resume, if there is something to resume."""
        if self.path is None:
            return False
        directory = RunDirectory(self.path)
        record, summary = directory.read_record(), directory.read_summary()
        if record.id == self.id and summary is not None and not summary.ended:
            with contextlib.suppress(OSError):  # the terminal itself may have gone
                tell(Run(directory), json=quiet)
                sys.stdout.flush()
            return True
        say, path = notes().print, escape(str(self.path))
        say()
        if record.id != self.id:
            say(f"Stopped before the model was made; {path} is unchanged.")
        elif summary is not None and summary.ended:
            say(f"Stopped after the end of training; the run is saved to {path}.")
        else:
            going_on = escape(command(Action("resume", (str(self.path),))))
            kept = directory.checkpoint.exists()
            what = "the last checkpoint is saved" if kept else "there is no checkpoint yet"
            say(f"Stopped at once; {what}.\nResume with:  [bold]{going_on}[/]")
        return True
