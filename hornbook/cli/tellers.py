"""A teller that listens to several trainings, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hornbook.cli.progress import Teller
from hornbook.runs.events import Warned

__all__ = ["listening"]


@contextmanager
def listening(teller: Teller, *, quiet: bool) -> Iterator[Callable[[Any], None]]:
    """Who is told of events; whatever ends them, the live line is taken away.

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

    try:
        yield listen
    finally:
        teller.alive.end()
        teller.close()
