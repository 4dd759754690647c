"""Conditions as they are asked for of a run."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.errors import SettingsError
from hornbook.text.data import TextData
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.guided import Guided

__all__ = ["with_conditions"]


def with_conditions(
    model: LanguageModel, data: TextData, asked: Sequence[str], guidance: float = 1.0
) -> LanguageModel:
    """A run's model with values of its conditions given; the model itself where none are.

    Args:
        model: of the run.
        data: of the run.
        asked: values, each as `column=value`.
        guidance: how much they count.

    Raises:
        SettingsError: if the run has no such conditions or values.
    """
    if not asked:
        return model
    if data.conditions is None:
        raise SettingsError(
            "This run has no conditions: it was trained on texts with nothing given.",
            hint="Leave `condition` out, or train with `column` and `condition` on a table.",
            setting="condition",
        )
    return Guided(model, data.conditions.read(asked), guidance)
