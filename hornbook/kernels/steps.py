"""Many steps of a small net in one call of compiled code, without Python and without its lock."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels import entries
from hornbook.kernels.case import Case
from hornbook.kernels.compiled import call, called_from_python, kernel
from hornbook.kernels.compiled import part as part_of
from hornbook.kernels.losses import cross_entropy, token_losses
from hornbook.kernels.meeting import all_done, begin_share, end_share
from hornbook.kernels.program import OF_ALL_ROWS, Column, Cut, Kind, bytes_before, bytes_drawn
from hornbook.kernels.updates import adam, gather, scale, sgd, square

__all__ = ["advance", "measure"]

Array = Any
assert tuple(Column) == tuple(range(15)), "the kernels unpack an operation in this order"
drawn_by = kernel(bytes_drawn)
drawn_before = kernel(bytes_before)
assert tuple(Cut) == tuple(range(11)), "and a batch in this one"
TOLD = len(Cut)
BATCH_SUMS = int(Kind.BATCH_SUMS)
BATCH_SQUARES, BATCH_NORM = (int(kind) for kind in OF_ALL_ROWS)


@part_of
def case(
    of: Array, numbers: Array, p: Array, g: Array, running: Array, v: Array, d: Array,
    state: Array, ids: Array, cut: Array, drawn: Array, at: int, training: bool, share: int,
    sums: Array,
) -> Any:  # fmt: skip
    """What an operation is given, whose random bytes begin at `at`."""
    _, _, k, m, x, y, w, b, u, e, kept, r, own, other, _ = of
    n = rows_of(of, cut)
    batch, before, all_ = cut[6], cut[8], cut[9]
    random = drawn[at + drawn_before(of, n, batch, before) :] if training else drawn
    # Of trees each share has the node before all rows, at all levels but the last.
    spare = 1 if share > 0 and of[1] < 0 and TOLD - 1 - of[1] < len(cut) - 1 else 0
    return Case(
        n, k, m, x, y, w, b, u, e, kept, r, own, other, numbers[0], numbers[1], p, g, running, v,
        d, state, ids, cut[TOLD:], batch, before, all_, random, training, spare, share, sums,
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


@part_of
def operate(
    units: Array, way: int, of: Array, numbers: Array, p: Array, g: Array, running: Array,
    v: Array, d: Array, state: Array, ids: Array, cut: Array, drawn: Array, at: int,
    training: bool, share: int, sums: Array,
) -> None:  # fmt: skip
    """An operation, on the way there (0) or back (1)."""
    this = case(of, numbers, p, g, running, v, d, state, ids, cut, drawn, at, training, share, sums)
    # Sums over no rows are zeros, which have to be written.
    if this.n > 0 or of[0] in (BATCH_SUMS, BATCH_SQUARES, BATCH_NORM):
        call(units[way, of[0]], this)


@kernel
def hangs_on_all(whole: Array, at: int) -> bool:
    """Whether all shares of a batch must be done with what is before a place; see `stretch`."""
    operations = len(whole)
    kind = whole[at if at < operations else 2 * operations - at, 0] if at != operations else -1
    return kind == BATCH_SQUARES or (kind == BATCH_NORM and at < operations)


@part_of
def stretch(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array, g: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cut: Array, cleared: Array, losses: Array, share: int, sums: Array, begin: int, end: int,
) -> None:  # fmt: skip
    """Some of what is to be done for the gradients of a share of a batch; see `advance`.

    Places `begin` to `end` are of the operations on the way there, the loss, and the operations on
    the way back, from the last to the first.
    """
    operations = len(whole)
    i, to_i, t, to_t, r, to_r, batch, follows, before, _, counted = cut[:TOLD]
    read, wanted, random = ids[i:to_i], targets[t:to_t], drawn[r:to_r]
    rows = state[before : before + batch]
    at = 0
    for o in range(min(begin, 2 * operations - begin + 1)):
        at += bytes_for(whole[o], cut)
    if begin == 0 and not follows:
        rows[:] = 0
    for o in range(begin, min(end, operations)):
        operate(
            units, 0, whole[o], numbers[o], p, g, running, v, d, rows, read, cut, random, at, True,
            share, sums,
        )  # fmt: skip
        at += bytes_for(whole[o], cut)
    if begin <= operations < end:
        losses[0] = cross_entropy(v, d, logits, len(wanted), classes, wanted, counted)
        for k in range(len(cleared)):
            g[cleared[k, 0] : cleared[k, 1]] = 0
        if batch == 0:  # nothing is written
            g[:] = 0
    for place in range(max(begin, operations + 1), end):
        o = 2 * operations - place
        at -= bytes_for(whole[o], cut)
        operate(
            units, 1, whole[o], numbers[o], p, g, running, v, d, rows, read, cut, random, at, True,
            share, sums,
        )  # fmt: skip


@called_from_python(entries.advance)
def advance(
    units: Array, whole: Array, numbers: Array, logits: Array, classes: int, p: Array, g: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, cleared: Array, rule: int, parts: Array, factors: Array, first: Array,
    second: Array, pace: Array, constants: Array, clip: float, losses: Array, thread: int,
    work: Array, sums: Array,
) -> int:  # fmt: skip
    """Steps of training, until they are done or a loss is not finite.

    Threads that share batches each call this. Of each part of a step they take the shares, and wait
    until all are done. Gradients are a part, or several, where something hangs on all rows; then
    come the updates, and where gradients are clipped the sum of their squares before these.

    Args:
        units: where the operations' code is; see `operations.addresses`.
        whole, numbers: the operations, of each share (threads, O, 15), and their other numbers (O,
            2); see `Program.tables`.
        logits, classes: where the logits begin among each share's values, and how many a row has.
        p: parameters, (P,).
        g: room for their gradients, (threads, P): the first row gets the sum.
        running: running statistics.
        v, d: room for the values of a batch and for their gradients, each share's own.
        state: what rows remember, (rows, S), of as many rows as a batch has at most.
        ids, targets, drawn: of all steps, one after the other; drawn are random bytes.
        cuts: of each share and step, (threads, S, 11 + C); see `Cut`.
        cleared: parts of g that operations add to, (R, 2); all else they write.
        rule: 0 for `adam`, 1 for `sgd`; 2 for none, of a single step: its gradients are left in g.
        parts, factors, constants: see there.
        first, second: what the rule remembers.
        pace: of each step, (S, 3).
        clip: longest gradient; 0: of any length.
        losses: of each share and step, (threads, S), float64, is filled. The sum of all is a
            step's.
        thread: which it is of those that share the batches.
        work: by which they wait for each other; see `meeting`.
        sums: what each share has of sums over all, (2, threads, S).

    Returns:
        How many updates were made. After a loss that is not finite there is none.
    """
    threads, number, part = len(losses), p.dtype.type, 0
    places = 2 * whole.shape[1] + 1
    for step in range(cuts.shape[1]):
        begin = 0
        while begin < places:
            end = begin + 1
            while end < places and not (threads > 1 and hangs_on_all(whole[0], end)):
                end += 1
            for other in range(threads):
                share = (thread + other) % threads
                if begin_share(work, share, part):
                    stretch(
                        units, whole[share], numbers, logits[share], classes, p, g[share], running,
                        v[share], d[share], state, ids, targets, drawn, cuts[share, step], cleared,
                        losses[share, step:], share, sums, begin, end,
                    )  # fmt: skip
                    end_share(work)
            if not all_done(work, part):
                return step
            part, begin = part + 1, end
        loss = 0.0
        for share in range(threads):
            loss += losses[share, step]
        if not math.isfinite(loss):
            return step
        if clip > 0:
            for other in range(threads):
                share = (thread + other) % threads
                if begin_share(work, share, part):
                    begin, end = len(p) * share // threads, len(p) * (share + 1) // threads
                    gather(g, begin, end)
                    sums[0, share, 0] = square(g[0], begin, end)
                    end_share(work)
            if not all_done(work, part):
                return step
            part += 1
        for other in range(threads):
            share = (thread + other) % threads
            if begin_share(work, share, part):
                begin, end = len(p) * share // threads, len(p) * (share + 1) // threads
                if clip > 0:
                    total = sums[0, 0, 0]
                    for one in range(1, threads):
                        total += sums[0, one, 0]
                    scale(g[0], begin, end, number(clip), total)
                else:
                    gather(g, begin, end)
                if rule == 0:
                    adam(p, g[0], first, second, parts, factors, pace[step], constants, begin, end)
                elif rule == 1:
                    sgd(p, g[0], first, parts, factors, pace[step], constants, begin, end)
                end_share(work)
        if not all_done(work, part):
            return step
        part += 1
    return int(cuts.shape[1])


@called_from_python(entries.measure)
def measure(
    units: Array, whole: Array, numbers: Array, logits: int, classes: int, p: Array,
    running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array,
    cuts: Array, losses: Array, sums: Array,
) -> None:  # fmt: skip
    """The loss of each prediction, as the net is used.

    Args:
        units, whole, numbers, logits, classes, p, running, v, d, state, ids, targets, drawn, cuts,
            sums: as of `advance`; batches may overlap.
        losses: of the shape of the targets, float64, is filled.
    """
    for one in range(len(cuts)):
        i, to_i, t, to_t = cuts[one, :4]
        own, wanted, found = ids[i:to_i], targets[t:to_t], losses[t:to_t]
        state[:] = 0
        for o in range(len(whole)):
            operate(
                units, 0, whole[o], numbers[o], p, p[:0], running, v, d, state, own, cuts[one],
                drawn, 0, False, 0, sums,
            )  # fmt: skip
        token_losses(v, d, logits, to_t - t, classes, wanted, found)
