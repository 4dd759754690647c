"""All exercises by name: derivatives to find, and functions to write."""

from __future__ import annotations

from hornbook.errors import SettingsError
from hornbook.lessons.byte_pairs_exercise import BYTE_PAIRS
from hornbook.lessons.derivations import DERIVATIONS, Derivation
from hornbook.lessons.functions import FunctionExercise
from hornbook.suggestions import did_you_mean

__all__ = ["EXERCISES", "FUNCTIONS", "exercise_named"]

FUNCTIONS = {made.name: made for made in (BYTE_PAIRS,)}
EXERCISES: dict[str, Derivation | FunctionExercise] = {**DERIVATIONS, **FUNCTIONS}


def exercise_named(name: str) -> Derivation | FunctionExercise:
    """An exercise by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    if name not in EXERCISES:
        raise SettingsError(
            f"Unknown exercise {name!r}.",
            hint=f"{did_you_mean(name, EXERCISES)}Exercises: {', '.join(EXERCISES)}.",
        )
    return EXERCISES[name]
