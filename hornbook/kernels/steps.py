"""Many steps of a small net in one call of compiled code, without Python and without its lock."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.cells import gru, gru_back, lstm, lstm_back, rnn, rnn_back
from hornbook.kernels.compiled import kept_on_disk, kernel, part
from hornbook.kernels.layers import (
    batch_norm,
    batch_norm_back,
    batch_norm_used,
    dropout,
    dropout_back,
    dropout_turned,
    embedding,
    embedding_back,
    layer_norm,
    layer_norm_back,
    relu,
    relu_back,
    spread,
    sum_rows,
    tanh,
    tanh_back,
)
from hornbook.kernels.losses import cross_entropy, token_losses
from hornbook.kernels.products import add_dots, add_product
from hornbook.kernels.program import Column, Cut, Kind
from hornbook.kernels.updates import adamw, clip_norm, sgd
from hornbook.kernels.version import VERSION

__all__ = ["advance", "backward", "forward", "measure"]

Array = Any
EMBEDDING, PRODUCT, DOTS, BATCH_NORM = (
    int(kind) for kind in (Kind.EMBEDDING, Kind.PRODUCT, Kind.DOTS, Kind.BATCH_NORM)
)
LAYER_NORM, TANH, RELU, DROPOUT, DROPOUT_TURNED = (
    int(kind) for kind in (Kind.LAYER_NORM, Kind.TANH, Kind.RELU, Kind.DROPOUT, Kind.DROPOUT_TURNED)
)
LAST, RNN_TANH, RNN_RELU, GRU, LSTM = (
    int(kind) for kind in (Kind.LAST, Kind.RNN_TANH, Kind.RNN_RELU, Kind.GRU, Kind.LSTM)
)
assert tuple(Column) == tuple(range(13)), "the kernels unpack an operation in this order"
assert tuple(Cut) == tuple(range(8)), "and a batch in this one"


@part
def forward(
    whole: Array, numbers: Array, p: Array, running: Array, v: Array, state: Array, ids: Array,
    batch: int, drawn: Array, training: bool,
) -> None:  # fmt: skip
    """From ids (n,) of a batch to logits, in training or as the net is used; see `advance`."""
    at = 0
    for o in range(len(whole)):
        kind, n, k, m, x, y, w, b, u, e, kept, r, own = whole[o]
        n = len(ids) if n < 0 else n
        if kind == EMBEDDING:
            embedding(v, y, ids, p, w, m)
        elif kind == PRODUCT:
            spread(v, y, p, b, n, m)
            add_product(v, y, v, x, k, 1, p, w, n, k, m)
        elif kind == DOTS:
            spread(v, y, p, b, n, m)
            add_dots(v, y, v, x, p, w, n, k, m)
        elif kind == BATCH_NORM:
            eps, momentum = numbers[o, 0], numbers[o, 1]
            if training:
                batch_norm(v, x, y, kept, n, m, p, w, b, running, r, eps, momentum, own)
            else:
                batch_norm_used(v, x, y, kept, n, m, p, w, b, running, r, eps)
        elif kind == LAYER_NORM:
            layer_norm(v, x, y, kept, n, m, p, w, b, numbers[o, 0])
        elif kind == TANH:
            tanh(v, x, n * m)
        elif kind == RELU:
            relu(v, x, n * m)
        elif kind in (DROPOUT, DROPOUT_TURNED):
            if not training:
                v[y : y + n * m] = v[x : x + n * m]
                continue
            if kind == DROPOUT:
                dropout(v, x, y, n * m, drawn[at:], own, numbers[o, 0])
            else:
                dropout_turned(v, x, y, n, m, batch, drawn[at:], own, numbers[o, 0])
            at += whole_words(n * m)
        elif kind == GRU:
            gru(v, x, y, kept, n, k, m, batch, p, w, b, u, e, state, own)
        elif kind == LSTM:
            lstm(v, x, y, kept, n, k, m, batch, p, w, b, u, e, state, own)
        elif kind in (RNN_TANH, RNN_RELU):
            rnn(v, x, y, n, k, m, batch, p, w, b, u, e, state, own, kind == RNN_TANH)


@part
def backward(
    whole: Array, numbers: Array, p: Array, g: Array, v: Array, d: Array, ids: Array, batch: int,
    drawn: Array,
) -> None:  # fmt: skip
    """From the logits' gradients, in d, to those of the parameters, added to g."""
    at = len(drawn)
    for o in range(len(whole) - 1, -1, -1):
        kind, n, k, m, x, y, w, b, u, e, kept, _, own = whole[o]
        n = len(ids) if n < 0 else n
        if kind == EMBEDDING:
            embedding_back(d, y, ids, g, w, m)
        elif kind == PRODUCT:
            add_product(g, w, v, x, 1, k, d, y, k, n, m)  # dW = xᵀ dy
            if b >= 0:
                sum_rows(g, b, d, y, n, m)
            d[x : x + n * k] = 0
            add_dots(d, x, d, y, p, w, n, m, k)  # dx = dy Wᵀ
        elif kind == DOTS:
            add_product(g, w, d, y, 1, m, v, x, m, n, k)  # dW = dyᵀ x
            if b >= 0:
                sum_rows(g, b, d, y, n, m)
            d[x : x + n * k] = 0
            add_product(d, x, d, y, m, 1, p, w, n, m, k)  # dx = dy W
        elif kind == BATCH_NORM:
            batch_norm_back(d, v, x, y, kept, n, m, g, w, b, own)
        elif kind == LAYER_NORM:
            layer_norm_back(d, v, x, y, kept, n, m, p, g, w, b)
        elif kind == TANH:
            tanh_back(d, v, x, n * m)
        elif kind == RELU:
            relu_back(d, v, x, n * m)
        elif kind in (DROPOUT, DROPOUT_TURNED):
            at -= whole_words(n * m)
            if kind == DROPOUT:
                dropout_back(d, x, y, n * m, drawn[at:], own, numbers[o, 0])
            else:
                dropout_turned(d, y, x, n, m, batch, drawn[at:], own, numbers[o, 0])
        elif kind == LAST:
            d[x : x + (n - batch) * m] = 0
        elif kind == GRU:
            gru_back(d, v, x, y, kept, n, k, m, batch, p, g, w, b, u, e)
        elif kind == LSTM:
            lstm_back(d, v, x, y, kept, n, k, m, batch, p, g, w, b, u, e)
        elif kind in (RNN_TANH, RNN_RELU):
            rnn_back(d, v, x, y, kept, n, k, m, batch, p, g, w, b, u, e, kind == RNN_TANH)


@kernel
def whole_words(count: int) -> int:
    """Bytes that are drawn for so many numbers."""
    return -(-count // 8) * 8


def compiled_steps(version: int) -> Any:
    """`advance`, kept on disk by what it was made from."""

    @kept_on_disk
    def advance(
        whole: Array, numbers: Array, logits: int, classes: int, p: Array, g: Array,
        running: Array, v: Array, d: Array, state: Array, ids: Array, targets: Array,
        drawn: Array, cuts: Array, rule: int, parts: Array, factors: Array, first: Array,
        second: Array, pace: Array, constants: Array, clip: float, losses: Array,
    ) -> int:  # fmt: skip
        """Steps of training, until they are done or a loss is not finite.

        Args:
            whole, numbers: the operations; see `Program.tables`.
            logits, classes: where the logits begin among the values, and how many a row has.
            p, g: parameters and room for their gradients, (P,).
            running: running statistics.
            v, d: room for the values of a batch and for their gradients.
            state: what rows remember, (rows, S), of as many rows as a batch has at most.
            ids, targets, drawn: of all steps, one after the other; drawn are random bytes.
            cuts: of each step, (S, 8); see `Cut`.
            rule: 0 for `adamw`, 1 for `sgd`.
            parts, factors, constants: see there.
            first, second: what the rule remembers.
            pace: of each step, (S, 3).
            clip: longest gradient; 0: of any length.
            losses: of each step, float64, is filled.

        Returns:
            How many updates were made. After a loss that is not finite there is none.
        """
        if version < 0:  # never: but what is kept knows the version by this
            return 0
        for step in range(len(cuts)):
            i, to_i, t, to_t, r, to_r, batch, follows = cuts[step]
            own, wanted, random = ids[i:to_i], targets[t:to_t], drawn[r:to_r]
            if not follows:
                state[:batch] = 0
            forward(whole, numbers, p, running, v, state, own, batch, random, True)
            loss = cross_entropy(v, d, logits, len(wanted), classes, wanted)
            losses[step] = loss
            if not math.isfinite(loss):
                return step
            g[:] = 0
            backward(whole, numbers, p, g, v, d, own, batch, random)
            if clip > 0:
                clip_norm(g, p.dtype.type(clip))
            if rule == 0:
                adamw(p, g, first, second, parts, factors, pace[step], constants)
            else:
                sgd(p, g, first, parts, factors, pace[step], constants)
        return len(cuts)

    return advance


def compiled_measure(version: int) -> Any:
    """`measure`, likewise."""

    @kept_on_disk
    def measure(
        whole: Array, numbers: Array, logits: int, classes: int, p: Array, running: Array,
        v: Array, d: Array, state: Array, ids: Array, targets: Array, drawn: Array, cuts: Array,
        losses: Array,
    ) -> None:  # fmt: skip
        """The loss of each prediction, as the net is used.

        Args:
            whole, numbers, logits, classes, p, running, v, d, state, ids, targets, drawn, cuts: as
                of `advance`; batches may overlap.
            losses: of the shape of the targets, float64, is filled.
        """
        for one in range(len(cuts) if version >= 0 else 0):
            i, to_i, t, to_t, _, _, batch, _ = cuts[one]
            state[:batch] = 0
            forward(whole, numbers, p, running, v, state, ids[i:to_i], batch, drawn, False)
            wanted, found = targets[t:to_t], losses[t:to_t]
            token_losses(v, d, logits, to_t - t, classes, wanted, found)

    return measure


advance, measure = compiled_steps(VERSION), compiled_measure(VERSION)
