"""Products by whichever library, against torch's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute import batched_products, products
from hornbook.compute.batched_products import as_multiplied, batched_product
from hornbook.compute.products import (
    NUMPY_FROM,
    ONEDNN_FROM,
    add_product,
    find_bfloat16,
    find_onednn,
    has_fast_bfloat16,
    linear,
    lowered,
    put_product,
    times,
)
from hornbook.compute.threads import threads
from tests.referee import close, normal

# N, K and M of (N, K) times (K, M): far below, at, and far above what oneDNN is worth.
SIZES = ((1, 1, 1), (3, 5, 4), (64, 128, 127), (64, 128, 128), (65, 130, 131), (300, 257, 130))
PRECISE = {torch.float32: 1e-4, torch.float64: 1e-12}

sizes = pytest.mark.parametrize(("n", "k", "m"), SIZES)
dtypes = pytest.mark.parametrize("dtype", PRECISE, ids=str)
# Autograd's way is torch's own; the way by hand may be oneDNN's.
grads = pytest.mark.parametrize("with_grad", [False, True])
ONEDNN = find_onednn()  # also where it is not the faster, and so not used
needs_onednn = pytest.mark.skipif(ONEDNN is None, reason="this build of torch has no oneDNN")


@pytest.fixture(autouse=True)
def with_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large products by oneDNN on every processor."""
    monkeypatch.setattr(products, "ONEDNN", ONEDNN)


@pytest.fixture(params=[False, True], ids=["", "numpy"], autouse=True)
def wide(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With and without NumPy's BLAS, which is right with any kernels, if not always fast."""
    monkeypatch.setattr(products, "WIDE_NUMPY", request.param)
    monkeypatch.setattr(batched_products, "WIDE_NUMPY", request.param)
    return bool(request.param)


def same(found: Tensor, exact: Tensor, dtype: torch.dtype) -> None:
    assert found.dtype == dtype
    close(found.double(), exact, PRECISE[dtype])


@sizes
@dtypes
@grads
@pytest.mark.parametrize("bias", [False, True])
def test_linear(n: int, k: int, m: int, dtype: torch.dtype, with_grad: bool, bias: bool) -> None:
    x, weight, b = normal(n, k), normal(m, k, seed=1), normal(m, seed=2) if bias else None
    exact = F.linear(x, weight, b)
    low, low_weight, low_b = x.to(dtype), weight.to(dtype), None if b is None else b.to(dtype)
    with torch.set_grad_enabled(with_grad):
        same(linear(low, low_weight, low_b), exact, dtype)
        # A view that is not laid out as its shape says, of either argument.
        same(linear(low, low_weight.t().contiguous().t(), low_b), exact, dtype)
        same(linear(low.t().contiguous().t(), low_weight, low_b), exact, dtype)
        # Leading dimensions pass through.
        rows = low.view(1, n, 1, k)
        assert linear(rows, low_weight, low_b).shape == (1, n, 1, m)
        same(linear(rows, low_weight, low_b).view(n, m), exact, dtype)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("bias", [False, True])
def test_a_single_row_by_many_weights(
    count: int, bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On one thread it is NumPy's product, beside others of torch's it is not.
    monkeypatch.setattr(torch, "get_num_threads", lambda: count)
    m, k = 64, NUMPY_FROM // 64
    x, weight, b = normal(1, 1, k), normal(m, k, seed=1), normal(m, seed=2) if bias else None
    exact = F.linear(x, weight, b)
    low, low_weight, low_b = x.float(), weight.float(), None if b is None else b.float()
    with torch.no_grad():
        for _ in range(2):  # again, lest the sum be made in the bias itself
            same(linear(low, low_weight, low_b), exact, torch.float32)
        same(linear(low, low_weight.t().contiguous().t(), low_b), exact, torch.float32)


@pytest.mark.parametrize("m", [40, 384, 2305, 50_257])
def test_a_single_row_is_the_same_on_1_2_4_and_8_blas_threads(m: int) -> None:
    # 50,257 rows, as of GPT-2's head, are what threads would share unevenly.
    x, weight = normal(1, 384).float(), normal(m, 384, seed=1).float()
    with torch.no_grad():
        found = []
        for blas in (1, 2, 4, 8):
            with threads(1, blas=blas):
                found.append(linear(x, weight))
    same(found[0], x.double() @ weight.double().t(), torch.float32)
    assert all(torch.equal(found[0], other) for other in found[1:])


@sizes
@dtypes
@grads
def test_times(n: int, k: int, m: int, dtype: torch.dtype, with_grad: bool) -> None:
    a, b = normal(n, k), normal(k, m, seed=1)
    low, other = a.to(dtype), b.to(dtype)
    with torch.set_grad_enabled(with_grad):
        same(times(low, other), a @ b, dtype)
        same(times(low, other.t().contiguous().t()), a @ b, dtype)
        same(times(low.expand(2, n, k), other)[1], a @ b, dtype)


@sizes
@dtypes
def test_add_product(n: int, k: int, m: int, dtype: torch.dtype) -> None:
    a, b, before = normal(n, m), normal(n, k, seed=1), normal(m, k, seed=2)
    exact = before + a.t() @ b
    for low_a in (a.to(dtype), a.to(dtype).t().contiguous().t()):
        for low_b in (b.to(dtype), b.to(dtype).t().contiguous().t()):
            out = before.to(dtype, copy=True)
            at = out.data_ptr()
            with torch.no_grad():
                add_product(out, low_a, low_b)
            assert out.data_ptr() == at
            same(out, exact, dtype)
            with torch.no_grad():
                assert put_product(out.fill_(torch.nan), low_a, low_b) is out
            same(out, exact - before, dtype)


@pytest.mark.parametrize("size", [8, 160])
@grads
def test_under_autocast_products_are_bfloat16(size: int, with_grad: bool) -> None:
    x, weight, b = normal(size, size), normal(size, size, seed=1), normal(size, seed=2)
    exact = F.linear(x, weight, b)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.set_grad_enabled(with_grad):
        y = linear(x.float(), weight.float(), b.float())
        z = times(x.float(), weight.t().float())
    assert y.dtype == z.dtype == torch.bfloat16
    close(y.double(), exact, 0.02)
    close(z.double(), x @ weight.t(), 0.02)


@pytest.mark.parametrize("size", [8, 160])
def test_under_autocast_gradients_of_weights_stay_float32(size: int) -> None:
    a, b = normal(size, size), normal(size, size, seed=1)
    for kind in (torch.float32, torch.bfloat16):  # dy comes in either
        out = torch.ones(size, size)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            add_product(out, a.to(kind), b.float())
        assert out.dtype == torch.float32
        close(out.double(), 1 + a.t() @ b, 0.02)


def test_only_float32_is_lowered_and_only_under_autocast() -> None:
    x = torch.ones(2)
    assert lowered(x) is x
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert lowered(x).dtype == torch.bfloat16
        assert lowered(x.double()).dtype == torch.float64


def test_onednn_is_found_where_torch_has_it() -> None:
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    assert (ONEDNN is not None) == available


def test_onednn_is_not_looked_for_where_torch_was_built_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert find_onednn() is None


def wrong(*args: object) -> Tensor:
    """An operator of another signature."""
    raise RuntimeError("mkldnn::_linear_pointwise() is missing value for argument 'algorithm'")


@pytest.mark.parametrize(
    "mkldnn",
    [
        SimpleNamespace(),
        SimpleNamespace(_linear_pointwise=SimpleNamespace()),
        SimpleNamespace(_linear_pointwise=SimpleNamespace(default=wrong)),
    ],
    ids=["no operator", "no overload", "another signature"],
)
def test_onednn_is_left_alone_where_torchs_private_operator_is_another(
    mkldnn: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", mkldnn)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    assert find_onednn() is None


@pytest.mark.parametrize("answer", [True, False])
def test_bfloat16_is_fast_where_onednn_says_so(
    answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = SimpleNamespace(_is_mkldnn_bf16_supported=lambda: answer)
    monkeypatch.setattr(torch.ops, "mkldnn", asked)
    assert find_bfloat16() is answer
    monkeypatch.setattr(products, "BFLOAT16", answer)
    assert has_fast_bfloat16(torch.device("cpu")) is answer
    assert has_fast_bfloat16(torch.device("cuda"))


@pytest.mark.parametrize(
    "mkldnn",
    [SimpleNamespace(), SimpleNamespace(_is_mkldnn_bf16_supported=wrong)],
    ids=["no operator", "another signature"],
)
def test_bfloat16_is_slow_where_torchs_private_operator_is_another(
    mkldnn: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", mkldnn)
    assert find_bfloat16() is False


@needs_onednn
def test_without_onednn_the_results_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = normal(200, 200).float(), normal(200, 200, seed=1).float()
    found = []
    for operator in (ONEDNN, None):
        monkeypatch.setattr(products, "ONEDNN", operator)
        with torch.no_grad():
            out = torch.zeros(200, 200)
            add_product(out, x, weight)
            found.append((linear(x, weight), times(x, weight), out))
    for one, other in zip(*found, strict=True):
        close(one, other, 1e-5)


@needs_onednn
def test_only_large_products_by_hand_go_to_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ONEDNN is not None
    calls = []

    def counted(*args: object) -> Tensor:
        calls.append(args)
        y: Tensor = ONEDNN(*args)
        return y

    monkeypatch.setattr(products, "ONEDNN", counted)
    monkeypatch.setattr(products, "WIDE_NUMPY", False)
    side = round(ONEDNN_FROM ** (1 / 3)) + 1
    small, large = torch.ones(side // 2, side // 2), torch.ones(side, side)
    with torch.no_grad():
        for x in (small, small.double(), large.double()):
            linear(x, x)
            times(x, x)
            add_product(torch.zeros_like(x), x, x)
        assert not calls
        linear(large, large)
        times(large, large)
        add_product(torch.zeros_like(large), large, large)
    assert len(calls) == 3
    linear(large, large)  # autograd's own: the operator has no derivative
    assert len(calls) == 3


def test_gradients_flow_through_linear() -> None:
    x, weight, b = (t.requires_grad_() for t in (normal(5, 4), normal(3, 4), normal(3)))
    assert torch.autograd.gradcheck(linear, (x, weight, b))
    assert torch.autograd.gradcheck(times, (x, normal(4, 3).requires_grad_()))


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("inner", [3, 40])
def test_batched_products_of_heads_as_they_lie(rows: bool, inner: int) -> None:
    made = normal(2, inner, 3, 5, 4).float()  # (B, T, 3, H, D)
    q, k, v = as_multiplied(*made.permute(2, 0, 3, 1, 4).unbind(0))  # (B, H, T, D)
    with torch.no_grad():
        weights = batched_product(q, k.transpose(-1, -2), rows=rows)
        y = batched_product(weights, v, rows=rows)
        back = batched_product(weights.transpose(-1, -2), v)
        flat = batched_product(*as_multiplied(q[0], k[0].transpose(-1, -2)))
    exact = q.double() @ k.double().transpose(-1, -2)
    same(weights, exact, torch.float32)
    same(y, exact @ v.double(), torch.float32)
    same(back, exact.transpose(-1, -2) @ v.double(), torch.float32)
    same(flat, exact[0], torch.float32)


def test_numpys_products_are_made_where_they_may_be(
    wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[int, ...]] = []
    by_numpy = products.numpys_product

    def seen(a: Any, b: Any, out: Any) -> None:
        made.append(out.shape)
        by_numpy(a, b, out)

    monkeypatch.setattr(products, "numpys_product", seen)
    x, weight = normal(256, 64).float(), normal(48, 64, seed=1).float()
    with torch.no_grad(), threads(1):
        linear(x, weight)
        put_product(torch.empty(48, 64), normal(256, 48).float(), x)
        assert made == ([(256, 48), (48, 64)] if wide else [])
        made.clear()
        with torch.autocast("cpu", torch.bfloat16):
            linear(x, weight)
        linear(x.double(), weight.double())
        linear(x[:1], weight)
    linear(x, weight)  # autograd's own
    assert not made


def test_numpys_products_of_what_is_infinite_say_nothing(wide: bool) -> None:
    x, weight = torch.full((256, 64), 3e38), torch.full((48, 64), 3e38)
    with torch.no_grad(), threads(1):  # a warning would be an error
        assert linear(x, weight).isinf().all()
