"""Parameters as training sees them: the dense vector, what is frozen, and old checkpoints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from hornbook.errors import RunError
from hornbook.nn import Embedding, Linear, Sequential
from hornbook.nn.layer import grad_of, take_room
from hornbook.training.parameters import FlatParameters
from hornbook.training.trainer import Trainer
from tests.test_rates import OWN, RULES, Net, factor, trainer

Arrays = dict[str, npt.NDArray[Any]]


def is_decayed(name: str) -> bool:
    """Whether a parameter of `Net` is a Linear's weight."""
    return name.endswith("weight") and name.split(".")[2] in ("2", "4", "6", "8")


def places_in_layout_1() -> list[tuple[str, int]]:
    """The parameters of `Net` under OWN as the vectors of layout 1 held them, and their sizes.

    Written down by hand: those under weight decay, then the rest; in each the largest factor first,
    what is frozen last.
    """
    names = [
        "net.layers.4.weight",  # 2
        "net.layers.6.weight", "net.layers.8.weight",  # 1
        "net.layers.2.weight",  # 0
        "net.layers.5.bias", "net.layers.6.bias", "net.layers.8.bias",  # 3
        "net.layers.5.weight",  # 1
        "net.layers.0.weight",  # 0.1
        "net.layers.2.bias",  # 0
    ]  # fmt: skip
    sizes = {name: p.numel() for name, p in Net().named_parameters()}
    assert sorted(names) == sorted(sizes)
    return [(name, sizes[name]) for name in names]


def in_layout_1(made: Trainer) -> tuple[Arrays, dict[str, Any]]:
    """The state of a trainer as it was written before frozen parameters stood apart.

    Their moments were there: zeros, for their gradients were set to zero.
    """
    arrays, values = made.state()
    flat, place, old = made.flat, 0, {}
    where = {}
    for name, p in made.module.named_parameters():
        if factor(name):
            where[name] = slice(p.storage_offset(), p.storage_offset() + p.numel())
            assert p.data_ptr() == flat.values[where[name]].data_ptr()
    for name, array in arrays.items():
        old[name] = array.copy()
        if name.startswith("optimizer."):
            pieces = []
            for parameter, size in places_in_layout_1():
                if name == "optimizer.momentum" and not is_decayed(parameter):
                    continue  # Muon's is over what decays
                piece = array[where[parameter]] if parameter in where else np.zeros(size)
                pieces.append(piece)
            old[name] = np.concatenate(pieces)
            place += 1
    assert place == len(made.optimizer.state())
    return old, {name: value for name, value in values.items() if name != "layout"}


@pytest.mark.parametrize("rule", RULES)
def test_a_checkpoint_of_layout_1_goes_on_bit_for_bit(rule: str) -> None:
    whole, first, second = (trainer(rates=OWN, clip=0.5, **RULES[rule]) for _ in range(3))
    for _ in range(9):
        whole.update()
    for _ in range(4):
        first.update()
    arrays, values = in_layout_1(first)
    second.load_state(arrays, values)
    for name, tensor in first.optimizer.state().items():
        assert torch.equal(second.optimizer.state()[name], tensor)
        assert len(arrays[f"optimizer.{name}"]) > len(tensor)
    for _ in range(5):
        second.update()
    assert torch.equal(second.flat.values, whole.flat.values)
    for one, other in zip(second.module.parameters(), whole.module.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("rule", ["momentum", "adamw", "muon"])
def test_without_frozen_parameters_the_layouts_are_the_same(rule: str) -> None:
    first, second = trainer(**RULES[rule]), trainer(**RULES[rule])
    for _ in range(3):
        first.update()
    arrays, values = first.state()
    second.load_state(arrays, {name: value for name, value in values.items() if name != "layout"})
    for name, tensor in first.optimizer.state().items():
        assert torch.equal(second.optimizer.state()[name], tensor)


def test_a_vector_that_fits_no_layout_is_refused() -> None:
    made = trainer(rates=OWN)
    arrays, values = in_layout_1(made)
    for change in (arrays["optimizer.mean"][:-1], made.state()[0]["optimizer.mean"]):
        with pytest.raises(RunError, match="does not match"):
            made.load_state({**arrays, "optimizer.mean": change}, values)
    with pytest.raises(RunError, match="does not match"):  # as of today, but in the old places
        made.load_state(arrays, {**values, "layout": 2})


def test_what_is_frozen_stays_apart() -> None:
    module = Net()
    before = {name: p.data_ptr() for name, p in module.named_parameters()}
    flat = FlatParameters(module, OWN)
    frozen = {name for name, p in module.named_parameters() if flat.is_frozen(p)}
    assert frozen == {"net.layers.2.weight", "net.layers.2.bias"}
    for name, p in module.named_parameters():
        assert (p.data_ptr() == before[name]) == (name in frozen)
        assert (p.grad is None) == (name in frozen)
    assert len(flat.values) == len(flat.grads)
    assert len(flat.values) == sum(
        p.numel() for name, p in module.named_parameters() if name not in frozen
    )


@pytest.mark.parametrize("changes", [{}, {"gradients": "autograd"}, {"clip": 0.1}])
def test_what_is_frozen_has_no_gradient_and_no_part_in_the_norm(changes: dict[str, Any]) -> None:
    made = trainer(rates=OWN, optimizer="adamw", **changes)
    norms: list[float] = []
    update = made.optimizer.update

    def spy(rate: float) -> None:
        norms.append(made.flat.norm())
        update(rate)

    made.optimizer.update = spy  # type: ignore[method-assign]
    made.update()
    for name, p in made.module.named_parameters():
        assert (p.grad is None) == (factor(name) == 0)
    norm = math.sqrt(
        sum(float(p.grad.square().sum()) for p in made.module.parameters() if p.grad is not None)
    )
    assert norms == [pytest.approx(norm)]
    assert norm == pytest.approx(0.1) if "clip" in changes else norm > 0.2
    for name, tensor in made.optimizer.state().items():
        assert len(tensor) == len(made.flat.values), name


class Tied(torch.nn.Module):
    """A layer's weight that another layer has too."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Linear(3, 3), Linear(3, 3)
        self.second.weight = self.first.weight


def test_a_tied_parameter_has_one_place() -> None:
    flat = FlatParameters(Tied())
    assert len(flat.values) == 9 + 3 + 3
    assert flat.decayed == 9


class Pulled(Embedding):
    """A table under weight decay, which would move every row."""

    decayed = frozenset({"weight"})


def test_a_table_under_weight_decay_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="weight: weight decay cannot apply to a table"):
        FlatParameters(Pulled(5, 2, sparse=True))


def test_gradients_are_put_back() -> None:
    module = torch.nn.ModuleList([Embedding(9, 2, sparse=True), Linear(2, 3)])
    flat = FlatParameters(module)

    def backward(seed: int) -> None:
        ids = torch.randint(0, 9, (4,), generator=torch.Generator().manual_seed(seed))
        flat.zero_grad()
        module[1](module[0](ids)).square().sum().backward()
        flat.collect()

    def seen() -> list[Tensor]:
        (table,) = flat.tables
        return [flat.grads.clone(), table.rows, table.grads.clone()]

    backward(0)
    kept, before = flat.gradients(), seen()
    backward(1)
    with torch.inference_mode():
        flat.scale(0.5)
    flat.put_back(kept)
    for one, other in zip(seen(), before, strict=True):
        assert torch.equal(one, other)


def test_first_gradients_are_written_over_what_is_there() -> None:
    tied = Linear(3, 3, generator=torch.Generator().manual_seed(0))
    net, unused = Sequential(tied, tied, Linear(3, 2)), Linear(2, 2)
    flat = FlatParameters(torch.nn.ModuleList([net, unused]))
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))

    def backward() -> Tensor:
        with torch.inference_mode():
            y, back = net.vjp(x)
            back(y)
        flat.collect()
        return flat.grads.clone()

    flat.zero_grad()
    wanted = backward()
    flat.grads.fill_(torch.nan)
    flat.begin()
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(backward(), wanted)
    for p in (*net.parameters(), *unused.parameters()):
        assert p.grad is not None
        assert p.grad.untyped_storage().data_ptr() == flat.grads.untyped_storage().data_ptr()
    flat.begin()  # a step that broke off
    flat.zero_grad()
    assert torch.equal(backward(), wanted)


def test_a_room_that_was_taken_is_not_lent_again() -> None:
    layer = Linear(2, 3)
    flat = FlatParameters(layer)
    flat.begin()
    room = take_room(layer.weight).fill_(torch.nan)
    grad_of(layer.weight).add_(1)
    assert room.data_ptr() == flat.grads.data_ptr()
    assert grad_of(layer.weight).data_ptr() != room.data_ptr()
    flat.collect()
    assert torch.equal(flat.grads, torch.tensor([1.0] * 6 + [0.0] * 3))
