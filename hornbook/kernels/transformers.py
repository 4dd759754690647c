"""The operations of transformers on a `Case`, there and back."""

from __future__ import annotations

from hornbook.kernels import activations, attention, heads, layers, norms
from hornbook.kernels.case import Case
from hornbook.kernels.program import Kind
from hornbook.kernels.rows import copy_row
from hornbook.kernels.units import back, there

__all__: list[str] = []  # what it defines is found by its kind


@there(Kind.POSITIONS)
def positions(c: Case) -> None:
    """The same for each row of the batch."""
    layers.positions(c.v, c.x, c.y, c.n, c.m, c.n // c.batch, c.p, c.w)


@back(Kind.POSITIONS)
def positions_back(c: Case) -> None:
    """To both."""
    layers.positions_back(c.d, c.x, c.y, c.n, c.m, c.n // c.batch, c.g, c.w)


@there(Kind.BRANCH)
def branch(c: Case) -> None:
    """What follows reads what is there."""


@back(Kind.BRANCH)
def branch_back(c: Case) -> None:
    """After what follows has written its gradient."""
    layers.add(c.d, c.x, c.x, c.other, c.n * c.m)


@there(Kind.ADD)
def add(c: Case) -> None:
    """In place, or beside."""
    layers.add(c.v, c.y, c.x, c.other, c.n * c.m)


@back(Kind.ADD)
def add_back(c: Case) -> None:
    """To the first; `branch_back` sees to the second."""
    if c.x != c.y:
        copy_row(c.d, c.x, c.d, c.y, c.n * c.m)


@there(Kind.LAYER_NORM)
def layer_norm(c: Case) -> None:
    """Row by row."""
    norms.layer_norm(c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.w, c.b, c.number)


@back(Kind.LAYER_NORM)
def layer_norm_back(c: Case) -> None:
    """The same."""
    norms.layer_norm_back(c.d, c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.g, c.w, c.b)


@there(Kind.RMS_NORM)
def rms_norm(c: Case) -> None:
    """Row by row."""
    norms.rms_norm(c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.w, c.number)


@back(Kind.RMS_NORM)
def rms_norm_back(c: Case) -> None:
    """The same."""
    norms.rms_norm_back(c.d, c.v, c.x, c.y, c.kept, c.n, c.m, c.p, c.g, c.w)


@there(Kind.ANGLES)
def angles(c: Case) -> None:
    """Of all positions of a row."""
    heads.angles(c.v, c.y, c.n // c.batch, c.m, c.number)


@back(Kind.ANGLES)
def angles_back(c: Case) -> None:
    """Nothing is learned."""


@there(Kind.TURN)
def turn(c: Case) -> None:
    """In place."""
    heads.turn(c.v, c.x, c.kept, c.n, c.k, c.own, c.u, c.n // c.batch, c.other, c.number)


@back(Kind.TURN)
def turn_back(c: Case) -> None:
    """In place."""
    heads.turn_back(c.d, c.v, c.x, c.kept, c.n, c.k, c.own, c.u, c.n // c.batch, c.other)


@there(Kind.ATTENTION)
def attend(c: Case) -> None:
    """Weights are dropped in training alone."""
    least = c.other if c.training else 0
    attention.attention(
        c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.own, c.u, c.e, least, c.number, c.drawn,
        c.before, c.all,
    )  # fmt: skip


@back(Kind.ATTENTION)
def attend_back(c: Case) -> None:
    """By the same random bytes."""
    attention.attention_back(
        c.d, c.v, c.x, c.y, c.kept, c.n, c.k, c.m, c.batch, c.own, c.u, c.e, c.other, c.number,
        c.drawn, c.before, c.all,
    )  # fmt: skip


@there(Kind.GELU)
def gelu(c: Case) -> None:
    """The slope takes the place of the input."""
    activations.gelu(c.v, c.x, c.y, c.n * c.m)


@there(Kind.TANH_GELU)
def tanh_gelu(c: Case) -> None:
    """The same."""
    activations.tanh_gelu(c.v, c.x, c.y, c.n * c.m)


@there(Kind.SQUARED_RELU)
def squared_relu(c: Case) -> None:
    """The same."""
    activations.squared_relu(c.v, c.x, c.y, c.n * c.m)


@back(Kind.GELU, Kind.TANH_GELU, Kind.SQUARED_RELU)
def slope_back(c: Case) -> None:
    """By the slope."""
    activations.slope_back(c.d, c.v, c.x, c.y, c.n * c.m)


@there(Kind.SWIGLU)
def swiglu(c: Case) -> None:
    """The slopes take the place of the input."""
    activations.swiglu(c.v, c.x, c.y, c.n, c.m)


@back(Kind.SWIGLU)
def swiglu_back(c: Case) -> None:
    """By the slopes."""
    activations.swiglu_back(c.d, c.v, c.x, c.y, c.n, c.m)


@there(Kind.SOFT_CAP)
def soft_cap(c: Case) -> None:
    """In place."""
    activations.soft_cap(c.v, c.x, c.n * c.m, c.number, c.another)


@back(Kind.SOFT_CAP)
def soft_cap_back(c: Case) -> None:
    """In place."""
    activations.soft_cap_back(c.d, c.v, c.x, c.n * c.m, c.another)
