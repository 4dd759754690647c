"""The libraries that do the work speak to programmers; what people should know, hornbook says."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

__all__ = ["quiet_libraries"]


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """A context in which no library's warning or log line reaches a person.

    Warnings that Python was asked to show (`python -W`, `PYTHONWARNINGS`) are shown, and one that
    is to be an error is one.
    """
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # what torch's C++ prints by itself
    # Python prints what is logged where nobody has said what becomes of it.
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    shown = warnings.showwarning
    if not sys.warnoptions:
        warnings.showwarning = forgotten
    try:
        yield
    finally:
        root.removeHandler(handler)
        if warnings.showwarning is forgotten:
            warnings.showwarning = shown


def forgotten(*warning: Any, **where: Any) -> None:
    """Show nothing."""
