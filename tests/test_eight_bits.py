"""Weights in 8 bits: the products against float64, and a run that is used with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.compute import eight_bits
from hornbook.compute.eight_bits import EightBits
from hornbook.errors import SettingsError
from hornbook.nn import EightBitLinear, Linear, ReLU, Sequential
from hornbook.nn.eight_bit_linear import in_eight_bits
from tests.referee import normal
from tests.some_names import write_names

fast = pytest.mark.parametrize("whole", [eight_bits.WHOLE, None], ids=["whole", "float32"])


@fast
@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize(("m", "k"), [(1, 1), (5, 3), (1030, 1025)])
def test_only_the_weights_are_rounded(
    rows: int, m: int, k: int, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eight_bits, "WHOLE", whole)
    x, weight, bias = normal(rows, k), normal(m, k, seed=1), normal(m, seed=2)
    x[:, 0] *= 30  # one feature far larger than the others, as transformers have them
    made = EightBits(weight.float())
    steps = weight.abs().amax(1, keepdim=True) / 127
    assert ((made.whole * made.scale.unsqueeze(1) - weight).abs() <= 0.501 * steps).all()
    exact = x @ (made.whole.double() * made.scale.double().unsqueeze(1)).t() + bias
    found = made.product(x.float(), bias.float())
    again = made.product(x.float().view(1, rows, k), bias.float())
    assert torch.equal(found, again[0])
    # Half a unit of each input, at random signs, is far more than any sum of them.
    unit = x.abs().amax(1, keepdim=True) / (127 * 254)
    bound = unit * weight.norm(dim=1) * 3 + 1e-5 * exact.abs().max()
    assert ((found - exact).abs() <= bound).all()


@fast
def test_rows_of_zeros_and_what_is_not_finite(whole: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eight_bits, "WHOLE", whole)
    made = EightBits(torch.zeros(3, 4))
    assert not made.product(torch.zeros(1, 4)).any()
    assert not made.product(torch.zeros(2, 4)).any()
    made = EightBits(torch.ones(3, 4))
    for bad in (np.inf, np.nan):
        for rows in (1, 2):
            x = torch.ones(rows, 4)
            x[0, 1] = bad
            with np.errstate(invalid="ignore", over="ignore"):
                assert not torch.isfinite(made.product(x)[0]).any()


@fast
@pytest.mark.parametrize("rows", [1, 2])
def test_sums_of_more_numbers_than_32_bits_hold_do_not_overflow(
    rows: int, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eight_bits, "WHOLE", whole)
    assert (eight_bits.MOST + 1) * 127 * 127 > 2**31 - 1 >= eight_bits.MOST * 127 * 127
    for count in (eight_bits.MOST, eight_bits.MOST + 1):
        made = EightBits(torch.ones(1, count)).product(torch.ones(rows, count))
        np.testing.assert_allclose(made.numpy(), count, rtol=1e-5)


def test_products_that_are_not_exact_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def saturated(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        out.copy_((a.long() @ b.long()).clamp(max=1_000_000))
        return out

    monkeypatch.setattr(torch, "_int_mm", saturated)
    assert eight_bits.find_whole_products() is None
    monkeypatch.delattr(torch, "_int_mm")
    assert eight_bits.find_whole_products() is None


def test_a_net_in_8_bits_shares_all_else_and_has_a_way_back() -> None:
    one, other = Linear(6, 8), Linear(8, 3)
    net = Sequential(one, ReLU(), other)
    made, count = in_eight_bits(net)
    assert count == 6 * 8 + 8 * 3
    assert [type(layer) for layer in net.layers] == [Linear, ReLU, Linear]
    first, _, last = made.chain
    assert isinstance(first, EightBitLinear)
    assert isinstance(last, EightBitLinear)
    assert first.bias is one.bias
    assert last.bias is not None
    x, dy = normal(4, 8).float(), normal(4, 3, seed=1).float()
    y, backward = last.vjp(x)
    weight = last.weight.whole * last.weight.scale.unsqueeze(1)
    torch.testing.assert_close(y, x @ weight.t() + last.bias, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(backward(dy), dy @ weight)
    assert last.multiplications((4, 8), (4, 3)) == other.multiplications((4, 8), (4, 3))


def test_a_run_is_sampled_and_measured_with_weights_in_8_bits(tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 200))
    small = {"n_layer": 1, "n_head": 1, "n_embd": 8, "block_size": 8}
    run = hornbook.train(
        names, model="gpt", settings=small, out=tmp_path / "net",
        training={"steps": 3, "threads": 1, "precision": "float32"},
    )  # fmt: skip
    before = run.model.arrays()["net.layers.0.weight"].copy()
    plain = [one.text for one in run.sample(n=3, temperature=0)]
    assert [one.text for one in run.sample(n=3, temperature=0, weights="8bit")]
    found = run.evaluate(weights="8bit")
    learned = run.evaluate()
    assert [name for name in found if name.startswith("dev")][:2] == ["dev, 8 bits", "dev, float32"]
    assert found["dev, float32"] == learned["dev"]
    assert found["dev, 8 bits"].nats_per_token == pytest.approx(
        learned["dev"].nats_per_token, abs=0.01
    )
    assert found["dev, 8 bits"] != learned["dev"]
    assert [one.text for one in run.sample(n=3, temperature=0)] == plain
    assert np.array_equal(run.model.arrays()["net.layers.0.weight"], before)


def test_counts_have_no_weights_to_round(tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 50))
    run = hornbook.train(names, model="ngram", out=tmp_path / "counts")
    for ask in (run.sample, run.evaluate):
        with pytest.raises(SettingsError, match="ngram has no linear layers"):
            ask(weights="8bit")
