"""Verbs that train several models, one after the other: who tells of it, and how they stop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hornbook.cli.interrupts import status_of_stop
from hornbook.cli.output import notes
from hornbook.cli.progress import Teller
from hornbook.runs.events import Warned

__all__ = ["listening"]


@contextmanager
def listening(teller: Teller, *, quiet: bool) -> Iterator[Callable[[Any], None]]:
    """Who is told of events; whatever ends them, the live line is taken away.

    Where they are stopped, that is said, with how to go on, and the process ends.

    Args:
        teller: says what is to be said.
        quiet: of warnings alone.
    """
    if not quiet:
        teller.alive.begin("Reading the data")

    def listen(event: Any) -> None:
        if not quiet:
            teller.tell(event)
        elif isinstance(event, Warned):
            teller.told(event)

    stopped: KeyboardInterrupt | None = None
    try:
        yield listen
    except KeyboardInterrupt as stop:
        stopped = stop
    finally:
        teller.alive.end()
        teller.close()
    if stopped is not None:
        notes().print("\nStopped. The same command continues from here.")
        sys.exit(status_of_stop(stopped))
