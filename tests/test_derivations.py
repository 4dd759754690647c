"""Derivatives by hand, held against autograd, finite differences, and torch's own layers."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from hornbook.errors import SettingsError
from hornbook.lessons.derivations import DERIVATIONS, Derivation, Values, derivation
from hornbook.lessons.derivations.net import BACKPROP
from hornbook.lessons.gradient_table import atoms, batch_of
from hornbook.nn import BatchNorm1d
from hornbook.text.corpus import load_corpus
from tests.referee import close, finite_difference

each = pytest.mark.parametrize("made", DERIVATIONS.values(), ids=DERIVATIONS)
LECTURE = (
    "logprobs probs counts_sum_inv counts_sum counts norm_logits logit_maxes logits h W2 b2 "
    "hpreact bngain bnraw bnbias bnvar_inv bnvar bndiff2 bndiff bnmeani hprebn embcat W1 b1 emb C"
)


@each
def test_by_hand_equals_autograd(made: Derivation) -> None:
    values = made.forward(made.start(3))
    mine, theirs = made.by_hand(values), made.by_autograd(values)
    assert mine.keys() == theirs.keys() == set(made.order)
    largest = max(float(g.abs().max()) for g in theirs.values())
    for name in made.order:
        assert mine[name].dtype == torch.float64
        assert mine[name].shape == values[name].shape
        assert float((mine[name] - theirs[name]).abs().max()) <= 1e-14 * largest, name


def loss_with(made: Derivation, values: Values) -> float:
    return float(made.forward(values)["loss"])


@each
def test_leaves_by_finite_differences(made: Derivation) -> None:
    values = made.start(5)
    mine = made.by_hand(made.forward(values))
    largest = max(float(g.abs().max()) for g in mine.values())
    for name in made.leaves:
        leaf = values[name].contiguous()
        rows = leaf.view(-1)[:12]  # a view: the leaf changes with it
        loss = partial(loss_with, made, {**values, name: leaf})
        found = finite_difference(loss, rows)
        assert float((mine[name].reshape(-1)[:12] - found).abs().max()) < 1e-7 * largest, name


@each
def test_closed_forms_equal_the_way_through_every_line(made: Derivation) -> None:
    values = made.forward(made.start(4))
    gradients = made.by_hand(values)
    for name, found in made.in_one(values, gradients).items():
        close(found, gradients[name], 1e-12)
    assert made.closed or made.name == "lstm"


@each
def test_odd_batches_lose_no_precision(made: Derivation) -> None:
    corpus = load_corpus("names")
    batch, _ = batch_of(made, corpus, 2)
    if made.name in ("backprop", "cross-entropy"):
        batch = {"n": 31, "V": batch["V"], "Xb": batch["Xb"][:31], "Yb": batch["Yb"][:31]}
    values = made.forward(made.start(1, batch))
    for row in atoms(made, values):
        assert row.comparison.approximate, row
        assert row.comparison.maxdiff < 1e-13, row
    assert len(atoms(made, values)) == len(made.order) + len(made.closed)


def test_the_lecture_s_atoms_in_the_lecture_s_shapes() -> None:
    assert set(BACKPROP.order) == set(LECTURE.split())
    values = BACKPROP.forward(BACKPROP.start(0))
    for name, shape in {
        "emb": (32, 3, 10), "embcat": (32, 30), "hprebn": (32, 64), "bnmeani": (1, 64),
        "logits": (32, 27), "counts_sum": (32, 1), "b1": (64,), "C": (27, 10),
    }.items():  # fmt: skip
        assert values[name].shape == shape
    # The order: nothing before what it needs.
    place = {name: at for at, name in enumerate(BACKPROP.order)}
    for step in BACKPROP.steps[:-1]:
        assert all(place[used] > place[step.name] for used in step.backward)


def test_cross_entropy_is_torch_s() -> None:
    made = DERIVATIONS["cross-entropy"]
    values = made.forward(made.start(0))
    close(values["loss"], F.cross_entropy(values["logits"], values["Yb"]))


def test_batchnorm_is_the_layer_s() -> None:
    made = DERIVATIONS["batchnorm"]
    values = made.forward(made.start(0))
    layer = BatchNorm1d(64).double()
    with torch.no_grad():
        layer.weight.copy_(values["bngain"][0])
        layer.bias.copy_(values["bnbias"][0])
        y, backward = layer.vjp(values["hprebn"])
        close(values["hpreact"], y)
        close(made.by_hand(values)["hprebn"], backward(values["above"]))


def test_attention_is_torch_s() -> None:
    made = DERIVATIONS["attention"]
    values = made.forward(made.start(0))
    q, k, v = (values[name] for name in "qkv")
    close(values["out"], F.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_cross_attention_is_torch_s() -> None:
    made = DERIVATIONS["cross-attention"]
    values = made.forward(made.start(0))
    q, k, v = (values[name] for name in "qkv")
    there = ~values["padding"].expand(-1, q.shape[1], -1)
    close(values["out"], F.scaled_dot_product_attention(q, k, v, attn_mask=there))


def test_no_gradient_reaches_padding() -> None:
    made = DERIVATIONS["cross-attention"]
    values = made.forward(made.start(0))
    behind = values["padding"].squeeze(1)
    assert behind.any()
    assert not made.by_hand(values)["source"][behind].any()


def test_lstm_is_torch_s() -> None:
    made = DERIVATIONS["lstm"]
    values = made.forward(made.start(0))
    cell = torch.nn.LSTMCell(10, 12).double()
    with torch.no_grad():
        cell.weight_ih.copy_(values["Wx"].T)
        cell.weight_hh.copy_(values["Wh"].T)
        cell.bias_ih.copy_(values["b"])
        cell.bias_hh.zero_()
        h, c = cell(values["x"], (values["h"], values["c"]))
    close(values["h_next"], h)
    close(values["c_next"], c)


def test_a_use_left_out_is_missing_from_the_sum() -> None:
    values = BACKPROP.forward(BACKPROP.start(0))
    whole = BACKPROP.by_hand(values)["counts"]
    parts = [
        BACKPROP.by_hand(values, {(user, "counts")})["counts"] for user in BACKPROP.users["counts"]
    ]
    assert BACKPROP.users["counts"] == ("counts_sum", "probs")
    close(sum(parts, torch.zeros(())), whole)
    assert all(not torch.allclose(part, whole) for part in parts)


def test_a_seed_makes_the_same_numbers_and_another_others() -> None:
    first, again, other = (BACKPROP.start(seed)["W1"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_first_loss_is_not_far_from_guessing() -> None:
    batch, tokenizer = batch_of(BACKPROP, load_corpus("names"), 0)
    loss = float(BACKPROP.forward(BACKPROP.start(0, batch))["loss"])
    assert loss == pytest.approx(math.log(tokenizer.vocab_size), abs=0.4)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingsError, match="nknown exercise 'nosuch'"):
        derivation("nosuch")
