"""What is frozen costs nothing: no layer computes the gradient of a parameter that wants none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import hornbook.nn
import hornbook.ratings.models.histories
from hornbook.lessons.gradcheck import nets, small, task_of
from hornbook.nn import (
    GRU,
    LSTM,
    RNN,
    AddedRNN,
    AdditiveAttention,
    AttentionGRU,
    AttentionPool,
    Backward,
    Bag,
    BatchEnsemble,
    BatchNorm1d,
    CausalConv1d,
    ConcatenatedRNN,
    ConditionedEmbedding,
    Dropout,
    Embedding,
    Fork,
    HeadLinear,
    Layer,
    LayerNorm,
    LearnedPositions,
    Linear,
    LoRALinear,
    Periodic,
    PiecewiseLinear,
    RMSNorm,
    SelfAttention,
    Sequential,
)
from hornbook.nn.head_cross_entropy import head_cross_entropy_vjp
from hornbook.nn.observing import observing
from hornbook.training.parameters import FlatParameters
from tests.referee import normal


def ids(*shape: int) -> Tensor:
    return torch.randint(0, 5, shape, generator=torch.Generator().manual_seed(2))


class Asking(Layer):
    """Additive attention of positions that ask their own row."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = AdditiveAttention(3, 3, 4)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        y, backward = self.attention.vjp(x, x)
        return y, lambda dy: torch.add(*backward(dy))


class Writing(Layer):
    """A recurrent decoder that asks the row that it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = AttentionGRU(3, 3, 4, 2)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        told, backward = self.decoder.vjp(x, x, x.new_ones(len(x), 4))

        def back(dy: Tensor) -> Tensor:
            dx, dmemory, _ = backward(*torch.split(dy, [4, 3], 2))
            return dx + dmemory

        return torch.cat(told, 2), back


LAYERS: list[tuple[Callable[[], Layer], Tensor]] = [
    (lambda: Linear(3, 4), normal(5, 3)),
    (lambda: Linear(3, 4), normal(2, 5, 3)),
    (lambda: LoRALinear(3, 4, rank=2, alpha=1.0), normal(2, 5, 3)),
    (lambda: CausalConv1d(3, 4, 2), normal(2, 5, 3)),
    (lambda: Embedding(5, 3), ids(2, 4)),
    (lambda: Embedding(5, 3, sparse=True), ids(2, 4)),
    (lambda: ConditionedEmbedding(5, 3, (3, 2)), ids(2, 4) + 5 * ids(2, 4)),
    (lambda: Bag(5, 3), ids(2, 4)),
    (lambda: LearnedPositions(6, 3), normal(2, 5, 3)),
    (lambda: LayerNorm(3), normal(2, 5, 3)),
    (lambda: RMSNorm(3), normal(2, 5, 3)),
    (lambda: BatchNorm1d(3), normal(6, 3)),
    (lambda: RNN(3, 4), normal(2, 5, 3)),
    (lambda: AddedRNN(3, 4), normal(2, 5, 3)),
    (lambda: ConcatenatedRNN(3, 4), normal(2, 5, 3)),
    (lambda: GRU(3, 4), normal(2, 5, 3)),
    (lambda: LSTM(3, 4), normal(2, 5, 3)),
    (lambda: BatchEnsemble(2, 3, 4), normal(5, 3)),
    (lambda: BatchEnsemble(2, 3, 4), normal(5, 2, 3)),
    (lambda: Fork(2, 3), normal(5, 3)),
    (lambda: HeadLinear(2, 3, 4), normal(5, 2, 3)),
    (lambda: Periodic(3, 4, 2, 0.1), normal(5, 3)),
    (lambda: PiecewiseLinear(3, 4, 2), normal(5, 3)),
    (lambda: SelfAttention(6, 2, n_kv_head=1, bias=True), normal(2, 5, 6)),
    (lambda: AttentionPool(3), normal(2, 5, 3)),
    (Asking, normal(2, 5, 3)),
    (Writing, normal(2, 5, 3)),
]


def gradients(layer: Layer, x: Tensor, frozen: str | None) -> dict[str, Tensor | None]:
    """The gradients of a layer by hand, with that of x as '', where a parameter is frozen."""
    layer.zero_grad()
    for name, p in layer.named_parameters():
        p.requires_grad_(name != frozen)
    with torch.inference_mode():
        y, backward = layer.vjp(x)
        dx = backward(torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape))
    found = {name: p.grad for name, p in layer.named_parameters()}
    return {name: g.to_dense() if g is not None else None for name, g in {**found, "": dx}.items()}


@pytest.mark.parametrize(("make", "x"), LAYERS)
def test_a_frozen_parameter_gets_no_gradient_and_changes_no_other(
    make: Callable[[], Layer], x: Tensor
) -> None:
    torch.manual_seed(3)
    layer = make().double()
    whole = gradients(layer, x, None)
    for frozen in dict(layer.named_parameters()):
        found = gradients(layer, x, frozen)
        assert found.pop(frozen) is None
        for name, gradient in found.items():
            theirs = whole[name]
            assert gradient is not None
            assert theirs is not None
            assert torch.equal(gradient, theirs), (frozen, name)


def test_every_layer_that_adds_gradients_is_held() -> None:
    adding = {
        kind
        for kind in kinds_of(torch.nn.Module)
        if kind.__module__.startswith("hornbook.nn.") and "grad_of(" in inspect.getsource(kind)
    } - {Layer, hornbook.nn.recurrent.GatedCell}  # its cells are held
    held = {type(part) for make, _ in LAYERS for part in make().modules()}
    assert adding <= held, adding - held


def kinds_of(kind: type) -> Iterator[type]:
    """A class's subclasses, and theirs."""
    one: type
    for one in type.__subclasses__(kind):
        yield one
        yield from kinds_of(one)


def case(family: str) -> tuple[Any, Any]:
    """A small net of a family in float64, and a batch."""
    torch.manual_seed(0)
    start = torch.Generator().manual_seed(1)
    model, batch = task_of(family).gradient_case(family, small(family), start, 2)
    model.double().eval()  # no dropout: the same each time
    return model, batch


@pytest.mark.parametrize("family", nets())
def test_nor_does_a_whole_net(family: str) -> None:
    model, batch = case(family)

    def by_hand(frozen: set[str]) -> dict[str, Tensor | None]:
        for name, p in model.named_parameters():
            p.grad = None
            p.requires_grad_(name not in frozen)
        with torch.inference_mode():
            model.loss_vjp(batch)[1]()
        return {
            name: None if p.grad is None else p.grad.to_dense()
            for name, p in model.named_parameters()
        }

    whole, names = by_hand(set()), [name for name, _ in model.named_parameters()]
    # Every second one, the others, and all but the last: what comes first alone, and what is left.
    for frozen in (set(names[::2]), set(names[1::2]), set(names[:-1])):
        found = by_hand(frozen)
        for name, gradient in found.items():
            theirs = whole[name]
            if name in frozen:
                assert gradient is None, name
            elif gradient is not None or theirs is not None:
                assert gradient is not None
                assert theirs is not None
                assert torch.equal(gradient, theirs), name


@pytest.mark.parametrize("frozen", [(), ("weight",), ("bias",), ("weight", "bias")])
def test_nor_does_a_head_with_its_cross_entropy(frozen: tuple[str, ...]) -> None:
    head, x, targets = Linear(3, 7).double(), normal(9, 3), ids(9)

    def run() -> tuple[Tensor, Tensor]:
        head.zero_grad()
        with torch.inference_mode():
            loss, backward = head_cross_entropy_vjp(head, x, targets, at_once=4)
            return loss, backward()

    loss, dx = run()
    whole = {name: p.grad for name, p in head.named_parameters()}
    for name in frozen:
        head.get_parameter(name).requires_grad_(False)
    again = run()
    assert torch.equal(loss, again[0])
    assert torch.equal(dx, again[1])
    for name, p in head.named_parameters():
        assert (p.grad is None) == (name in frozen)
        assert p.grad is None or torch.equal(p.grad, whole[name])  # type: ignore[arg-type]


def test_training_freezes_for_a_backward_pass_and_no_longer() -> None:
    net = Sequential(Linear(2, 3), Linear(3, 1))
    net.layers[0].bias.requires_grad_(False)  # by whoever made it
    flat = FlatParameters(net, ("layers.0.*=0",))
    held = [p for name, p in net.named_parameters() if name.startswith("layers.0")]
    with flat.freezing():
        assert [p.requires_grad for p in held] == [False, False]
        assert all(p.requires_grad for p in net.layers[1].parameters())
    assert [p.requires_grad for p in held] == [True, False]


def test_layers_at_the_front_that_are_frozen_keep_nothing() -> None:
    torch.manual_seed(0)
    front = Sequential(Embedding(5, 3), Linear(3, 4), Dropout(0.5))
    net = Sequential(*front.layers, Linear(4, 2), Linear(2, 2)).double()
    x = ids(2, 4)

    def run() -> list[Tensor | None]:
        net.zero_grad()
        torch.manual_seed(1)
        with torch.inference_mode():
            y, backward = net.vjp(x)
            backward(torch.ones_like(y))
        return [p.grad for p in net.layers[3:].parameters()]

    whole = run()
    front.requires_grad_(False)
    kept: list[str] = []
    with observing(
        {str(place): layer for place, layer in enumerate(net.chain)},
        saw=lambda name, layer, x, y: None,
        felt=lambda name, layer, dy: kept.append(name),
    ):
        again = run()
    assert kept == ["4", "3"]
    for one, other in zip(whole, again, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)
