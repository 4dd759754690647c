"""Diagnose a training run: what is wrong, why it matters, what to change.

The faults are those of the lectures, each with the lecturer's threshold. A healthy run gets no
findings: the thresholds are set so that none of this project's own model families comes near one,
at initialisation or later (tests/test_health.py).
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator

from hornbook.inspection.standing import Standing
from hornbook.monitoring.history import History, ratios
from hornbook.monitoring.record import LayerFigures, label
from hornbook.reports.finding import Finding, Severity

__all__ = ["CHECKS", "behind", "examine"]

NORMS = ("BatchNorm1d", "LayerNorm", "RMSNorm")
SATURATED: tuple[tuple[float, Severity, str], ...] = (
    (0.6, "problem", "Hardly any gradient reaches the layers before it."),
    (0.3, "problem", "Only a part of the gradient reaches the layers before it."),
    (0.25, "note", "Their histogram is U-shaped, and training begins more slowly than it could."),
)
"""Shares of saturated outputs, the largest first, and what they mean. The lecture's nets, which
train well, have up to 23 % in their first layer."""
CELLS = ("RNN", "GRU", "LSTM", "AddedRNN", "ConcatenatedRNN")


def confident_start(history: History) -> Iterator[Finding]:
    """The first loss is far above that of a uniform guess."""
    first, even = history.first.loss, history.ignorance
    if history.first.step == 0 and not first <= 1.2 * even.loss:
        yield Finding(
            "confident-start",
            "problem",
            f"The first loss is {first:.2f}; {even.words}.",
            "At initialisation the model is confident but wrong. The first part of training "
            "only undoes that, which shows as a hockey-stick loss curve.",
            "Initialise the output layer with small weights and a zero bias"
            f"{set_by(history, 'output_gain=0.1')}.",
        )


def saturated_start(history: History) -> Iterator[Finding]:
    """Tanh is saturated from the first update on."""
    for one in history.first.of_kind("Tanh", *CELLS):
        flat = one.flat or 0.0
        if history.first.step == 0 and flat > SATURATED[-1][0]:
            severity, harm = next((how, said) for least, how, said in SATURATED if flat > least)
            yield Finding(
                "saturated-start",
                severity,
                f"{flat:.0%} of the outputs of {name(one)} are beyond ±0.97 at initialisation.",
                f"Tanh is flat there: its slope, 1 - y², is below 0.06. {harm}",
                "Initialise the recurrent layer with smaller weights."
                if one.kind in CELLS
                else "Initialise the linear layer before it with smaller weights: standard "
                f"deviation 5/3 / sqrt(inputs){set_by(history, 'gain', 'init=kaiming')}, or "
                f"normalise its inputs{set_by(history, 'norm=batch')}.",
            )
            return  # what follows a saturated layer suffers from it


def unscaled_weights(history: History) -> Iterator[Finding]:
    """Initial weights that are not scaled to the number of inputs, so activations grow."""
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
                f"The weights of {label(holder)} have standard deviation {one.size:.2g} with "
                f"{inputs} inputs: the outputs spread {widens:.1f} times as wide as the inputs.",
                "A sum of n independent terms has sqrt(n) times the standard deviation of one "
                "term. This compounds from layer to layer, until tanh saturates or the logits are "
                "huge.",
                "Scale the initial weights by 1 / sqrt(inputs): standard deviation "
                f"{1 / math.sqrt(inputs):.2g} times the gain of the nonlinearity"
                f"{set_by(history, 'init=kaiming')}.",
            )


def gain_along_depth(history: History) -> Iterator[Finding]:
    """Activations that shrink, grow or saturate from layer to layer of a plain deep net."""
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
                f"From {name(layers[0])} to {name(layers[-1])} the standard deviation of "
                f"the activations falls from {begin:.2g} to {end:.2g}.",
                "Each nonlinearity shrinks the signal a little and nothing restores it. Deep "
                "layers receive almost no signal, and their weights almost no gradient.",
                "Raise the gain of the hidden weights, to 5/3 for tanh or sqrt 2 for ReLU"
                f"{set_by(history, 'gain')}, or normalise"
                f"{set_by(history, 'norm=batch', 'norm=layer')}.",
            )
        flat = statistics.mean(one.flat or 0.0 for one in layers[1:])
        grown = end > 3 * begin if kind == "ReLU" else flat > 0.2
        if grown:
            sign = (
                f"the standard deviation of the activations grows from {begin:.2g} to {end:.2g}"
                if kind == "ReLU"
                else f"{flat:.0%} of the activations are saturated"
            )
            yield Finding(
                "gain-too-large",
                "problem",
                f"From {name(layers[0])} to {name(layers[-1])} {sign}.",
                "Each layer amplifies its input: tanh units saturate, ReLU activations explode. "
                "Either way the gradients of early and late layers differ by orders of magnitude.",
                "Lower the gain of the hidden weights, to 5/3 for tanh or sqrt 2 for ReLU"
                f"{set_by(history, 'gain')}, or normalise"
                f"{set_by(history, 'norm=batch', 'norm=layer')}.",
            )


def rate(history: History) -> Iterator[Finding]:
    """Updates that are far too small or too large relative to the weights."""
    middles = []  # of each record the median over all matrices
    for record in history.at_full_rate():
        shares = [share for _, share in ratios(record) if not math.isnan(share)]
        middles += [statistics.median(shares)] if shares else []
    if not middles:
        return
    middle, largest = statistics.median(middles), max(middles)
    why = "A good ratio is about 0.001 with SGD and 0.01 with Adam. "
    if middle < -4.3 and largest < -3.5:  # a net that diverged early no longer moves either
        yield Finding(
            "rate-too-low",
            "problem",
            "The learning rate is far too low: a typical update changes a weight matrix by "
            f"{10**middle:.1g} times its size.",
            why + "At this pace the weights hardly move from their initial values.",
            "Raise `learning_rate` tenfold and check again, or search for a good one with "
            "`find_rate`.",
        )
    elif middle > -0.7 or largest > 0.3:
        share = 10 ** (middle if middle > -0.7 else largest)
        yield Finding(
            "rate-too-high",
            "problem",
            "The learning rate is far too high: an update changes a weight matrix by "
            f"{share:.2g} times its size.",
            why + "Updates as large as the weights themselves overshoot every minimum.",
            "Lower `learning_rate` tenfold and check again, or search for a good one with "
            "`find_rate`.",
        )


def diverged(history: History) -> Iterator[Finding]:
    """The loss ends far above that of a uniform guess."""
    last = history.last.loss
    if history.last.step > 0 and not last <= 1.2 * max(history.ignorance.loss, history.first.loss):
        yield Finding(
            "diverged",
            "problem",
            f"At step {history.last.step:,} the loss is {last:.4g}, higher than at the start.",
            "Training has diverged, and the model is now worse than a uniform guess: each update "
            "overshoots further than the last.",
            "Lower `learning_rate`, or clip the gradients (`clip=1`).",
        )


def dead_units(history: History) -> Iterator[Finding]:
    """ReLU units that are zero for every row, and so get no gradient."""
    for one in history.last.of_kind("ReLU", "SquaredReLU"):
        idle = one.idle or 0.0
        if idle > 0.2:
            yield Finding(
                "dead-units",
                "problem",
                f"{idle:.0%} of the units of {name(one)} are dead: zero for every row of the "
                f"batch at step {history.last.step:,}.",
                "A ReLU unit that is never active passes no gradient, so its weights stop "
                "learning and it contributes nothing.",
                "Lower `learning_rate`, initialise the biases to zero, or normalise the inputs "
                f"of the ReLU{set_by(history, 'norm=batch')}.",
            )


def wrong_axes(history: History) -> Iterator[Finding]:
    """A BatchNorm that keeps statistics per position as well as per channel."""
    for one in history.last.layers:
        found = one.running
        if found is not None and found.kept != found.channels:
            yield Finding(
                "wrong-axes",
                "problem",
                f"{name(one)} keeps {found.kept:,} means for {found.channels:,} channels.",
                "It treats each position as a separate set of channels, so every mean is taken "
                "over fewer values and is noisier. Nothing fails; the loss is just slightly worse.",
                "Compute mean and variance over all dimensions except the channels: (0, 1) for "
                "an input of shape (batch, time, channels).",
            )


def stale_statistics(history: History) -> Iterator[Finding]:
    """Running statistics of a BatchNorm that lag behind those of the batches."""
    for one in history.last.of_kind("BatchNorm1d"):
        found = one.running
        if history.last.step <= 100 or found is None or found.mean is None or found.std is None:
            continue
        if found.mean > 1.0 or not 0.5 < found.std < 2:
            yield Finding(
                "stale-statistics",
                "warning",
                f"The running statistics of {name(one)} differ from those of the last recorded "
                f"batch: the means by {found.mean:.2g} standard deviations, the standard "
                f"deviations by a factor of {found.std:.2g}.",
                "At inference BatchNorm uses the running statistics, so the model that is "
                "evaluated and sampled from behaves differently from the one that was trained.",
                f"Raise the momentum of the statistics{set_by(history, 'norm_momentum')}, or train "
                "for longer.",
            )


def exploding(history: History) -> Iterator[Finding]:
    """Gradients that grow in the backward pass."""
    norms = [(record.norm, record.step) for record in history.records]
    worst, step = max(norms, key=lambda pair: math.inf if math.isnan(pair[0]) else pair[0])
    if worst <= 100:
        return
    cells = history.first.of_kind(*CELLS)
    through = (
        f"In {name(cells[0])} the gradient passes through the same matrix at every time step, so "
        "it can grow exponentially with the length of the sequence."
        if cells
        else "Every layer that amplifies multiplies the gradients of all layers before it."
    )
    clipped = (
        f" Clipping at {history.clip:g} limits the size of the update, but its direction can "
        "still be wrong."
        if history.clip
        else ""
    )
    yield Finding(
        "exploding-gradients",
        "problem",
        f"The gradient norm is {worst:.3g} at step {step:,}.",
        through + clipped + " One such update can undo all progress so far.",
        ("Clip the gradients (`clip=1`)" if not history.clip else "Lower `learning_rate`")
        + (
            f", initialise the recurrent matrix with smaller values{set_by(history, 'identity=1')}"
            ", or use a gated model (a GRU or an LSTM)."
            if cells
            else ", or initialise the weights with smaller values."
        ),
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
    """All findings, in the order in which the faults show up in training."""
    return [finding for check in CHECKS for finding in check(history)]


def behind(standing: Standing | None, remedy: str) -> Iterator[Finding]:
    """A model that does not beat its best baseline, as it stands beside them.

    Args:
        standing: of the model.
        remedy: what to try with it.
    """
    if standing is None or standing.beaten is not False:
        return
    yield Finding(
        "behind-baseline",
        "warning",
        standing.verdict,
        "A baseline is what something simple reaches on the same data. A model that does not beat "
        "it has not yet learned what the data has to teach.",
        remedy,
    )


def set_by(history: History, *settings: str) -> str:
    """In parentheses, by which of some settings something is done; empty if the model has none.

    Args:
        history: which knows the model's settings, if it is of a family.
        settings: `gain`, or `norm=batch` with the value to give it.
    """
    known = history.settings
    had = [one for one in settings if known is None or one.partition("=")[0] in known]
    return f" ({' or '.join(f'`{one}`' for one in had)})" if had else ""


def name(layer: LayerFigures) -> str:
    """A layer's kind and position."""
    return f"{layer.kind} {label(layer.name)}"
