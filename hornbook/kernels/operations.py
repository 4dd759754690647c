"""Each kind of operation on a `Case`, there and back."""

from __future__ import annotations

from hornbook.kernels import batch_norms, cells, convolutions, id_tables, layers, trees
from hornbook.kernels import transformers as transformers  # its kinds
from hornbook.kernels.case import Case
from hornbook.kernels.linked import give_product, make_dots, make_product
from hornbook.kernels.program import NONE, Kind
from hornbook.kernels.rows import copy_row
from hornbook.kernels.units import back, there


@there(Kind.EMBEDDING)
def embedding(c: Case) -> None:
    """By ids."""
    layers.embedding(c.v, c.y, c.ids[: c.n], c.p, c.w, c.m)


@back(Kind.EMBEDDING)
def embedding_back(c: Case) -> None:
    """To the rows that were picked."""
    layers.embedding_back(c.d, c.y, c.ids[: c.n], c.g, c.w, c.m)


@there(Kind.PRODUCT)
def product(c: Case) -> None:
    """The weight is kept as (in, out)."""
    make_product(c.v, c.y, c.p, c.b, c.v, c.x, c.k, 1, c.p, c.w, c.n, c.k, c.m)


@back(Kind.PRODUCT)
def product_back(c: Case) -> None:
    """dW = xᵀ dy, dx = dy Wᵀ."""
    give_product(c.g, c.w, c.own == 1, c.v, c.x, 1, c.k, c.d, c.y, c.k, c.n, c.m)
    if c.b >= 0:
        layers.sum_rows(c.g, c.b, c.d, c.y, c.n, c.m, c.own == 1)
    make_dots(c.d, c.x, c.p, NONE, c.d, c.y, c.p, c.w, c.n, c.m, c.k)


@there(Kind.DOTS)
def dots(c: Case) -> None:
    """The weight is kept as (out, in)."""
    make_dots(c.v, c.y, c.p, c.b, c.v, c.x, c.p, c.w, c.n, c.k, c.m)


@back(Kind.DOTS)
def dots_back(c: Case) -> None:
    """dW = dyᵀ x, dx = dy W."""
    give_product(c.g, c.w, c.own == 1, c.d, c.y, 1, c.m, c.v, c.x, c.m, c.n, c.k)
    if c.b >= 0:
        layers.sum_rows(c.g, c.b, c.d, c.y, c.n, c.m, c.own == 1)
    make_product(c.d, c.x, c.p, NONE, c.d, c.y, c.m, 1, c.p, c.w, c.n, c.m, c.k)


@there(Kind.BATCH_SUMS)
def batch_sums(c: Case) -> None:
    """Of the batch, which counts in training alone."""
    if c.training:
        batch_norms.batch_sums(c.v, c.x, c.n, c.m, c.spare, c.sums, c.share, c.r)


@back(Kind.BATCH_SUMS)
def batch_sums_back(c: Case) -> None:
    """`batch_squares_back` has seen to it."""


@there(Kind.BATCH_SQUARES)
def batch_squares(c: Case) -> None:
    """The same."""
    if c.training:
        batch_norms.batch_squares(
            c.v, c.x, c.kept, c.n, c.m, c.spare, c.sums, c.share, c.running, c.r, c.another
        )


@back(Kind.BATCH_SQUARES)
def batch_squares_back(c: Case) -> None:
    """By the sums of all rows."""
    batch_norms.batch_squares_back(
        c.d, c.v, c.x, c.other, c.kept, c.n, c.m, c.own, c.spare, c.sums, c.r
    )


@there(Kind.BATCH_NORM)
def batch_norm(c: Case) -> None:
    """By the batch's own statistics in training, else by the running ones."""
    if c.training:
        batch_norms.batch_norm(
            c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.w, c.b, c.sums, c.share, c.running, c.r,
            c.number, c.another, c.own,
        )  # fmt: skip
    else:
        batch_norms.batch_norm_used(
            c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.w, c.b, c.running, c.r, c.number
        )


@back(Kind.BATCH_NORM)
def batch_norm_back(c: Case) -> None:
    """To its parameters."""
    batch_norms.batch_norm_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.m, c.g, c.w, c.b, c.sums, c.share, c.r
    )


@there(Kind.TANH)
def tanh(c: Case) -> None:
    """In place."""
    layers.tanh(c.v, c.x, c.n * c.m)


@back(Kind.TANH)
def tanh_back(c: Case) -> None:
    """In place."""
    layers.tanh_back(c.d, c.v, c.x, c.n * c.m)


@there(Kind.RELU)
def relu(c: Case) -> None:
    """In place."""
    layers.relu(c.v, c.x, c.n * c.m)


@back(Kind.RELU)
def relu_back(c: Case) -> None:
    """In place."""
    layers.relu_back(c.d, c.v, c.x, c.n * c.m)


@there(Kind.DROPOUT)
def dropout(c: Case) -> None:
    """Nothing is dropped but in training."""
    if c.training:
        layers.dropout(c.v, c.x, c.y, c.n * c.m, c.drawn, c.own, c.number)
    else:
        copy_row(c.v, c.y, c.v, c.x, c.n * c.m)


@back(Kind.DROPOUT)
def dropout_back(c: Case) -> None:
    """By the same random bytes."""
    layers.dropout_back(c.d, c.x, c.y, c.n * c.m, c.drawn, c.own, c.number)


@there(Kind.DROPOUT_TURNED)
def dropout_turned(c: Case) -> None:
    """The same."""
    if c.training:
        layers.dropout_turned(c.v, c.x, c.y, c.n, c.m, c.batch, c.drawn, c.own, c.number)
    else:
        copy_row(c.v, c.y, c.v, c.x, c.n * c.m)


@back(Kind.DROPOUT_TURNED)
def dropout_turned_back(c: Case) -> None:
    """The same."""
    layers.dropout_turned(c.d, c.y, c.x, c.n, c.m, c.batch, c.drawn, c.own, c.number)


@there(Kind.LAST)
def last(c: Case) -> None:
    """Its output is where it is."""


@back(Kind.LAST)
def last_back(c: Case) -> None:
    """None of the steps before the last one counts."""
    c.d[c.x : c.x + (c.n - c.batch) * c.m] = 0


@there(Kind.GRU)
def gru(c: Case) -> None:
    """Over all steps."""
    cells.gru(
        c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.w, c.b, c.u, c.e, c.state, c.own,
        c.other,
    )  # fmt: skip


@back(Kind.GRU)
def gru_back(c: Case) -> None:
    """From the last to the first."""
    cells.gru_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.g, c.w, c.b, c.u, c.e, c.other
    )


@there(Kind.LSTM)
def lstm(c: Case) -> None:
    """Over all steps."""
    cells.lstm(
        c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.w, c.b, c.u, c.e, c.state, c.own,
        c.other,
    )  # fmt: skip


@back(Kind.LSTM)
def lstm_back(c: Case) -> None:
    """From the last to the first."""
    cells.lstm_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.g, c.w, c.b, c.u, c.e, c.other,
    )  # fmt: skip


@there(Kind.RNN_TANH)
def rnn_tanh(c: Case) -> None:
    """Over all steps."""
    cells.rnn(
        c.v, c.x, c.y, c.n, c.k, c.m, c.batch, c.p, c.w, c.b, c.u, c.e, c.state, c.own, c.other,
        True,
    )  # fmt: skip


@back(Kind.RNN_TANH)
def rnn_tanh_back(c: Case) -> None:
    """From the last to the first."""
    cells.rnn_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.g, c.w, c.b, c.u, c.e, c.other,
        True,
    )  # fmt: skip


@there(Kind.RNN_RELU)
def rnn_relu(c: Case) -> None:
    """Over all steps."""
    cells.rnn(
        c.v, c.x, c.y, c.n, c.k, c.m, c.batch, c.p, c.w, c.b, c.u, c.e, c.state, c.own, c.other,
        False,
    )  # fmt: skip


@back(Kind.RNN_RELU)
def rnn_relu_back(c: Case) -> None:
    """From the last to the first."""
    cells.rnn_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.p, c.g, c.w, c.b, c.u, c.e, c.other,
        False,
    )  # fmt: skip


@there(Kind.JOIN)
def join(c: Case) -> None:
    """Level by level."""
    trees.join(c.v, c.x, c.y, c.k, c.m, c.ids[c.counts[0] :], c.batch, c.own, c.other)


@back(Kind.JOIN)
def join_back(c: Case) -> None:
    """The same."""
    trees.join_back(c.d, c.x, c.y, c.k, c.m, c.ids[c.counts[0] :], c.batch, c.own, c.other)


@there(Kind.TAPS)
def taps(c: Case) -> None:
    """Row by row."""
    convolutions.taps(c.v, c.x, c.y, c.n, c.k, c.m, c.n // c.batch, c.own)


@back(Kind.TAPS)
def taps_back(c: Case) -> None:
    """The same."""
    convolutions.taps_back(c.d, c.x, c.y, c.n, c.k, c.m, c.n // c.batch, c.own, c.other == 1)


@there(Kind.GATE)
def gate(c: Case) -> None:
    """What it multiplies takes the place of the input."""
    convolutions.gate(c.v, c.x, c.y, c.n, c.m)


@back(Kind.GATE)
def gate_back(c: Case) -> None:
    """By that."""
    convolutions.gate_back(c.d, c.v, c.x, c.y, c.n, c.m)


@there(Kind.SKIP)
def skip(c: Case) -> None:
    """To two places."""
    convolutions.skip(c.v, c.x, c.y, c.other, c.kept, c.n, c.k, c.m, c.own == 1)


@back(Kind.SKIP)
def skip_back(c: Case) -> None:
    """From both."""
    convolutions.skip_back(c.d, c.x, c.y, c.other, c.kept, c.n, c.k, c.m)


@there(Kind.AVERAGE)
def average(c: Case) -> None:
    """Row by row."""
    convolutions.average(c.v, c.x, c.y, c.m, c.batch, c.n // c.batch)


@back(Kind.AVERAGE)
def average_back(c: Case) -> None:
    """From the last position to the first."""
    convolutions.average_back(c.d, c.x, c.y, c.m, c.batch, c.n // c.batch)


@there(Kind.TABLE)
def table(c: Case) -> None:
    """Of the ids that occur."""
    id_tables.table(
        c.v, c.d, c.y, c.kept, c.ids[: c.n], c.p, c.w, c.b, c.u, c.k // c.other, c.m, c.other, c.r,
        c.x,
    )  # fmt: skip


@back(Kind.TABLE)
def table_back(c: Case) -> None:
    """To the parameters."""
    id_tables.table_back(
        c.d, c.v, c.y, c.kept, c.n, c.p, c.g, c.w, c.b, c.u, c.k // c.other, c.m, c.other, c.r,
        c.x, c.own == 1,
    )  # fmt: skip


@there(Kind.LOOK_UP)
def look_up(c: Case) -> None:
    """By the positions' rows."""
    id_tables.look_up(c.v, c.x, c.y, c.kept, c.n, c.k, c.m)


@back(Kind.LOOK_UP)
def look_up_back(c: Case) -> None:
    """To these."""
    id_tables.look_up_back(c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m)
