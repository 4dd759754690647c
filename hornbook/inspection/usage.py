"""Check that a model is used in evaluation mode, not as if it were still in training."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hornbook.compute.pinned import pinned
from hornbook.errors import TrainingError
from hornbook.reports.finding import Finding

__all__ = ["examine_use"]

SAME = 1e-4  # difference in probability that a different order of rounding can cause


@pinned()
def examine_use(model: torch.nn.Module, inputs: Tensor) -> list[Finding]:
    """Check that a prediction depends on nothing but its own row.

    The model is run in its current mode; its running statistics are restored afterwards.

    Args:
        model: maps inputs to logits.
        inputs: at least two different rows.

    Raises:
        ValueError: if there are fewer than two rows.
    """
    if len(inputs) < 2:
        raise ValueError(f"inputs must have at least 2 rows; it has {len(inputs)}")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        with torch.no_grad():
            return list(differences(model, inputs))
    finally:
        model.load_state_dict(before)


def differences(model: torch.nn.Module, inputs: Tensor) -> Iterator[Finding]:
    """The findings, one for each way in which predictions differ."""
    together = model(inputs).softmax(-1)
    again = model(inputs).softmax(-1)
    if float((again - together).abs().max()) > SAME:
        yield Finding(
            "dropout-on",
            "problem",
            "The model gives two different predictions for the same input: dropout is on.",
            "Dropout switches off a random part of the units on every call, so losses and "
            "samples are worse than they should be.",
            "Call model.eval() before you use the model, and model.train() before you resume "
            "training.",
        )
        return
    try:
        alone = torch.cat([model(row[None]).softmax(-1) for row in inputs])
    except TrainingError:
        moved = None
    else:
        moved = float((alone - together).abs().max())
    if moved is not None and moved <= SAME:
        return
    how = (
        "cannot be computed for one row alone"
        if moved is None
        else f"changes by up to {moved:.2g} in probability with the other rows of the batch"
    )
    if normalising(model):
        yield Finding(
            "training-mode",
            "problem",
            f"A row's prediction {how}: BatchNorm is in training mode.",
            "It normalises with the statistics of the current batch and keeps updating its "
            "running statistics, so results depend on how the data was batched.",
            "Call model.eval() before you use the model, and model.train() before you resume "
            "training.",
        )
    else:
        yield Finding(
            "rows-meet",
            "problem",
            f"A row's prediction {how}.",
            "Results depend on how the data was batched.",
            "Look for an operation in the model that mixes rows (dimension 0).",
        )


def normalising(model: torch.nn.Module) -> bool:
    """Whether any BatchNorm of a model uses the statistics of the batch."""
    return any(hasattr(part, "running_mean") and part.training for part in model.modules())
