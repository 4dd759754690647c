"""The examples in help of verbs that read data: of the kind of data and family in question."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from hornbook.actions import Action
from hornbook.cli.choice import Chosen
from hornbook.cli.wording import command

__all__ = ["examples", "examples_of_training"]


def examples(verb: str, chosen: Chosen, *settings: Mapping[str, Any]) -> str:
    """A line for each of some settings, on data as typed, or else as the task's are called.

    Args:
        verb: whose help it is.
        chosen: task, family, and data, as far as they were typed.
        settings: of each example. Of `out` NAME stands for that of the data, and `split` is left
            out where the task has none.
    """
    usual = chosen.task.example(chosen.family)
    data = usual.given if chosen.source is None else chosen.source.given
    options = usual.settings if chosen.source is None else {}
    has = {field.name for field in dataclasses.fields(chosen.task.options)}
    lines = []
    for own in settings:
        told = {**options, **own}
        if "split" in told and "split" not in has:
            told = {**{name: one for name, one in told.items() if name != "split"}, "json": True}
        if isinstance(out := told.get("out"), str):
            told["out"] = out.replace("NAME", PurePath(data[0]).stem)
        lines.append(f"  {command(Action(verb, tuple(data), told))}")
    return "\n".join(lines)


def examples_of_training(chosen: Chosen) -> str:
    """Two trainings: of a family that is soon made and of the task's default, or of the family."""
    task, family = chosen.task, chosen.family
    if family == task.default and chosen.line.trained:
        like = task.example(family)
        quick = next(
            (
                (name, line) for name, line in task.families.items()
                if not line.trained and line.made_by != "mixing" and task.example(name) == like
            ),
            None,
        )  # fmt: skip
        own = {"steps": 100, "watch": True, "out": "runs/net"}
        if quick is not None:
            name, line = quick
            out = "runs/counts" if line.made_by == "counting" else f"runs/{name}"
            return examples("train", chosen, {"model": name, "out": out}, own)
        return examples("train", chosen, {"out": "runs/NAME"}, own)
    named = {} if family == task.default else {"model": family}
    second: dict[str, Any] = (
        {"steps": 100, "watch": True} if chosen.line.trained else {"json": True}
    )
    return examples("train", chosen, {**named, "out": f"runs/{family}"}, {**named, **second})
