"""Attention as nodes of ONNX: keys and values of the positions before are remembered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hornbook.interchange.onnx.graph import END, Graph, Value

if TYPE_CHECKING:
    from hornbook.interchange.onnx.layers import Spec, Writer

__all__ = ["attention"]


def attention(to: Writer, spec: Spec, x: Value) -> Value:
    """Causal self-attention of T positions, x (B, T, C), beside those that are remembered."""
    from hornbook.interchange.onnx.layers import normalised

    graph, heads, kv = to.graph, spec["heads"], kv_heads(spec)
    size = spec["size"] // heads
    made = graph.split(to.layer(spec["qkv"], x), [heads * size, kv * size, kv * size])
    # (B, T, H·D) to (B, H, T, D)
    q, k, v = (
        graph.op("Transpose", graph.reshape(part, 0, 0, -1, size), perm=[0, 2, 1, 3])
        for part in made
    )
    if spec["qk_norm"]:
        q, k = (normalised(graph, one, spec["qk_norm"]) for one in (q, k))
    if spec["rotary"]:
        q, k = (turned(to, one, size, spec["rotary"]) for one in (q, k))
    keys, values = (remembered(to, spec, name, new) for name, new in (("keys", k), ("values", v)))
    y = gathered(to, q, keys, values, (kv, heads // kv, size))
    # (B, H, T, D) to (B, T, H·D)
    y = graph.reshape(graph.op("Transpose", y, perm=[0, 2, 1, 3]), 0, 0, spec["size"])
    return to.layer(spec["projection"], y) if spec["projection"] else y


def kv_heads(spec: Spec) -> int:
    """How many heads of keys and values there are: those of queries may share them."""
    shared = (spec["qkv"]["size"] - spec["size"]) // 2
    return int(shared * spec["heads"] // spec["size"])


def remembered(to: Writer, spec: Spec, name: str, new: Value) -> Value:
    """Keys or values (B, K, S, D) of all positions that are seen, the newest last."""
    graph, kv = to.graph, kv_heads(spec)
    state = to.remembered(name, kv, 0, spec["size"] // spec["heads"])
    # Of a row that is begun again nothing was read before.
    kept = state if to.row is None else graph.slice(state, 0, to.row.before, 2)
    whole = str(graph.op("Concat", kept, new, axis=2))
    if to.row is None:
        whole = graph.slice(whole, -spec["window"], END, 2)
    graph.remember(state, whole)
    return whole


def gathered(
    to: Writer, q: Value, keys: Value, values: Value, sizes: tuple[int, int, int]
) -> Value:
    """softmax(q kᵀ / sqrt(D)) v for queries (B, H, T, D), of which some share keys and values."""
    graph, (kv, group, size) = to.graph, sizes
    if group > 1:  # (B, K, H/K, T, D), each group beside the keys that it shares
        shape = graph.op("Concat", graph.size(q, 0), graph.whole(kv, group, -1, size), axis=0)
        q = graph.op("Reshape", q, shape)
        keys, values = (graph.op("Unsqueeze", one, graph.whole(2)) for one in (keys, values))
    axes = [0, 1, 2, 4, 3] if group > 1 else [0, 1, 3, 2]
    scores = graph.op("MatMul", q, graph.op("Transpose", keys, perm=axes))
    scores = graph.op("Mul", scores, graph.constant(1 / math.sqrt(size)))
    if to.row is not None:
        scores = graph.op("Add", scores, to.once("mask", lambda: mask(to)))
    y = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), values)
    if group > 1:
        shape = graph.op("Concat", graph.size(y, 0), graph.whole(kv * group, -1, size), axis=0)
        y = graph.op("Reshape", y, shape)
    return str(y)


def mask(to: Writer) -> Value:
    """What is added to the scores (T, P + T): -inf where a position stands after the one asking."""
    graph, row = to.graph, to.row
    assert row is not None
    end = graph.op("Squeeze", graph.op("Add", row.before, row.read))
    asked = graph.op("Range", graph.constant(0, np.int64), end, graph.constant(1, np.int64))
    later = graph.op("Greater", asked, graph.reshape(to.places(), -1, 1))
    return str(graph.op("Where", later, graph.constant(-np.inf), graph.constant(0)))


def turned(to: Writer, x: Value, size: int, base: float) -> Value:
    """Pairs of neighbouring features (B, H, 1, D) turned by the position."""
    graph = to.graph
    cos, sin = (
        to.once(f"{name} {size} {base}", lambda name=name: wave(to, name, size, base))  # type: ignore[misc]
        for name in ("Cos", "Sin")
    )
    pairs = graph.reshape(x, 0, 0, -1, 2)  # (B, H, D / 2, 2), T being 1
    a, b = graph.split(pairs, [1, 1])

    def both(kind: str, c: Value, d: Value) -> Value:
        return str(graph.op(kind, graph.op("Mul", a, c), graph.op("Mul", b, d)))

    whole = graph.op("Concat", both("Sub", cos, sin), both("Add", sin, cos), axis=-1)
    return graph.reshape(whole, 0, 0, 1, size)


def wave(to: Writer, name: str, size: int, base: float) -> Value:
    """Cosine or sine of the angles of this position, shape (D / 2, 1)."""
    graph = to.graph
    rates = base ** (-np.arange(0, size, 2, dtype=np.float64) / size)

    def angles() -> Value:
        place = graph.op("Cast", to.once("position", lambda: position(graph)), to=11)
        angle = graph.op("Mul", place, graph.constant(rates, np.float64))
        # Within one turn, in double precision: a position may be large.
        turn = graph.op("Mod", angle, graph.constant(2 * math.pi, np.float64), fmod=1)
        return graph.reshape(graph.op("Cast", turn, to=1), -1, 1)

    return str(graph.op(name, to.once(f"angles {size} {base}", angles)))


def position(graph: Graph) -> Value:
    """How many tokens were read before this one."""
    state = graph.state("position", (), "int64")
    graph.remember(state, graph.op("Add", state, graph.constant(1, np.int64)))
    return state
