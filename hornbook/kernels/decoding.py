"""One more token of each row through a whole net in one call of compiled code.

Most of what reading a token costs a small net, and half of what it costs a larger one that reads a
single row, is the price of calling operations. Here a net is a list of them (`decoding_plan`), and
rows go through it some at a time, so that what is made of them stays in the caches.

Weights lie where the net has them, and are told by their addresses.
"""

from __future__ import annotations

from typing import Any

from numba import carray, types
from numba.extending import intrinsic

from hornbook.kernels.cached_attention import attend, keep, turn
from hornbook.kernels.compiled import kept_on_disk
from hornbook.kernels.decoding_layers import (
    add_rows,
    add_to_all,
    copy_rows,
    embed,
    gelu,
    normal_rows,
    relu,
    rms_rows,
    softcap,
    squared_relu,
    swiglu,
    tanh_gelu,
    tanh_rows,
)
from hornbook.kernels.decoding_plan import DecodingKind, Place
from hornbook.kernels.layers import spread
from hornbook.kernels.products import add_dots, add_product
from hornbook.kernels.version import VERSION

__all__ = ["ROWS", "decode"]

Array = Any
ROWS = 128  # that go through the net together
(
    EMBEDDING, POSITION, LAYER_NORM, RMS_NORM, DOTS, PRODUCT, ATTENTION, TANH_CAP, RELU,
    SQUARED_RELU, GELU, TANH_GELU, TANH, SWIGLU, COPY, ADD,
) = (int(kind) for kind in DecodingKind)  # fmt: skip
assert tuple(Place) == tuple(range(11)), "an operation is unpacked in this order"
UNKNOWN = 2**40  # numbers of an array whose length nobody asks for


@intrinsic  # type: ignore[untyped-decorator]
def pointer(typing: Any, address: Any) -> Any:
    """The place in memory of float32 numbers, of its address."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.float32)(types.int64), generate


def compiled_decode(version: int) -> Any:
    """`decode`, kept on disk by what it was made from."""

    @kept_on_disk
    def decode(
        whole: Array, numbers: Array, addresses: Array, caches: Array, count: int, ids: Array,
        by: Array, rows: int, width: int, v: Array, s: Array, out: Array, begin: int, end: int,
    ) -> None:  # fmt: skip
        """Logits of what comes next.

        Args:
            whole, numbers: the operations; see `Decoded.tables`.
            addresses: of weights.
            caches: of each attention the addresses of keys and values, and for how many times
                there is room.
            count: tokens of each row before this one.
            ids: this one of all rows.
            by: cosines and sines of the turn at this position.
            rows: how many there are in the caches.
            width: numbers of a row's values.
            v, s: room for those of `ROWS` rows, and for the scores of one.
            out: (rows, V), is filled.
            begin, end: rows that are read.
        """
        for first in range(begin, end if version >= 0 else begin, ROWS):  # see `steps`
            n = min(ROWS, end - first)
            for o in range(len(whole)):
                kind, k, m, x, y, w, b, own, heads, kv, turns = whole[o]
                x, y = x * n, y * n
                weight = carray(pointer(addresses[max(w, 0)]), (UNKNOWN,))
                bias = carray(pointer(addresses[max(b, 0)]), (UNKNOWN,))
                if kind in (DOTS, PRODUCT):
                    if own == 0:
                        spread(v, y, bias, 0 if b >= 0 else -1, n, m)
                    elif b >= 0:
                        add_to_all(v, y, n, m, bias)
                    if kind == DOTS:
                        add_dots(v, y, v, x, weight, 0, n, k, m)
                    else:
                        add_product(v, y, v, x, k, 1, weight, 0, n, k, m)
                elif kind == ATTENTION:
                    keys = carray(pointer(caches[own, 0]), (UNKNOWN,))
                    values = carray(pointer(caches[own, 1]), (UNKNOWN,))
                    room, size, apart = caches[own, 2], kv * k, (heads + 2 * kv) * k
                    if turns > 0:
                        turn(v, x, n, apart, heads + kv, k, turns, by)
                    at = (count % room * rows + first) * size
                    keep(keys, at, size, v, x + heads * k, n, apart)
                    keep(values, at, size, v, x + heads * k + size, n, apart)
                    seen, step = min(count + 1, room), rows * size
                    attend(
                        v, x, y, n, apart, heads, kv, k, keys, values, first * size, step, seen, s
                    )
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
                    tanh_rows(v, x, n * m)
                elif kind == TANH_CAP:
                    softcap(v, x, n * m, numbers[o])
                elif kind == SWIGLU:
                    swiglu(v, x, y, n, m)
                elif kind == COPY:
                    copy_rows(v, y, x, n * m)
                elif kind == ADD:
                    add_rows(v, y, x, n * m)
            m, y = whole[-1, 2], whole[-1, 4] * n
            for i in range(n):
                made, row = out[first + i], v[y + i * m : y + (i + 1) * m]
                for j in range(m):
                    made[j] = row[j]

    return decode


decode = compiled_decode(VERSION)
