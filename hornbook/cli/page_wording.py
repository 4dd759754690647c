"""How the pages that a command writes speak: of settings as flags, of calls as commands."""

from __future__ import annotations

from hornbook.cli.wording import command, worded
from hornbook.reports import Wording

__all__ = ["COMMANDS"]

COMMANDS = Wording(worded, command)
