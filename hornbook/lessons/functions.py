"""Exercises in writing functions: a file with blanks to fill, and the check of what was filled in.

What is checked is what a function gives for some arguments, not how it is written.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import ExerciseError, HornbookError
from hornbook.lessons.exercise import describe, no_result, refuse_missing, run_learner
from hornbook.lessons.function_runner import shown

__all__ = ["Blank", "Checked", "FunctionExercise", "check_file", "check_functions", "judged"]

Calls = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Blank:
    """A function to write."""

    head: str
    "Its first line and docstring."
    body: str
    "A solution, as lines of Python, not indented."
    calls: Calls
    "What it is called with in a check: Python literals."

    @property
    def name(self) -> str:
        """What it is called."""
        return self.head.removeprefix("def ").partition("(")[0]

    def text(self, body: str) -> str:
        """The function with a body."""
        return "\n    ".join([self.head.rstrip(), *body.strip().splitlines()])


@dataclass(frozen=True)
class FunctionExercise:
    """A file of functions to write, one upon the other."""

    name: str
    "Its name on the command line."
    title: str
    "What is computed, in a few words."
    advice: str
    "What helps."
    source: str
    "Where it comes from."
    blanks: tuple[Blank, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """The functions, in order."""
        return tuple(blank.name for blank in self.blanks)

    def text(self, filled: Mapping[str, str] | None = None) -> str:
        """The file.

        Args:
            filled: bodies by the name of the function, for blanks that are not to be left blank.
        """
        bodies = filled or {}
        return "\n".join([
            f'"""{self.title[0].upper()}{self.title[1:]}.', "",
            "Fill in each function below, from the top down. Those above it may be used.", "",
            self.advice.strip(), "",
            "Run this file to see the first result that is wrong.", "",
            f"Source: {self.source}.", '"""', "", "",
            *(blank.text(bodies.get(blank.name, "...")) + "\n\n" for blank in self.blanks),
            'if __name__ == "__main__":',
            "    from hornbook.lessons.functions import check_file", "",
            f'    raise SystemExit(check_file("{self.name}", __file__))', "",
        ])  # fmt: skip

    def results(self) -> dict[str, list[str]]:
        """What each function gives for its arguments, as text."""
        held: dict[str, Any] = {"__name__": "solution"}
        exec(self.text({blank.name: blank.body for blank in self.blanks}), held)
        return {
            blank.name: [shown(held[blank.name](*call)) for call in blank.calls]
            for blank in self.blanks
        }


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    right: tuple[str, ...]
    "Functions that gave what they should, in order, up to the first that did not."
    first_wrong: str | None
    "That one; None if all are right."
    message: str
    "What is wrong with it; empty if all are right."
    not_judged: tuple[str, ...]
    "Functions after it."

    def told(self) -> Iterator[str]:
        """What was found, in sentences."""
        if self.first_wrong is None:
            yield f"All {len(self.right)} functions are right."
            return
        yield self.message
        if after := len(self.not_judged):
            yield f"{after} after it not checked: they may be wrong only because of it."


def check_functions(exercise: FunctionExercise, path: Path, seconds: float = 60.0) -> Checked:
    """Run a learner's file in a process of its own, and find the first function that is wrong.

    The file is a program: it is run with all the rights of whoever calls this.

    Args:
        exercise: that it is the file of.
        path: the file.
        seconds: how long it may run.

    Raises:
        ExerciseError: if the file is missing or does not run to its end in time.
    """
    refuse_missing(path, exercise.name)
    return judged(exercise, called_apart(exercise, path, seconds))


def judged(exercise: FunctionExercise, found: Mapping[str, Any]) -> Checked:
    """The first function whose results are wrong.

    Args:
        exercise: that was to be done.
        found: of each function that is there, what each call gave: see `function_runner.run`.
    """
    wanted = exercise.results()
    for place, blank in enumerate(exercise.blanks):
        for call, expected, mine in zip(
            blank.calls, wanted[blank.name], found.get(blank.name, ()), strict=False
        ):
            if fault := fault_of(blank, call, expected, mine):
                return Checked(
                    exercise.wanted[:place], blank.name, fault, exercise.wanted[place + 1 :]
                )
        if blank.name not in found:
            message = f"The file has no function {blank.name}."
            return Checked(
                exercise.wanted[:place], blank.name, message, exercise.wanted[place + 1 :]
            )
    return Checked(exercise.wanted, None, "", ())


def check_file(name: str, path: str, seconds: float = 60.0) -> int:
    """What an exercise's own file does when it is run: check itself, and tell.

    Returns:
        The status to exit with: 1 if a function is wrong.
    """
    from hornbook.lessons.exercises import FUNCTIONS

    try:
        result = check_functions(FUNCTIONS[name], Path(path), seconds)
    except HornbookError as error:
        print(error, file=sys.stderr)
        return 1
    if result.right:
        print(f"Right: {', '.join(result.right)}.")
    print(*result.told(), sep="\n")
    return 0 if result.first_wrong is None else 1


def fault_of(blank: Blank, call: tuple[Any, ...], expected: str, mine: Mapping[str, Any]) -> str:
    """What is wrong with the result of one call; empty if it is right."""
    what = f"{blank.name}({', '.join(map(repr, call))})"
    if error := mine.get("error"):
        where = f" (line {error['line']}: {error['source']})" if error["line"] else ""
        return f"{what} ends with {error['kind']}: {error['message']}{where}."
    if mine["value"] == expected:
        return ""
    if mine["value"] == "None":
        return f"{what} gives nothing. Fill in {blank.name}; expected: {expected}."
    return f"{what} gives {mine['value']}; expected: {expected}."


def called_apart(exercise: FunctionExercise, path: Path, seconds: float) -> dict[str, Any]:
    """What the functions of a file give, each call as `value` or `error`.

    Raises:
        ExerciseError: if it does not run to its end in time, with the line where it stopped.
    """
    calls = {blank.name: blank.calls for blank in exercise.blanks}
    with tempfile.TemporaryDirectory() as folder:
        out, asked = Path(folder) / "results.json", Path(folder) / "calls.txt"
        asked.write_text(repr(calls))
        status = run_learner("function_runner", path, (str(asked), str(out)), seconds)
        try:
            found = json.loads(out.read_text())
        except (OSError, ValueError) as error:
            raise no_result(path, status) from error
    if stopped := found["error"]:
        raise ExerciseError(describe(path, stopped), hint="Fix that, then check again.")
    results: dict[str, Any] = found["results"]
    return results
