"""A net's next step as a graph, by how it remembers."""

from __future__ import annotations

import math

import numpy as np

from hornbook.interchange.html.layers import described_net
from hornbook.interchange.onnx.graph import BATCH, END, Graph, Value
from hornbook.interchange.onnx.layers import Held, Row, Spec, Writer
from hornbook.text.models.layer_memory import BlockMemory
from hornbook.text.models.network import Network

__all__ = ["step_of"]


def step_of(model: Network) -> tuple[Graph, Value]:
    """The graph of one step, and its logits (B, V).

    Args:
        model: any net on text.

    Raises:
        SettingsError: if it has a layer that cannot be written.
    """
    held = Held()
    spec: Spec = described_net(model, held, window=model.block_size, start=model.vocabulary.start)
    graph = Graph()
    token = graph.reshape("token", -1, 1)  # (B, 1)
    if sizes := model.vocabulary.given:
        place = model.vocabulary.size * np.cumprod((1, *sizes), dtype=np.int64)[:-1]
        told = graph.op("Mul", graph.given(len(sizes)), graph.constant(place, np.int64))
        added = graph.op("ReduceSum", told, graph.whole(1), keepdims=1)
        token = str(graph.op("Add", token, added))  # what is read says what is given, too
    if isinstance(model.memory, BlockMemory):
        ids, row = in_rows(graph, token, model.memory)
        y = Writer(graph, held.arrays, row=row).layer(spec, ids)
    elif "start" in spec:
        ids = in_windows(graph, token, width(spec), int(spec["start"]))
        y = Writer(graph, held.arrays, window=True).layer(spec, ids)
    else:
        y = Writer(graph, held.arrays).layer(spec, token)
    last = graph.slice(y, -1, END, 1)
    return graph, graph.op("Squeeze", last, graph.whole(1))


def width(spec: Spec) -> int:
    """Tokens in the window of a net that reads windows."""
    return math.prod(layer["fan"] for layer in spec["layers"] if layer["kind"] == "taps")


def in_windows(graph: Graph, token: Value, count: int, start: int) -> Value:
    """The window that ends in the token, (B, W); before the first there is the start token."""
    state = graph.state("window", (BATCH, count - 1), "int64", fill=start)
    window = graph.op("Concat", state, token, axis=1)
    graph.remember(state, graph.slice(window, 1, END, 1))
    return str(window)


def in_rows(graph: Graph, token: Value, memory: BlockMemory) -> tuple[Value, Row]:
    """What is read now, (B, T), and where in its row it stands.

    That is the token, or, if the row is full, the half of a block before it, too: they begin
    another row. So no branch is needed: slices are shorter or longer.
    """
    count = graph.state("count", (1,), "int64")
    recent = graph.state("recent", (BATCH, "recent"), "int64")
    whole = graph.op("Concat", recent, token, axis=1)
    nothing = graph.whole(0)
    full = graph.op("Equal", count, graph.whole(memory.block_size))
    before = str(graph.op("Where", full, nothing, count))
    first = graph.op("Where", full, nothing, graph.size(recent, 1))
    ids = graph.slice(whole, first, END, 1)
    row = Row(before, graph.size(ids, 1))
    graph.remember(count, graph.op("Add", row.before, row.read))
    half = memory.half
    graph.remember(recent, graph.slice(whole, -half if half else END, END, 1))
    return ids, row
