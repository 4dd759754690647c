"""Kernels against the layers that they stand for: one test over all that have one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from hornbook.kernels.entries import names_of
from hornbook.kernels.program import Kind, Program
from hornbook.nn import (
    GELU,
    GRU,
    LSTM,
    RNN,
    BatchNorm1d,
    CausalAverage,
    CausalConv1d,
    CrossEntropy,
    Dropout,
    Embedding,
    Flatten,
    FlattenConsecutive,
    GatedStack,
    LastPosition,
    Layer,
    LayerNorm,
    LearnedPositions,
    Linear,
    Net,
    Periodic,
    RecurrentStack,
    ReLU,
    Residual,
    RMSNorm,
    Rotary,
    SelfAttention,
    Sequential,
    SoftCap,
    SquaredReLU,
    SwiGLU,
    Tanh,
    TanhGELU,
)
from hornbook.nn.dropout import kept
from hornbook.nn.programs import PLANS, Unsuited, program_of
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer

pytest.importorskip("numba", reason="Numba is not installed")

ROWS, TIME, SYMBOLS, WIDTH = 7, 6, 5, 3  # no multiples of what loops take at a time


class Chain(Net):
    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.net = Sequential(*layers)
        self.measured_by: Any = None

    def loss_vjp(self, batch: Any) -> tuple[torch.Tensor, Callable[[], None]]:
        logits, net_back = self.vjp(self.tensor(batch.inputs))
        loss, loss_back = CrossEntropy(-1).vjp(logits, self.tensor(batch.targets))
        return loss, lambda: (net_back(loss_back()), None)[1]

    def program(self, batch: Any, places: Mapping[int, int]) -> Program | str:
        rows, count = len(batch.inputs), batch.inputs.size
        of_rows = reads_rows(self.net.chain)
        return program_of(
            self.net.chain, count if of_rows else rows, count, places, of_rows=of_rows,
            longest=TIME,
        )  # fmt: skip


def reads_rows(chain: Sequence[Layer]) -> bool:
    """Whether a chain gives logits at each position."""
    return not any(isinstance(one, Flatten | FlattenConsecutive | LastPosition) for one in chain)


class Batches:
    """The same few ids again and again."""

    def __init__(self, *, of_rows: bool) -> None:
        self.cursor, self.per_epoch = 0, 1
        rng = np.random.default_rng(1)
        targets = rng.integers(4, size=ROWS)
        if of_rows:
            targets = rng.integers(-1, 4, size=(ROWS, TIME))  # of some positions there is none
        self.batch = SimpleNamespace(
            inputs=rng.integers(SYMBOLS, size=(ROWS, TIME)), targets=targets, follows=False
        )

    def __next__(self) -> Any:
        self.cursor += 1
        return self.batch

    def several(self, most: int) -> tuple[Any, Any]:
        self.cursor += 1
        return self.batch.inputs[None], self.batch.targets[None]


def middle(*layers: Layer, fan_in: int = TIME * WIDTH) -> list[Layer]:
    """Layers between those that every chain has."""
    return [Embedding(SYMBOLS, WIDTH), Flatten(), Linear(fan_in, 11), *layers, Linear(11, 4)]


def reading(*layers: Layer, width: int = 12) -> list[Layer]:
    """Layers that read rows of vectors."""
    return [Embedding(SYMBOLS, width), *layers, Linear(width, 4)]


def tied() -> list[Layer]:
    """A head with the weights that ids are looked up in."""
    table, head = Embedding(SYMBOLS, 3), Linear(3, SYMBOLS, bias=False)
    head.weight = table.weight
    return [table, Residual(Linear(3, 3)), head, SoftCap(2.0)]


def through(*layers: Layer) -> list[Layer]:
    """Layers that read rows."""
    return [Embedding(SYMBOLS, WIDTH), *layers, Linear(layers[0].hidden_size, 4)]  # type: ignore


CHAINS: dict[type[Layer], Callable[[], list[Layer]]] = {
    Embedding: lambda: [Embedding(SYMBOLS, WIDTH), Flatten(), Linear(TIME * WIDTH, 4)],
    Flatten: middle,
    FlattenConsecutive: lambda: [
        Embedding(SYMBOLS, WIDTH), FlattenConsecutive(2), Linear(2 * WIDTH, 9), BatchNorm1d(9),
        Tanh(), FlattenConsecutive(3), Linear(27, 4),
    ],
    # The first is wider at its input, the second at its output, the third has no bias.
    Linear: lambda: middle(Linear(11, 33), Linear(33, 11, bias=False)),
    BatchNorm1d: lambda: middle(BatchNorm1d(11), Tanh(), Linear(11, 11),
                                BatchNorm1d(11, momentum=0.3, unbiased=False), ReLU()),
    LayerNorm: lambda: reading(Residual(LayerNorm(12, bias=False)), LayerNorm(12), ReLU()),
    RMSNorm: lambda: reading(Residual(RMSNorm(12, gain=False)), RMSNorm(12), ReLU()),
    Tanh: lambda: middle(Tanh()),
    ReLU: lambda: middle(ReLU()),
    Dropout: lambda: middle(Tanh(), Dropout(0.3), Linear(11, 11), Dropout(0.5)),
    GRU: lambda: through(GRU(WIDTH, 11), Dropout(0.3)),
    LSTM: lambda: through(LSTM(WIDTH, 11), Linear(11, 11), LayerNorm(11), Tanh()),
    CausalAverage: lambda: reading(Residual(CausalAverage()), CausalAverage("loop"), Tanh()),
    CausalConv1d: lambda: reading(CausalConv1d(12, 11, 2), CausalConv1d(11, 12, 3, 2, bias=False)),
    # With dropout; of one block, which gives no residual; within a residual connection.
    GatedStack: lambda: reading(
        GatedStack(12, 5, 9, 2, (1, 2, 4), dropout=0.3), ReLU(), GatedStack(9, 5, 12, 3, (1,)),
        Residual(GatedStack(12, 4, 12, 2, (2, 1))),
    ),
    RNN: lambda: through(RNN(WIDTH, 11), RNN(11, 11, nonlinearity="relu")),
    RecurrentStack: lambda: [
        Embedding(SYMBOLS, WIDTH), Dropout(0.3),
        RecurrentStack(LSTM(WIDTH, 9), GRU(9, 17), RNN(17, 5), dropout=0.4), Linear(5, 4),
    ],
    LearnedPositions: lambda: reading(LearnedPositions(9, 12), Tanh()),
    # Within each other; of nothing; of what gives its own input's place.
    Residual: lambda: reading(
        Residual(Sequential(Residual(Linear(12, 12)), Tanh())), Residual(Sequential()),
        Residual(Sequential(Linear(12, 5), Tanh(), Linear(5, 12), Dropout(0.3))), Tanh(),
    ),
    Sequential: lambda: reading(Sequential(Linear(12, 12), Sequential(Tanh(), Linear(12, 12)))),
    SoftCap: tied,
    GELU: lambda: middle(GELU()),
    TanhGELU: lambda: middle(TanhGELU()),
    SquaredReLU: lambda: middle(SquaredReLU()),
    SwiGLU: lambda: middle(Linear(11, 22), SwiGLU()),
    # Heads alone; then fewer of keys, a window shorter than a row, and no projection.
    SelfAttention: lambda: reading(
        Residual(SelfAttention(12, 3, bias=True)),
        SelfAttention(12, 3, n_kv_head=1, qk_norm=True, window=4, projection=False, dropout=0.3,
                      rotary=Rotary(4, 100.0)),
        Residual(SelfAttention(12, 2, rotary=Rotary(6), dropout=0.2, window=60)),
    ),
    LastPosition: lambda: [
        Embedding(SYMBOLS, WIDTH), Dropout(0.3), GRU(WIDTH, 11), LastPosition(), Dropout(0.2),
        Linear(11, 4),
    ],
}  # fmt: skip


def trainer(layer: type[Layer], **training: Any) -> Trainer:
    """A trainer of a layer's chain, whose every number is drawn: a γ of 1 would hide much."""
    kind = torch.float64
    net = Chain(*CHAINS[layer]()).to(kind)
    generator = torch.Generator().manual_seed(3)
    for p in net.parameters():
        p.data.copy_(torch.randn(p.shape, generator=generator, dtype=kind) * 0.5)
    net.train()
    settings = TrainingSettings(**{"schedule": "constant", "gradients": "hand", **training})
    batches = Batches(of_rows=reads_rows(net.net.chain))
    made = Trainer(net, batches, settings, lambda: Evaluation({}))
    made.random = torch.Generator().manual_seed(4)
    return made


def test_every_layer_with_a_plan_is_tried() -> None:
    assert CHAINS.keys() == PLANS.keys()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("layer", CHAINS, ids=lambda layer: layer.__name__)
def test_a_kernel_gives_autograds_gradients(
    layer: type[Layer], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of SGD at a rate of 1 changes the parameters by the gradients."""
    made = trainer(layer, optimizer="sgd", learning_rate=1.0, weight_decay=0.0, threads=threads)
    before = made.flat.values.clone()
    other = trainer(layer)
    drawn = torch.Generator().manual_seed(4)
    for module in ("dropout", "scaled_dot_product"):
        monkeypatch.setattr(
            f"hornbook.nn.{module}.kept", lambda x, p, generator=None: kept(x, p, drawn)
        )
    net, batch = other.module, other.batches.batch  # type: ignore[attr-defined]
    logits = net(torch.from_numpy(batch.inputs)).flatten(0, -2)
    loss = F.cross_entropy(logits, torch.from_numpy(batch.targets).flatten(), ignore_index=-1)
    loss.backward()  # type: ignore[no-untyped-call]
    ManySteps(made).advance(1)
    assert made.step == 1
    assert made.loss_sum == pytest.approx(loss.item(), rel=1e-13)
    torch.testing.assert_close(before - made.flat.values, other.flat.grads, rtol=1e-11, atol=1e-13)
    assert made.random is not None
    assert torch.equal(made.random.get_state(), drawn.get_state())
    buffers = zip(made.module.named_buffers(), other.module.named_buffers(), strict=True)
    for (name, own), (_, theirs) in buffers:
        torch.testing.assert_close(own, theirs, rtol=1e-12, atol=1e-14, msg=name)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("layer", [Embedding, FlattenConsecutive, RNN, GRU, LSTM])
def test_so_it_does_where_a_batch_has_few_of_many_ids(
    layer: type[Layer], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is then computed once: tables have room for a batch's ids, not for all."""
    monkeypatch.setattr(f"{__name__}.SYMBOLS", 300)
    test_a_kernel_gives_autograds_gradients(layer, threads, monkeypatch)


def test_embeddings_alone_are_multiplied_by_ids() -> None:
    """Where something else reads them, or changes them, a product is made of each position."""

    def kinds(*layers: Layer, of_rows: bool = False) -> list[int]:
        places = {id(p): 0 for layer in layers for p in layer.parameters()}
        rows = ROWS * TIME if of_rows else ROWS
        made = program_of(layers, rows, ROWS * TIME, places, of_rows=of_rows, longest=TIME)
        return [one.whole[0] for one in made.operations]

    assert kinds(*middle())[:2] == [Kind.TABLE, Kind.LOOK_UP]
    assert kinds(*through(LSTM(WIDTH, 4)), of_rows=True)[:2] == [Kind.TABLE, Kind.LSTM]
    rows = [Residual(Linear(12, 12)), Sequential(Dropout(0.5), Linear(12, 12)), LayerNorm(12)]
    for layer in rows:
        found = kinds(*reading(layer), of_rows=True)
        assert found[0] == Kind.EMBEDDING
        assert Kind.TABLE not in found


def test_tables_of_ids_take_little_room() -> None:
    """Each place has one: of long windows, of many ids, these would take more than all else."""

    def values(symbols: int, time: int, out: int, rows: int) -> tuple[int, int]:
        layers = [Embedding(symbols, 16), Flatten(), Linear(16 * time, out)]
        places = {id(p): 0 for layer in layers for p in layer.parameters()}
        made = program_of(layers, rows, rows * time, places)
        return made.operations[0].whole[0], made.values

    straight = 33 * 200 * 16 + 33 * 256
    for symbols in (5_000, 50_000):
        assert values(symbols, 200, 256, 33) == (Kind.EMBEDDING, straight)
        assert values(symbols, 200, 256, 1)[0] == Kind.EMBEDDING  # a thread's share: the same
    kind, room = values(10_000, 1, 16, 2)
    assert kind == Kind.TABLE
    assert room < 10_000 + 200  # of ids themselves there is a list, not one for each place
    kind, room = values(1_000, 15, 256, 2)
    assert kind == Kind.TABLE
    assert room < 1_000 + 2 * 15 * (256 + 16 + 3) + 2 * 256 + 100


@pytest.mark.parametrize("threads", [1, 3])
def test_embeddings_are_multiplied_by_themselves(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that is tied to them, with nothing between."""

    def layers() -> list[Layer]:
        table, head = Embedding(SYMBOLS, 3), Linear(3, SYMBOLS, bias=False)
        head.weight = table.weight
        return [table, head]

    first: type[Layer] = Embedding
    monkeypatch.setitem(CHAINS, first, layers)
    test_a_kernel_gives_autograds_gradients(first, threads, monkeypatch)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e5])
def test_what_is_no_finite_number_is_not_hidden(value: float) -> None:
    """Nor is what only looks as if it could not be computed: tanh of a large number is 1."""
    made = trainer(Tanh, optimizer="sgd")
    places = made.flat.begins
    linear: Any = made.module.net.chain[2]  # type: ignore[union-attr, index]
    made.flat.values[places[id(linear.bias)]] = value
    expected = made.module.loss(made.batches.batch).item()  # type: ignore
    many = ManySteps(made)
    if np.isnan(expected):
        with pytest.raises(Exception, match="diverged"):
            many.advance(3)
        assert made.step == 0
    else:
        many.advance(1)
        assert made.loss_sum == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        (lambda: middle(Periodic(11, 2, 3, 1.0)), "no kernel for Periodic"),
        (lambda: [Embedding(SYMBOLS, WIDTH), Tanh(), Flatten(), Linear(18, 4)], "at its place"),
        (lambda: [Embedding(SYMBOLS, WIDTH), Linear(WIDTH, 4)], "one row of logits"),
        (lambda: [Embedding(SYMBOLS, WIDTH, sparse=True), Flatten(), Linear(18, 4)], "sparse"),
        (lambda: [Embedding(SYMBOLS, WIDTH), GELU(), Flatten(), Linear(18, 4)], "at its place"),
        (lambda: [Embedding(SYMBOLS, WIDTH), LearnedPositions(5, WIDTH)], "longer than its table"),
        (lambda: reading(SelfAttention(12, 3, causal=False)), "not causal"),
        (lambda: middle(Residual(Linear(11, 9))), "do not fit each other"),
        (lambda: [Embedding(SYMBOLS, WIDTH), FlattenConsecutive(4)], "not a multiple of 4"),
    ],
)  # fmt: skip
def test_a_net_without_a_program_says_why(layers: Callable[[], list[Layer]], why: str) -> None:
    chain = layers()
    places = {id(p): 0 for layer in chain for p in layer.parameters()}
    with pytest.raises(Unsuited, match=why):
        program_of(chain, ROWS, ROWS * TIME, places)


@pytest.mark.parametrize("layer", CHAINS, ids=lambda layer: layer.__name__)
@pytest.mark.parametrize("count", [ROWS, ROWS + 1, 3 * ROWS - 1])
def test_kernels_measure_the_losses_of_a_net_in_use(layer: type[Layer], count: int) -> None:
    made = trainer(layer, optimizer="sgd", learning_rate=0.1)
    many = ManySteps(made)
    many.advance(3)  # the running statistics are no longer those of the start
    rng = np.random.default_rng(2)
    ids, targets = rng.integers(SYMBOLS, size=(count, TIME)), rng.integers(4, size=count)
    net: Any = made.module
    if of_rows := reads_rows(net.net.chain):
        targets = rng.integers(-1, 4, size=(count, TIME))
    with net.in_use():
        logits = net(torch.from_numpy(ids)).flatten(0, -2)
    wanted = torch.from_numpy(targets).flatten()
    expected = F.cross_entropy(logits, wanted, reduction="none", ignore_index=-1)
    found = many.losses(ids, targets)
    assert found is not None
    assert found.shape == targets.shape
    np.testing.assert_allclose(found.reshape(-1), expected.numpy(), rtol=1e-12, atol=1e-13)
    assert (many.losses(ids[: ROWS - 1], targets[: ROWS - 1]) is None) is not of_rows


def test_each_kind_of_operation_is_compiled_by_itself() -> None:
    from hornbook.kernels.compiled import BY_ITSELF, MODULES

    for module in {"operations", *MODULES.values()}:
        importlib.import_module(f"hornbook.kernels.{module}")
    assert set(BY_ITSELF) == {name for kind in Kind for name in names_of(kind)} | set(MODULES)


def test_no_kernel_is_called_where_it_is_used() -> None:
    """What is compiled twice may round otherwise in the process that compiled it.

    But products, whose instructions are given.
    """
    from numba.core.dispatcher import Dispatcher

    from hornbook import kernels

    inlined, products, given_in = 0, set(), set()
    for found in pkgutil.iter_modules(kernels.__path__, "hornbook.kernels."):
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, Dispatcher):
                how = value.targetoptions
                if how.get("forceinline") or how.get("inline") == "always":
                    inlined += 1
                else:
                    products.add(name)
                    given_in.add(value.py_func.__module__.rpartition(".")[2])
    assert inlined > 20
    assert {"add_product", "add_dots"} < products
    assert given_in == {"products", "cached_attention"}
