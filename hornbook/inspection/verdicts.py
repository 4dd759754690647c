"""What is amiss with a training, in words: what it is, why it matters, what to change.

The faults are those of the lectures, each with the mark by which the lecturer tells it. A healthy
training gets no finding: the marks are set so that none of this project's own families, as its
training begins and as it goes on, is near one (tests/test_health.py).
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator

from hornbook.monitoring.history import History, ratios
from hornbook.monitoring.record import LayerFigures, label
from hornbook.reports.finding import Finding

__all__ = ["CHECKS", "examine"]

NORMS = ("BatchNorm1d", "LayerNorm", "RMSNorm")
CELLS = ("RNN", "GRU", "LSTM", "AddedRNN", "ConcatenatedRNN")


def confident_start(history: History) -> Iterator[Finding]:
    """The first loss is far above that of guessing evenly."""
    first, even = history.first.loss, history.ignorance
    if history.first.step == 0 and not first <= 1.2 * even.loss:
        yield Finding(
            "confident-start",
            "problem",
            f"The first loss is {first:.2f}; {even.words}.",
            "The net begins by being sure of what it cannot know yet. The first part of training "
            "goes into unlearning that, the steep start of a hockey stick.",
            "Make the output layer's weights small at the start and its bias zero "
            "(`output_gain=0.1`).",
        )


def saturated_start(history: History) -> Iterator[Finding]:
    """Outputs of tanh stand at its flat ends from the first update on."""
    for one in history.first.of_kind("Tanh", *CELLS):
        flat = one.flat or 0.0
        if history.first.step == 0 and flat > 0.3:
            yield Finding(
                "saturated-start",
                "problem",
                f"{flat:.0%} of the outputs of {name(one)} are beyond ±0.97 at the start.",
                "There tanh is flat: its slope, 1 - y², is below 0.06, so hardly any gradient "
                "comes through to what stands before it.",
                "Make the recurrent layer's weights smaller at the start."
                if one.kind in CELLS
                else "Make the weights of the linear layer before it smaller (`gain`, or "
                "`init=kaiming`: deviation 5/3 / sqrt(inputs)), or normalise what goes in "
                "(`norm=batch`).",
            )
            return  # what follows a saturated layer suffers from it


def unscaled_weights(history: History) -> Iterator[Finding]:
    """Weights that widen what passes through them, since they know not how many add up."""
    if history.first.step != 0:
        return
    chain = history.first.layers
    follows = {one.name: after for one, after in itertools.pairwise(chain)}
    linear = {one.name for one in chain if one.kind == "Linear"} & follows.keys()
    for one in history.first.parameters:
        holder = one.name.removesuffix(".weight")
        if not one.is_matrix or holder not in linear or follows[holder].kind in NORMS:
            continue
        inputs = one.shape[1]
        widens = one.size * math.sqrt(inputs)
        if widens > 3:
            yield Finding(
                "unscaled-weights",
                "problem",
                f"The weights of {label(holder)} have deviation {one.size:.2g} with {inputs} "
                f"inputs: what comes out is {widens:.1f} times as wide as what goes in.",
                "A sum of n terms is sqrt(n) times as wide as one of them. Layer after layer that "
                "multiplies, until tanh saturates or the logits are huge.",
                f"Divide by the root of the inputs: deviation {1 / math.sqrt(inputs):.2g} times "
                "the nonlinearity's gain (`init=kaiming`).",
            )


def gain_along_depth(history: History) -> Iterator[Finding]:
    """Activations that die away, or gradients that do, from layer to layer of a plain deep net."""
    if history.first.step != 0 or history.first.of_kind(*NORMS, "Residual"):
        return
    for kind in ("Tanh", "ReLU"):
        layers = history.first.of_kind(kind)
        if len(layers) < 3:
            continue
        begin, end = layers[0].output.std, layers[-1].output.std
        if end < 0.45 * begin:
            yield Finding(
                "gain-too-small",
                "problem",
                f"From {name(layers[0])} to {name(layers[-1])} the deviation of the activations "
                f"falls from {begin:.2g} to {end:.2g}.",
                "Each nonlinearity takes a little of the signal's width and nothing gives it "
                "back: deep layers see next to nothing, and their weights get next to no gradient.",
                "Raise the gain of the hidden weights (`gain`; 5/3 for tanh, sqrt 2 for ReLU), or "
                "normalise (`norm=batch` or `norm=layer`).",
            )
        flat = statistics.mean(one.flat or 0.0 for one in layers[1:])
        grown = end > 3 * begin if kind == "ReLU" else flat > 0.2
        if grown:
            sign = (
                f"the deviation of the activations grows from {begin:.2g} to {end:.2g}"
                if kind == "ReLU"
                else f"{flat:.0%} of the activations are saturated"
            )
            yield Finding(
                "gain-too-large",
                "problem",
                f"From {name(layers[0])} to {name(layers[-1])} {sign}.",
                "Each layer hands on more than it got. With tanh the units stand at its flat ends, "
                "with ReLU the sizes explode; either way the gradients of early and late layers "
                "differ by orders of magnitude.",
                "Lower the gain of the hidden weights (`gain`; 5/3 for tanh, sqrt 2 for ReLU), or "
                "normalise (`norm=batch` or `norm=layer`).",
            )


def rate(history: History) -> Iterator[Finding]:
    """Updates that are a far too small or too large share of the weights."""
    middles = []  # of each record the median over all matrices
    for record in history.at_full_rate():
        shares = [share for _, share in ratios(record) if not math.isnan(share)]
        middles += [statistics.median(shares)] if shares else []
    if not middles:
        return
    middle, largest = statistics.median(middles), max(middles)
    why = "A good share is near a thousandth with SGD and a hundredth with Adam. "
    if middle < -4.3 and largest < -3.5:  # a net that was thrown off early stands still as well
        yield Finding(
            "rate-too-low",
            "problem",
            "The learning rate is far too low: where it is high an update changes a matrix by "
            f"{10**middle:.1g} of its own size.",
            why + "At this pace the weights hardly leave where they began.",
            "Raise `learning_rate` tenfold and look again; `find_rate` looks for a good one.",
        )
    elif middle > -0.7 or largest > 0.3:
        share = 10 ** (middle if middle > -0.7 else largest)
        yield Finding(
            "rate-too-high",
            "problem",
            "The learning rate is far too high: an update changes a matrix by "
            f"{share:.2g} of its own size.",
            why + "Steps as large as the weights themselves jump over every valley of the loss.",
            "Lower `learning_rate` tenfold and look again; `find_rate` looks for a good one.",
        )


def diverged(history: History) -> Iterator[Finding]:
    """The loss ends far above where guessing evenly would be."""
    last = history.last.loss
    if history.last.step > 0 and not last <= 1.2 * max(history.ignorance.loss, history.first.loss):
        yield Finding(
            "diverged",
            "problem",
            f"At step {history.last.step:,} the loss is {last:.4g}, more than at the start.",
            "Training made the net worse than guessing: updates overshoot, each further than the "
            "last.",
            "Lower `learning_rate`, or shorten the gradients (`clip=1`).",
        )


def dead_units(history: History) -> Iterator[Finding]:
    """Units of a ReLU that are zero for every row, and so get no gradient."""
    for one in history.last.of_kind("ReLU", "SquaredReLU"):
        idle = one.idle or 0.0
        if idle > 0.2:
            yield Finding(
                "dead-units",
                "problem",
                f"{idle:.0%} of the units of {name(one)} gave zero for every row of the "
                f"batch of step {history.last.step:,}.",
                "A ReLU that is never on passes no gradient, so its weights never change again: "
                "these units are lost.",
                "Lower `learning_rate`, start with smaller or zero biases, or normalise what goes "
                "in (`norm=batch`).",
            )


def wrong_axes(history: History) -> Iterator[Finding]:
    """A BatchNorm that keeps statistics for more than the channels."""
    for one in history.last.layers:
        found = one.running
        if found is not None and found.kept != found.channels:
            yield Finding(
                "wrong-axes",
                "problem",
                f"{name(one)} keeps {found.kept:,} means for {found.channels:,} channels.",
                "It normalises each position by itself, as if it were another channel: every mean "
                "rests on fewer numbers than there are, and is noisier. Nothing fails, the loss "
                "is only a little worse.",
                "Take mean and variance over all dimensions but the channels: (0, 1) where the "
                "input is (batch, time, channels).",
            )


def stale_statistics(history: History) -> Iterator[Finding]:
    """Running statistics of a BatchNorm that are not those of the batches."""
    for one in history.last.of_kind("BatchNorm1d"):
        found = one.running
        if history.last.step <= 100 or found is None or found.mean is None or found.std is None:
            continue
        if found.mean > 1.0 or not 0.5 < found.std < 2:
            yield Finding(
                "stale-statistics",
                "warning",
                f"The running statistics of {name(one)} are off those of the last watched batch: "
                f"means by {found.mean:.2g} deviations, deviations by a factor of "
                f"{found.std:.2g}.",
                "In use BatchNorm takes the running statistics: the net that is measured and "
                "sampled from is not the one that was trained.",
                "Raise `norm_momentum`, or train for longer.",
            )


def exploding(history: History) -> Iterator[Finding]:
    """Gradients that are multiplied on their way back."""
    norms = [(record.norm, record.step) for record in history.records]
    worst, step = max(norms, key=lambda pair: math.inf if math.isnan(pair[0]) else pair[0])
    if worst <= 100:
        return
    cells = history.first.of_kind(*CELLS)
    through = (
        f"In {name(cells[0])} a gradient passes through the same matrix once for each step of "
        "time: if that stretches, it grows exponentially."
        if cells
        else "Each layer that stretches multiplies the gradients of all before it."
    )
    clipped = (
        f" Clipping at {history.clip:g} keeps the step short, but not its direction right."
        if history.clip
        else ""
    )
    yield Finding(
        "exploding-gradients",
        "problem",
        f"The gradient's norm is {worst:.3g} at step {step:,}.",
        through + clipped + " One such step can undo all before it.",
        ("Shorten gradients (`clip=1`)" if not history.clip else "Lower `learning_rate`")
        + (", start the recurrent matrix smaller (`identity=1` or less), " if cells else ", ")
        + ("or take gates (`model=gru`)." if cells else "or start the weights smaller."),
    )


CHECKS: tuple[Callable[[History], Iterator[Finding]], ...] = (
    confident_start,
    saturated_start,
    unscaled_weights,
    gain_along_depth,
    exploding,
    rate,
    diverged,
    dead_units,
    wrong_axes,
    stale_statistics,
)


def examine(history: History) -> list[Finding]:
    """All that is amiss, in the order in which it shows in training."""
    return [finding for check in CHECKS for finding in check(history)]


def name(layer: LayerFigures) -> str:
    """A layer's kind and place."""
    return f"{layer.kind} {label(layer.name)}"
