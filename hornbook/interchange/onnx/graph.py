"""A graph of ONNX while it is written: nodes, constants, and the state from step to step."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from hornbook.records import JSON

__all__ = ["BATCH", "END", "Graph", "State", "Value"]

Value = str
"The name of what a node gives, or of a constant."
Kind = Literal["float32", "int64"]
Array = npt.NDArray[Any]

BATCH = "batch"
Body = Callable[[list[Value], Value], tuple[list[Value], Value]]
OPSET, IR = 20, 9
"Of the operators and of the file: what onnxruntime 1.17 (2024) and later run."
END = int(np.iinfo(np.int64).max)
"Where a slice ends that goes on to the last place."


@dataclass(frozen=True)
class State:
    """Something that is remembered from one step to the next."""

    name: str
    "Of the input; the output is `next.` and the same."
    shape: tuple[int | str, ...]
    "Sizes, and names of those that vary: BATCH, and lengths, which begin with 0."
    fill: int
    "The number that it is full of before the first token."
    kind: Kind
    "The type of its numbers."

    @property
    def as_dict(self) -> dict[str, JSON]:
        """How it begins, as the file says it: a shape, whose BATCH is one's choice."""
        begins = [0 if isinstance(n, str) and n != BATCH else n for n in self.shape]
        return {"shape": begins, "type": self.kind, "fill": self.fill}


@dataclass
class Graph:
    """What was written so far.

    Attributes:
        nodes: in the order in which they are computed.
        arrays: constants by name.
        states: in the order of the graph's inputs.
        next: what gives each state's next value, by its name.
    """

    nodes: list[Any] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    next: dict[str, Value] = field(default_factory=dict)
    conditions: int = 0
    "K, how many values may be given at each step."
    named: int = 0

    def name(self, stem: str) -> str:
        """A name that nothing else has."""
        self.named += 1
        return f"{stem}.{self.named}"

    def op(self, kind: str, *inputs: Value, gives: int = 1, **attributes: Any) -> Any:
        """Add a node.

        Args:
            kind: the operator.
            inputs: in its order; an empty one is absent.
            gives: how many outputs it has.
            attributes: of the node.

        Returns:
            The name of its output, or a list of several.
        """
        outputs = [self.name(kind.lower()) for _ in range(gives)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0] if gives == 1 else outputs

    def array(self, name: str, array: Array) -> Value:
        """A constant with a name of its own, such as a parameter."""
        self.arrays.setdefault(name, array)
        return name

    def constant(self, value: Any, kind: Any = np.float32) -> Value:
        """A constant; equal ones are the same."""
        array = np.asarray(value, dtype=kind)
        inside = "_".join(map(str, array.reshape(-1).tolist()))
        name = f"constant.{array.dtype.name}.{'x'.join(map(str, array.shape))}.{inside}"
        return self.array(name, array)

    def whole(self, *values: int) -> Value:
        """A constant list of whole numbers."""
        return self.constant(values, np.int64)

    def state(
        self, name: str, shape: Sequence[int | str], kind: Kind = "float32", fill: int = 0
    ) -> Value:
        """What is remembered from step to step, as it is before this one; see `State`."""
        state = State(f"state.{name}", tuple(shape), fill, kind)
        self.states[state.name] = state
        return state.name

    def given(self, count: int) -> Value:
        """The numbers of the values that are given, an input (B, K): 0 where none is."""
        self.conditions = count
        return "given"

    def remember(self, state: Value, value: Value) -> None:
        """Say what a state is after this step."""
        self.next[state] = value

    def reshape(self, x: Value, *shape: int) -> Value:
        """x in another shape; 0 keeps a size, -1 is what is left."""
        return str(self.op("Reshape", x, self.whole(*shape)))

    def slice(
        self, x: Value, begin: int | Value, end: int | Value, axis: int, by: int = 1
    ) -> Value:
        """Some places along an axis; they may be known when it runs, as lists of one number."""
        first, last = (self.whole(at) if isinstance(at, int) else at for at in (begin, end))
        return str(self.op("Slice", x, first, last, self.whole(axis), self.whole(by)))

    def split(self, x: Value, sizes: Sequence[int], axis: int = -1) -> list[Value]:
        """x cut into parts."""
        return list(
            self.op("Split", x, self.whole(*sizes), gives=len(sizes), axis=axis)
            if len(sizes) > 1
            else [x]
        )

    def size(self, x: Value, axis: int) -> Value:
        """How many places there are along an axis, as a list of one number."""
        return str(self.op("Shape", x, start=axis, end=axis + 1))

    def scan(self, body: Body, states: Sequence[Value], over: Value, last: Value) -> Value:
        """Run a graph of its own for each place along the second axis, and give its last output.

        Args:
            body: writes it: from the states and x (B, 1, C) to the new states and y.
            states: the first ones.
            over: x of all places, (B, T, C).
            last: zeros in the shape of y.
        """
        inside, self.nodes = self.nodes, []
        inputs = [self.name("before") for _ in states]
        unused, x = self.name("last"), self.name("x")
        row = self.op("Unsqueeze", x, self.whole(1))
        given, y = body(inputs, row)
        outputs = [str(self.op("Identity", one)) for one in (*given, y)]
        kind = onnx.TensorProto.FLOAT
        own = helper.make_graph(
            self.nodes, self.name("body"),
            [helper.make_tensor_value_info(one, kind, None) for one in (*inputs, unused, x)],
            [helper.make_tensor_value_info(one, kind, None) for one in outputs],
        )  # fmt: skip
        self.nodes = inside
        found = self.op(
            "Scan", *states, last, over, gives=len(outputs), body=own, num_scan_inputs=1,
            scan_input_axes=[1],
        )  # fmt: skip
        return str(found[-1])

    def model(self, logits: Value, facts: dict[str, str], version: str) -> Any:
        """The whole of it.

        Args:
            logits: what the graph gives beside its states.
            facts: what is said of it, by name.
            version: of the program.
        """
        inputs = [helper.make_tensor_value_info("token", onnx.TensorProto.INT64, [BATCH])]
        if self.conditions:
            shape: list[str | int | None] = [BATCH, self.conditions]
            inputs.append(helper.make_tensor_value_info("given", onnx.TensorProto.INT64, shape))
        outputs = [
            helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [BATCH, "vocabulary"])
        ]
        self.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
        for state in self.states.values():
            kind = helper.np_dtype_to_tensor_dtype(np.dtype(state.kind))
            inputs.append(helper.make_tensor_value_info(state.name, kind, state.shape))
            after = f"next.{state.name.removeprefix('state.')}"
            rank = [f"{after}.{axis}" for axis in range(len(state.shape))]
            outputs.append(helper.make_tensor_value_info(after, kind, rank))
            self.nodes.append(helper.make_node("Identity", [self.next[state.name]], [after]))
        held = [
            numpy_helper.from_array(np.asarray(array, order="C"), name)
            for name, array in self.arrays.items()
        ]
        graph = helper.make_graph(self.nodes, "step", inputs, outputs, held)
        made = helper.make_model(
            graph, producer_name="hornbook", producer_version=version,
            opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR,
        )  # fmt: skip
        states = {name: state.as_dict for name, state in self.states.items()}
        helper.set_model_props(made, {**facts, "states": json.dumps(states)})
        return made
