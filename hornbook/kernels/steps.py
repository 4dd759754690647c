"""Many steps of a small net in one call of compiled code, without Python and without its lock."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.case import Case
from hornbook.kernels.compiled import call, kept_on_disk, kernel, part
from hornbook.kernels.losses import cross_entropy, token_losses
from hornbook.kernels.meeting import add_up, meet
from hornbook.kernels.program import Column, Cut, Kind, bytes_before, bytes_drawn
from hornbook.kernels.updates import adamw, gather, scale, sgd, square

__all__ = ["advance", "measure"]

Array = Any
assert tuple(Column) == tuple(range(15)), "the kernels unpack an operation in this order"
drawn_by = kernel(bytes_drawn)
drawn_before = kernel(bytes_before)
assert tuple(Cut) == tuple(range(11)), "and a batch in this one"
TOLD = len(Cut)
MEETING = int(Kind.BATCH_NORM)  # threads meet in it, also those that have no rows; others need some


@part
def case(
    of: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array, d: Array,
    state: Array, ids: Array, cut: Array, drawn: Array, at: int, training: bool, thread: int,
    work: Array, sums: Array,
) -> Any:  # fmt: skip
    """What an operation is given, whose random bytes begin at `at`."""
    _, _, k, m, x, y, w, b, u, e, kept, r, own, other, _ = of
    n = rows_of(of, cut)
    batch, before, all_ = cut[6], cut[8], cut[9]
    random = drawn[at + drawn_before(of, n, batch, before) :] if training else drawn
    # Of trees each thread has the node before all rows, at all levels but the last.
    spare = 1 if thread > 0 and of[1] < 0 and TOLD - 1 - of[1] < len(cut) - 1 else 0
    return Case(
        n, k, m, x, y, w, b, u, e, kept, r, own, other, numbers[0], numbers[1], p, g, running, v,
        d, state, ids, cut[TOLD:], batch, before, all_, random, training, spare,
        thread, work, sums,
    )  # fmt: skip


@kernel
def rows_of(of: Array, cut: Array) -> int:
    """Rows of an operation's input."""
    n: int = cut[TOLD - 1 - of[1]] if of[1] < 0 else of[1]
    return n


@kernel
def bytes_for(of: Array, cut: Array) -> int:
    """Random bytes of an operation for the whole batch."""
    n, batch, all_ = rows_of(of, cut), cut[6], cut[9]
    return drawn_by(of, n // batch * all_ if batch < all_ else n, all_)


@part
def forward(
    units: Array, whole: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array,
    d: Array, state: Array, ids: Array, cut: Array, drawn: Array, training: bool, thread: int,
    work: Array, sums: Array,
) -> None:  # fmt: skip
    """From ids (n,) of a batch to logits, in training or as the net is used; see `advance`."""
    at = 0
    for o in range(len(whole)):
        this = case(
            whole[o], numbers[o], p, g, running, v, d, state, ids, cut, drawn, at, training,
            thread, work, sums,
        )  # fmt: skip
        if this.n > 0 or whole[o, 0] == MEETING:
            call(units[0, whole[o, 0]], this)
        if training:
            at += bytes_for(whole[o], cut)


@part
def backward(
    units: Array, whole: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array,
    d: Array, state: Array, ids: Array, cut: Array, drawn: Array, thread: int, work: Array,
    sums: Array,
) -> None:  # fmt: skip
    """From the logits' gradients, in d, to those of the parameters, added to g."""
    at = len(drawn)
    for o in range(len(whole) - 1, -1, -1):
        at -= bytes_for(whole[o], cut)
        this = case(
            whole[o], numbers[o], p, g, running, v, d, state, ids, cut, drawn, at, True, thread,
            work, sums,
        )  # fmt: skip
        if this.n > 0 or whole[o, 0] == MEETING:
            call(units[1, whole[o, 0]], this)


@kept_on_disk
def advance(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array, g: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, cleared: Array, rule: int, parts: Array, factors: Array, first: Array,
    second: Array, pace: Array, constants: Array, clip: float, losses: Array, thread: int,
    work: Array, sums: Array,
) -> int:  # fmt: skip
    """Steps of training, until they are done or a loss is not finite.

    Threads that share batches each call this, for their rows of every batch, and meet.

    Args:
        units: where the operations' code is; see `operations.addresses`.
        whole, numbers: the operations; see `Program.tables`.
        logits, classes: where the logits begin among the values, and how many a row has.
        p: parameters, (P,).
        g: room for their gradients, (threads, P): the first row gets the sum.
        running: running statistics.
        v, d: room for the values of a batch and for their gradients, each thread's own.
        state: what rows remember, (rows, S), of as many rows as a batch has at most.
        ids, targets, drawn: of all steps, one after the other; drawn are random bytes.
        cuts: of each step, (S, 11 + C); see `Cut`.
        cleared: parts of g that operations add to, (R, 2); all else they write.
        rule: 0 for `adamw`, 1 for `sgd`; 2 for none, of a single step: its gradients are left in g.
        parts, factors, constants: see there.
        first, second: what the rule remembers.
        pace: of each step, (S, 3).
        clip: longest gradient; 0: of any length.
        losses: of each thread and step, (threads, S), float64: its row is filled. The sum of
            all is a step's.
        thread: which it is of those that share the batches.
        work, sums: by which they meet; see `meeting`.

    Returns:
        How many updates were made. After a loss that is not finite there is none.
    """
    threads, total = len(losses), d[:1]  # room when all gradients are found
    begin, end = len(p) * thread // threads, len(p) * (thread + 1) // threads
    own = g[thread]
    for step in range(len(cuts)):
        cut = cuts[step]
        i, to_i, t, to_t, r, to_r, batch, follows, before, _, counted = cut[:TOLD]
        read, wanted, random = ids[i:to_i], targets[t:to_t], drawn[r:to_r]
        rows = state[before : before + batch]
        if not follows:
            rows[:] = 0
        forward(
            units, whole, numbers, p, own, running, v, d, rows, read, cut, random, True, thread,
            work, sums,
        )  # fmt: skip
        losses[thread, step] = cross_entropy(v, d, logits, len(wanted), classes, wanted, counted)
        for k in range(len(cleared)):
            own[cleared[k, 0] : cleared[k, 1]] = 0
        if batch == 0:  # nothing is written
            own[:] = 0
        backward(
            units, whole, numbers, p, own, running, v, d, rows, read, cut, random, thread, work,
            sums,
        )  # fmt: skip
        if not meet(work, thread):
            return step
        loss = 0.0
        for other in range(threads):
            loss += losses[other, step]
        if not math.isfinite(loss):
            return step
        gather(g, begin, end)
        if clip > 0:
            total[0] = square(g[0], begin, end)
            add_up(total, work, thread, sums)
            scale(g[0], begin, end, p.dtype.type(clip), total[0])
        if rule == 0:
            adamw(p, g[0], first, second, parts, factors, pace[step], constants, begin, end)
        elif rule == 1:
            sgd(p, g[0], first, parts, factors, pace[step], constants, begin, end)
        meet(work, thread)
    return len(cuts)


@kept_on_disk
def measure(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, losses: Array, work: Array, sums: Array,
) -> None:  # fmt: skip
    """The loss of each prediction, as the net is used.

    Args:
        units, whole, numbers, logits, classes, p, running, v, d, state, ids, targets, drawn, cuts,
            work, sums: as of `advance`; batches may overlap.
        losses: of the shape of the targets, float64, is filled.
    """
    for one in range(len(cuts)):
        i, to_i, t, to_t = cuts[one, :4]
        own, wanted, found = ids[i:to_i], targets[t:to_t], losses[t:to_t]
        state[:] = 0
        forward(
            units, whole, numbers, p, p[:0], running, v, d, state, own, cuts[one], drawn, False, 0,
            work, sums,
        )  # fmt: skip
        token_losses(v, d, logits, to_t - t, classes, wanted, found)
