"""A command line whose flags are those of a family of models: what --model says decides them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from hornbook.cli.arguments import parse
from hornbook.errors import SettingsError
from hornbook.text.corpus import SplitSettings
from hornbook.text.models import FAMILIES, family
from hornbook.training.settings import TrainingSettings

__all__ = ["DEFAULT", "TRAINED", "given", "parse_family", "wanted_family"]

DEFAULT = "mlp"
TRAINED = [name for name, line in FAMILIES.items() if line.made_by != "mixing"]


def parse_family(
    options: type[Any],
    verb: str,
    description: str,
    argv: Sequence[str],
    *,
    more: Mapping[str, Any],
) -> Any:
    """The arguments of a verb that takes the settings of a family, and those of its training.

    Args:
        options: dataclass of the verb's own.
        verb: its name.
        description: for its help.
        argv: what was typed.
        more: other groups of flags, by the field that they come in, as they are when left out.

    Returns:
        An instance of a subclass of `options` with the fields `settings`, `split`, `training`
        (unless the family is counted) and those of `more`.
    """
    name = wanted_family(argv)
    line = family(name)
    groups: dict[str, Any] = {"settings": line.load().Settings(), "split": SplitSettings()}
    if not line.counted:
        groups["training"] = TrainingSettings(**line.training)
    groups.update(more)
    kind = dataclasses.make_dataclass(
        verb.capitalize(),
        [(field, type(group), dataclasses.field(default=group)) for field, group in groups.items()],
        bases=(options,),
        frozen=True,
    )
    if line.text:
        other = ", ".join(f"{name} {value}" for name, value in line.text.items())
        description += f" Defaults where the data is a text: {other}."
    # The verb as it points to its own help: that of this family.
    return parse(kind, verb if name == DEFAULT else f"{verb} --model {name}", description, argv)


def wanted_family(argv: Sequence[str]) -> str:
    """The family that a command line asks for: its settings decide which flags there are.

    Raises:
        SettingsError: if --model comes without a name.
    """
    for place, argument in enumerate(argv):
        if argument == "--model":
            if place + 1 == len(argv):
                raise SettingsError(
                    "--model needs a name.", hint=f"Families: {', '.join(TRAINED)}."
                )
            return argv[place + 1]
        if argument.startswith("--model="):
            return argument.removeprefix("--model=")
    return DEFAULT


def given(training: TrainingSettings, argv: Sequence[str]) -> dict[str, Any]:
    """The training settings that stand on a command line; the others depend on the data."""
    flags = {argument.split("=")[0].lstrip("-").replace("-", "_") for argument in argv}
    return {
        name: value
        for name, value in training.as_dict().items()
        if name in flags or f"no_{name}" in flags
    }
