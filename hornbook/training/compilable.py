"""Which trainings can go by compiled steps, and what they would gain: known before any is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy.typing as npt
import torch

from hornbook.kernels.ahead import load
from hornbook.kernels.kept import WAIT, are_kept
from hornbook.kernels.program import ATTENTION, Column, Kind
from hornbook.training.rates import frozen_by

if TYPE_CHECKING:
    from hornbook.kernels.program import Program
    from hornbook.training.settings import TrainingSettings

__all__ = [
    "NO_VARIANCE", "RULES", "Several", "WithProgram", "compile_steps", "gain", "is_large",
    "program_for", "refusal", "refusing", "sharing", "some_program", "wait_for", "why_no_program",
]  # fmt: skip

# Multiplications in a step, from which on one by itself is as fast; more where each position waits
# for the one before it, for a library's products are small then, however large the step, and of
# attention, for many small ones are made for it.
LARGE, LARGE_BY_TIME, LARGE_OF_ATTENTION = 3 * 10**9, 2 * 10**10, 2 * 10**10
PRICE = 40e-6  # seconds that calling one operation, there and back, takes of a fast processor
BETWEEN = 5e-12  # and what is done between the products, for each of a step's multiplications
NO_VARIANCE = "BatchNorm cannot train on a single row"  # in no way
RULES = {"adam": 0, "adamw": 0, "sgd": 1, "muon": 2}  # of the last the update is the trainer's own


@runtime_checkable
class WithProgram(Protocol):
    """An objective whose steps can be a program of kernels.

    Attributes:
        measured_by: while it is set, gives the loss of each prediction from ids (M, T) and targets
            (M,), or None where it cannot.
    """

    measured_by: Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any] | None] | None

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """What learns, and what is frozen."""
        ...

    def program(self, batch: Any, places: Mapping[int, int]) -> Program | str:
        """The program for batches like this one, or why there is none, as the end of a sentence.

        Args:
            batch: with `inputs` and `targets`.
            places: where each parameter begins in the flat vector, by its `id`.
        """
        ...


@runtime_checkable
class Several(Protocol):
    """A source of batches that gives several at a time.

    Attributes:
        cursor: number of batches drawn so far.
    """

    cursor: int

    def __next__(self) -> Any:
        """The next one."""
        ...

    def several(self, most: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The next batches, at most so many: inputs (S, N, T) and targets (S, N)."""
        ...


def refusal(training: TrainingSettings) -> str | None:
    """Why no net can be trained in this way with these settings; None if one can.

    It is the end of a sentence.
    """
    return next(iter(refusing(training).values()), None)


def refusing(training: TrainingSettings) -> dict[str, str]:
    """The settings with which no net can be trained in this way, each with why, as `refusal`."""
    s = training
    reasons = {
        "accumulate": ("`accumulate` splits the batches", s.accumulate > 1),
        "watch": ("`watch` looks into the steps", s.watch),
        "precision": ("`precision` is bfloat16", s.precision == "bfloat16"),
        "gradients": (f"`gradients` are asked for by {s.gradients}", s.gradients == "autograd"),
        "device": (f"`device` is {s.device}", s.device not in ("auto", "cpu")),
        "compile": ("`compile` is asked for", s.compile),
    }
    return {name: reason for name, (reason, holds) in reasons.items() if holds}


def sharing(program: Program, threads: int) -> int:
    """How many of some threads share its batches: each needs a row."""
    return max(1, min(threads, program.rows if program.shareable else 1))


def program_for(objective: Any, batches: Any, places: Mapping[int, int]) -> Program:
    """The program of a net for its batches, none of which is used up.

    Args:
        objective: what is trained.
        batches: of the training.
        places: where each parameter that learns begins in the flat vector, by its `id`.

    Raises:
        ValueError: if there is none; the text says why, as the end of a sentence.
    """
    if not isinstance(objective, WithProgram) or not isinstance(batches, Several):
        raise ValueError("there are no kernels for nets of this kind")
    device = next(objective.parameters()).device.type
    if device != "cpu":
        raise ValueError(f"it runs on {device}")
    cursor = batches.cursor
    found = objective.program(next(batches), places)
    batches.cursor = cursor
    if isinstance(found, str):
        raise ValueError(found)
    normal = [one.whole for one in found.operations if one.whole[Column.KIND] == Kind.BATCH_NORM]
    # Asked of the whole batch: of several threads, each may well have a single row.
    if any(whole[Column.ROWS] == 1 for whole in normal):
        raise ValueError(NO_VARIANCE)
    return found


def why_no_program(objective: Any, settings: TrainingSettings, batches: Any) -> str | None:
    """Why there is none, as the end of a sentence; None if there is one."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return "several processes train it"
    try:
        some_program(objective, settings, batches)
    except ValueError as why:
        return str(why)
    return None


def places_of(objective: torch.nn.Module, settings: TrainingSettings) -> dict[int, int]:
    """A place for each parameter that learns: any will do to know whether there is a program."""
    frozen = frozen_by(settings.rates, objective)
    return {id(p): 0 for name, p in objective.named_parameters() if name not in frozen}


def some_program(objective: Any, settings: TrainingSettings, batches: Any) -> Program:
    """The program of a net before there is a flat vector of its parameters, to look at.

    Raises:
        ValueError: if there is none; the text says why, as the end of a sentence.
    """
    return program_for(objective, batches, places_of(objective, settings))


def gain(objective: Any, settings: TrainingSettings, batches: Any) -> float:
    """Seconds that compiling a net's steps saves, about; 0 if a step is too large for that.

    It hangs on the settings alone, not on a clock.

    Raises:
        ValueError: if there is no program.
    """
    found = some_program(objective, settings, batches)
    if is_large(found):
        return 0.0
    return (PRICE * len(found.operations) + BETWEEN * found.multiplications) * settings.steps


def is_large(program: Program) -> bool:
    """Whether a step has so much to do that nothing is won by its being compiled."""
    bound = LARGE_BY_TIME if program.by_time else LARGE
    return program.multiplications > (LARGE_OF_ATTENTION if attends(program) else bound)


def attends(program: Program) -> bool:
    """Whether there is attention in it."""
    return ATTENTION in program.kinds


def wait_for(objective: Any, settings: TrainingSettings, batches: Any) -> str:
    """What a net's compiled steps have to wait for; empty if they are kept on this machine.

    Raises:
        ValueError: if there is no program.
    """
    return "" if are_kept(some_program(objective, settings, batches).kinds) else WAIT


def compile_steps(objective: Any, settings: TrainingSettings, batches: Any) -> float:
    """Compile what a net's steps need, before any of them is made; gives the seconds of that.

    Raises:
        ValueError: if there is no program.
    """
    return load(some_program(objective, settings, batches).kinds, "float32")
