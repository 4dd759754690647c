"""The weights that a run on text is used with: as they were learned, or in 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hornbook.errors import SettingsError
from hornbook.text.models.contract import LanguageModel

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["Weights", "in_eight_bits", "told_of_eight_bits"]

Weights = Literal["float32", "8bit"]


def in_eight_bits(run: Run) -> tuple[LanguageModel, int]:
    """A run's model with the weights of its linear layers in 8 bits, and how many they are.

    Raises:
        SettingsError: if it has no such layers.
    """
    made = run.model.in_eight_bits()
    if made is None:
        raise SettingsError(
            f"`weights=8bit` has no effect here: {run.family} has no linear layers, and only "
            "their weights can be in 8 bits.",
            hint="Leave `weights` out.",
            setting="weights",
        )
    found: tuple[LanguageModel, int] = made
    return found


def told_of_eight_bits(run: Run, count: int) -> str:
    """How much of a model is in 8 bits, and whether that is of use here, as a sentence."""
    import torch

    from hornbook.compute.eight_bits import has_fast_eight_bits

    fast = has_fast_eight_bits(torch.device(run.model.anchor.device))
    why = "" if fast else ". They save no time here: this machine has no exact 8-bit products"
    return f"{count:,} weights of {run.model.n_parameters:,} parameters are in 8 bits{why}."
