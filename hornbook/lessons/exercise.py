"""Exercises in backpropagation: a file with blanks to fill, and the check of what was filled in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hornbook.compute.pinned import pinned
from hornbook.errors import ExerciseError, HornbookError, RunError
from hornbook.lessons.comparison import Comparison
from hornbook.lessons.derivations import Derivation, Training, Values, derivation
from hornbook.lessons.diagnosis import Examiner, Foreign, Verdict
from hornbook.outputs import format_of
from hornbook.process_group import run_group
from hornbook.storage import write_bytes
from hornbook.tensor_files import read_tensors

__all__ = ["SEED", "Result", "check", "check_file", "judge", "text_of", "write"]

SEED = 1337  # of every exercise: the file and the check make the same numbers

Given = Mapping[str, Tensor | Foreign]


@dataclass(frozen=True)
class Result:
    """What a check found."""

    right: tuple[Comparison, ...]
    "Gradients that are right, in the order of the backward pass, up to the first that is not."
    first_wrong: Verdict | None
    "The first gradient that is wrong; None if all are right."
    not_judged: tuple[str, ...]
    "Values whose gradients depend on that one: they may be wrong only because of it."
    changed: tuple[str, ...]
    "Values of the forward pass that the learner's lines changed in place."

    def told(self) -> Iterator[str]:
        """What was found, in sentences."""
        for name in self.changed:
            yield (
                f"Warning: {name} no longer has its value from the forward pass. One of your "
                "lines changes it in place (use a .clone()) or assigns another value to that name."
            )
        if self.first_wrong is None:
            n = len(self.right)
            yield f"All {n} gradients are right." if n > 1 else "The gradient is right."
            return
        yield self.first_wrong.message
        if after := len(self.not_judged):
            yield f"{after} after it not checked: they may be wrong only because of it."


def write(text: str, path: Path, *, overwrite: bool = False) -> None:
    """Write the file of an exercise.

    Args:
        text: what stands in it.
        path: its name.
        overwrite: replace what is there.

    Raises:
        ExerciseError: if there is a file already, which may hold somebody's work.
        SettingsError: if its name does not end in .py.
        RunError: if it cannot be written.
    """
    format_of(path, "py")
    if path.exists() and not overwrite:
        raise ExerciseError(
            f"{path} already exists.",
            hint="Check it (`check`), choose another `out`, or set `overwrite` to replace it.",
        )
    write_bytes(path, text.encode())


def text_of(derivation: Derivation, filled: Mapping[str, str] | None = None) -> str:
    """The file of an exercise.

    Args:
        derivation: what is to be differentiated.
        filled: code by the name of the value, for blanks that are not to be left blank.
    """
    return "\n".join(lines_of(derivation, filled or {})) + "\n"


def lines_of(derivation: Derivation, filled: Mapping[str, str]) -> Iterator[str]:
    """The lines of an exercise's file."""
    yield from head_of(derivation)
    training = derivation.training
    redrawn = training.redrawn if training is not None else ()
    yield "# Given."
    for name, code in derivation.data.items():
        if name not in redrawn:
            yield f"{name} = {code}"
    values = derivation.forward(derivation.start(SEED))
    for name, code in derivation.leaves.items():
        yield f"{name} = {code}  # {shape(values[name])}"
    yield ""
    passes = passes_of(derivation, values, filled)
    if training is None:
        yield from passes
        yield ""
        yield 'if __name__ == "__main__":'
        yield "    from hornbook.lessons.exercise import check_file"
        yield ""
        yield f'    raise SystemExit(check_file("{derivation.name}", __file__))'
        return
    yield f"for step in range({training.steps:_}):"
    yield "    # The batch."
    yield from (f"    {name} = {derivation.data[name]}" for name in redrawn)
    yield ""
    yield from (f"    {line}" if line else "" for line in passes)
    yield ""
    yield from (f"    {line}" if line else "" for line in update_of(derivation, training))


def head_of(derivation: Derivation) -> Iterator[str]:
    """What the file is about, its imports and random numbers."""
    yield f'"""Backpropagation by hand: {derivation.title}.'
    yield ""
    yield "Fill in each None below, from the top down: the derivative of the loss with respect to"
    yield "the value of that name, in torch operations on anything above it, without autograd."
    yield ""
    yield derivation.advice
    yield ""
    yield "Run this file to see the first gradient that is wrong, and how."
    yield ""
    yield f"Source: {derivation.source}."
    yield '"""'
    yield ""
    yield "import torch"
    yield "import torch.nn.functional as F"
    yield ""
    for name, module in derivation.imports.items():
        yield f"from {module} import {name}"
        yield ""
    yield f"rng = torch.Generator().manual_seed({SEED})"
    yield ""
    yield ""
    yield "def randn(*shape):"
    yield "    return torch.randn(*shape, generator=rng, dtype=torch.float64)"
    yield ""
    yield ""


def passes_of(derivation: Derivation, values: Values, filled: Mapping[str, str]) -> Iterator[str]:
    """The forward pass line by line, and the blanks of the backward pass."""
    yield "# The forward pass."
    for step in derivation.steps:
        yield f"{step.name} = {step.code}  # {shape(values[step.name])}"
    yield ""
    yield "# The backward pass: fill it in."
    for name in derivation.wanted:
        yield f"d{name} = {filled.get(name)}  # {shape(values[name])}"


def update_of(derivation: Derivation, training: Training) -> Iterator[str]:
    """What ends a step of training: the check of the first one, and the update."""
    yield 'if __name__ != "__main__":'
    yield "    break  # a check looks at the gradients of the first step"
    yield "if step == 0:"
    yield "    from hornbook.lessons.exercise import check_file"
    yield ""
    yield f'    if check_file("{derivation.name}", __file__):'
    yield "        raise SystemExit(1)"
    yield ""
    yield "# The update."
    yield f"rate = {training.rate}"
    for name in derivation.leaves:
        yield f"{name} -= rate * d{name}"
    yield f"if step % {training.steps // 10} == 0:"
    yield '    print(f"step {step:5}  loss {loss:.4f}")'


def shape(value: Tensor) -> str:
    """What stands behind a line: the shape of its value."""
    return f"shape {(*value.shape,)}" if value.ndim else "a number"


def check_file(name: str, path: str, seconds: float = 60.0) -> int:
    """What an exercise's own file does when it is run: check itself, and tell.

    Returns:
        The status to exit with: 1 if a gradient is wrong.
    """
    try:
        result = check(derivation(name), Path(path), seconds)
    except HornbookError as error:
        print(error, file=sys.stderr)
        return 1
    if result.right:
        print(f"Right: {', '.join(f'd{one.name}' for one in result.right)}.")
    print(*result.told(), sep="\n")
    return 0 if result.first_wrong is None else 1


@pinned()
def check(derivation: Derivation, path: Path, seconds: float = 60.0) -> Result:
    """Run a learner's file in a process of its own, and find the first wrong gradient.

    The file is a program: it is run with all the rights of whoever calls this. What it started
    ends with it, or when its time is up.

    Args:
        derivation: of the exercise that it is the file of.
        path: the file.
        seconds: how long it may run.

    Raises:
        ExerciseError: if the file is missing, does not run to its end in time, or is not (any
            more) the file of this exercise.
    """
    refuse_missing(path, derivation.name)
    values = derivation.forward(derivation.start(SEED))
    forward = (*derivation.leaves, *(step.name for step in derivation.steps))
    blanks = tuple(f"d{name}" for name in derivation.wanted)
    found = run_apart(path, (*forward, *blanks), seconds)
    changed = tuple(name for name in forward if not same(found.get(name), values[name]))
    if "loss" in changed:
        first = changed[0]
        how = (
            "has no tensor"
            if not isinstance(found.get(first), Tensor)
            else "has a different value of"
        )
        raise ExerciseError(
            f"{path} {how} {first}: its forward pass is not that of the exercise "
            f"{derivation.name}.",
            hint="Write the exercise to a new file (`out`) and copy your lines over; or check the "
            "file against its own exercise.",
        )
    filled = {name: found[f"d{name}"] for name in derivation.wanted if f"d{name}" in found}
    return judge(derivation, values, filled, changed)


def judge(
    derivation: Derivation, values: Values, filled: Given, changed: tuple[str, ...] = ()
) -> Result:
    """Find the first wrong one of the gradients that were filled in.

    Args:
        derivation: the exercise.
        values: what its `forward` gave.
        filled: gradients by the name of the value.
        changed: see `Result`.
    """
    examiner = Examiner(derivation, values)
    right: list[Comparison] = []
    for place, name in enumerate(derivation.wanted):
        mine = filled.get(name)
        verdict = examiner.judge(name, mine)
        if verdict.kind != "right":
            return Result(tuple(right), verdict, derivation.wanted[place + 1 :], changed)
        right.append(Comparison.of(name, mine, examiner.references[name]))
    return Result(tuple(right), None, (), changed)


def run_apart(path: Path, names: tuple[str, ...], seconds: float) -> dict[str, Tensor | Foreign]:
    """Those values of a file that are there and not None, after it was run by itself.

    Raises:
        ExerciseError: if it does not run to its end in time, with the line where it stopped.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "values.safetensors"
        status = run_learner("exercise_runner", path, (str(out), *names), seconds)
        try:
            arrays, about = read_tensors(out)
        except RunError as error:
            raise no_result(path, status) from error
    if stopped := about["error"]:
        raise ExerciseError(describe(path, stopped), hint="Fix that, then check again.")
    tensors = {
        name: torch.from_numpy(array).to(getattr(torch, about["dtypes"][name]))
        for name, array in arrays.items()
    }
    return {**tensors, **{name: Foreign(kind) for name, kind in about["others"].items()}}


def refuse_missing(path: Path, name: str) -> None:
    """Refuse to check a file that is not there.

    Raises:
        ExerciseError: naming it and the exercise.
    """
    if not path.is_file():
        raise ExerciseError(f"There is no file {path}.", hint=f"Write the exercise {name} first.")


def run_learner(runner: str, path: Path, words: Sequence[str], seconds: float) -> int:
    """Run a learner's file in a process of its own, and give its exit status.

    Args:
        runner: the module of this package that runs it.
        path: the file.
        words: what the runner is told beside it.
        seconds: how long it may run.

    Raises:
        ExerciseError: if it does not end in time.
    """
    # The process finds this very hornbook, wherever it was started.
    homes = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, homes))}
    command = [sys.executable, "-P", "-m", f"hornbook.lessons.{runner}", str(path), *words]
    try:
        return run_group(command, environment, seconds)
    except subprocess.TimeoutExpired as error:
        raise ExerciseError(
            f"{path} did not end within {seconds:g} seconds.",
            hint="Look for an infinite loop; on a slow machine, raise `seconds`.",
        ) from error


def no_result(path: Path, status: int) -> ExerciseError:
    """The error for a file that ended before its runner could write what it found."""
    return ExerciseError(
        f"{path} ended the Python process, with exit status {status}.",
        hint="Look for a call of os._exit, or for too much memory use.",
    )


def describe(path: Path, stopped: Mapping[str, Any]) -> str:
    """An error in a learner's file: where, what, and the line as it stands there."""
    where = f"{path}, line {stopped['line']}" if stopped["line"] else str(path)
    what = ": ".join(filter(None, (stopped["kind"], stopped["message"])))
    source = f"\n    {stopped['source']}" if stopped["source"] else ""
    return f"{where}: {what}{source}"


def same(mine: Tensor | Foreign | None, ours: Tensor) -> bool:
    """Whether a value of the forward pass is what it should be, up to rounding."""
    if not isinstance(mine, Tensor) or mine.shape != ours.shape:
        return False
    # -inf, where attention must not look, equals itself here.
    return torch.allclose(mine.to(ours.dtype), ours, rtol=1e-9, atol=1e-12)
