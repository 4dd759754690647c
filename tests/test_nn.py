"""Every layer against torch.nn, autograd and finite differences, in float64, over random shapes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.errors import SettingsError, TrainingError
from hornbook.nn import (
    Backward,
    BatchNorm1d,
    CrossEntropy,
    Dropout,
    Embedding,
    Flatten,
    FlattenConsecutive,
    Layer,
    LayerNorm,
    Linear,
    OneHot,
    ReLU,
    Sequential,
    Tanh,
)
from hornbook.nn.dropout import kept
from hornbook.nn.init import gain, initialise
from tests.referee import close, finite_difference, hand_equals_autograd, normal

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**20)
examples = settings(max_examples=25)


def same_as_torch(
    layer: Layer, theirs: torch.nn.Module, x: Tensor, relative: float = 1e-10
) -> None:
    """Output, input gradient and parameter gradients equal those of torch's own layer."""
    layer.double()
    layer.zero_grad()
    theirs.double()
    theirs.load_state_dict(layer.state_dict(), strict=False)
    mine_x, their_x = x.clone(), x.clone().requires_grad_()
    y = theirs(their_x)
    dy = normal(*y.shape, seed=3)
    y.backward(dy)
    with torch.no_grad():
        mine, backward = layer.vjp(mine_x)
        dx = backward(dy)
    close(mine, y.detach(), relative)
    assert their_x.grad is not None
    close(dx, their_x.grad, relative)
    for (name, p), (_, q) in zip(layer.named_parameters(), theirs.named_parameters(), strict=True):
        assert p.grad is not None, name
        assert q.grad is not None, name
        close(p.grad, q.grad, relative)


@given(sizes, sizes, sizes, sizes, st.booleans(), seeds)
@examples
def test_linear(b: int, t: int, n: int, m: int, bias: bool, seed: int) -> None:
    for x in (normal(b, n, seed=seed), normal(b, t, n, seed=seed)):
        same_as_torch(Linear(n, m, bias), torch.nn.Linear(n, m, bias), x)


def test_linear_starts_within_torchs_bounds() -> None:
    layer = Linear(64, 500)
    assert float(layer.weight.detach().abs().max()) <= 1 / 8
    assert float(layer.weight.detach().std()) == pytest.approx(1 / 8 / 3**0.5, rel=0.02)


@given(sizes, sizes, st.integers(1, 5), seeds)
@examples
def test_embedding_picks_the_rows_that_one_hot_products_give(
    b: int, t: int, v: int, seed: int
) -> None:
    ids = torch.randint(0, v, (b, t), generator=torch.Generator().manual_seed(seed))
    table = Embedding(v, 3).double()
    product = Sequential(OneHot(v), Linear(v, 3, bias=False)).double()
    product.layers[1].weight.data.copy_(table.weight.t())  # type: ignore[operator]
    theirs = torch.nn.Embedding(v, 3).double()
    theirs.weight.data.copy_(table.weight)
    dy = normal(b, t, 3)
    theirs(ids).backward(dy)
    for layer, weight in ((table, "weight"), (product, "layers.1.weight")):
        with torch.no_grad():
            y, backward = layer.vjp(ids)
            backward(dy)
        close(y, theirs(ids).detach())
        grad = dict(layer.named_parameters())[weight].grad
        assert grad is not None
        assert theirs.weight.grad is not None
        close(grad if layer is table else grad.t(), theirs.weight.grad)


@given(sizes, sizes, seeds)
@examples
def test_nonlinearities(b: int, n: int, seed: int) -> None:
    x = normal(b, n, seed=seed) * 4
    same_as_torch(Tanh(), torch.nn.Tanh(), x, 1e-9)
    same_as_torch(ReLU(), torch.nn.ReLU(), x)


def test_tanh_keeps_to_its_range_and_does_not_overflow() -> None:
    x = torch.tensor([-1e4, -40.0, 0.0, 40.0, 1e4])
    y, backward = Tanh().vjp(x)
    assert y.tolist() == [-1, -1, 0, 1, 1]
    assert backward(torch.ones(5)).tolist() == [0, 0, 1, 0, 0]


@given(st.integers(2, 7), sizes, sizes, st.booleans(), seeds)
@examples
def test_batchnorm_in_training(n: int, t: int, c: int, unbiased: bool, seed: int) -> None:
    for x in (normal(n, c, seed=seed), normal(n, t, c, seed=seed)):
        layer = BatchNorm1d(c, unbiased=unbiased)
        torch.nn.init.normal_(layer.weight)
        torch.nn.init.normal_(layer.bias)
        hand_equals_autograd(layer, x, 1e-8)
        if not unbiased and x.dim() == 2:
            fresh = BatchNorm1d(c, unbiased=False)
            theirs = torch.nn.BatchNorm1d(c)
            same_as_torch(fresh, theirs, x, 1e-8)
            assert isinstance(theirs.running_mean, Tensor)
            assert isinstance(theirs.running_var, Tensor)
            close(fresh.running_mean, theirs.running_mean)
            close(fresh.running_var, theirs.running_var)


def test_batchnorm_is_the_lectures() -> None:
    x = normal(32, 5) * 3 + 1
    layer = BatchNorm1d(5).double()
    mean, std = x.mean(0), (x.var(0, unbiased=True) + 1e-5).sqrt()
    close(layer(x).detach(), (x - mean) / std)
    close(layer.running_var, 0.9 + 0.1 * x.var(0, unbiased=True))
    layer.eval()
    close(layer(x).detach(), (x - layer.running_mean) / (layer.running_var + 1e-5).sqrt())


def test_batchnorm_channels_last_normalises_over_batch_and_time() -> None:
    x = normal(4, 6, 3)
    y = BatchNorm1d(3).double()(x)
    close(y, BatchNorm1d(3).double()(x.reshape(24, 3)).view(4, 6, 3))


@given(st.integers(2, 7), st.integers(2, 4), sizes, seeds)
@examples
def test_batchnorm_by_position_is_the_lectures_mean_over_dimension_0(
    n: int, t: int, c: int, seed: int
) -> None:
    x = normal(n, t, c, seed=seed)
    layer = BatchNorm1d(c, positions=t)
    torch.nn.init.normal_(layer.weight)
    hand_equals_autograd(layer, x, 1e-8)
    layer = BatchNorm1d(c, positions=t).double()
    mean, var = x.mean(0, keepdim=True), x.var(0, keepdim=True)
    close(layer(x).detach(), (x - mean) / (var + 1e-5).sqrt())
    close(layer.running_mean, 0.1 * mean[0])
    close(layer.running_var, 0.9 + 0.1 * var[0])
    layer.eval()
    close(layer(x).detach(), (x - layer.running_mean) / (layer.running_var + 1e-5).sqrt())
    with pytest.raises(ValueError, match="expected"):
        layer(x[:, 0])


def test_batchnorm_in_use() -> None:
    layer = BatchNorm1d(3)
    layer.running_mean.normal_()
    layer.running_var.uniform_(0.5, 2)
    layer.eval()
    hand_equals_autograd(layer, normal(1, 3))
    same_as_torch(layer, torch.nn.BatchNorm1d(3).eval(), normal(5, 3))


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batchnorm_measures_the_same_where_nothing_is_recorded(
    unbiased: bool, dtype: torch.dtype
) -> None:
    # Means far from 0 in units of the deviation: what a sum of squares alone would lose.
    x = (normal(64, 5) + torch.tensor([0.0, 1, -30, 300, 1000])).to(dtype)
    recorded, by_hand = (BatchNorm1d(5, unbiased=unbiased).to(dtype) for _ in range(2))
    y = recorded(x)  # autograd is on
    with torch.inference_mode():
        z = by_hand(x)
    wide = x.double()
    var = wide.var(0, unbiased=unbiased)
    wanted = (wide - wide.mean(0)) / (var + 1e-5).sqrt()
    for found in (y.detach(), z):
        torch.testing.assert_close(
            found.double(), wanted, rtol=0, atol=1e-3 if dtype is torch.float32 else 1e-9
        )
    for layer in (recorded, by_hand):
        mean, kept_var = layer.running_mean.double(), layer.running_var.double()
        torch.testing.assert_close(mean, 0.1 * wide.mean(0), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(kept_var, 0.9 + 0.1 * wide.var(0), rtol=1e-5, atol=0)


def test_batchnorm_refuses_a_single_row_in_training_and_says_why() -> None:
    with pytest.raises(TrainingError, match="batch of one") as caught:
        BatchNorm1d(3)(torch.ones(1, 3))
    assert "at least 2" in caught.value.hint
    with pytest.raises(ValueError, match="expected"):
        BatchNorm1d(3)(torch.ones(4, 2))


@given(sizes, sizes, st.integers(2, 6), st.booleans(), seeds)
@examples
def test_layernorm(b: int, t: int, c: int, bias: bool, seed: int) -> None:
    layer = LayerNorm(c, bias=bias)
    torch.nn.init.normal_(layer.weight)
    same_as_torch(layer, torch.nn.LayerNorm(c, bias=bias), normal(b, t, c, seed=seed), 1e-8)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x = torch.ones(200, 500)
    y, backward = Dropout(0.3).vjp(x)
    assert float((y == 0).double().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(y.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(backward(x) == 0, y == 0)
    assert torch.equal(Dropout(0.3).eval()(x), x)
    hand_equals_autograd(Dropout(0.5), normal(4, 5))
    with pytest.raises(SettingsError, match="below 1"):
        Dropout(1.0)


@given(sizes, st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 3]), sizes)
@examples
def test_flattening_is_a_change_of_shape_alone(b: int, n: int, groups: int, c: int) -> None:
    x = normal(b, groups * n, c)
    y = FlattenConsecutive(n)(x)
    assert torch.equal(y.reshape(-1), x.reshape(-1))
    assert y.shape == ((b, groups, n * c) if groups > 1 else (b, n * c))
    assert Flatten()(x).shape == (b, groups * n * c)
    hand_equals_autograd(FlattenConsecutive(n), x)
    hand_equals_autograd(Flatten(), x)


def test_flatten_consecutive_refuses_what_does_not_divide() -> None:
    with pytest.raises(ValueError, match="a multiple of 3"):
        FlattenConsecutive(3)(torch.ones(1, 4, 2))


@given(sizes, sizes, st.integers(2, 6), st.booleans(), seeds)
@examples
def test_cross_entropy(b: int, t: int, v: int, padded: bool, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = normal(b, t, v, seed=seed) * 3
    targets = torch.randint(0, v, (b, t), generator=generator)
    if padded:
        targets[torch.rand((b, t), generator=generator) < 0.4] = -1
        targets[0, 0] = 0  # one at least is real
    theirs_in = logits.clone().requires_grad_()
    theirs = F.cross_entropy(theirs_in.view(-1, v), targets.view(-1), ignore_index=-1)
    theirs.backward()  # type: ignore[no-untyped-call]
    assert theirs_in.grad is not None
    loss, backward = CrossEntropy(-1 if padded else None).vjp(logits, targets)
    close(loss, theirs.detach())
    close(backward(), theirs_in.grad)


def test_cross_entropy_of_nothing_is_nan_as_torchs() -> None:
    assert CrossEntropy(-1)(torch.ones(2, 3), torch.tensor([-1, -1])).isnan()


def test_every_layer_against_finite_differences() -> None:
    torch.manual_seed(1)
    net = Sequential(
        FlattenConsecutive(2), Linear(4, 3, bias=False), BatchNorm1d(3), Tanh(),
        Flatten(), Linear(6, 5), LayerNorm(5), ReLU(), Linear(5, 4),
    ).double()  # fmt: skip
    x, targets = normal(5, 4, 2), torch.tensor([0, 3, 1, 2, 1])
    with torch.no_grad():
        logits, backward = net.vjp(x)
        _, loss_backward = CrossEntropy().vjp(logits, targets)
        dx = backward(loss_backward())

        def loss() -> float:
            return float(F.cross_entropy(net(x), targets))

        close(dx, finite_difference(loss, x), 1e-6)
        for p in net.parameters():
            assert p.grad is not None
            close(p.grad, finite_difference(loss, p.data), 1e-6)


def test_backward_adds_to_gradients() -> None:
    layer = Linear(2, 2)
    _, backward = layer.vjp(torch.ones(3, 2))
    with torch.no_grad():
        backward(torch.ones(3, 2))
        assert layer.weight.grad is not None
        once = layer.weight.grad.clone()
        backward(torch.ones(3, 2))
    assert torch.equal(layer.weight.grad, 2 * once)


def test_initialisation_keeps_the_deviation_of_signals() -> None:
    generator = torch.Generator().manual_seed(2)
    layer = Linear(300, 400)
    for scheme, expected in (
        ("kaiming", 5 / 3 * 300**-0.5),
        ("xavier", 5 / 3 * (2 / 700) ** 0.5),
        ("normal", 5 / 3),
    ):
        initialise(layer, scheme, gain("tanh"), generator=generator)  # type: ignore[arg-type]
        assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.02)
        assert layer.bias is not None
        assert not layer.bias.any()
    assert gain("relu") == pytest.approx(2**0.5)
    assert gain("linear") == 1
    initialise(layer, "kaiming", 1.0, generator=generator)
    y = layer(torch.randn(2000, 300, generator=generator))
    assert float(y.detach().std()) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean(p: float) -> None:
    torch.manual_seed(0)
    mask = kept(torch.empty(1_000_003), p)
    parts = max(1, round(256 * p))
    values = sorted(set(mask.tolist()))
    assert values == [0.0, pytest.approx(256 / (256 - parts))]
    dropped = float((mask == 0).double().mean())
    # Five deviations of a million draws.
    assert abs(dropped - parts / 256) < 5 * (p * (1 - p) / 1e6) ** 0.5 + 1e-4
    assert float(mask.double().mean()) == pytest.approx(1, abs=0.02)
    # Neighbours come from the same random number, and yet know nothing of each other.
    a, b = (mask[:-1] == 0).double(), (mask[1:] == 0).double()
    assert float((a * b).mean()) == pytest.approx((parts / 256) ** 2, abs=0.002)


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5, 0.999])
def test_dropout_compares_one_byte_an_element(p: float) -> None:
    parts = min(max(1, round(256 * p)), 255)
    drawn = torch.empty(512, dtype=torch.int64)
    drawn.random_(-(2**63), None, generator=torch.Generator().manual_seed(3))
    wanted = (drawn.view(torch.uint8)[:4090] >= parts).double() * (256 / (256 - parts))
    like = torch.empty(4090, dtype=torch.float64)
    assert torch.equal(kept(like, p, torch.Generator().manual_seed(3)), wanted)


class Total(Layer):
    """The sum so far: a layer that says only how it goes on by one position."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        raise NotImplementedError

    def advance(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        total = x if state is None else state + x
        return total, total


def test_a_layer_that_only_advances_begins_a_row_position_by_position() -> None:
    x = normal(2, 5, 3)
    y, state = Total().begin(x)
    close(y, x.cumsum(1))
    close(state, x.sum(1))


def test_a_layer_that_looks_at_no_other_position_remembers_nothing() -> None:
    layer, x = Linear(3, 4).double(), normal(2, 5, 3)
    y, state = layer.begin(x)
    assert torch.equal(y, layer(x))
    assert state is None
