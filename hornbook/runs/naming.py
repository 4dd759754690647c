"""What a new run is called where nobody names it: by its data, its family, and what was chosen.

names-mlp                             all settings as recommended
names-mlp-hidden64-steps200           n_hidden is 64, and steps are 200
names-gpt-layer2-no-residual-watch    a setting switched off, another switched on
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hornbook.errors import RunError

__all__ = ["name_of", "reserve", "safe_name"]

LONGEST = 60  # characters of what was chosen: the rest is in the record
# What does not change the result, or not enough to be looked for by it.
UNTOLD = {
    "device", "threads", "precision", "gradients", "compile", "checkpoint_every", "evaluate_every",
    "evaluate_on", "watch_every", "encoding", "titles", "user", "item", "rating", "time",
}  # fmt: skip


def name_of(
    data: str, family: str, *chosen: tuple[Mapping[str, Any], Mapping[str, Any]], start: str = ""
) -> str:
    """The name of a run's directory; a number is added to it where it is taken.

    Args:
        data: name of the data.
        family: of the model.
        chosen: settings as they are, each beside those that would have been taken.
        start: name of the run whose weights it begins with.
    """
    name, room = f"{data}-{family}", LONGEST
    if start:
        name += f"-from-{safe_name(start)[:LONGEST]}"
    for part in (part for pair in chosen for part in changed(*pair)):
        if len(part) + 1 > room:  # what is short may still find room behind it
            continue
        name, room = f"{name}-{part}", room - len(part) - 1
    return name


def changed(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[str]:
    """The settings that are not as usual, each as a few characters."""
    for name, value in settings.items():
        if name in UNTOLD or value == usual.get(name):
            continue
        short = re.sub(r"^n_|_(size|column)$", "", name)
        if isinstance(value, bool):
            yield short if value else f"no-{short}"
        elif isinstance(value, int):
            yield f"{short}{value}"
        elif isinstance(value, float):
            yield f"{short}{value:g}"
        elif isinstance(value, list | tuple) and all(isinstance(one, int) for one in value):
            yield f"{short}{'x'.join(map(str, value))}"
        elif value is not None:
            told = "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"{short}-{safe_name(told)}".rstrip("-")


def safe_name(text: str) -> str:
    """A text as part of a file's name on any system."""
    return re.sub(r"[^A-Za-z0-9.+]+", "-", text).strip("-.")


def reserve(parent: Path, name: str) -> Path:
    """Make the directory `parent/name`, or with -2, -3, … behind it the first that is not taken.

    It is made here and now, so that two trainings begun together get two names.

    Raises:
        RunError: if it cannot be made.
    """
    path, number = parent / name, 2
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                path.mkdir()
                return path
            except FileExistsError:
                path, number = parent / f"{name}-{number}", number + 1
    except OSError as error:
        raise RunError(
            f"Cannot create {path}: {error.strerror or error}.",
            hint="Choose a directory that you can write to as `out`.",
        ) from error
