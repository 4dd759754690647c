"""Tables: what a batch touches, against torch.optim and against the same net without tables."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.errors import SettingsError, TrainingError
from hornbook.monitoring.probe import Probe
from hornbook.monitoring.record import UpdateRecord
from hornbook.nn import Embedding, Flatten, Linear, Sequential
from hornbook.training import TrainingSettings
from hornbook.training.finder import FinderSettings, find_rate
from hornbook.training.measures import Evaluation
from hornbook.training.optimizers import make_optimizer
from hornbook.training.parameters import FlatParameters
from hornbook.training.tables import RowStore, grouped
from hornbook.training.trainer import Trainer
from tests.referee import close

ROWS, WIDTH = 40, 3


class Batch(tuple[Tensor, Tensor]):
    """Ids (N, 2) and targets (N, 1)."""

    def part(self, i: int, n: int) -> tuple[Batch, float]:
        """Every n-th row from the i-th on, and its share."""
        ids, targets = self
        return Batch((ids[i::n], targets[i::n])), len(ids[i::n]) / len(ids)


class Draws:
    """Batches, a function of the cursor."""

    per_epoch = 10

    def __init__(self, size: int = 6, *, all_rows: bool = False) -> None:
        self.cursor, self.size, self.all_rows = 0, size, all_rows

    def __next__(self) -> Batch:
        made = torch.Generator().manual_seed(self.cursor)
        self.cursor += 1
        ids = torch.randint(0, ROWS, (self.size, 2), generator=made)
        if self.all_rows:
            ids = torch.randperm(ROWS, generator=made).view(-1, 2)
        return Batch((ids, torch.randn(len(ids), 1, dtype=torch.float64, generator=made)))


class Factors(torch.nn.Module):
    """Two ids' rows of a table, side by side, and a line through them."""

    def __init__(self, *, sparse: bool) -> None:
        super().__init__()
        made = torch.Generator().manual_seed(0)
        table = Embedding(ROWS, WIDTH, sparse=sparse, generator=made)
        self.net = Sequential(table, Flatten(), Linear(2 * WIDTH, 1, generator=made)).double()

    def loss_vjp(self, batch: Batch) -> tuple[Tensor, Callable[[], None]]:
        y, backward = self.net.vjp(batch[0])
        error = y - batch[1]

        def back() -> None:
            backward(2 * error / error.numel())

        return error.square().mean(), back

    def loss(self, batch: Batch) -> Tensor:
        return self.loss_vjp(batch)[0]


TABLE = "net.layers.0.weight"
both = pytest.mark.parametrize("gradients", ["hand", "autograd"])


def trainer(*, sparse: bool = True, batches: Draws | None = None, **changes: Any) -> Trainer:
    base: dict[str, Any] = {
        "steps": 50, "learning_rate": 0.1, "schedule": "constant", "gradients": "hand",
    }  # fmt: skip
    made = TrainingSettings(**{**base, **changes})
    return Trainer(Factors(sparse=sparse), batches or Draws(), made, Evaluation)


def weight(made: Trainer) -> Tensor:
    return dict(made.module.named_parameters())[TABLE].detach()


def updated(made: Trainer, steps: int = 10) -> Trainer:
    for _ in range(steps):
        made.update()
    return made


# --- the gradient ------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(0, 12), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_the_gradient_of_an_embedding_is_torchs(rows: int, n: int, width: int, seed: int) -> None:
    made = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, rows, (n, 2), generator=made)
    dy = torch.randn(n, 2, width, dtype=torch.float64, generator=made)
    layer = Embedding(rows, width, sparse=True).double()
    theirs = torch.nn.Embedding(rows, width, sparse=True).double()
    theirs.weight.data = layer.weight.detach().clone()
    y = theirs(ids)
    y.backward(dy)
    with torch.no_grad():
        mine, backward = layer.vjp(ids)
        backward(dy)
        assert torch.equal(mine, y)
        backward(dy)  # adds
    assert layer.weight.grad is not None
    assert theirs.weight.grad is not None
    assert layer.weight.grad.layout is torch.sparse_coo
    close(layer.weight.grad.to_dense(), 2 * theirs.weight.grad.to_dense())
    layer.zero_grad()
    layer(ids).backward(dy)
    close(layer.weight.grad.to_dense(), theirs.weight.grad.to_dense())


@both
def test_a_gradient_is_kept_for_the_rows_that_were_touched(gradients: str) -> None:
    made, plain = trainer(gradients=gradients), trainer(sparse=False, gradients=gradients)
    batch = next(Draws())
    for each in (made, plain):
        each.flat.zero_grad()
        each.way.loss_and_gradients(batch)
        each.flat.collect()
    (table,) = made.flat.tables
    assert table.rows.tolist() == sorted(set(batch[0].flatten().tolist()))
    assert table.grads.shape == (len(table.rows), WIDTH)
    grad = dict(plain.module.named_parameters())[TABLE].grad
    assert grad is not None
    close(table.grads, grad[table.rows])
    assert len(made.flat.values) == len(plain.flat.values) - ROWS * WIDTH
    assert made.flat.norm() == pytest.approx(plain.flat.norm(), rel=1e-12)
    assert made.module.get_parameter(TABLE).grad is None


@both
@pytest.mark.parametrize("parts", [2, 5, 9])
def test_parts_add_up_to_the_whole(gradients: str, parts: int) -> None:
    found = []
    for sparse, accumulate in ((True, 1), (True, parts), (False, parts)):
        made = trainer(
            sparse=sparse, accumulate=accumulate, optimizer="sgd", gradients=gradients,
            batches=Draws(8), weight_decay=0.0,
        )  # fmt: skip
        found.append(weight(updated(made)))
    close(found[1], found[0], 1e-12)
    close(found[1], found[2], 1e-12)


class Doubled(Factors):
    """Also uses the whole table, which is then none."""

    def loss(self, batch: Batch) -> Tensor:
        whole = self.get_parameter(TABLE).square().mean()
        return super().loss(batch) + whole


def test_a_table_that_is_used_otherwise_is_refused() -> None:
    made = TrainingSettings(steps=5, gradients="autograd")
    with pytest.raises(TrainingError, match=f"the table {TABLE} is dense"):
        Trainer(Doubled(sparse=True), Draws(), made, Evaluation).update()


# --- the rules ---------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("clip", [0.0, 0.2])
def test_sgd_is_as_of_a_dense_parameter(gradients: str, clip: float) -> None:
    one, other = (
        updated(trainer(sparse=sparse, optimizer="sgd", clip=clip, gradients=gradients))
        for sparse in (True, False)
    )
    close(weight(one), weight(other), 1e-12)
    close(one.flat.values, torch.cat([other.flat.values[: 2 * WIDTH], other.flat.values[-1:]]))


@both
@pytest.mark.parametrize("rule", ["adamw", "muon"])
@pytest.mark.parametrize("clip", [0.0, 0.2])
@pytest.mark.parametrize("all_rows", [True, False])
def test_a_table_moves_as_in_dense_adam_without_momentum(
    rule: str, gradients: str, clip: float, all_rows: bool
) -> None:
    # What a batch does not touch has no gradient and stays, but its mean of squares sinks.
    one, other = (
        updated(
            trainer(
                sparse=sparse, optimizer=rule, clip=clip, gradients=gradients, beta1=0.0, beta2=0.7,
                batches=Draws(2, all_rows=all_rows),
            ),
            20,
        )
        for sparse in (True, False)
    )  # fmt: skip
    close(weight(one), weight(other), 1e-12)
    assert (len(one.flat.tables[0].rows) == ROWS) is all_rows


@pytest.mark.parametrize("kernel", ["fused", "plain"])
def test_adam_on_a_table_is_torchs_dense_adam_without_momentum(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kernel == "plain":
        monkeypatch.delattr(torch, "_fused_adamw_")
    made = trainer(beta1=0.8, beta2=0.9, batches=Draws(3))
    theirs = Factors(sparse=False)
    table = theirs.get_parameter(TABLE)
    rest = [p for name, p in theirs.named_parameters() if name != TABLE]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Adam([table], lr=0.1, betas=(0.0, 0.9)),
        torch.optim.AdamW(rest[:1], lr=0.1, betas=(0.8, 0.9), weight_decay=0.01),
        torch.optim.AdamW(rest[1:], lr=0.1, betas=(0.8, 0.9), weight_decay=0.0),
    ]
    start, batches = weight(made).clone(), Draws(3)
    last = torch.zeros(ROWS, dtype=torch.int64)
    for step in range(1, 9):
        made.update()
        batch = next(batches)
        last[batch[0].flatten()] = step
        theirs.zero_grad()
        theirs.loss(batch).backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
    close(weight(made), table, 1e-11)
    state = made.optimizer.state()
    assert torch.equal(state[f"tables.{TABLE}.touched"], last)
    untouched = last == 0
    assert untouched.any()
    assert torch.equal(weight(made)[untouched], start[untouched])
    # Their mean of squares sinks in every update, ours is caught up with when a row is touched.
    sunk = state[f"tables.{TABLE}.square"] * 0.9 ** (8 - last).double().unsqueeze(1)
    close(sunk, optimizers[0].state[table]["exp_avg_sq"], 1e-11)


def test_a_row_that_is_not_touched_keeps_its_state() -> None:
    net = Embedding(4, 2, sparse=True)
    flat = FlatParameters(net)
    optimizer = make_optimizer(flat, TrainingSettings())
    for ids in ([0, 1], [1], []):
        before = {name: tensor.clone() for name, tensor in optimizer.state().items()}
        start = net.weight.detach().clone()
        flat.zero_grad()
        net(torch.tensor(ids, dtype=torch.int64)).square().sum().backward()
        with torch.inference_mode():
            flat.collect()
            optimizer.update(0.1)
        still = [row for row in range(4) if row not in ids]
        for name in ("tables.weight.square", "tables.weight.touched"):
            after = optimizer.state()[name]
            assert torch.equal(after[still], before[name][still])
            assert not torch.equal(after, before[name]) or not ids
        assert torch.equal(net.weight[still], start[still])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(9,), (9, 3), (9, 2, 2)])
@pytest.mark.parametrize("contiguous", [True, False])
def test_rows_are_taken_and_put_back(
    dtype: torch.dtype, shape: tuple[int, ...], contiguous: bool
) -> None:
    whole = torch.arange(9 * 12).view(9, 12)[:, : torch.Size(shape[1:]).numel()].to(dtype)
    whole = whole.contiguous().view(shape) if contiguous else whole.expand(2, 9, -1)[0]
    store, rows, before = RowStore(whole), torch.tensor([1, 4, 8]), whole.clone()
    taken = store.take(rows)
    assert torch.equal(taken, before[rows])
    taken += 1
    assert torch.equal(whole, before)  # they are copies
    store.put(rows, taken)
    before[rows] += 1
    assert torch.equal(whole, before)


def test_momentum_is_refused() -> None:
    with pytest.raises(SettingsError, match=f"would change every row.*{TABLE}") as caught:
        trainer(optimizer="sgd", momentum=0.9)
    assert "`momentum=0`" in caught.value.hint
    trainer(optimizer="sgd", momentum=0.9, sparse=False)


@pytest.mark.parametrize("rule", ["sgd", "adamw"])
def test_a_table_may_have_a_rate_of_its_own_or_be_frozen(rule: str) -> None:
    plain = updated(trainer(optimizer=rule, learning_rate=0.05), 1)
    slow = updated(trainer(optimizer=rule, learning_rate=0.1, rates=(f"{TABLE}=0.5",)), 1)
    close(weight(slow), weight(plain), 1e-12)
    start = Factors(sparse=True).get_parameter(TABLE)
    still = updated(trainer(optimizer=rule, rates=(f"{TABLE}=0",)))
    assert torch.equal(weight(still), start)
    assert not still.flat.tables
    assert all("tables" not in name for name in still.optimizer.state())
    assert still.module.get_parameter(TABLE).grad is None


# --- around it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["sgd", "adamw", "muon"])
def test_a_state_that_is_loaded_goes_on_bit_for_bit(rule: str) -> None:
    whole, first, second = (trainer(optimizer=rule, clip=0.3) for _ in range(3))
    updated(whole, 9)
    updated(first, 4)
    arrays, values = first.state()
    assert (f"optimizer.tables.{TABLE}.square" in arrays) == (rule != "sgd")
    second.load_state(arrays, values)
    updated(second, 5)
    for one, other in zip(second.module.parameters(), whole.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_finder_leaves_a_table_as_it_was() -> None:
    made = updated(trainer(), 3)
    before, (table,) = made.state()[0], made.flat.tables
    before = {name: array.copy() for name, array in before.items()}
    rows, grads = table.rows.clone(), table.grads.clone()
    find_rate(made, FinderSettings(points=25))
    for name, array in made.state()[0].items():
        assert (array == before[name]).all(), name
    assert torch.equal(table.rows, rows)
    assert torch.equal(table.grads, grads)


def test_the_probe_tells_of_a_table_what_it_tells_of_any_parameter() -> None:
    told = []
    for sparse in (True, False):
        records: list[UpdateRecord] = []
        made = trainer(sparse=sparse, optimizer="sgd", clip=0.1, weight_decay=0.0)
        made.probe = Probe(made.module, 1, records.append)
        updated(made, 1)
        told.append(records[0])
    one, other = ({p.name: p for p in record.parameters}[TABLE] for record in told)
    assert told[0].norm == pytest.approx(told[1].norm, rel=1e-6)
    for name in ("size", "grad_size", "update_size", "shape", "frozen"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6)
    assert one.update_size > 0


SHARED = """
import sys
import torch, torch.distributed as dist
from hornbook.training.distributed import World
from tests.test_tables import trainer, updated, Draws
rank, port = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
for rule in ("sgd", "adamw"):
    made = trainer(optimizer=rule, clip=0.3, accumulate=2, batches=Draws(7))
    made.world = World(rank, 2)
    updated(made)
    for tensor in (made.flat.values, made.flat.tables[0].values):
        print(tensor.flatten().tolist())
World.leave()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed")
def test_two_processes_make_of_a_table_what_one_makes() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARED, f"{rank}", f"{port}"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0][0] == said[1][0]  # both have the same, bit for bit
    lines = iter(said[0][0].splitlines())
    for rule in ("sgd", "adamw"):
        alone = updated(trainer(optimizer=rule, clip=0.3, batches=Draws(7)))
        for tensor in (alone.flat.values, alone.flat.tables[0].values):
            found = torch.tensor(json.loads(next(lines)), dtype=torch.float64)
            close(found, tensor.flatten(), 1e-11)


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=50))
def test_rows_are_grouped_as_numpy_finds_them(rows: list[int]) -> None:
    given_rows = np.array(rows)
    order, starts, found = grouped(given_rows)
    wanted, first = np.unique(given_rows[order.numpy()], return_index=True)
    assert found.tolist() == wanted.tolist()
    assert starts.tolist() == first.tolist()
    assert order.tolist() == np.argsort(given_rows, kind="stable").tolist()
