"""The recurrent layers over all steps of rows, there and back.

Positions are in the order of time: those of the first step of all rows, then those of the second.
So what multiplies the state is a product of neighbours at each step, and what multiplies the
input, and the gradients of all weights, are products of some steps at once: so many that products
are fast, and no more, so that what they made is in the caches when it is read. Weights are kept
transposed: (in, gates). Before the output, and before an LSTM's cell states, there is room for the
state that a batch begins from. What each computes is its layer's `vjp` in `hornbook.nn`.

Arguments that all have, beside those of `layers`:

    batch   rows; n is that times the steps
    size    H, of the state
    w, b    where the weight and the bias of the input begin
    u, e    the same of the state
    state   (rows, S): a layer's own begins in column `own`
    told    if k is 0: where positions are told which row they look up of the table at x, (rows,
            gates), of what ids add to the gates; w and b are the table's then (`id_tables`)
    kept    where the values that a layer keeps begin: room for the weights the other way round,
            whose products are then fast on the way back, and its gates
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.cell_parts import (
    at_once,
    from_input,
    keep_state,
    take_state,
    to_input,
    turn,
)
from hornbook.kernels.compiled import kernel
from hornbook.kernels.layers import relu, relu_back, sigmoid, sum_rows, tanh, tanh_back
from hornbook.kernels.linked import add_product
from hornbook.kernels.rows import copy_row

__all__ = ["gru", "gru_back", "lstm", "lstm_back", "rnn", "rnn_back"]

Array = Any


@kernel
def gru(
    v: Array, x: int, y: int, kept: int, n: int, k: int, size: int, batch: int, p: Array, w: int,
    b: int, u: int, e: int, state: Array, own: int, told: int,
) -> None:  # fmt: skip
    """r and z and U h + e of n, (n, 3 · size), and n behind them, (n, size)."""
    m = 3 * size
    kept += m * (k + size)
    take_state(v, y - batch * size, state, own, batch, size)
    third, rows = p[e + 2 * size : e + m], at_once(batch)
    for first in range(0, n, batch):
        if first % rows == 0:
            from_input(v, x, kept, first, min(rows, n - first), k, m, p, w, b, e, 2 * size, told)
        for i in range(first, first + batch):
            shown = v[kept + i * m + 2 * size : kept + (i + 1) * m]
            new = v[kept + n * m + i * size : kept + n * m + (i + 1) * size]
            for j in range(size):
                new[j] = shown[j]
                shown[j] = third[j]
        before = y + (first - batch) * size
        add_product(v, kept + first * m, v, before, size, 1, p, u, batch, size, m)
        for i in range(first, first + batch):
            at = kept + i * m
            sigmoid(v, at, 2 * size)
            r, shown = v[at : at + size], v[at + 2 * size : at + m]
            to = kept + n * m + i * size
            new = v[to : to + size]
            for j in range(size):
                new[j] += r[j] * shown[j]
            tanh(v, to, size)
            z = v[at + size : at + 2 * size]
            h = v[y + (i - batch) * size : y + (i - batch + 1) * size]
            out = v[y + i * size : y + (i + 1) * size]
            for j in range(size):
                out[j] = new[j] + z[j] * (h[j] - new[j])
    keep_state(v, y + (n - batch) * size, state, own, batch, size)


@kernel
def gru_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, k: int, size: int, batch: int,
    p: Array, g: Array, w: int, b: int, u: int, e: int, told: int,
) -> None:  # fmt: skip
    """Back: gradients of what multiplies the state take the gates' places, n's its own."""
    m, one = 3 * size, v.dtype.type(1)
    turned, kept, rows = kept, kept + m * (k + size), at_once(batch)
    turn(d, turned, p, u, size, m)
    turn(d, turned + m * size, p, w, k, m)
    for first in range(n - batch, -1, -batch):
        for i in range(first, first + batch):
            at, to = kept + i * m, kept + n * m + i * size
            r, z, shown = v[at : at + size], v[at + size : at + 2 * size], v[at + 2 * size : at + m]
            new, h = v[to : to + size], v[y + (i - batch) * size : y + (i - batch + 1) * size]
            dr, dz, dshown = (
                d[at : at + size], d[at + size : at + 2 * size], d[at + 2 * size : at + m]
            )  # fmt: skip
            dnew, dh = d[to : to + size], d[y + i * size : y + (i + 1) * size]
            for j in range(size):
                dnew[j] = dh[j] * (one - z[j]) * (one - new[j] * new[j])
            for j in range(size):
                dshown[j] = dnew[j] * r[j]
            for j in range(size):
                dr[j] = dshown[j] * shown[j] * (one - r[j])
            for j in range(size):
                dz[j] = dh[j] * (h[j] - new[j]) * z[j] * (one - z[j])
            if first:
                before = d[y + (i - batch) * size : y + (i - batch + 1) * size]
                for j in range(size):
                    before[j] += dh[j] * z[j]
        if first:
            to_before = y + (first - batch) * size
            add_product(d, to_before, d, kept + first * m, m, 1, d, turned, batch, m, size)
        if first % rows == 0:
            some, here = min(rows, n - first), kept + first * m
            add_product(g, u, v, y + (first - batch) * size, 1, size, d, here, size, some, m)
            sum_rows(g, e, d, here, some, m, False)
            for i in range(first, first + some):  # the input's share of n does not pass r
                shown = d[kept + i * m + 2 * size : kept + (i + 1) * m]
                new = d[kept + n * m + i * size : kept + n * m + (i + 1) * size]
                for j in range(size):
                    shown[j] = new[j]
            to_input(d, v, x, kept, turned + m * size, first, some, k, m, g, w, b, told)


@kernel
def lstm(
    v: Array, x: int, y: int, kept: int, n: int, k: int, size: int, batch: int, p: Array, w: int,
    b: int, u: int, e: int, state: Array, own: int, told: int,
) -> None:  # fmt: skip
    """Gates i, f, g, o, (n, 4 · size); behind them cell states, one step more, and tanh of these.

    The state is h and the cell state, side by side.
    """
    m = 4 * size
    kept += m * (k + size)
    cells = kept + n * m + batch * size
    squashed = cells + n * size
    take_state(v, y - batch * size, state, own, batch, size)
    take_state(v, cells - batch * size, state, own + size, batch, size)
    rows = at_once(batch)
    for first in range(0, n, batch):
        if first % rows == 0:
            from_input(v, x, kept, first, min(rows, n - first), k, m, p, w, b, e, m, told)
        before = y + (first - batch) * size
        add_product(v, kept + first * m, v, before, size, 1, p, u, batch, size, m)
        for i in range(first, first + batch):
            at, to = kept + i * m, cells + i * size
            sigmoid(v, at, 2 * size)
            tanh(v, at + 2 * size, size)
            sigmoid(v, at + 3 * size, size)
            write, keep = v[at : at + size], v[at + size : at + 2 * size]
            new, show = v[at + 2 * size : at + 3 * size], v[at + 3 * size : at + m]
            old, cell = v[to - batch * size : to - (batch - 1) * size], v[to : to + size]
            for j in range(size):
                cell[j] = keep[j] * old[j] + write[j] * new[j]
            bent = v[squashed + i * size : squashed + (i + 1) * size]
            for j in range(size):
                bent[j] = cell[j]
            tanh(v, squashed + i * size, size)
            out = v[y + i * size : y + (i + 1) * size]
            for j in range(size):
                out[j] = show[j] * bent[j]
    keep_state(v, y + (n - batch) * size, state, own, batch, size)
    keep_state(v, cells + (n - batch) * size, state, own + size, batch, size)


@kernel
def lstm_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, k: int, size: int, batch: int,
    p: Array, g: Array, w: int, b: int, u: int, e: int, told: int,
) -> None:  # fmt: skip
    """Back: gradients of gates and cell states take their places."""
    m, one = 4 * size, v.dtype.type(1)
    turned, kept, rows = kept, kept + m * (k + size), at_once(batch)
    turn(d, turned, p, u, size, m)
    turn(d, turned + m * size, p, w, k, m)
    cells = kept + n * m + batch * size
    squashed = cells + n * size
    d[cells + (n - batch) * size : cells + n * size] = 0
    for first in range(n - batch, -1, -batch):
        for i in range(first, first + batch):
            at, to = kept + i * m, cells + i * size
            write, keep = v[at : at + size], v[at + size : at + 2 * size]
            new, show = v[at + 2 * size : at + 3 * size], v[at + 3 * size : at + m]
            old = v[to - batch * size : to - (batch - 1) * size]
            bent = v[squashed + i * size : squashed + (i + 1) * size]
            dwrite, dkeep = d[at : at + size], d[at + size : at + 2 * size]
            dnew, dshow = d[at + 2 * size : at + 3 * size], d[at + 3 * size : at + m]
            dcell, dh = d[to : to + size], d[y + i * size : y + (i + 1) * size]
            dold = d[to - batch * size : to - (batch - 1) * size]
            for j in range(size):
                dcell[j] += dh[j] * show[j] * (one - bent[j] * bent[j])
            for j in range(size):
                dshow[j] = dh[j] * bent[j] * show[j] * (one - show[j])
            for j in range(size):
                dwrite[j] = dcell[j] * new[j] * write[j] * (one - write[j])
            for j in range(size):
                dkeep[j] = dcell[j] * old[j] * keep[j] * (one - keep[j])
            for j in range(size):
                dnew[j] = dcell[j] * write[j] * (one - new[j] * new[j])
            for j in range(size):
                dold[j] = dcell[j] * keep[j]
        if first:
            to_before = y + (first - batch) * size
            add_product(d, to_before, d, kept + first * m, m, 1, d, turned, batch, m, size)
        if first % rows == 0:
            some, here = min(rows, n - first), kept + first * m
            add_product(g, u, v, y + (first - batch) * size, 1, size, d, here, size, some, m)
            if k == 0:
                sum_rows(g, e, d, here, some, m, False)
            to_input(d, v, x, kept, turned + m * size, first, some, k, m, g, w, b, told)
    if k > 0:
        copy_row(g, e, g, b, m)


@kernel
def rnn(
    v: Array, x: int, y: int, n: int, k: int, size: int, batch: int, p: Array, w: int, b: int,
    u: int, e: int, state: Array, own: int, told: int, squashed: bool,
) -> None:  # fmt: skip
    """h' = f(W x + b + U h + e), f tanh or ReLU: all of it in the output's place."""
    take_state(v, y - batch * size, state, own, batch, size)
    rows = at_once(batch)
    for first in range(0, n, batch):
        if first % rows == 0:
            from_input(v, x, y, first, min(rows, n - first), k, size, p, w, b, e, size, told)
        before, here = y + (first - batch) * size, y + first * size
        add_product(v, here, v, before, size, 1, p, u, batch, size, size)
        if squashed:
            tanh(v, here, batch * size)
        else:
            relu(v, here, batch * size)
    keep_state(v, y + (n - batch) * size, state, own, batch, size)


@kernel
def rnn_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, k: int, size: int, batch: int, p: Array,
    g: Array, w: int, b: int, u: int, e: int, told: int, squashed: bool,
) -> None:  # fmt: skip
    """Back, in the place of the output's gradient."""
    many, rows = batch * size, at_once(batch)
    turn(d, kept, p, u, size, size)
    turn(d, kept + size * size, p, w, k, size)
    for first in range(n - batch, -1, -batch):
        here = y + first * size
        if squashed:
            tanh_back(d, v, here, many)
        else:
            relu_back(d, v, here, many)
        if first:
            add_product(d, here - many, d, here, size, 1, d, kept, batch, size, size)
        if first % rows == 0:
            some = min(rows, n - first)
            add_product(g, u, v, here - many, 1, size, d, here, size, some, size)
            if k == 0:
                sum_rows(g, e, d, here, some, size, False)
            to_input(d, v, x, y, kept + size * size, first, some, k, size, g, w, b, told)
    if k > 0:
        copy_row(g, e, g, b, size)
