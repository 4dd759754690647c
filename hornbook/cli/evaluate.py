"""`hornbook evaluate`: what is measured of a run on whole splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from hornbook.actions import Action
from hornbook.cli.alive import alive
from hornbook.cli.arguments import ModelArguments
from hornbook.cli.grammar import parse_for_run
from hornbook.cli.opening import opened_run
from hornbook.cli.output import console, escape, notes, number, print_json, show_findings, table
from hornbook.cli.wording import worded
from hornbook.errors import QuestionError
from hornbook.paths import exists
from hornbook.tasks import Task
from hornbook.training.measures import Measure

DESCRIPTION = """\
Evaluate RUN on each of its splits, or a run on text, pairs or a table on another file.

Examples:
  hornbook evaluate runs/counts
  hornbook evaluate runs/net --data names

Figures are of whole splits: losses and errors are averaged over every prediction, rankings over \
users. An answer of pairs is found greedily, and by beam search beside it if that is asked for.
"""


LOW, HIGH = "_low", "_high"  # endings of the names of the ends of a figure's interval


@dataclass(frozen=True)
class Options(ModelArguments):
    """Run."""

    json: bool = False
    "Print the result as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, evaluate and show; a file may stand behind RUN without its flag."""
    if len(argv) > 1 and not any(word != "-" and word.startswith("-") for word in argv[:2]):
        argv = [argv[0], "--data", *argv[1:]]
    options = parse_for_run(
        "evaluate", DESCRIPTION, Options, argv, lambda task: task.evaluated_with,
        foreign=lambda task, words: point_to_predict(task, argv[0], words),
    )  # fmt: skip
    opened = opened_run(options.run, options.device)
    with alive("Evaluating the model", quiet=options.json):
        found = opened.task.report(opened, options.settings)
    if options.json:
        print_json({name: held.as_dict() for name, held in found.items()})
    else:
        show(opened.task, {name: held.as_dict() for name, held in found.items()})
        for held in found.values():
            for line in getattr(held, "remarks", ()):
                notes().print(escape(worded(line)))
        if findings := opened.findings():
            notes().print()
            show_findings(findings, notes())


def point_to_predict(task: Task[Any], run: str, words: Sequence[str]) -> None:
    """Say how a run is measured on a file, where its task does not evaluate files.

    Raises:
        QuestionError: if a file was typed, and the task predicts the rows of files.
    """
    typed = [part for word in words for part in word.split("=", 1)]
    file = next(filter(exists, typed), "FILE" if "--data" in typed else "")
    takes_files = any(one.name == "data" for one in fields(task.evaluated_with))
    if file and not takes_files and "predict" in task.questions:
        raise QuestionError(
            f"evaluate measures a run of the task {task.name} on its own splits, not on a file.",
            hint="The rows of a file are predicted, and where it has the true values the errors "
            "are told:",
            action=Action("predict", (run, file)),
        )


def show(task: Task[Any], found: Mapping[str, Mapping[str, float]]) -> None:
    """A row for each split: the task's figures, and of how many predictions they are."""
    there = list(dict.fromkeys(name for held in found.values() for name in held))
    measures = {measure.name: measure for measure in task.figures or (task.decides,)}
    names = [name for name in there if name in measures]
    names += [name for name in there if isinstance(found[next(iter(found))].get(name), int)][:1]
    heads = [measures[name].unit or name if name in measures else name for name in names]
    rows = table("split", *heads)
    for split, held in found.items():
        cells = [cell(name, held, measures.get(name)) for name in names]
        rows.add_row(escape(split), *cells)
    console().print(rows)
    if any(f"{name}{LOW}" in held for name in names for held in found.values()):
        notes().print("In brackets: where the figure lies with 95 % certainty.")


def cell(name: str, held: Mapping[str, float], measure: Measure | None) -> str:
    """A figure in a table, with its interval where there is one; counts are whole."""
    value = held.get(name)
    if value is None:
        return ""
    if measure is None:
        return f"{value:,}"
    told = number(value, measure.digits)
    if f"{name}{LOW}" not in held:
        return told
    low, high = (number(held[name + end], measure.digits) for end in (LOW, HIGH))
    return f"{told} ({low}–{high})"
