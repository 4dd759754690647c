"""What training settings leave open, and what may be chosen, before anything is timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from hornbook.compute.products import has_fast_bfloat16
from hornbook.extras import has
from hornbook.kernels.machine_code import cannot_compile
from hornbook.training.compilable import gain, some_program, wait_for
from hornbook.training.gradients import refusals, refuse
from hornbook.training.protocols import BatchSource
from hornbook.training.settings import TrainingSettings
from hornbook.training.turns import ROUNDS

__all__ = ["BATCHES", "Candidates", "candidates", "is_compiled"]

BATCHES = 2
COST = 2 * BATCHES * (ROUNDS + 1)  # steps that a change takes: two settings, a warm-up and rounds
SHARE = 0.03  # of the steps of a training
WORTH_SHARING = 10**7  # multiplications in a step
LOADING, COMPILING = 0.5, 12.0  # seconds that compiled steps must save, kept on disk and not yet


@dataclass(frozen=True)
class Candidates:
    """What may be chosen."""

    start: TrainingSettings
    "The settings with nothing open, to begin with."
    others: tuple[Mapping[str, Any], ...]
    "Changes that may be tried."
    refused: tuple[tuple[str, str], ...]
    "As in `Calibration`."
    not_compiled: str = ""
    "The same."

    @property
    def compiled(self) -> bool:
        """Whether compiled steps may be tried."""
        return any(map(is_compiled, self.others))

    @property
    def is_open(self) -> bool:
        """Whether there is a choice."""
        return bool(self.others) and not self.start.compile

    @property
    def worth_measuring(self) -> bool:
        """Whether there is a choice, and a training long enough to have room for it."""
        # Whether to compile, and what follows from it, is asked where it pays.
        questions = sum("gradients" not in one or not is_compiled(one) for one in self.others)
        return self.is_open and questions * COST <= SHARE * self.start.steps

    def could_be(self, *wanted: Any) -> bool:
        """Whether threads, precision and gradients could be chosen so."""
        names = ("threads", "precision", "gradients")
        return all(
            value == getattr(self.start, name)
            or any(change.get(name) == value for change in self.others)
            for name, value in zip(names, wanted, strict=True)
        )


def is_compiled(change: Mapping[str, Any]) -> bool:
    """Whether it is to compiled steps."""
    return change.get("gradients") == "compiled"


def candidates(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    seconds: float | None = None,
) -> Candidates:
    """What the settings leave open for an objective.

    Args:
        objective, batches, settings: as of `calibrate`.
        seconds: that training is to last, where that decides and not `steps`.

    Raises:
        SettingsError: if there is no way to get gradients here, or not the one that is asked for.
        MissingPackageError: if what that needs is not installed.
    """
    if settings.gradients != "auto":
        refuse(objective, settings, batches, settings.gradients)
    found = refusals(objective, settings, batches)
    refused = tuple((name, reason) for name, reason in found.items() if reason is not None)
    ways = [name for name, reason in found.items() if reason is None and name != "compiled"]
    worth, but = compiling(objective, batches, settings, found["compiled"], seconds)
    if worth:
        ways.append("compiled")
    device = next(objective.parameters()).device
    start, others = left_open(
        settings, ways, bfloat16=has_fast_bfloat16(device),
        shareable=found["compiled"] is None and can_share(objective, settings, batches),
    )  # fmt: skip
    return Candidates(start, tuple(others), refused, but)


def can_share(objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource) -> bool:
    """Whether threads may share the batches of a net's compiled steps, of which there are some.

    And whether that is worth a try: of steps of 20 µs two threads take a quarter off, no more.
    """
    found = some_program(objective, settings, batches)
    worth = found.multiplications >= WORTH_SHARING and found.rows > 1
    return found.shareable and worth


def compiling(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    refused: str | None,
    seconds: float | None,
) -> tuple[bool, str]:
    """Whether compiled steps are worth a try, and what alone keeps a net from them.

    Args:
        objective, batches, settings, seconds: as of `candidates`.
        refused: why they cannot be had; None if they can.
    """
    if settings.gradients != "auto" or not has("numba"):
        return False, ""  # of an extra that is not there, nothing is said
    try:
        saved = gain(objective, settings, batches)
    except ValueError:  # there are no kernels for it
        return False, ""
    if saved and seconds is not None:
        saved = seconds / 2  # more than half of the time of such a step is the price of calls
    if saved < LOADING:
        return False, ""
    if refused is not None:
        return False, refused
    if not wait_for(objective, settings, batches):
        return True, ""
    if saved < COMPILING:
        return False, ""
    why = cannot_compile()
    return not why, why


def left_open(
    settings: TrainingSettings, ways: list[str], *, bfloat16: bool, shareable: bool
) -> tuple[TrainingSettings, list[dict[str, Any]]]:
    """Where to begin, with nothing open, and the changes that may be tried.

    Args:
        settings: as given.
        ways: those to get gradients that can be used, by name.
        bfloat16: whether its products may be faster here.
        shareable: whether threads may share the batches of compiled steps.
    """
    most = settings.threads or torch.get_num_threads()
    others: list[dict[str, Any]] = []
    if settings.threads == 0 and most > 1:
        others.append({"threads": 1})
    one = settings.threads or 1  # thread that makes compiled steps, if more do not pay
    compiled: dict[str, Any] = {"gradients": "compiled", "precision": "float32"}
    if settings.gradients == "compiled":
        shared = doubled(most) if settings.threads == 0 and shareable else []
        return replace(settings, threads=one, precision="float32"), [
            {**compiled, "threads": count} for count in shared
        ]
    if settings.gradients == "auto":
        others += [{"gradients": name} for name in ways[1:] if name != "compiled"]
    if settings.precision == "auto" and bfloat16:
        others.append({"precision": "bfloat16"})
    if settings.gradients == "auto" and "compiled" in ways:
        counts = [one, *doubled(most)] if settings.threads == 0 and shareable else [one]
        others += [{**compiled, "threads": count} for count in counts]
    precision = "float32" if settings.precision == "auto" else settings.precision
    gradients: Any = ways[0] if settings.gradients == "auto" else settings.gradients
    start = replace(settings, threads=most, precision=precision, gradients=gradients)
    return start, others


def doubled(most: int) -> list[int]:
    """Numbers of threads that may be tried one after the other: 2, 4, 8 … and the most."""
    counts = [2**i for i in range(1, most.bit_length())]
    return [count for count in counts if count < most] + [most] if most > 1 else []
