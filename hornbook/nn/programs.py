"""From a chain of layers to the program that compiled kernels can run: `hornbook.kernels`.

A layer has a line in `PLANS` if there is a kernel for it. What a layer computes stays written once,
in its `vjp`; a test holds every kernel to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hornbook.kernels.fresh import with_fresh
from hornbook.kernels.program import NONE, Kind, Program, Trees
from hornbook.nn.activations import ReLU, Tanh
from hornbook.nn.batchnorm import BatchNorm1d
from hornbook.nn.causal_average import CausalAverage
from hornbook.nn.conv import CausalConv1d
from hornbook.nn.dropout import Dropout, threshold
from hornbook.nn.embedding import Embedding
from hornbook.nn.flatten import Flatten, FlattenConsecutive
from hornbook.nn.gated import GatedStack
from hornbook.nn.gru import GRU
from hornbook.nn.layer import Layer
from hornbook.nn.linear import Linear
from hornbook.nn.lstm import LSTM
from hornbook.nn.program_builder import Builder, Unsuited
from hornbook.nn.programs_of_rows import causal_average, causal_conv, gated_stack, join
from hornbook.nn.recurrent import GatedCell, Recurrent
from hornbook.nn.recurrent_stack import LastPosition, RecurrentStack
from hornbook.nn.rnn import RNN
from hornbook.nn.transformer_programs import PLANS as OF_TRANSFORMERS

__all__ = ["Unsuited", "program_of"]


def program_of(
    layers: Sequence[Layer],
    rows: int,
    positions: int,
    places: Mapping[int, int],
    *,
    of_rows: bool = False,
    longest: int | None = None,
    trees: Trees | None = None,
) -> Program:
    """The program of a chain that gives logits, one row for each window or each position.

    Args:
        layers: the chain.
        rows: windows or rows of a batch.
        positions: ids of a batch.
        places: where each parameter begins in the flat vector, by its `id`; frozen ones have no
            place.
        of_rows: whether there is a target at each position. Batches may then have fewer rows and
            positions than these.
        longest: positions of a row, at most; None: all of a batch may be in one, where it is of
            rows, and else as many as a window has.
        trees: that the rows are read as, each node once.

    Raises:
        Unsuited: if a layer has no kernel, or a parameter no place.
    """
    if longest is None:
        longest = positions if of_rows else positions // rows
    builder = Builder(rows, positions, places, PLANS, of_rows=of_rows, longest=longest, trees=trees)
    builder.by_time = any(isinstance(layer, Recurrent) for layer in layers)
    for layer in layers:
        builder.plan(layer)
    levels = 0 if trees is None else trees.levels
    fits = builder.shape[0] == (positions if of_rows else rows) and builder.level == levels
    if not (fits and builder.operations):
        what = "position" if of_rows else "window"
        raise Unsuited(f"it does not give one row of logits for each {what}")
    return Program(
        operations=with_fresh(builder.operations),
        logits=builder.at,
        classes=builder.shape[1],
        values=builder.values,
        transposed=tuple(builder.transposed),
        running=tuple(builder.running),
        rows=rows,
        positions=positions,
        of_rows=of_rows,
        by_time=builder.by_time,
        state=builder.state,
        longest=longest,
        trees=trees,
    )


def embedding(b: Builder, layer: Embedding) -> None:
    """Ids to rows, side by side: the first layer."""
    if b.operations:
        raise Unsuited("it reads ids in the middle")
    if layer.tables:
        raise Unsuited("its table has a sparse gradient")
    b.embedding(layer.weight)


def flatten(b: Builder, layer: Flatten) -> None:
    """The positions of a window are side by side as they are."""
    rows, features = side_by_side(b, layer)
    b.shape = b.rows, rows // b.rows * features


def flatten_consecutive(b: Builder, layer: FlattenConsecutive) -> None:
    """So are neighbours; of a tree in a row, a node's children are brought together."""
    if b.trees is not None:
        join(b, b.trees)
        return
    rows, features = side_by_side(b, layer)
    time = rows // b.rows
    if time % layer.n:
        raise Unsuited(f"its {time} positions are not a multiple of {layer.n}")
    b.shape = rows // layer.n, features * layer.n


def batch_norm(b: Builder, layer: BatchNorm1d) -> None:
    """Centred rows take the place of the input."""
    rows, features = b.own_input(layer)
    if b.of_rows and b.trees is None:
        raise Unsuited("its BatchNorm is over rows of several lengths")
    running = sum(one.numel() for one in b.running)
    b.running += [layer.running_mean, layer.running_var]
    kept, y = b.room(2 * features + 1), b.room(rows * features)
    how: dict[str, Any] = {
        "kept": kept, "running": running, "own": int(layer.unbiased),
        "numbers": (layer.eps, layer.momentum),
    }  # fmt: skip
    b.add(Kind.BATCH_SUMS, features, **how)
    b.add(Kind.BATCH_SQUARES, features, other=y, **how)
    b.add(
        Kind.BATCH_NORM, features, y=y, weight=b.place(layer.weight), bias=b.place(layer.bias),
        **how,
    )  # fmt: skip


def tanh(b: Builder, layer: Tanh) -> None:
    """In place: its gradient hangs on its output alone."""
    b.add(Kind.TANH, b.own_input(layer)[1])
    b.in_place = False


def relu(b: Builder, layer: ReLU) -> None:
    """In place."""
    b.add(Kind.RELU, b.own_input(layer)[1])
    b.in_place = False


def dropout(b: Builder, layer: Dropout) -> None:
    """Beside its input, which the layer before may need for its gradient."""
    if not layer.p:
        return
    rows, features = b.shape
    least, grown = threshold(layer.p)
    turned = b.by_time and rows == b.positions
    b.add(
        Kind.DROPOUT_TURNED if turned else Kind.DROPOUT, features, y=b.room(rows * features),
        own=least, drawn=features, numbers=(grown, 0.0),
    )  # fmt: skip
    b.in_place = True


def stack(b: Builder, layer: RecurrentStack) -> None:
    """Its layers, one on another."""
    for at, cell in enumerate(layer.chain):
        if at:
            dropout(b, layer.dropout)
        b.plan(cell)


def recurrent(b: Builder, layer: GatedCell, kind: Kind, kept: int) -> None:
    """A cell over all steps, whose output has room before it for the state of the start.

    Args:
        b: what has been planned.
        layer: the cell.
        kind: of the operation.
        kept: values that it keeps for itself, beside both weights.
    """
    positions, fan_in = b.shape
    size, rows = layer.hidden_size, layer.gates * layer.hidden_size
    if positions != b.positions or not b.operations:
        raise b.misplaced(layer)
    weight, bias, told = b.place(layer.weight_ih), b.place(layer.bias_ih), NONE
    if b.read is not None:
        told = b.table(b.read, layer.weight_ih, layer.bias_ih)
        b.shape, weight, bias, fan_in = (positions, 0), NONE, NONE, 0
    else:
        b.transposed.append((weight, rows, fan_in))
    of_state = b.place(layer.weight_hh)
    b.transposed.append((of_state, rows, size))
    keeps = b.room(rows * (fan_in + size) + kept)
    b.add(
        kind, size, y=b.room((b.rows + positions) * size) + b.rows * size, weight=weight,
        bias=bias, of_state=(of_state, b.place(layer.bias_hh)), kept=keeps, own=b.state,
        other=told,
    )  # fmt: skip
    b.state += layer.state_size
    b.in_place = False


def rnn(b: Builder, layer: RNN) -> None:
    """It keeps its output alone."""
    recurrent(b, layer, Kind.RNN_TANH if layer.nonlinearity == "tanh" else Kind.RNN_RELU, 0)


def gru(b: Builder, layer: GRU) -> None:
    """It keeps its gates and the new value."""
    recurrent(b, layer, Kind.GRU, 4 * b.positions * layer.hidden_size)


def lstm(b: Builder, layer: LSTM) -> None:
    """It keeps its gates, its cell states, one step more, and what it shows of them."""
    recurrent(b, layer, Kind.LSTM, (6 * b.positions + b.rows) * layer.hidden_size)


def last_position(b: Builder, layer: LastPosition) -> None:
    """In the order of time it stands at the end."""
    (positions, features), rows = b.shape, b.rows
    if b.of_rows or not b.by_time or positions != b.positions:
        raise Unsuited("there is no kernel for LastPosition at its place")
    b.add(Kind.LAST, features, y=b.at + (positions - rows) * features)
    b.shape = rows, features


def side_by_side(b: Builder, layer: Layer) -> tuple[int, int]:
    """The shape of an input whose positions of a window stand side by side."""
    if b.of_rows or b.by_time:
        raise b.misplaced(layer)
    return b.shape


PLANS: Mapping[type[Layer], Callable[[Builder, Any], None]] = {
    BatchNorm1d: batch_norm,
    CausalAverage: causal_average,
    CausalConv1d: causal_conv,
    Dropout: dropout,
    Embedding: embedding,
    Flatten: flatten,
    FlattenConsecutive: flatten_consecutive,
    GRU: gru,
    GatedStack: gated_stack,
    LSTM: lstm,
    LastPosition: last_position,
    Linear: Builder.linear,
    RNN: rnn,
    ReLU: relu,
    RecurrentStack: stack,
    Tanh: tanh,
    **OF_TRANSFORMERS,
}
"What is planned for each layer that has a kernel."
