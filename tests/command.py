"""A command as its users type it."""

from __future__ import annotations

import pytest

from hornbook.cli import main

Typed = tuple[int, str, str]


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Typed:
    """Status, output and errors of a command."""
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err
