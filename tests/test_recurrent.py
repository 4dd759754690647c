"""Recurrent layers against torch's own, and recurrent nets that carry their states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.compute import products
from hornbook.compute.products import find_onednn
from hornbook.errors import SettingsError
from hornbook.nn import (
    GRU,
    LSTM,
    RNN,
    AddedRNN,
    Bidirectional,
    ConcatenatedRNN,
    LastPosition,
    Layer,
    Recurrent,
    RecurrentStack,
    Sequential,
    recurrent,
)
from hornbook.text.batch import Batch
from hornbook.text.batches import ParallelBatches, make_batches
from hornbook.text.models.recurrent import (
    GRUModel,
    LSTMModel,
    RecurrentNetwork,
    RecurrentSettings,
    RNNModel,
    RNNSettings,
)
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Vocabulary
from tests.referee import close, finite_difference, hand_equals_autograd, normal

Make = Callable[[int, int], Recurrent]

KINDS: dict[str, tuple[Make, Any, dict[str, Any]]] = {
    "rnn": (RNN, torch.nn.RNN, {}),
    "rnn relu": (
        lambda c, h: RNN(c, h, nonlinearity="relu"), torch.nn.RNN, {"nonlinearity": "relu"}
    ),
    "gru": (GRU, torch.nn.GRU, {}),
    "lstm": (LSTM, torch.nn.LSTM, {}),
}  # fmt: skip
CELLS: dict[str, Make] = {
    **{name: make for name, (make, _, _) in KINDS.items()},
    "added": AddedRNN,
    "concatenated": ConcatenatedRNN,
}

kinds = pytest.mark.parametrize("kind", KINDS)
cells = pytest.mark.parametrize("cell", CELLS)
sizes = st.integers(1, 5)


def state_of_torch(state: Tensor, widths: list[int], parts: int) -> Any:
    """Our state (B, S), layer by layer h and c, as torch's (L, B, H), or the pair of them."""
    layers = [own.chunk(parts, 1) for own in torch.split(state, widths, 1)]
    h, *c = [torch.stack(each) for each in zip(*layers, strict=True)]
    return (h, c[0]) if c else h


def state_of_ours(state: Any) -> Tensor:
    """The other way round."""
    given = state if isinstance(state, tuple) else (state,)
    return torch.cat([torch.cat(list(layer), 1) for layer in zip(*given, strict=True)], 1)


def torchs_names(layer: Layer) -> dict[str, torch.nn.Parameter]:
    """The parameters of a stack, or of layers that read both ways, under torch's names."""
    named = {}
    for name, p in layer.named_parameters():
        # layers.0.weight_ih, or layers.0.homeward.weight_ih
        _, number, *way, own = name.split(".")
        named[f"{own}_l{number}{'_reverse' if way == ['homeward'] else ''}"] = p
    return named


@kinds
@given(sizes, sizes, sizes, sizes, st.integers(0, 99))
@settings(max_examples=10)
def test_two_layers_are_torchs(kind: str, b: int, t: int, c: int, h: int, seed: int) -> None:
    make, theirs_class, extra = KINDS[kind]
    mine = RecurrentStack(make(c, h), make(h, h)).double()
    theirs = theirs_class(c, h, num_layers=2, batch_first=True, **extra).double()
    theirs.load_state_dict(torchs_names(mine))
    parts = mine.sizes[0] // h

    x, state = normal(b, t, c, seed=seed), normal(b, mine.state_size, seed=seed + 1)
    dy, dlast = normal(b, t, h, seed=seed + 2), normal(b, mine.state_size, seed=seed + 3)
    their_x, their_state = x.clone().requires_grad_(), state.clone().requires_grad_()
    y, last = theirs(their_x, state_of_torch(their_state, mine.sizes, parts))
    torch.autograd.backward([y, state_of_ours(last)], [dy, dlast])

    with torch.no_grad():
        my_y, my_last, backward = mine.vjp_from(x, state)
        dx, dstate = backward(dy, dlast)
    close(my_y, y, 1e-9)
    close(my_last, state_of_ours(last), 1e-9)
    assert their_x.grad is not None
    assert their_state.grad is not None
    assert dstate is not None
    close(dx, their_x.grad, 1e-9)
    close(dstate, their_state.grad, 1e-9)
    for name, p in torchs_names(mine).items():
        assert p.grad is not None
        close(p.grad, getattr(theirs, name).grad, 1e-9)


@kinds
def test_both_ways_are_torchs(kind: str) -> None:
    make, theirs_class, extra = KINDS[kind]
    b, t, c, h = 3, 5, 2, 4
    mine = Sequential(
        Bidirectional(make(c, h), make(c, h)), Bidirectional(make(2 * h, h), make(2 * h, h))
    ).double()
    theirs = theirs_class(
        c, h, num_layers=2, bidirectional=True, batch_first=True, **extra
    ).double()  # fmt: skip
    theirs.load_state_dict(torchs_names(mine))
    x, dy = normal(b, t, c), normal(b, t, 2 * h, seed=1)
    their_x = x.clone().requires_grad_()
    y, last = theirs(their_x)
    y.backward(dy)
    with torch.no_grad():
        my_y, backward = mine.vjp(x)
        dx = backward(dy)
    close(my_y, y, 1e-9)
    h_n = last[0] if isinstance(last, tuple) else last
    close(my_y[:, -1, :h], h_n[2], 1e-9)
    close(my_y[:, 0, h:], h_n[3], 1e-9)
    assert their_x.grad is not None
    close(dx, their_x.grad, 1e-9)
    for name, p in torchs_names(mine).items():
        assert p.grad is not None
        close(p.grad, getattr(theirs, name).grad, 1e-9)
    hand_equals_autograd(mine, x, 1e-9)


@cells
@given(sizes, sizes, sizes, sizes, st.integers(0, 99))
@settings(max_examples=10)
def test_by_hand_equals_autograd(cell: str, b: int, t: int, c: int, h: int, seed: int) -> None:
    layer = CELLS[cell](c, h).double()
    x = normal(b, t, c, seed=seed)
    hand_equals_autograd(layer, x, 1e-9)
    hand_equals_autograd(Sequential(layer, LastPosition()), x, 1e-9)


@cells
def test_from_a_state_by_hand_equals_autograd(cell: str) -> None:
    """Outputs, last states, and the gradients of both, of the input and of the first state."""
    b, t, c, h = 3, 4, 2, 5
    stack = RecurrentStack(CELLS[cell](c, h), CELLS[cell](h, h)).double()
    x, state = normal(b, t, c).requires_grad_(), normal(b, stack.state_size).requires_grad_()
    dy, dlast = normal(b, t, h, seed=2), normal(b, stack.state_size, seed=3)
    y, last, lazy = stack.vjp_from(x, state)
    torch.autograd.backward([y, last], [dy, dlast])
    theirs = {name: p.grad for name, p in stack.named_parameters()}
    for backward_of in ("no_grad", "grad"):
        stack.zero_grad()
        backward = lazy
        if backward_of == "no_grad":
            with torch.no_grad():
                mine, my_last, backward = stack.vjp_from(x, state)
            close(mine, y, 1e-9)
            close(my_last, last, 1e-9)
        with torch.no_grad():
            dx, dstate = backward(dy, dlast)
        assert dstate is not None
        assert x.grad is not None
        assert state.grad is not None
        close(dx, x.grad, 1e-9)
        close(dstate, state.grad, 1e-9)
        for name, p in stack.named_parameters():
            expected = theirs[name]
            assert p.grad is not None
            assert expected is not None
            close(p.grad, expected, 1e-9)


@cells
def test_against_finite_differences(cell: str) -> None:
    layer = CELLS[cell](2, 3).double()
    x, state, dy = normal(2, 4, 2), normal(2, layer.state_size), normal(2, 4, 3, seed=1)
    with torch.no_grad():
        _, _, backward = layer.vjp_from(x, state)
        dx, dstate = backward(dy)
        assert dstate is not None

        def loss() -> float:
            return float((layer.vjp_from(x, state)[0] * dy).sum())

        close(dx, finite_difference(loss, x), 1e-6)
        close(dstate, finite_difference(loss, state), 1e-6)
        for p in layer.parameters():
            assert p.grad is not None
            close(p.grad, finite_difference(loss, p.data), 1e-6)


@cells
def test_a_row_in_two_halves_is_the_row(cell: str) -> None:
    """The state at the cut carries all there is to know, and its gradient all there is to learn."""
    stack = RecurrentStack(CELLS[cell](2, 3), CELLS[cell](3, 3)).double()
    x, dy = normal(3, 7, 2), normal(3, 7, 3, seed=1)
    with torch.no_grad():
        y, last, backward = stack.vjp_from(x)
        dx, nothing = backward(dy)
        assert nothing is None  # it began from zeros
        whole = [p.grad.clone() for p in stack.parameters() if p.grad is not None]
        stack.zero_grad()
        first, cut, first_backward = stack.vjp_from(x[:, :3])
        second, end, second_backward = stack.vjp_from(x[:, 3:], cut)
        dsecond, dcut = second_backward(dy[:, 3:])
        dfirst, _ = first_backward(dy[:, :3], dcut)
    close(torch.cat([first, second], 1), y)
    close(end, last)
    close(torch.cat([dfirst, dsecond], 1), dx, 1e-9)
    for p, grad in zip(stack.parameters(), whole, strict=True):
        assert p.grad is not None
        close(p.grad, grad, 1e-9)


@cells
def test_position_by_position_is_the_row(cell: str) -> None:
    stack = RecurrentStack(CELLS[cell](2, 3), CELLS[cell](3, 4), dropout=0.5).double().eval()
    x = normal(5, 6, 2)
    with torch.no_grad():
        y, last, _ = stack.vjp_from(x)
        state = None
        for t in range(6):
            h, state = stack.advance(x[:, t], state)
            close(h, y[:, t], 1e-9)
        assert state is not None
        close(state, last, 1e-9)
        began, begun = stack.begin(x[:, :4])
        close(began, y[:, :4], 1e-9)
        for t in (4, 5):
            h, begun = stack.advance(x[:, t], begun)
            close(h, y[:, t], 1e-9)
        picked = stack.pick(state, torch.tensor([4, 0, 4]))
        close(
            stack.advance(x[[4, 0, 4], 0], picked)[0], stack.advance(x[:, 0], state)[0][[4, 0, 4]]
        )


def test_dropout_lies_between_the_layers_only() -> None:
    x = normal(4, 6, 2)
    single = RecurrentStack(GRU(2, 3), dropout=0.9).double()
    assert torch.equal(single(x), single.eval()(x))
    double = RecurrentStack(GRU(2, 3), GRU(3, 3), dropout=0.5)
    hand_equals_autograd(double, x, 1e-9)
    assert not torch.equal(double(x), double(x))
    double.eval()
    assert torch.equal(double(x), double(x))


@cells
def test_large_steps_take_the_other_library_and_agree(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past ONEDNN_FROM multiplications the loop's product is another function (float32)."""
    for module in (products, recurrent):  # also where it is not the faster, and so not used
        monkeypatch.setattr(module, "ONEDNN", find_onednn())
    torch.manual_seed(3)
    layer = CELLS[cell](64, 128)
    x, dy = torch.randn(70, 3, 64), torch.randn(70, 3, 128)
    with torch.no_grad():
        y, last, backward = layer.vjp_from(x, torch.zeros(70, layer.state_size))
        dx, dstate = backward(dy)
    found = [y, last, dx, dstate, *(p.grad for p in layer.parameters())]
    layer.zero_grad()
    layer.double()
    with torch.no_grad():
        y, last, backward = layer.vjp_from(x.double(), torch.zeros(70, layer.state_size).double())
        dx, dstate = backward(dy.double())
    for mine, exact in zip(
        found, [y, last, dx, dstate, *(p.grad for p in layer.parameters())], strict=True
    ):
        assert mine is not None
        assert exact is not None
        close(mine.double(), exact, 1e-5)


@cells
@pytest.mark.parametrize("watched", [False, True])
def test_under_autocast_states_stay_float32(cell: str, watched: bool) -> None:
    torch.manual_seed(3)
    layer = CELLS[cell](8, 16)
    x, dy = torch.randn(3, 5, 8), torch.randn(3, 5, 16)
    with torch.no_grad():
        exact, _, backward = layer.vjp_from(x)
        backward(dy)
    grads = [p.grad.clone() for p in layer.parameters() if p.grad is not None]
    layer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16), torch.set_grad_enabled(watched):
        y, last, backward = layer.vjp_from(x)
        if watched:
            y.backward(dy)  # type: ignore[no-untyped-call]
        else:
            dx, _ = backward(dy)
            assert dx.dtype is torch.float32
        assert layer.advance(x[:, 0])[1].dtype is torch.float32
    assert y.dtype is last.dtype is torch.float32
    close(y, exact, 0.03)
    for p, grad in zip(layer.parameters(), grads, strict=True):
        assert p.grad is not None
        # A ReLU may open on one side of rounding and not on the other: the direction must agree.
        assert torch.cosine_similarity(p.grad.flatten(), grad.flatten(), 0) > 0.98


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_from_the_identity_a_state_keeps_what_it_knows(nonlinearity: Any) -> None:
    layer = RNN(2, 5, nonlinearity=nonlinearity, identity=1.0)
    assert torch.equal(layer.weight_hh.detach(), torch.eye(5))
    assert not layer.bias_ih.any()
    assert not layer.bias_hh.any()
    layer = RNN(2, 5, nonlinearity="relu", identity=0.5)
    state = torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0]])
    with torch.no_grad():
        _, last, _ = layer.vjp_from(torch.zeros(1, 3, 2), state)
    close(last, state / 8)


class CharLoop(torch.nn.Module):
    """The lesson's CharLoopModel and CharLoopConcatModel, word for word but for e and l_out."""

    def __init__(self, c: int, h: int, concatenated: bool) -> None:
        super().__init__()
        self.l_in = torch.nn.Linear(c + h if concatenated else c, h)
        self.l_hidden = torch.nn.Linear(h, h)
        self.concatenated = concatenated

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], self.l_hidden.in_features)
        hs = []
        for c in x.unbind(1):
            if self.concatenated:
                inp = torch.relu(self.l_in(torch.cat((h, c), 1)))
                h = torch.tanh(self.l_hidden(inp))
            else:
                inp = torch.relu(self.l_in(c))
                h = torch.tanh(self.l_hidden(h + inp))
            hs.append(h)
        return torch.stack(hs, 1)


@pytest.mark.parametrize("concatenated", [False, True])
def test_the_lessons_loops(concatenated: bool) -> None:
    mine = (ConcatenatedRNN(3, 5) if concatenated else AddedRNN(3, 5)).double()
    theirs = CharLoop(3, 5, concatenated).double()
    pairs = {
        "weight_in": "l_in.weight", "bias_in": "l_in.bias", "weight_ih": "l_in.weight",
        "bias_ih": "l_in.bias", "weight_hh": "l_hidden.weight", "bias_hh": "l_hidden.bias",
    }  # fmt: skip
    theirs.load_state_dict({pairs[name]: p for name, p in mine.state_dict().items()})
    x, dy = normal(4, 6, 3), normal(4, 6, 5, seed=1)
    their_x = x.clone().requires_grad_()
    y = theirs(their_x)
    y.backward(dy)
    with torch.no_grad():
        my_y, backward = mine.vjp(x)
        dx = backward(dy)
    close(my_y, y, 1e-9)
    assert their_x.grad is not None
    close(dx, their_x.grad, 1e-9)
    their_grads = {name: p.grad for name, p in theirs.named_parameters()}
    for name, p in mine.named_parameters():
        grad = their_grads[pairs[name]]
        assert p.grad is not None
        assert grad is not None
        close(p.grad, grad, 1e-9)


# --- nets -------------------------------------------------------------------------------------

LETTERS = Vocabulary(7, boundary=None, start=0)
NETS = {"rnn": RNNModel, "gru": GRUModel, "lstm": LSTMModel}
nets = pytest.mark.parametrize("net", NETS)


def build(net: str, **changes: Any) -> RecurrentNetwork:
    kind: Any = NETS[net]
    changes = {"dropout": 0.0, "embedding_dropout": 0.0, **changes}
    made = kind.Settings(n_embd=3, n_hidden=4, n_layer=2, block_size=5, **changes)
    model: RecurrentNetwork = kind(made, LETTERS, torch.Generator().manual_seed(1))
    return model


def text(length: int = 203) -> Stream:
    ids = np.random.default_rng(0).integers(0, 7, length)
    return Stream(ids.astype(np.uint8), 1, boundary=None, start=0)


@nets
@pytest.mark.parametrize("by_hand", [True, False])
def test_batches_that_follow_are_one_long_row(net: str, by_hand: bool) -> None:
    model = build(net).double()
    batches = ParallelBatches(text(), 5, 4, seed=2)
    one, two = batches.batch(0), batches.batch(1)
    assert (one.follows, two.follows) == (False, True)
    both = Batch(
        np.concatenate([one.inputs, two.inputs], 1), np.concatenate([one.targets, two.targets], 1)
    )
    with torch.set_grad_enabled(not by_hand):
        losses = [model.loss_vjp(batch)[0].detach() for batch in (one, two)]
        kept = model.carried()["state"].clone()
        whole = model.loss_vjp(both)[0]
        close(sum(losses, torch.zeros(())) / 2, whole)
        close(model.carried()["state"], kept)
        # A batch that does not follow begins from zeros, whatever was kept.
        close(model.loss_vjp(one)[0], losses[0])


@nets
def test_the_gradient_ends_where_the_batch_begins(net: str) -> None:
    model = build(net).double()
    batches = ParallelBatches(text(), 5, 4, seed=2)
    with torch.no_grad():
        model.loss_vjp(batches.batch(0))
    start = model.carried()
    assert not start["state"].requires_grad
    found = []
    for by_hand in (True, False):
        model.zero_grad()
        model.carry(start)
        if by_hand:
            with torch.inference_mode():
                _, backward = model.loss_vjp(batches.batch(1))
                backward()
        else:
            model.loss(batches.batch(1)).backward()  # type: ignore[no-untyped-call]
        found.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    for mine, theirs in zip(*found, strict=True):
        close(mine, theirs, 1e-9)


@nets
def test_what_training_carries_is_kept_and_measuring_does_not_touch_it(net: str) -> None:
    model, other = build(net), build(net)
    batches = ParallelBatches(text(), 5, 4, seed=2)
    assert model.carried() == {}
    with torch.inference_mode():
        model.loss_vjp(batches.batch(0))
        kept = {name: t.clone() for name, t in model.carried().items()}
        batch = batches.batch(3)
        inputs, targets = batch.inputs, batch.targets
        before = model.token_losses(inputs, targets)
        model.step(inputs[:, 0], None)
        assert torch.equal(model.carried()["state"], kept["state"])
        other.carry(kept)
        assert model.loss(batches.batch(1)) == other.loss(batches.batch(1))
        np.testing.assert_array_equal(model.token_losses(inputs, targets), before)
        other.carry({})
        assert other.carried() == {}
        alone = Batch(batches.batch(1).inputs, batches.batch(1).targets)
        assert other.loss(alone) == other.loss(alone)


def test_a_window_predicts_what_the_end_of_its_row_predicts() -> None:
    every, last = build("gru"), build("gru", predict="last")
    contexts, _ = text().windows(np.arange(20, 40), 5)
    rows = every(torch.from_numpy(contexts)).detach().numpy()[:, -1]
    np.testing.assert_allclose(last.next_logits(contexts), rows, atol=1e-6)
    assert last.next_logits(contexts[:0]).shape == (0, 7)
    logits, state = last.step(np.array([1, 2, 3]), None)
    some, _ = last.step(np.array([5, 6]), last.select(state, np.array([2, 0])))
    np.testing.assert_allclose(
        some, last.next_logits(np.array([[0, 0, 0, 3, 5], [0, 0, 0, 1, 6]])), atol=1e-6
    )
    assert logits.shape == (3, 7)
    assert (every.carries, last.carries) == (True, False)
    assert (every.context, last.context) == (None, 5)
    with torch.no_grad():
        last.loss_vjp(Batch(contexts, contexts[:, 0]))
    assert last.carried() == {}


def test_the_lessons_nets_are_settings_of_the_rnn() -> None:
    """Numbers of the lesson's classes at its sizes: 86 characters, n_fac 42, n_hidden 256."""
    v, c, h = 86, 42, 256
    around = v * c + h * v + v
    for join, inside in (
        ("added", c * h + h + h * h + h),
        ("concatenated", (c + h) * h + h + h * h + h),
        ("projected", c * h + h + h * h + h),
    ):
        made = RNNSettings(
            dropout=0.0, embedding_dropout=0.0,
            n_embd=c, n_hidden=h, block_size=8, predict="last",
            join=join,  # type: ignore[arg-type]
        )  # fmt: skip
        model = RNNModel(made, Vocabulary(v, boundary=None, start=0))
        assert model.n_parameters == around + inside


def test_many_windows_are_measured_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build("gru", predict="last")
    contexts, targets = text().windows(np.arange(20, 43), 5)
    losses, logits = model.token_losses(contexts, targets), model.next_logits(contexts)
    monkeypatch.setattr("hornbook.text.models.recurrent.AT_ONCE", 20)
    np.testing.assert_allclose(model.token_losses(contexts, targets), losses, rtol=1e-5)
    np.testing.assert_allclose(model.next_logits(contexts), logits, atol=1e-6)


def test_parallel_streams_are_refused_for_windows() -> None:
    model = build("rnn", predict="last")
    with pytest.raises(SettingsError, match="Parallel streams"):
        make_batches(text(), model.reads, block_size=5, batch_size=4, seed=0, parallel=True)


def test_settings_without_effect_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"join": "added", "nonlinearity": "relu"},
        {"join": "concatenated", "identity": 1.0},
        {"n_layer": 0},
        {"identity": -1.0},
    ]
    for changes in wrong:
        with pytest.raises(SettingsError):
            RNNSettings(**changes)
    with pytest.raises(SettingsError):
        RecurrentSettings(predict="first")  # type: ignore[arg-type]


@pytest.mark.parametrize("join", ["projected", "added", "concatenated"])
def test_weight_decay_pulls_on_matrices_but_the_embedding(join: str) -> None:
    model = build("rnn", join=join)
    decayed = {
        f"{path}.{name}"
        for path, part in model.named_modules()
        for name in getattr(part, "decayed", ())
    }
    matrices = {name for name, p in model.named_parameters() if p.dim() == 2}
    assert decayed == matrices - {"net.layers.0.weight"}
