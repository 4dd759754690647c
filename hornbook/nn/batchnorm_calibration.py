"""BatchNorm's statistics measured once, after training, as the lecture first does it.

While a net is trained, each batch has its own mean and variance, and running averages of them are
kept for the time after. The other way is to go through all of the data once the weights are final:

    with torch.no_grad():
        hpreact = C[Xtr].view(len(Xtr), -1) @ W1
        bnmean, bnvar = hpreact.mean(0), hpreact.var(0)

It takes a pass over the data for each BatchNorm, and depends on no momentum.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hornbook.nn.batchnorm import BatchNorm1d
from hornbook.nn.layer import Layer
from hornbook.nn.observing import observing

__all__ = ["calibrate_batchnorm"]


def calibrate_batchnorm(net: Layer, inputs: Tensor | Sequence[Tensor]) -> None:
    """Replace the running mean and variance of each BatchNorm by those of all inputs together.

    The first to compute comes first, and each is measured on what the layers before it give once
    they are calibrated: as if all inputs were one batch. Sums are float64, the variance unbiased.

    Args:
        net: whose BatchNorms are calibrated; nothing else of it changes.
        inputs: what it reads, as one tensor or in parts of any size, which need less memory.

    Raises:
        ValueError: if there is no BatchNorm in it, or one sees fewer than two rows.
    """
    parts = [inputs] if isinstance(inputs, Tensor) else inputs
    norms: dict[str, Layer] = {
        name: part for name, part in net.named_modules() if isinstance(part, BatchNorm1d)
    }
    if not norms:
        raise ValueError("the net has no BatchNorm to calibrate")
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad():
            for name in in_order(net, norms, parts):
                norm = norms[name]
                assert isinstance(norm, BatchNorm1d)
                mean, var = statistics_of(net, norm, parts)
                norm.running_mean.copy_(mean.view_as(norm.running_mean))
                norm.running_var.copy_(var.view_as(norm.running_var))
    finally:
        net.train(was_training)


def in_order(net: Layer, norms: dict[str, Layer], parts: Sequence[Tensor]) -> list[str]:
    """The names of the norms in the order in which they compute."""
    found: dict[str, None] = {}
    with observing(norms, saw=lambda name, layer, x, y: found.setdefault(name)):
        for x in parts[:1]:
            net(x)
    return list(found)


def statistics_of(net: Layer, norm: BatchNorm1d, parts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance of all that a norm is given, by column, in float64."""
    count, mean, squares = 0, torch.zeros(()), torch.zeros(())

    def saw(name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        # Parts are joined by their means and squared deviations (Chan et al. 1983).
        nonlocal count, mean, squares
        rows = norm.rows(x).double()
        own = rows.mean(0)
        deviations = ((rows - own) ** 2).sum(0)
        n, apart = len(rows), own - mean
        mean = mean + apart * n / (count + n)
        squares = squares + deviations + apart**2 * count * n / (count + n)
        count += n

    with observing({"norm": norm}, saw=saw):
        for x in parts:
            net(x)
    if count < 2:
        raise ValueError(f"a variance needs at least two rows; BatchNorm sees {count}")
    return mean, squares / (count - 1)
