"""What `torchrun` tells each process that it starts, in environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hornbook.errors import SettingsError

__all__ = ["Launch"]

UNSET = "unset WORLD_SIZE RANK LOCAL_RANK MASTER_ADDR MASTER_PORT"
HINT = f"Start all processes with torchrun, which sets it; or, for a single process:  {UNSET}"
MEETING = ("RANK", "MASTER_ADDR", "MASTER_PORT")  # without these the processes cannot meet
MOST = 2**31 - 1


@dataclass(frozen=True)
class Launch:
    """The place of this process among those that were started together."""

    rank: int = 0
    "Number of this process, from 0."
    size: int = 1
    "How many there are."
    local: int = 0
    "Number of this process on its machine."

    @classmethod
    def from_environment(cls) -> Launch:
        """What the environment says; without `WORLD_SIZE`, or with 1, a process on its own.

        Variables may be left over from another program, so each is checked before anything waits.

        Raises:
            SettingsError: if a variable has no such value, or one is missing.
        """
        size = number("WORLD_SIZE", 1, MOST, 1)
        if size == 1:
            return cls()
        missing = [name for name in MEETING if not os.environ.get(name)]
        if missing:
            names = " and ".join([", ".join(missing[:-1])] * (len(missing) > 1) + missing[-1:])
            verb = "are" if len(missing) > 1 else "is"
            raise SettingsError(
                f"The environment variable WORLD_SIZE is '{size}', but {names} {verb} not set: the "
                f"{size:,} processes cannot connect to each other.",
                hint=HINT,
            )
        number("MASTER_PORT", 1, 65_535)
        return cls(number("RANK", 0, size - 1), size, number("LOCAL_RANK", 0, size - 1, 0))


def number(name: str, low: int, high: int, default: int | None = None) -> int:
    """An environment variable that is a whole number in a range.

    Raises:
        SettingsError: if it is anything else.
    """
    text = os.environ.get(name)
    if text is None and default is not None:
        return default
    if text is not None and text.isascii() and text.isdigit() and low <= int(text[:20]) <= high:
        return int(text)
    limits = f"of at least {low}" if high == MOST else f"from {low} to {high:,}"
    raise SettingsError(
        f"The environment variable {name} is {text!r}; it must be a whole number {limits}.",
        hint=HINT,
    )
