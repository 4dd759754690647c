"""Convolutions against torch.nn, gated blocks against autograd, the two forms of the tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import CausalConv1d, FlattenConsecutive, GatedStack, Layer, Linear, PackedTrees
from hornbook.text.batch import Batch
from hornbook.text.batches import make_batches
from hornbook.text.losses import measure
from hornbook.text.models.wavenet import WaveNet, WaveNetSettings
from hornbook.text.scores import score
from hornbook.text.stream import IGNORED, Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Vocabulary
from tests.referee import close, finite_difference, hand_equals_autograd, normal

sizes = st.integers(1, 5)
examples = settings(max_examples=25)
LETTERS = Vocabulary(27, boundary=0, start=0)
LINES = ("emma", "olivia", "ava", "isabella", "mia", "annabellaolivia", "bo", "al")
TEXT = "to be, or not to be: that is the question.\n" * 3


# --- the convolution ---------------------------------------------------------------------------


@examples
@given(batch=sizes, time=st.integers(1, 9), c=sizes, h=sizes, k=sizes, d=sizes, bias=st.booleans())
def test_causal_conv_is_torchs(
    batch: int, time: int, c: int, h: int, k: int, d: int, bias: bool
) -> None:
    mine = CausalConv1d(c, h, k, d, bias).double()
    theirs = torch.nn.Conv1d(c, h, k, dilation=d, bias=bias).double()
    theirs.weight.data = mine.weight.detach().view(h, k, c).transpose(1, 2).contiguous()
    if mine.bias is not None and theirs.bias is not None:
        theirs.bias.data = mine.bias.detach().clone()
    x, dy = normal(batch, time, c), normal(batch, time, h, seed=1)
    their_x = x.clone().requires_grad_()
    y = theirs(F.pad(their_x.transpose(1, 2), ((k - 1) * d, 0))).transpose(1, 2)
    y.backward(dy)
    with torch.no_grad():
        found, backward = mine.vjp(x)
        dx = backward(dy)
    close(found, y)
    assert their_x.grad is not None
    close(dx, their_x.grad)
    assert mine.weight.grad is not None
    assert theirs.weight.grad is not None
    close(mine.weight.grad.view(h, k, c).transpose(1, 2), theirs.weight.grad)
    if mine.bias is not None and theirs.bias is not None:
        assert mine.bias.grad is not None
        assert theirs.bias.grad is not None
        close(mine.bias.grad, theirs.bias.grad)
    hand_equals_autograd(mine, x)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_causal_conv_is_a_linear_layer_of_joined_neighbours_slid(n: int) -> None:
    conv = CausalConv1d(4, 5, n).double()
    flat = Linear(4 * n, 5).double()
    flat.load_state_dict(conv.state_dict())
    x = normal(2, 6 * n, 4)
    close(conv(x)[:, n - 1 :: n], flat(FlattenConsecutive(n)(x)))


def stack(dropout: float = 0.0, dilations: tuple[int, ...] = (1, 2, 4, 1)) -> GatedStack:
    made = GatedStack(3, 4, 5, 2, dilations, dropout=dropout)
    return made.double()


@pytest.mark.parametrize(
    "layer", [CausalConv1d(3, 4, 3, 2), stack(), stack(dilations=(2,)), stack(0.4)]
)
def test_by_hand_equals_autograd(layer: Layer) -> None:
    hand_equals_autograd(layer, normal(2, 9, 3))


@pytest.mark.parametrize("layer", [CausalConv1d(3, 2, 2, 3), stack(dilations=(1, 2))])
def test_by_hand_equals_finite_differences(layer: Layer) -> None:
    layer.double().zero_grad()
    x = normal(2, 5, 3)
    dy = normal(*layer(x).shape, seed=1)
    with torch.no_grad():
        dx = layer.vjp(x)[1](dy)
        watched = [(x, dx), *((p.data, p.grad) for p in layer.parameters())]
        for values, gradient in watched:
            assert gradient is not None
            close(gradient, finite_difference(lambda: float((layer(x) * dy).sum()), values), 1e-6)


def test_a_gated_stack_is_what_the_paper_writes() -> None:
    made, x = stack(), normal(2, 9, 3)
    total = torch.zeros(2, 5, 9, dtype=torch.float64)
    h = x.transpose(1, 2)
    for block in made.chain:
        conv, out = block.conv, block.out
        weight = conv.weight.view(8, 2, 3).transpose(1, 2)
        a = F.conv1d(F.pad(h, (conv.dilation, 0)), weight, conv.bias, dilation=conv.dilation)
        z = torch.tanh(a[:, :4]) * torch.sigmoid(a[:, 4:])
        both = F.conv1d(z, out.weight.unsqueeze(2), out.bias)
        total = total + both[:, -5:]
        h = h + both[:, :-5] if both.shape[1] > 5 else h
    close(made(x), total.transpose(1, 2))


@pytest.mark.parametrize("layer", [CausalConv1d(3, 4, 3, 2), CausalConv1d(3, 4, 1), stack()])
def test_one_position_at_a_time_is_the_whole(layer: Layer) -> None:
    layer.double()
    x, state = normal(3, 9, 3), None
    whole = layer(x)
    for t in range(9):
        y, begun = layer.begin(x[:, : t + 1])
        close(y, whole[:, : t + 1])
        for later in range(t + 1, 9):
            y, begun = layer.advance(x[:, later], begun)
            close(y, whole[:, later])
        if t == 4:  # the rows go on in another order
            chosen = torch.tensor([2, 0])
            state, x, whole = layer.pick(state, chosen), x[chosen], whole[chosen]
        y, state = layer.advance(x[:, t], state)
        close(y, whole[:, t])


# --- the two forms of the tree -----------------------------------------------------------------


def world(mode: str) -> tuple[CharTokenizer, Stream]:
    if mode == "lines":
        tokenizer = CharTokenizer.fit(LINES, boundary=True)
        return tokenizer, encode_lines(LINES, tokenizer)
    tokenizer = CharTokenizer.fit([TEXT], boundary=False)
    return tokenizer, encode_text(TEXT[60:], tokenizer, TEXT[:60])


def both_forms(vocabulary: Vocabulary, **changes: Any) -> tuple[WaveNet, WaveNet]:
    """The tree as a convolution and on windows, with the same random numbers, in float64."""
    made = {"n_embd": 4, "n_hidden": 6, **changes}
    generator = torch.Generator().manual_seed(0)
    conv = WaveNet(WaveNetSettings(**made, row_size=12), vocabulary, generator)
    for p in (*conv.parameters(), *conv.buffers()):
        if p.is_floating_point():
            p.data.add_(torch.rand(p.shape, generator=generator))
    tree = WaveNet(WaveNetSettings(**made, form="tree"), vocabulary)
    tree.load_arrays(conv.arrays())
    return conv.double().eval(), tree.double()


def windows(model: WaveNet, inputs: Any, wanted: Any) -> Any:
    """The contexts of the wanted positions of rows."""
    before = np.full((len(inputs), model.block_size - 1), model.vocabulary.start)
    padded = np.concatenate([before, inputs], 1)
    slid = np.lib.stride_tricks.sliding_window_view(padded, model.block_size, axis=1)
    return slid[wanted].copy()


forms = pytest.mark.parametrize(
    "changes",
    [
        {},
        {"norm": "layer", "fan": 3, "block_size": 9},
        {"norm": "none", "block_size": 2, "activation": "relu"},
        {"norm": "none", "fan": 4, "block_size": 4},
    ],
)
modes = pytest.mark.parametrize("mode", ["lines", "text"])


@forms
@modes
def test_both_forms_agree_at_every_position(changes: dict[str, Any], mode: str) -> None:
    tokenizer, stream = world(mode)
    conv, tree = both_forms(tokenizer.vocabulary, **changes)
    batch = next(
        make_batches(stream, "sequence", block_size=12, batch_size=5, seed=0, lead=conv.lead)
    )
    everywhere = np.ones(batch.inputs.shape, dtype=bool)
    contexts = torch.from_numpy(windows(tree, batch.inputs, everywhere))
    close(conv(torch.from_numpy(batch.inputs)).flatten(0, 1), tree(contexts))


@forms
@modes
def test_both_forms_have_the_same_loss_and_gradients(changes: dict[str, Any], mode: str) -> None:
    tokenizer, stream = world(mode)
    conv, tree = both_forms(tokenizer.vocabulary, **changes)
    batch = next(
        make_batches(stream, "sequence", block_size=12, batch_size=5, seed=0, lead=conv.lead)
    )
    wanted = batch.targets >= 0
    assert not wanted.all()  # there is padding, or a lead
    theirs = Batch(windows(tree, batch.inputs, wanted), batch.targets[wanted])
    losses = []
    with torch.no_grad():
        for model, own in ((conv, batch), (tree, theirs)):
            loss, backward = model.loss_vjp(own)
            backward()
            losses.append(loss)
    close(losses[0], losses[1])
    for (name, p), q in zip(conv.named_parameters(), tree.parameters(), strict=True):
        assert p.grad is not None, name
        assert q.grad is not None, name
        close(p.grad, q.grad, 1e-9)
    found = conv.token_losses(batch.inputs, batch.targets)
    np.testing.assert_allclose(
        found[wanted], tree.token_losses(theirs.inputs, theirs.targets), rtol=1e-10
    )
    assert (found[~wanted] == 0).all()


@forms
@modes
def test_both_forms_measure_the_same(changes: dict[str, Any], mode: str) -> None:
    # Examples and texts are longer than a row, which must then be read with its real context.
    tokenizer, stream = world(mode)
    conv, tree = both_forms(tokenizer.vocabulary, **changes)
    ours, theirs = (measure(model, stream, tokenizer) for model in (conv, tree))
    assert ours.tokens == theirs.tokens == len(stream)
    assert ours.total == pytest.approx(theirs.total, rel=1e-12)


@modes
def test_both_forms_step_alike(mode: str) -> None:
    tokenizer, _ = world(mode)
    conv, tree = both_forms(tokenizer.vocabulary)
    ids = tokenizer.encode("olivia" if mode == "lines" else TEXT[:20])
    whole = conv(torch.from_numpy(ids[None]))[0].detach().numpy()
    mine: Any = None
    theirs: Any = None
    for at, token in enumerate(ids):
        other = (token + 1) % tokenizer.vocab_size
        found, mine = conv.step(np.array([other, token]) if at < 3 else np.array([token]), mine)
        if at == 2:
            mine = conv.select(mine, np.array([1]))
        np.testing.assert_allclose(found[-1], whole[at], rtol=1e-10)
        again, theirs = tree.step(np.array([token]), theirs)
        np.testing.assert_allclose(again[0], whole[at], rtol=1e-10)


def test_padding_counts_in_no_statistics() -> None:
    tokenizer, stream = world("lines")
    batch = next(make_batches(stream, "sequence", block_size=12, batch_size=6, seed=0, lead=7))
    wider = Batch(
        np.pad(batch.inputs, ((0, 1), (0, 5)), constant_values=3),
        np.pad(batch.targets, ((0, 1), (0, 5)), constant_values=IGNORED),
    )
    kept = []
    for own in (batch, wider):
        model, _ = both_forms(tokenizer.vocabulary)
        model.train()
        loss, backward = model.loss_vjp(own)
        backward()
        kept.append([loss, *model.buffers(), *(p.grad for p in model.parameters())])
    for one, other in zip(*kept, strict=True):
        assert isinstance(one, Tensor)
        assert isinstance(other, Tensor)
        close(one, other)


def test_with_its_real_context_no_tree_reaches_before_a_row() -> None:
    wanted = np.zeros((2, 12), dtype=bool)
    wanted[0, 7:11] = True
    wanted[1, 9:] = True
    trees = PackedTrees(wanted, 2, 3)
    np.testing.assert_array_equal(trees.predictions, np.flatnonzero(wanted))
    for children, extra in zip(trees.children, (1, 1, 0), strict=True):
        assert (children[:extra] == 0).all()
        assert (children[extra:] > 0).all()
    # Of the first row, with four predictions: 11 ids, 10 pairs, 8 fours, 4 trees.
    assert [len(children) for children in trees.children] == [1 + 10 + 9, 1 + 8 + 7, 4 + 3]
    assert len(trees.places) == 11 + 10


def test_packed_trees_by_hand() -> None:
    # ". a b" and ". c", the lecture's fan over four ids: number 0 is before every row.
    trees = PackedTrees(np.array([[True, True, True], [True, True, False]]), 2, 2)
    assert trees.places.tolist() == [0, 1, 2, 3, 4]
    assert trees.children[0].tolist() == [[0, 0], [0, 1], [1, 2], [2, 3], [0, 4], [4, 5]]
    assert trees.children[1].tolist() == [[0, 1], [0, 2], [1, 3], [0, 4], [0, 5]]
    assert trees.predictions.tolist() == [0, 1, 2, 3, 4]


# --- the family --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["tree", "convolution"])
@pytest.mark.parametrize(
    ("n_embd", "n_hidden", "parameters"), [(24, 128, 76_579), (10, 68, 22_397)]
)
def test_the_lectures_nets(form: str, n_embd: int, n_hidden: int, parameters: int) -> None:
    made = WaveNetSettings.from_dict({"form": form, "n_embd": n_embd, "n_hidden": n_hidden})
    model = WaveNet(made, LETTERS)
    assert model.n_parameters == parameters
    assert [type(layer).__name__ for layer in model.net.chain] == [
        "Embedding",
        *["FlattenConsecutive", "Linear", "BatchNorm1d", "Tanh"] * 3,
        "Linear",
    ]


def test_the_gated_nets_size() -> None:
    model = WaveNet(WaveNetSettings(kind="gated", n_embd=6, n_hidden=8, n_skip=10), LETTERS)
    conv, out, last = 16 * 12 + 16, (6 + 10) * 8 + 16, 10 * 8 + 10
    head = 10 * 10 + 10 + 27 * 10 + 27
    assert model.n_parameters == 27 * 6 + 3 * conv + 2 * out + last + head


@pytest.mark.parametrize(
    ("changes", "context"),
    [
        ({}, 8),
        ({"n_cycles": 2}, 15),
        ({"fan": 3, "block_size": 9, "n_cycles": 2}, 17),
        ({"kind": "tree", "block_size": 4}, 4),
    ],
)
def test_a_prediction_sees_its_context_and_no_more(changes: dict[str, Any], context: int) -> None:
    settings = WaveNetSettings(**{"kind": "gated", "n_embd": 6, "n_hidden": 8, **changes})
    model = WaveNet(settings, LETTERS, torch.Generator().manual_seed(0)).double().eval()
    assert model.context == context == model.lead + 1
    ids = torch.arange(1, 21)[None]
    last = model(ids)[0, -1]
    for back, seen in ((context - 1, True), (context, False)):
        changed = ids.clone()
        changed[0, 19 - back] = 26
        assert torch.equal(model(changed)[0, -1], last) != seen


@modes
def test_a_gated_net_steps_through_a_text_as_it_is_measured(mode: str) -> None:
    tokenizer, _ = world(mode)
    made = WaveNetSettings(
        kind="gated", n_embd=6, n_hidden=8, n_skip=5, n_cycles=2, row_size=16, output_gain=1.0
    )
    model = WaveNet(made, tokenizer.vocabulary, torch.Generator().manual_seed(0)).double()
    long = "isabellaolivia" * 4 if mode == "lines" else TEXT[:70]
    lines = mode == "lines"
    stream = encode_lines((long,), tokenizer) if lines else encode_text(long, tokenizer)
    loss = measure(model, stream, tokenizer)
    assert score(model, tokenizer, long).total == pytest.approx(loss.total)


@pytest.mark.parametrize(
    "changes",
    [
        {"block_size": 6},
        {"block_size": 8, "fan": 3},
        {"row_size": 7},
        {"kind": "gated", "n_cycles": 3, "row_size": 21},
        {"kind": "gated", "form": "tree"},
        {"kind": "gated", "norm": "none"},
        {"kind": "gated", "activation": "relu"},
        {"kind": "gated", "norm_momentum": 0.01},
        {"norm": "layer", "norm_momentum": 0.01},
        {"norm_by_position": True},  # rows have no places
        {"form": "tree", "norm": "layer", "norm_by_position": True},
        {"n_cycles": 2},
        {"n_skip": 8},
        {"form": "tree", "row_size": 64},
    ],
)
def test_settings_without_effect_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        WaveNetSettings(**changes)
