"""Recurrent layers as nodes of ONNX: one step of each, and a window read step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hornbook.interchange.onnx.graph import Graph, Value

if TYPE_CHECKING:
    from hornbook.interchange.onnx.layers import Spec, Writer

__all__ = ["CELLS", "read_window", "states_of"]


def states_of(spec: Spec) -> int:
    """How many vectors a layer remembers."""
    return 2 if spec["kind"] == "lstm" else 1


def gru(to: Writer, spec: Spec, x: Value, states: Sequence[Value]) -> list[Value]:
    """h' = n + z (h - n)."""
    graph, size, (h,) = to.graph, spec["size"], states
    given, kept = to.layer(spec["input"], x), to.layer(spec["hidden"], h)
    (r_x, z_x, n_x), (r_h, z_h, n_h) = (graph.split(one, [size] * 3) for one in (given, kept))
    r, z = (graph.op("Sigmoid", graph.op("Add", a, b)) for a, b in ((r_x, r_h), (z_x, z_h)))
    n = graph.op("Tanh", graph.op("Add", n_x, graph.op("Mul", r, n_h)))
    return [str(graph.op("Add", n, graph.op("Mul", z, graph.op("Sub", h, n))))]


def lstm(to: Writer, spec: Spec, x: Value, states: Sequence[Value]) -> list[Value]:
    """c' = f c + i tanh(g), h' = o tanh(c')."""
    graph, size, (h, c) = to.graph, spec["size"], states
    made = graph.op("Add", to.layer(spec["input"], x), to.layer(spec["hidden"], h))
    i, f, g, o = graph.split(made, [size] * 4)
    kept = graph.op("Mul", graph.op("Sigmoid", f), c)
    new = graph.op("Add", kept, graph.op("Mul", graph.op("Sigmoid", i), graph.op("Tanh", g)))
    return [str(graph.op("Mul", graph.op("Sigmoid", o), graph.op("Tanh", new))), str(new)]


def rnn(to: Writer, spec: Spec, x: Value, states: Sequence[Value]) -> list[Value]:
    """The plain layer, by how input and state are joined."""
    graph, (h,) = to.graph, states
    if spec["join"] == "projected":
        made = graph.op("Add", to.layer(spec["input"], x), to.layer(spec["hidden"], h))
    elif spec["join"] == "added":
        inside = graph.op("Add", h, graph.op("Relu", to.layer(spec["input"], x)))
        made = to.layer(spec["hidden"], inside)
    else:
        both = graph.op("Concat", h, x, axis=-1)
        made = to.layer(spec["hidden"], graph.op("Relu", to.layer(spec["input"], both)))
    return [str(graph.op({"tanh": "Tanh", "relu": "Relu"}[spec["function"]], made))]


CELLS: Mapping[str, Callable[[Writer, Spec, Value, Sequence[Value]], list[Value]]] = {
    "gru": gru,
    "lstm": lstm,
    "rnn": rnn,
}
"The new states of a layer, its output first, from x and the states before, each (B, 1, C)."


def read_window(to: Writer, spec: Spec, x: Value) -> Value:
    """A stack of recurrent layers over a window from states of zeros, and its last output.

    Args:
        to: writes.
        spec: of the window.
        x: the vectors of the window side by side, (B, 1, W·C).
    """
    graph, count = to.graph, spec["count"]
    layers = spec["layer"]["layers"]
    sizes = [layer["size"] for layer in layers for _ in range(states_of(layer))]

    def body(states: list[Value], x: Value) -> tuple[list[Value], Value]:
        new: list[Value] = []
        for layer in layers:
            own = states[len(new) : len(new) + states_of(layer)]
            made = CELLS[layer["kind"]](to, layer, x, own)
            x = made[0]
            new += made
        return new, x

    given = spec["layer"]["reads"]
    rows = graph.reshape(x, 0, count, given)
    zeros = [nothing(graph, x, size) for size in sizes]
    return graph.scan(body, zeros, rows, nothing(graph, x, layers[-1]["size"]))


def nothing(graph: Graph, like: Value, size: int) -> Value:
    """Zeros (B, 1, C) for as many places as there are."""
    shape = graph.op("Concat", graph.size(like, 0), graph.whole(1, size), axis=0)
    return str(graph.op("Expand", graph.constant(np.zeros((1, 1, 1))), shape))
