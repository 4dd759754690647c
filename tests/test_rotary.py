"""Rotary positions, and the small layers that came with the transformer, in float64."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import (
    GELU,
    Layer,
    RMSNorm,
    Rotary,
    SoftCap,
    SquaredReLU,
    SwiGLU,
    TanhGELU,
)
from hornbook.nn.activations import (
    find_gelu_backward,
    find_relu_backward,
    find_tanh_gelu_backward,
    gelu_backward,
    relu_backward,
    tanh_gelu_backward,
)
from hornbook.nn.rmsnorm import rms_normalise
from tests.referee import close, finite_difference, hand_equals_autograd, normal
from tests.test_nn import same_as_torch

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**20)
examples = settings(max_examples=25)


# --- rotary positions --------------------------------------------------------------------------


@given(st.integers(1, 4), st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 500))
@examples
def test_a_score_depends_on_the_distance_alone(half: int, at: int, other: int, apart: int) -> None:
    q, k = normal(1, 2 * half), normal(1, 2 * half, seed=1)
    turn = Rotary(2 * half).vjp
    scores = [float((turn(q, place + apart)[0] * turn(k, place)[0]).sum()) for place in (at, other)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-9)
    # And it does depend on it: the fastest pair goes round once in 2π positions.
    further = float((turn(q, at + apart + 1)[0] * turn(k, at)[0]).sum())
    assert abs(further - scores[0]) > 1e-6


def test_angles_are_the_papers() -> None:
    # Pair i at position m turns by m / 10000^(2i/D): written out, without complex numbers.
    x = normal(7, 6)
    y = Rotary(6).vjp(x, 3)[0]
    for row, m in enumerate(range(3, 10)):
        for i in range(3):
            angle = m / 10_000 ** (2 * i / 6)
            a, b = float(x[row, 2 * i]), float(x[row, 2 * i + 1])
            turned = (
                a * math.cos(angle) - b * math.sin(angle),
                a * math.sin(angle) + b * math.cos(angle),
            )
            assert y[row, 2 * i : 2 * i + 2].tolist() == pytest.approx(turned, abs=1e-12)


def test_turning_keeps_lengths_and_the_first_position_stays() -> None:
    x = normal(2, 3, 9, 8)
    y = Rotary(8).vjp(x)[0]
    close(y.norm(dim=-1), x.norm(dim=-1))
    close(y[..., 0, :], x[..., 0, :])


@given(sizes, st.integers(0, 60), seeds)
@examples
def test_a_row_that_begins_later_is_a_slice_of_a_longer_one(
    length: int, begin: int, seed: int
) -> None:
    x = normal(2, begin + length, 6, seed=seed)
    rotary = Rotary(6)
    close(rotary.vjp(x[:, begin:], begin)[0], rotary.vjp(x)[0][:, begin:])


def test_the_way_back_is_that_of_finite_differences() -> None:
    x, dy = normal(2, 5, 6), normal(2, 5, 6, seed=1)
    rotary = Rotary(6)
    back = rotary.vjp(x, 4)[1](dy)
    close(back, finite_difference(lambda: float((rotary.vjp(x, 4)[0] * dy).sum()), x), 1e-6)
    close(rotary.vjp(back, 4)[0], dy)  # to the input and out again: the inverse of a rotation


def test_tables_do_not_pile_up() -> None:
    rotary = Rotary(4)
    for at in range(500):
        rotary.vjp(normal(1, 4), at)
    assert len(rotary.turns) <= 64


def test_lower_precisions_are_turned_in_float32() -> None:
    x = normal(2, 5, 6).to(torch.bfloat16)
    y, backward = Rotary(6).vjp(x)
    assert y.dtype is backward(x).dtype is torch.float32
    close(y, Rotary(6).vjp(x.double())[0].float(), 1e-6)


# --- normalisation -----------------------------------------------------------------------------


@given(sizes, sizes, st.integers(1, 6), st.booleans(), seeds)
@examples
def test_rmsnorm_is_torchs(b: int, t: int, c: int, gain: bool, seed: int) -> None:
    layer = RMSNorm(c, gain=gain)
    if layer.weight is not None:
        torch.nn.init.normal_(layer.weight)
    for x in (normal(b, t, c, seed=seed), normal(b, c, seed=seed)):
        same_as_torch(layer, torch.nn.RMSNorm(c, eps=1e-6, elementwise_affine=gain), x, 1e-8)


@pytest.mark.parametrize("gain", [True, False])
def test_rmsnorm_by_hand_equals_autograd_and_finite_differences(gain: bool) -> None:
    layer = RMSNorm(4, eps=0.1, gain=gain)  # an eps that is felt
    hand_equals_autograd(layer, normal(3, 4), 1e-9)
    x, dy = normal(3, 4), normal(3, 4, seed=1)
    with torch.no_grad():
        back = layer.vjp(x)[1](dy)
        close(back, finite_difference(lambda: float((layer(x) * dy).sum()), x), 1e-6)


def test_a_normalised_row_has_a_mean_square_of_one() -> None:
    y = rms_normalise(normal(5, 7) * 30 + 2, 1e-6)[0]
    close((y * y).mean(-1), torch.ones(5, dtype=torch.float64), 1e-6)
    assert rms_normalise(torch.zeros(1, 3), 1e-6)[0].tolist() == [[0, 0, 0]]


# --- nonlinearities ----------------------------------------------------------------------------


class Theirs(torch.nn.Module):
    """What a layer should be, in torch's own words."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.layer, SquaredReLU):
            return F.relu(x) ** 2
        if isinstance(self.layer, SwiGLU):
            a, b = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
            return F.silu(a) * b
        assert isinstance(self.layer, SoftCap)
        return self.layer.cap * torch.tanh(x / self.layer.cap)


@given(sizes, st.integers(1, 4), st.floats(0.1, 8), seeds)
@examples
def test_nonlinearities_are_torchs(b: int, half: int, spread: float, seed: int) -> None:
    x = normal(b, 3, 2 * half, seed=seed) * spread
    same_as_torch(GELU(), torch.nn.GELU(), x, 1e-9)
    same_as_torch(TanhGELU(), torch.nn.GELU(approximate="tanh"), x, 1e-9)
    same_as_torch(SquaredReLU(), Theirs(SquaredReLU()), x)
    same_as_torch(SwiGLU(), Theirs(SwiGLU()), x, 1e-9)
    for cap in (0.5, 15.0):
        same_as_torch(SoftCap(cap), Theirs(SoftCap(cap)), x, 1e-9)


@pytest.mark.parametrize(
    "layer", [GELU(), TanhGELU(), SquaredReLU(), SwiGLU(), SoftCap(2.0)], ids=str
)
def test_nonlinearities_against_finite_differences(layer: Layer) -> None:
    x = normal(4, 6) * 2
    y, backward = layer.vjp(x)
    dy = normal(*y.shape, seed=1)
    close(backward(dy), finite_difference(lambda: float((layer(x) * dy).sum()), x), 1e-6)
    hand_equals_autograd(layer, x, 1e-9)


@pytest.mark.parametrize(
    ("dtype", "relative"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.02)]
)
def test_the_slope_of_gelu_without_torchs_kernel(dtype: torch.dtype, relative: float) -> None:
    for approximate, slope in (("none", gelu_backward), ("tanh", tanh_gelu_backward)):
        x = (normal(200) * 4).requires_grad_()
        dy = normal(200, seed=1)
        F.gelu(x, approximate=approximate).backward(dy)  # type: ignore[no-untyped-call]
        found = slope(dy.to(dtype), x.detach().to(dtype))
        assert found.dtype == dtype
        assert x.grad is not None
        close(found.double(), x.grad, relative)


def test_torchs_kernel_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_gelu_backward() is torch.ops.aten.gelu_backward
    assert find_relu_backward() is torch.ops.aten.threshold_backward
    other = SimpleNamespace(gelu_backward=lambda dy: dy, threshold_backward=lambda dy: dy)
    for aten in (SimpleNamespace(), other):
        monkeypatch.setattr(torch.ops, "aten", aten)
        assert find_gelu_backward() is gelu_backward
        assert find_tanh_gelu_backward() is tanh_gelu_backward
        assert find_relu_backward() is relu_backward


def test_the_slope_of_relu_without_torchs_kernel() -> None:
    x = normal(200)
    x[:3] = torch.tensor([0.0, -0.0, 1e-300])
    x.requires_grad_()
    dy = normal(200, seed=1)
    F.relu(x).backward(dy)  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert torch.equal(relu_backward(dy, F.relu(x.detach()), 0), x.grad)


def test_softcap_is_a_bound_and_hardly_felt_near_zero() -> None:
    x = torch.tensor([-1e6, -0.01, 0.0, 0.01, 1e6], dtype=torch.float64)
    y, backward = SoftCap(15.0).vjp(x)
    assert y.tolist() == pytest.approx([-15, -0.01, 0, 0.01, 15], abs=1e-8)
    slope = backward(torch.ones(5, dtype=torch.float64))
    assert slope.tolist() == pytest.approx([0, 1, 1, 1, 0], abs=1e-6)
