"""The lecture on activations: sound initialisation, tanh's gain, and BatchNorm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hornbook.experiments.reproduce.bench import LECTURE_SGD, Bench, size_and_losses
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    Reproduction,
    Tolerance,
    about,
)
from hornbook.experiments.reproduce.mlp import LECTURE_MLP, UNSOUND
from hornbook.experiments.reproduce.names import QUICK_STEPS, figures_of_names
from hornbook.nn import Tanh, keeping_outputs
from hornbook.runs import Run

__all__ = ["BATCHNORM", "first_batch", "untrained"]

DEEP: Mapping[str, Any] = {**LECTURE_MLP, "n_hidden": (100,) * 5, "norm": "none"}
FLAT, FLAT_DEEP = 0.99, 0.97  # |tanh| above which the lecture calls a unit saturated
BATCHES = 100  # of 32 that are looked at, so that chance in one of them does not matter


def untrained(bench: Bench, name: str, settings: Mapping[str, Any]) -> Run:
    """A net of names before its first step."""
    data = bench.text("makemore-names")
    return bench.train(name, data, "mlp", settings, {"steps": 0, "batch_size": 32})


def first_batch(run: Run, rows: int = 32) -> Any:
    """A batch of training, as the trainer would see it."""
    training = run.record.training
    assert training is not None
    wanted = type(training).from_dict({**training.as_dict(), "batch_size": rows})
    return next(run.task.batches(run.model, run.data, wanted))


def activations(run: Run, rows: int) -> tuple[float, list[Tensor]]:
    """The loss of a batch, and what each tanh gives for it: (N, units) each."""
    run.model.train()
    with torch.no_grad(), keeping_outputs(run.model.net):
        loss, _ = run.model.loss_vjp(first_batch(run, rows))
    run.model.eval()
    return float(loss), [layer.out for layer in run.model.net.layers if isinstance(layer, Tanh)]


def saturated(run: Run) -> dict[str, float]:
    """The first loss, the share of saturated outputs, and of units saturated in a whole batch."""
    loss, (h,) = activations(run, 32 * BATCHES)
    flat = h.abs() > FLAT
    dead = flat.view(BATCHES, 32, -1).all(1)  # (batches, units)
    return {"first loss": loss, "saturated": float(flat.float().mean()),
            "dead in a batch": float(dead.float().mean())}  # fmt: skip


def sound(bench: Bench) -> dict[str, float]:
    """As first typed, then with a small output layer, then with the gain of tanh."""
    found: dict[str, float] = {}
    for name, settings in (
        ("normal", UNSOUND),
        ("small output", {**UNSOUND, "output_gain": 0.01}),
        ("5/3", {**LECTURE_MLP, "norm": "none", "output_gain": 0.1}),
    ):
        run = untrained(bench, f"initial-{name.replace('/', '-').replace(' ', '-')}", settings)
        found |= {f"{what}, {name}": value for what, value in saturated(run).items()}
    return found


def gains(bench: Bench) -> dict[str, float]:
    """Five layers of tanh: how wide the last one's outputs are by the gain of the weights."""
    found = {}
    for name, gain in (("1", 1.0), ("5/3", 5 / 3), ("3", 3.0)):
        settings = {**DEEP, "gain": gain}
        run = untrained(bench, f"gain-{name.replace('/', '-')}", settings)
        layers = activations(run, 32 * BATCHES)[1]
        found[f"std of the fifth, gain {name}"] = float(layers[-1].std())
        found[f"saturated, gain {name}"] = float((layers[-1].abs() > FLAT_DEEP).float().mean())
    return found


def normalised(bench: Bench) -> dict[str, float]:
    """The lecture's training with BatchNorm."""
    run = bench.train(
        "batchnorm", bench.text("makemore-names"), "mlp",
        {**LECTURE_MLP, "norm_momentum": 0.001},
        {**LECTURE_SGD, "steps": bench.steps(200_000, QUICK_STEPS)},
    )  # fmt: skip
    return size_and_losses(run)


def useless_bias(bench: Bench) -> dict[str, float]:
    """The gradient of a bias before BatchNorm, of BatchNorm's own, and of one with no BatchNorm."""
    held = untrained(bench, "bias-before", {**LECTURE_MLP, "bias_before_norm": True})
    plain = untrained(bench, "bias-alone", {**LECTURE_MLP, "norm": "none"})
    found = {}
    for name, run, at in (
        ("of the layer before", held, 2),
        ("BatchNorm's own", held, 3),
        ("with no BatchNorm", plain, 2),
    ):
        found[f"gradient of the bias, {name}"] = bias_gradient(run, at)
        if name != "BatchNorm's own":
            found[f"change of the logits by it, {name}"] = change_by_bias(run, at)
    return found


def bias_gradient(run: Run, at: int) -> float:
    """The largest gradient of a layer's bias in a batch, in float64."""
    model = run.model.double()
    model.train()
    for p in model.parameters():
        p.grad = None
    _, backward = model.loss_vjp(first_batch(run))
    backward()
    return float(model.net.layers[at].bias.grad.detach().abs().max())


def change_by_bias(run: Run, at: int) -> float:
    """By how much logits change at most if 1 is added to a layer's bias, in training."""
    model = run.model.double()
    model.train()
    x = torch.from_numpy(first_batch(run).inputs)
    bias = model.net.layers[at].bias
    with torch.no_grad():
        before = model(x)
        bias += 1
        after = model(x)
        bias -= 1
    return float((after - before).abs().max())


LUCK = "the draws of this net's 6,000 weights"
BATCHNORM = (
    Reproduction(
        "batchnorm-initial", "batchnorm", "Sound initialisation of the MLP",
        "`mlp` before its first step, on 3,200 examples in batches of 32; saturated: |tanh| > "
        "0.99; dead: so for all 32 of a batch", sound,
        (
            LectureFigure("first loss, normal", "27", Tolerance(22, 32, LUCK), digits=2),
            LectureFigure("saturated, normal", "most", Tolerance(0.5, 1.0, "most"), digits=3),
            LectureFigure("dead in a batch, normal", "none, by luck", Tolerance(
                0.0, 0.05, "at most one in twenty"), digits=4),
            LectureFigure("first loss, small output", "3.3", about(
                math.log(27), 0.05, "ln 27; the lecture has 3.32"), digits=3),
            LectureFigure("saturated, small output", "still most", Tolerance(0.5, 1.0, "most"),
                          digits=3),
            LectureFigure("dead in a batch, small output", "none, by luck", Tolerance(
                0.0, 0.05, "at most one in twenty"), digits=4),
            LectureFigure("first loss, 5/3", "3.3", about(
                math.log(27), 0.05, "ln 27; the lecture has 3.32"), digits=3),
            LectureFigure("saturated, 5/3", "few", Tolerance(0.0, 0.15, "few"), digits=3),
            LectureFigure("dead in a batch, 5/3", "none", Tolerance(0.0, 0.0, "none"), digits=4),
        ),
        minutes=(0.2, 0.2),
    ),
    Reproduction(
        "batchnorm-gain", "batchnorm", "Five layers of tanh and their gain",
        "`mlp` of 5 x 100 before its first step, weights gain / sqrt(fan_in); saturated: |tanh| > "
        "0.97", gains,
        (
            LectureFigure("std of the fifth, gain 1", "shrinks", Tolerance(
                0.0, 0.5, "below the first layer's 0.6")),
            LectureFigure("saturated, gain 1", "none", Tolerance(0.0, 0.01, "less than 1 %"),
                          digits=3),
            LectureFigure("std of the fifth, gain 5/3", "0.65", about(
                0.65, 0.05, "what the lecture prints of five layers: 0.63 to 0.66")),
            LectureFigure("saturated, gain 5/3", "about 5 %", Tolerance(
                0.02, 0.08, "the lecture's digit, and chance in its one batch"), digits=3),
            LectureFigure("std of the fifth, gain 3", "too wide", Tolerance(
                0.75, 1.0, "above that of 5/3")),
            LectureFigure("saturated, gain 3", "far too many", Tolerance(0.2, 1.0, "a fifth"),
                          digits=3),
        ),
        minutes=(0.2, 0.2),
    ),
    Reproduction(
        "batchnorm", "batchnorm", "The MLP with BatchNorm, 12,097 parameters",
        "`mlp`, momentum 0.001, SGD at 0.1 and 0.01, batches of 32, 200,000 steps", normalised,
        figures_of_names("batchnorm", 12_097, 2.0674, 2.1057),
        minutes=(0.5, 4), quick="20,000 steps",
    ),
    Reproduction(
        "batchnorm-bias", "batchnorm", "A bias before BatchNorm is useless",
        "`mlp` before its first step, one batch, in float64", useless_bias,
        (
            LectureFigure("gradient of the bias, of the layer before", "0", Tolerance(
                0.0, 1e-12, "rounding in float64"), digits=6),
            LectureFigure("gradient of the bias, BatchNorm's own", "not 0", Tolerance(
                1e-6, math.inf, "far above rounding"), digits=6),
            LectureFigure("gradient of the bias, with no BatchNorm", "not 0", Tolerance(
                1e-6, math.inf, "far above rounding"), digits=6),
            LectureFigure("change of the logits by it, of the layer before", "0", Tolerance(
                0.0, 1e-12, "rounding in float64"), digits=6),
            LectureFigure("change of the logits by it, with no BatchNorm", "not 0", Tolerance(
                1e-6, math.inf, "far above rounding"), digits=6),
        ),
        minutes=(0.1, 0.1),
    ),
)  # fmt: skip
