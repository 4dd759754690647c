"""Whether a model is used as it should be: not as if it were still in training."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hornbook.errors import TrainingError
from hornbook.reports.finding import Finding

__all__ = ["examine_use"]

SAME = 1e-4  # in probability: what rounding in another order can do


def examine_use(model: torch.nn.Module, inputs: Tensor) -> list[Finding]:
    """Look for what makes a prediction hang on anything but its own row.

    The model is asked in the mode that it is in; its statistics and torch's random numbers are put
    back.

    Args:
        model: from inputs to logits.
        inputs: at least two different rows.

    Raises:
        ValueError: if there are fewer than two rows.
    """
    if len(inputs) < 2:
        raise ValueError(f"two rows or more are needed; there is {len(inputs)}")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        with torch.no_grad(), torch.random.fork_rng():
            return list(differences(model, inputs))
    finally:
        model.load_state_dict(before)


def differences(model: torch.nn.Module, inputs: Tensor) -> Iterator[Finding]:
    """What differs that should not."""
    together = model(inputs).softmax(-1)
    again = model(inputs).softmax(-1)
    if float((again - together).abs().max()) > SAME:
        yield Finding(
            "dropout-on",
            "problem",
            "Asked twice, the model gives two answers.",
            "Dropout is on: a share of its units is missing, others each time, and its losses and "
            "samples are worse than they need to be.",
            "Call model.eval() before it is used, and model.train() before training goes on.",
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
        "cannot be had for one row alone"
        if moved is None
        else f"moves by up to {moved:.2g} in probability with the rows beside it"
    )
    if normalising(model):
        yield Finding(
            "training-mode",
            "problem",
            f"A row's prediction {how}: BatchNorm is left in training mode.",
            "It normalises by the statistics of the batch that it happens to be in, and goes on "
            "moving its running ones towards them: what is measured hangs on how it was batched.",
            "Call model.eval() before it is used, and model.train() before training goes on.",
        )
    else:
        yield Finding(
            "rows-meet",
            "problem",
            f"A row's prediction {how}.",
            "What is measured hangs on how it was batched.",
            "Look for an operation over the rows (dimension 0) in the model.",
        )


def normalising(model: torch.nn.Module) -> bool:
    """Whether a BatchNorm of a model takes the statistics of the batch."""
    return any(hasattr(part, "running_mean") and part.training for part in model.modules())
