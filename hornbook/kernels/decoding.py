"""One more token of each row through a whole net in one call of compiled code.

Most of what reading a token costs a small net, and half of what it costs a larger one that reads a
single row, is the price of calling operations. Here a net is a list of them (`decoding_plan`), and
rows go through it some at a time, so that what is made of them stays in the caches.

Weights lie where the net has them, and are told by their addresses.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from hornbook.kernels import entries
from hornbook.kernels.cached_attention import attend, keep, turn
from hornbook.kernels.compiled import called_from_python, kernel
from hornbook.kernels.decoding_layers import (
    add_rows,
    add_to_all,
    copy_rows,
    embed,
    gelu,
    normal_rows,
    rms_rows,
    softcap,
    squared_relu,
    swiglu,
    tanh_gelu,
)
from hornbook.kernels.decoding_plan import ALONE, HELPING, ROWS, DecodingKind, Place
from hornbook.kernels.layers import relu, spread, tanh
from hornbook.kernels.products import add_dots, add_product
from hornbook.kernels.sharing import announce, take, told

__all__ = ["decode"]

Array = Any
PIECE = 2**15  # weights of a product that a thread takes at a time
(
    EMBEDDING, POSITION, LAYER_NORM, RMS_NORM, DOTS, PRODUCT, ATTENTION, TANH_CAP, RELU,
    SQUARED_RELU, GELU, TANH_GELU, TANH, SWIGLU, COPY, ADD,
) = (int(kind) for kind in DecodingKind)  # fmt: skip
assert tuple(Place) == tuple(range(11)), "an operation is unpacked in this order"
UNKNOWN = 2**40  # numbers of an array whose length nobody asks for


@intrinsic  # type: ignore[untyped-decorator]
def floats(typing: Any, address: Any) -> Any:
    """The flat array of float32 numbers at an address."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.return_type
        made = context.make_array(kind)(context, builder)
        size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
        count = context.get_constant(types.intp, UNKNOWN)
        data = builder.inttoptr(given[0], context.get_value_type(types.CPointer(kind.dtype)))
        populate_array(made, data, [count], [size], size, meminfo=None)
        return made._getvalue()

    return types.float32[::1](types.int64), generate


@kernel
def outputs_of(k: int) -> int:
    """How many outputs of a product, each of k weights, are a piece of it."""
    return max(4, PIECE // k // 4 * 4)


@kernel
def pieces_of(k: int, m: int) -> int:
    """How many pieces a product with m outputs has."""
    return -(-m // outputs_of(k))


@kernel
def shared_dots(
    v: Array, x: int, y: int, weight: Array, k: int, m: int, work: Array, o: int, operations: int
) -> None:
    """The product of one row, as many outputs at a time as anyone takes."""
    some, pieces = outputs_of(k), pieces_of(k, m)
    piece = take(work, 2 + o)
    while piece < pieces:
        begin = piece * some
        add_dots(v, y + begin, v, x, weight, begin * k, 1, k, min(some, m - begin))
        take(work, 2 + operations + o)
        piece = take(work, 2 + o)


@called_from_python(entries.decode)
def decode(
    whole: Array, numbers: Array, addresses: Array, caches: Array, rows: int, count: int,
    ids: Array, places: Array, turns: Array, v: Array, s: Array, logits: Array, work: Array,
    part: int,
) -> None:  # fmt: skip
    """Logits of what comes next.

    Args:
        whole, numbers: the operations; see `Decoded.tables`.
        addresses: of weights.
        caches: of each attention the addresses of keys and values, and for how many times
            there is room.
        rows: how many there are in the caches.
        count: tokens of each row before this one.
        ids, places: this one of each row that is read, and where it is in the caches, (n,).
        turns: cosines and sines of the turn at this position.
        v, s: room for the values of `ROWS` rows, and for the scores of one.
        logits: (n, V), is filled.
        work: what of it is taken, zeros at first: rows; the last operation that may be; of
            each operation the pieces that were taken, and then of each those that are done.
        part: ALONE, where rows are shared: each thread has its own v and s; LEADING and HELPING
            where the products of a single row are: they have the same.
    """
    operations = len(whole)
    block = take(work, 0) if part != HELPING else 0
    while block * ROWS < len(ids):
        first = block * ROWS
        n = min(ROWS, len(ids) - first)
        for o in range(operations):
            kind, k, m, x, y, w, b, own, heads, kv, turned = whole[o]
            x, y = x * n, y * n
            weight = floats(addresses[max(w, 0)])
            bias = floats(addresses[max(b, 0)])
            if part == HELPING:
                if kind == DOTS:
                    while told(work, 1) <= o:
                        pass
                    shared_dots(v, x, y, weight, k, m, work, o, operations)
            elif kind in (DOTS, PRODUCT):
                if own == 0:
                    spread(v, y, bias, 0 if b >= 0 else -1, n, m)
                elif b >= 0:
                    add_to_all(v, y, n, m, bias)
                if kind == PRODUCT:
                    add_product(v, y, v, x, k, 1, weight, 0, n, k, m)
                elif part == ALONE:
                    add_dots(v, y, v, x, weight, 0, n, k, m)
                else:
                    announce(work, 1, o + 1)
                    shared_dots(v, x, y, weight, k, m, work, o, operations)
                    while told(work, 2 + operations + o) < pieces_of(k, m):
                        pass
            elif kind == ATTENTION:
                keys = floats(caches[own, 0])
                values = floats(caches[own, 1])
                room, size, apart = caches[own, 2], kv * k, (heads + 2 * kv) * k
                if turned > 0:
                    turn(v, x, n, apart, heads + kv, k, turned, turns)
                at, seen = count % room * rows * size, min(count + 1, room)
                key = x + heads * k
                keep(keys, at, size, places, first, v, key, n, apart)
                keep(values, at, size, places, first, v, key + size, n, apart)
                attend(
                    v, x, y, n, apart, heads, kv, k, keys, values, places, first, rows * size,
                    seen, s,
                )  # fmt: skip
            elif kind == LAYER_NORM:
                normal_rows(v, x, y, n, m, weight, bias, b >= 0, numbers[o])
            elif kind == RMS_NORM:
                rms_rows(v, x, y, n, m, weight, w >= 0, numbers[o])
            elif kind == EMBEDDING:
                embed(v, y, ids, first, n, weight, m)
            elif kind == POSITION:
                add_to_all(v, y, n, m, weight[count * m :])
            elif kind == RELU:
                relu(v, x, n * m)
            elif kind == SQUARED_RELU:
                squared_relu(v, x, n * m)
            elif kind == GELU:
                gelu(v, x, n * m)
            elif kind == TANH_GELU:
                tanh_gelu(v, x, n * m)
            elif kind == TANH:
                tanh(v, x, n * m)
            elif kind == TANH_CAP:
                softcap(v, x, n * m, numbers[o])
            elif kind == SWIGLU:
                swiglu(v, x, y, n, m)
            elif kind == COPY:
                copy_rows(v, y, x, n * m)
            elif kind == ADD:
                add_rows(v, y, x, n * m)
        if part == HELPING:
            return
        m, y = whole[-1, 2], whole[-1, 4] * n
        for i in range(n):
            made, row = logits[first + i], v[y + i * m : y + (i + 1) * m]
            for j in range(m):
                made[j] = row[j]
        block = take(work, 0)
