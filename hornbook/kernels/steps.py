"""Many steps of a small net in one call of compiled code, without Python and without its lock."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.case import Case
from hornbook.kernels.compiled import call, kept_on_disk, kernel, part
from hornbook.kernels.losses import cross_entropy, token_losses
from hornbook.kernels.program import Column, Cut, bytes_drawn
from hornbook.kernels.updates import adamw, clip_norm, sgd

__all__ = ["advance", "measure"]

Array = Any
assert tuple(Column) == tuple(range(15)), "the kernels unpack an operation in this order"
drawn_by = kernel(bytes_drawn)
assert tuple(Cut) == tuple(range(8)), "and a batch in this one"


@part
def case(
    of: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array, d: Array,
    state: Array, ids: Array, counts: Array, batch: int, drawn: Array, training: bool,
) -> Any:  # fmt: skip
    """What an operation is given."""
    _, n, k, m, x, y, w, b, u, e, kept, r, own, other, _ = of
    n = counts[-1 - n] if n < 0 else n
    return Case(
        n, k, m, x, y, w, b, u, e, kept, r, own, other, numbers[0], numbers[1], p, g, running, v,
        d, state, ids, counts, batch, drawn, training,
    )  # fmt: skip


@part
def forward(
    units: Array, whole: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array,
    d: Array, state: Array, ids: Array, counts: Array, batch: int, drawn: Array, training: bool,
) -> None:  # fmt: skip
    """From ids (n,) of a batch to logits, in training or as the net is used; see `advance`."""
    at = 0
    for o in range(len(whole)):
        own = drawn[at:]
        this = case(
            whole[o], numbers[o], p, g, running, v, d, state, ids, counts, batch, own, training
        )
        call(units[0, whole[o, 0]], this)
        if training:
            at += drawn_by(whole[o], this.n, batch)


@part
def backward(
    units: Array, whole: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array,
    d: Array, state: Array, ids: Array, counts: Array, batch: int, drawn: Array,
) -> None:  # fmt: skip
    """From the logits' gradients, in d, to those of the parameters, added to g."""
    at = len(drawn)
    for o in range(len(whole) - 1, -1, -1):
        n = counts[-1 - whole[o, 1]] if whole[o, 1] < 0 else whole[o, 1]
        at -= drawn_by(whole[o], n, batch)
        own = drawn[at:]
        this = case(whole[o], numbers[o], p, g, running, v, d, state, ids, counts, batch, own, True)
        call(units[1, whole[o, 0]], this)


@kept_on_disk
def advance(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array, g: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, cleared: Array, rule: int, parts: Array, factors: Array, first: Array,
    second: Array, pace: Array, constants: Array, clip: float, losses: Array,
) -> int:  # fmt: skip
    """Steps of training, until they are done or a loss is not finite.

    Args:
        units: where the operations' code is; see `operations.addresses`.
        whole, numbers: the operations; see `Program.tables`.
        logits, classes: where the logits begin among the values, and how many a row has.
        p, g: parameters and room for their gradients, (P,).
        running: running statistics.
        v, d: room for the values of a batch and for their gradients.
        state: what rows remember, (rows, S), of as many rows as a batch has at most.
        ids, targets, drawn: of all steps, one after the other; drawn are random bytes.
        cuts: of each step, (S, 8 + C); see `Cut`.
        cleared: parts of g that operations add to, (R, 2); all else they write.
        rule: 0 for `adamw`, 1 for `sgd`; 2 for none, of a single step: its gradients are left in g.
        parts, factors, constants: see there.
        first, second: what the rule remembers.
        pace: of each step, (S, 3).
        clip: longest gradient; 0: of any length.
        losses: of each step, float64, is filled.

    Returns:
        How many updates were made. After a loss that is not finite there is none.
    """
    for step in range(len(cuts)):
        i, to_i, t, to_t, r, to_r, batch, follows = cuts[step, :8]
        own, wanted, random = ids[i:to_i], targets[t:to_t], drawn[r:to_r]
        counts = cuts[step, 8:]
        if not follows:
            state[:batch] = 0
        forward(units, whole, numbers, p, g, running, v, d, state, own, counts, batch, random, True)
        loss = cross_entropy(v, d, logits, len(wanted), classes, wanted)
        losses[step] = loss
        if not math.isfinite(loss):
            return step
        for k in range(len(cleared)):
            g[cleared[k, 0] : cleared[k, 1]] = 0
        backward(units, whole, numbers, p, g, running, v, d, state, own, counts, batch, random)
        if clip > 0:
            clip_norm(g, p.dtype.type(clip))
        if rule == 0:
            adamw(p, g, first, second, parts, factors, pace[step], constants)
        elif rule == 1:
            sgd(p, g, first, parts, factors, pace[step], constants)
    return len(cuts)


@kept_on_disk
def measure(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, losses: Array,
) -> None:  # fmt: skip
    """The loss of each prediction, as the net is used.

    Args:
        units, whole, numbers, logits, classes, p, running, v, d, state, ids, targets, drawn, cuts:
            as of `advance`; batches may overlap.
        losses: of the shape of the targets, float64, is filled.
    """
    for one in range(len(cuts)):
        i, to_i, t, to_t, _, _, batch, _ = cuts[one, :8]
        own, wanted, found = ids[i:to_i], targets[t:to_t], losses[t:to_t]
        state[:batch] = 0
        forward(
            units, whole, numbers, p, p[:0], running, v, d, state, own, cuts[one, 8:], batch, drawn,
            False,
        )  # fmt: skip
        token_losses(v, d, logits, to_t - t, classes, wanted, found)
