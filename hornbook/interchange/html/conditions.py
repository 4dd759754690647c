"""Conditions as the page offers them."""

from __future__ import annotations

from math import prod

from hornbook.errors import SettingsError
from hornbook.interchange.html.holdings import members
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.text.models.ngram import NGram

__all__ = ["described_conditions"]

LARGEST = 2**53
"Whole numbers up to it are exact in JavaScript."


def described_conditions(run: Run) -> dict[str, JSON] | None:
    """The conditions of a run and their values, as the page reads them; None without any.

    Nothing may be given where the model has learned what comes then: counts always have, nets where
    some of the values were dropped in training.

    Raises:
        SettingsError: if there are more combinations of values than JavaScript can number.
    """
    conditions = run.data.conditions
    if conditions is None:
        return None
    combinations = prod(conditions.sizes)
    if run.data.tokenizer.vocab_size * combinations > LARGEST:
        raise SettingsError(
            f"The conditions have {combinations:.1e} combinations of values, more than a page can "
            "number.",
            hint="Train with fewer columns as `condition`, or columns with fewer values.",
            setting="to",
        )
    counted = all(isinstance(model, NGram) for model in members(run.model))
    return {
        "names": list(conditions.names),
        "values": [list(own) for own in conditions.values],
        "sizes": list(conditions.sizes),
        "any": counted or conditions.drop > 0,
    }
