"""What the library says, as it is typed here: settings as flags, calls as commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from hornbook.actions import Action
from hornbook.errors import MARKED
from hornbook.settings import Settings

__all__ = ["command", "flag", "flags_of", "no_flag", "shell_word", "worded"]

VERBS = {
    "find_rate": ("rate",),
    "import_model": ("import",),
    "list_runs": ("runs",),
    "resume": ("train", "--resume"),
}
"Where a call and its command have not the same name."
CALLS = {"find_rate": "rate"} | {
    verb: verb
    for verb in ("best", "doctor", "evaluate", "inspect", "mix", "quality", "sample", "strip")
}
"Calls that stand in a sentence like settings; no setting has one of these names."

READ_IN_QUOTES = '"$`\\!'
"What a shell does not take as it stands, though it is between double quotes."


def flag(name: str) -> str:
    """The flag of a setting; `from_`, which Python's own `from` forbids to be `from`, is --from."""
    return f"-{name}" if len(name) == 1 else f"--{name.rstrip('_').replace('_', '-')}"


def worded(text: str) -> str:
    """A sentence of the library with its settings as flags."""

    def as_flag(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if name is None:
            return found[0]
        if name in CALLS:
            return f"`hornbook {CALLS[name]}`"
        if value is None:
            return flag(name)
        if "'" in value:
            value = for_shell(value)
        return f"{flag(name)}={value}" if value.startswith("-") else f"{flag(name)} {value}"

    return MARKED.sub(as_flag, text)


def for_shell(value: str) -> str:
    """Words as `as_typed` gives them, for this system's shell."""
    return " ".join(map(shell_word, shlex.split(value))) if os.name == "nt" else value


def command(action: Action) -> str:
    """A call of the library as a command."""
    words = ["hornbook", *VERBS.get(action.verb, (action.verb,))]
    first, texts = list(action.given[:1]), list(action.given[1:])
    settings = list(flags(action.settings))
    words += map(no_flag, first)
    if any(text.startswith("-") for text in texts):
        words += [*settings, "--", *texts]
    else:
        words += [*texts, *settings]
    return " ".join(map(shell_word, words))


def flags(settings: Mapping[str, Any]) -> Iterator[str]:
    """Settings as words of a command; those of a group stand beside the others."""
    for name, value in settings.items():
        if value is True:
            yield flag(name)
        elif value is False:
            yield f"--no-{flag(name)[2:]}"
        elif isinstance(value, Mapping):
            yield from flags(value)
        elif isinstance(value, list | tuple):
            yield from (flag(name), *map(str, value))
        elif value is not None:
            written = number(value) if isinstance(value, float) else str(value)
            # The parser would take a word that begins with a dash for a flag.
            yield from (f"{flag(name)}={written}",) if is_flag(value) else (flag(name), written)


def number(value: float) -> str:
    """A number as short as it can be typed."""
    return short if float(short := f"{value:g}") == value else repr(value)


def is_flag(value: object) -> bool:
    """Whether a value looks like a flag where it stands by itself."""
    return isinstance(value, str) and value.startswith("-") and value != "-"


def flags_of(settings: Settings, default: Settings) -> list[str]:
    """What has to be typed to have these settings instead of others."""
    own, other = settings.as_dict(), default.as_dict()
    return list(flags({name: value for name, value in own.items() if value != other[name]}))


def no_flag(path: str) -> str:
    """A path that the parser does not take for a flag."""
    return f"./{path}" if path.startswith("-") and path != "-" else path


def shell_word(text: str) -> str:
    """A text as one word of a command line, for this system's shell."""
    if os.name == "nt":
        return subprocess.list2cmdline([text])
    plain = "'" in text and not set(text) & set(READ_IN_QUOTES)
    return f'"{text}"' if plain else shlex.quote(text)
