"""Layers as nodes of ONNX, from the description that the page to give away has of them, too.

A value has the shape (B, T, C). T is 1 where a net remembers what it needs of a row without end;
it is the window of a net that reads windows; and it varies where a full row is begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.interchange.html.tensors import Packed
from hornbook.interchange.onnx.graph import BATCH, END, Graph, Value

__all__ = ["KINDS", "Held", "Row", "Spec", "Writer"]

Spec = Mapping[str, Any]


class Held(Packed):
    """Takes the arrays of a description as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.arrays: dict[str, npt.NDArray[Any]] = {}

    def add(self, name: str, array: npt.NDArray[Any]) -> str:
        """Take an array, once."""
        self.arrays.setdefault(name, array)
        return name


@dataclass(frozen=True)
class Row:
    """The places of a step within a row that ends, each a list of one number when it runs."""

    before: Value
    "P, how many positions of the row were read before."
    read: Value
    "T, how many are read now."


@dataclass
class Writer:
    """Writes layers into a graph.

    Attributes:
        graph: that they are written into.
        arrays: of the description, by name.
        row: the places in a row that ends; None where it never does.
        window: whether a whole window is read at each step, and nothing is remembered.
    """

    graph: Graph
    arrays: Mapping[str, npt.NDArray[Any]]
    row: Row | None = None
    window: bool = False
    shared: dict[str, Value] = field(default_factory=dict)
    "What several layers use: places and masks."

    def layer(self, spec: Spec, x: Value) -> Value:
        """What a layer gives.

        Raises:
            SettingsError: if there is none like it here.
        """
        if spec["kind"] not in KINDS:
            raise SettingsError(
                f"A graph of ONNX cannot be written of a layer of kind {spec['kind']}.",
                hint="Export the run in another format.",
            )
        return KINDS[spec["kind"]](self, spec, x)

    def array(self, name: str) -> Value:
        """A constant of the description."""
        return self.graph.array(name, self.arrays[name])

    def sizes(self, name: str) -> int:
        """How many a constant has along its first axis."""
        return len(self.arrays[name])

    def once(self, name: str, make: Callable[[], Value]) -> Value:
        """A value that is made once and used by all layers."""
        if name not in self.shared:
            self.shared[name] = make()
        return self.shared[name]

    def remembered(self, kind: str, *shape: int) -> Value:
        """What a layer remembers of each place: zeros at first, of a length of 0 nothing."""
        name = f"{sum(1 for one in self.graph.states if kind in one)}.{kind}"
        sizes: list[int | str] = [f"{name}.length" if size == 0 else size for size in shape]
        return self.graph.state(name, (BATCH, *sizes))

    def places(self) -> Value:
        """The positions of what is read now: P, P + 1, ..., shape (T,)."""
        graph, row = self.graph, self.row
        assert row is not None

        def make() -> Value:
            first = graph.op("Squeeze", row.before)
            end = graph.op("Add", first, graph.op("Squeeze", row.read))
            return str(graph.op("Range", first, end, graph.constant(1, np.int64)))

        return self.once("places", make)


def chain(to: Writer, spec: Spec, x: Value) -> Value:
    for one in spec["layers"]:
        x = to.layer(one, x)
    return x


def embedding(to: Writer, spec: Spec, x: Value) -> Value:
    return str(to.graph.op("Gather", to.array(spec["weight"]), x))


def conditioned_embedding(to: Writer, spec: Spec, x: Value) -> Value:
    """A row for the token, and one for each value that is given with it; see the layer."""
    graph, zero = to.graph, to.graph.constant(0, np.int64)
    rest = graph.op("Div", x, graph.constant(spec["tokens"], np.int64))
    y = graph.op(
        "Gather",
        to.array(spec["weight"]),
        graph.op("Mod", x, graph.constant(spec["tokens"], np.int64)),
    )
    held = to.arrays[spec["values"]]
    # A row of zeros for what is not given stands first.
    table = graph.array(f"{spec['values']} padded", np.pad(held, ((1, 0), (0, 0))))
    before = 0
    for count in spec["given"]:
        value = graph.op("Mod", rest, graph.constant(count, np.int64))
        rest = graph.op("Div", rest, graph.constant(count, np.int64))
        row = graph.op("Add", value, graph.constant(before, np.int64))
        row = graph.op("Where", graph.op("Greater", value, zero), row, zero)
        y = graph.op("Add", y, graph.op("Gather", table, row))
        before += count - 1
    return str(y)


def one_hot(to: Writer, spec: Spec, x: Value) -> Value:
    graph = to.graph
    return str(graph.op("OneHot", x, graph.whole(spec["size"]), graph.constant([0, 1])))


def linear(to: Writer, spec: Spec, x: Value) -> Value:
    graph = to.graph
    turned = to.once(f"{spec['weight']} turned", lambda: str(
        graph.op("Transpose", to.array(spec["weight"]), perm=[1, 0])
    ))  # fmt: skip
    y = graph.op("MatMul", x, turned)
    return str(graph.op("Add", y, to.array(spec["bias"])) if "bias" in spec else y)


def affine(to: Writer, spec: Spec, x: Value) -> Value:
    y = to.graph.op("Mul", x, to.array(spec["factor"]))
    return str(to.graph.op("Add", y, to.array(spec["shift"])))


def layer_norm(to: Writer, spec: Spec, x: Value) -> Value:
    bias = [to.array(spec["bias"])] if spec["bias"] else []
    return str(
        to.graph.op(
            "LayerNormalization", x, to.array(spec["weight"]), *bias, axis=-1, epsilon=spec["eps"]
        )
    )


def rms_norm(to: Writer, spec: Spec, x: Value) -> Value:
    y = normalised(to.graph, x, spec["eps"])
    return str(to.graph.op("Mul", y, to.array(spec["weight"])) if spec["weight"] else y)


def normalised(graph: Graph, x: Value, eps: float) -> Value:
    """x / sqrt(mean(x²) + eps) over the last axis."""
    mean = graph.op("ReduceMean", graph.op("Mul", x, x), graph.whole(-1), keepdims=1)
    root = graph.op("Sqrt", graph.op("Add", mean, graph.constant(eps)))
    return str(graph.op("Div", x, root))


def single(to: Writer, spec: Spec, x: Value) -> Value:
    return SINGLE[spec["function"]](to.graph, x)


SINGLE: Mapping[str, Callable[[Graph, Value], Value]] = {
    "gelu": lambda graph, x: str(graph.op("Gelu", x)),
    "gelu_tanh": lambda graph, x: str(graph.op("Gelu", x, approximate="tanh")),
    "relu": lambda graph, x: str(graph.op("Relu", x)),
    "relu2": lambda graph, x: squared(graph, graph.op("Relu", x)),
    "tanh": lambda graph, x: str(graph.op("Tanh", x)),
}
"Nonlinearities of single numbers."


def squared(graph: Graph, x: Value) -> Value:
    """x²."""
    return str(graph.op("Mul", x, x))


def swiglu(to: Writer, spec: Spec, x: Value) -> Value:
    graph = to.graph
    a, b = graph.split(x, [spec["size"]] * 2)
    return str(graph.op("Mul", graph.op("Mul", a, graph.op("Sigmoid", a)), b))


def softcap(to: Writer, spec: Spec, x: Value) -> Value:
    graph, cap = to.graph, to.graph.constant(spec["cap"])
    return str(graph.op("Mul", graph.op("Tanh", graph.op("Div", x, cap)), cap))


def residual(to: Writer, spec: Spec, x: Value) -> Value:
    return str(to.graph.op("Add", x, to.layer(spec["layer"], x)))


def positions(to: Writer, spec: Spec, x: Value) -> Value:
    graph = to.graph
    return str(graph.op("Add", x, graph.op("Gather", to.array(spec["weight"]), to.places())))


def average(to: Writer, spec: Spec, x: Value) -> Value:
    """Of what came before its sum is remembered; a row that is begun again has none."""
    graph, row = to.graph, to.row
    assert row is not None
    state = to.remembered("total", 1, spec["size"])
    going_on = graph.op("Cast", graph.op("Greater", row.before, graph.whole(0)), to=1)
    before = graph.op("Mul", state, going_on)
    # Sums over whole rows, (B, T, C), and how many positions are in each, (T, 1).
    sums = graph.op("Add", graph.op("CumSum", x, graph.constant(1, np.int64)), before)
    counts = graph.op("Add", graph.op("Cast", to.places(), to=1), graph.constant(1))
    graph.remember(state, graph.slice(sums, -1, END, 1))
    return str(graph.op("Div", sums, graph.reshape(counts, -1, 1)))


def taps(to: Writer, spec: Spec, x: Value) -> Value:
    """Some vectors side by side: of a window neighbours, else the newest and those before it."""
    graph, fan, dilation, size = to.graph, spec["fan"], spec["dilation"], spec["size"]
    if to.window:
        return graph.reshape(x, 0, -1, fan * size)
    room = (fan - 1) * dilation
    if room:
        state = to.remembered("queue", room, size)
        queue = graph.op("Concat", state, x, axis=1)
        graph.remember(state, graph.slice(queue, 1, END, 1))
        x = graph.slice(queue, 0, END, 1, by=dilation)
    return graph.reshape(x, 0, 1, fan * size)


def reread(to: Writer, spec: Spec, x: Value) -> Value:
    """A window that is read from its start at every step."""
    from hornbook.interchange.onnx.recurrent import read_window

    return read_window(to, spec, x)


def gated(to: Writer, spec: Spec, x: Value) -> Value:
    """WaveNet's blocks: tanh(f) σ(g) goes on and to the output, each through a product."""
    graph, total = to.graph, None
    for block in spec["blocks"]:
        made = to.layer(block["conv"], taps(to, block["taps"], x))
        f, g = graph.split(made, [block["hidden"]] * 2)
        z = graph.op("Mul", graph.op("Tanh", f), graph.op("Sigmoid", g))
        goes_on = block["residual"]
        out = to.layer(block["out"], z)
        skip = out
        if goes_on:
            more, skip = graph.split(out, [goes_on, spec["size"]])
            x = graph.op("Add", x, more)
        total = skip if total is None else graph.op("Add", total, skip)
    assert total is not None
    return total


def recurrent(to: Writer, spec: Spec, x: Value) -> Value:
    """A recurrent layer that carries its state from step to step."""
    from hornbook.interchange.onnx.recurrent import CELLS, states_of

    states = [to.remembered("state", 1, spec["size"]) for _ in range(states_of(spec))]
    new = CELLS[spec["kind"]](to, spec, x, states)
    for state, value in zip(states, new, strict=True):
        to.graph.remember(state, value)
    return new[0]


def attention(to: Writer, spec: Spec, x: Value) -> Value:
    from hornbook.interchange.onnx.attention import attention as written

    return written(to, spec, x)


KINDS: Mapping[str, Callable[[Writer, Spec, Value], Value]] = {
    "affine": affine,
    "attention": attention,
    "average": average,
    "chain": chain,
    "conditioned_embedding": conditioned_embedding,
    "embedding": embedding,
    "gated": gated,
    "gru": recurrent,
    "layer_norm": layer_norm,
    "linear": linear,
    "lstm": recurrent,
    "one_hot": one_hot,
    "positions": positions,
    "reread": reread,
    "residual": residual,
    "rms_norm": rms_norm,
    "rnn": recurrent,
    "single": single,
    "softcap": softcap,
    "swiglu": swiglu,
    "taps": taps,
}
"What is written for each kind of layer."
