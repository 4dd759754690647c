"""Many steps of a small net in one call of compiled code, without Python and without its lock."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

from hornbook.kernels.compiled import kept_on_disk, part
from hornbook.kernels.layers import (
    batch_norm,
    batch_norm_back,
    batch_norm_used,
    cross_entropy,
    dropout,
    dropout_back,
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
    token_losses,
)
from hornbook.kernels.products import add_dots, add_product
from hornbook.kernels.program import Column, Kind
from hornbook.kernels.updates import adamw, clip_norm, sgd

__all__ = ["advance", "backward", "forward", "measure"]

Array = Any
EMBEDDING, PRODUCT, DOTS, BATCH_NORM = (
    int(kind) for kind in (Kind.EMBEDDING, Kind.PRODUCT, Kind.DOTS, Kind.BATCH_NORM)
)
LAYER_NORM, TANH, RELU, DROPOUT = (
    int(kind) for kind in (Kind.LAYER_NORM, Kind.TANH, Kind.RELU, Kind.DROPOUT)
)
assert tuple(Column) == tuple(range(12)), "the kernels unpack an operation in this order"


@part
def forward(
    whole: Array, numbers: Array, p: Array, running: Array, v: Array, ids: Array, drawn: Array,
    training: bool,
) -> None:  # fmt: skip
    """From ids (N, T) to logits, in training or as the net is used; see `advance`."""
    for o in range(len(whole)):
        kind, n, k, m, x, y, w, b, kept, r, first, own = whole[o]
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
        elif kind == DROPOUT:
            if training:
                dropout(v, x, y, n * m, drawn[first:], own, numbers[o, 0])
            else:
                v[y : y + n * m] = v[x : x + n * m]


@part
def backward(
    whole: Array, numbers: Array, p: Array, g: Array, v: Array, d: Array, ids: Array, drawn: Array
) -> None:
    """From the logits' gradients, in d, to those of the parameters, added to g."""
    for o in range(len(whole) - 1, -1, -1):
        kind, n, k, m, x, y, w, b, kept, _, first, own = whole[o]
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
        elif kind == DROPOUT:
            dropout_back(d, x, y, n * m, drawn[first:], own, numbers[o, 0])


def made_from() -> int:
    """A number that hangs on the text of all kernels.

    Numba looks only at the file of the function that it has kept, not at those that it calls: what
    it kept of other kernels than these must not be taken.
    """
    here = Path(__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    return int(hashlib.sha256(text).hexdigest()[:8], 16)


def compiled_steps(version: int) -> Any:
    """`advance`, kept on disk by what it was made from."""

    @kept_on_disk
    def advance(
        whole: Array, numbers: Array, logits: int, classes: int, p: Array, g: Array,
        running: Array, v: Array, d: Array, ids: Array, targets: Array, drawn: Array,
        rule: int, parts: Array, factors: Array, first: Array, second: Array, pace: Array,
        constants: Array, clip: float, losses: Array,
    ) -> int:  # fmt: skip
        """Steps of training, until they are done or a loss is not finite.

        Args:
            whole, numbers: the operations; see `Program.tables`.
            logits, classes: where the logits begin among the values, and how many a row has.
            p, g: parameters and room for their gradients, (P,).
            running: running statistics.
            v, d: room for the values of a batch and for their gradients.
            ids: of each step, (S, N, T).
            targets: (S, N).
            drawn: random bytes, (S, D).
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
        for step in range(len(ids)):
            forward(whole, numbers, p, running, v, ids[step], drawn[step], True)
            n = len(targets[step])
            loss = cross_entropy(v, d, logits, n, classes, targets[step])
            losses[step] = loss
            if not math.isfinite(loss):
                return step
            g[:] = 0
            backward(whole, numbers, p, g, v, d, ids[step], drawn[step])
            if clip > 0:
                clip_norm(g, p.dtype.type(clip))
            if rule == 0:
                adamw(p, g, first, second, parts, factors, pace[step], constants)
            else:
                sgd(p, g, first, parts, factors, pace[step], constants)
        return len(ids)

    return advance


def compiled_measure(version: int) -> Any:
    """`measure`, likewise."""

    @kept_on_disk
    def measure(
        whole: Array, numbers: Array, logits: int, classes: int, p: Array, running: Array,
        v: Array, d: Array, ids: Array, targets: Array, drawn: Array, n: int, losses: Array,
    ) -> None:  # fmt: skip
        """The loss of each prediction, as the net is used.

        Args:
            whole, numbers, logits, classes, p, running, v, d, drawn: as of `advance`.
            ids: of all windows, (M, T).
            targets: (M,).
            n: windows of a batch of the program, at most M; it computes so many at a time.
            losses: (M,), float64, is filled.
        """
        done = 0
        while version >= 0 and done < len(ids):
            begin = min(done, len(ids) - n)  # the last ones overlap those before
            done = begin + n
            forward(whole, numbers, p, running, v, ids[begin:done], drawn, False)
            token_losses(v, d, logits, n, classes, targets[begin:done], losses[begin:done])

    return measure


VERSION = made_from()
advance, measure = compiled_steps(VERSION), compiled_measure(VERSION)
