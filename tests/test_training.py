"""Optimizers and schedules against torch.optim, and the trainer on its own."""

from __future__ import annotations

import copy
import json
import math
import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.compute import products
from hornbook.compute.device import choose_device
from hornbook.compute.memory import keep_freed_memory
from hornbook.errors import DivergedError, RunError, SettingsError, TrainingError
from hornbook.nn import BatchNorm1d, Embedding, Linear, Sequential, Tanh
from hornbook.training import TrainingSettings
from hornbook.training import trainer as loop
from hornbook.training.measures import Evaluation, Measure
from hornbook.training.muon import orthogonal
from hornbook.training.optimizers import make_optimizer
from hornbook.training.parameters import FlatParameters
from hornbook.training.progress import Progress
from hornbook.training.record import Record
from hornbook.training.schedules import learning_rate, unfinished_cycle
from hornbook.training.trainer import Trainer
from tests.referee import close
from tests.stopping import stopped_at


def net(seed: int = 0) -> Sequential:
    torch.manual_seed(seed)
    # No bias before BatchNorm: its gradient is rounding alone, which Adam would blow up.
    return Sequential(Linear(3, 4, bias=False), BatchNorm1d(4), Tanh(), Linear(4, 1)).double()


def test_flat_parameters_are_views_decayed_first() -> None:
    model = Sequential(Embedding(5, 2), Linear(2, 3), BatchNorm1d(3))
    flat = FlatParameters(model)
    assert flat.decayed == 6
    assert len(flat.values) == sum(p.numel() for p in model.parameters())
    flat.values.fill_(7)
    flat.grads.fill_(3)
    assert all((p == 7).all() and (p.grad == 3).all() for p in model.parameters())  # type: ignore[union-attr]


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("rule", ["sgd", "momentum", "adam", "adamw"])
def test_updates_equal_torchs(rule: str, decay: float) -> None:
    mine, theirs = net(), net()
    changes: dict[str, Any] = {"optimizer": "sgd" if rule == "momentum" else rule}
    if rule == "momentum":
        changes["momentum"] = 0.9
    settings = TrainingSettings(weight_decay=decay, **changes)
    weights = [m.weight for m in theirs.modules() if isinstance(m, Linear)]
    rest = [p for p in theirs.parameters() if all(p is not w for w in weights)]
    groups = [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    reference: torch.optim.Optimizer
    if rule in ("adam", "adamw"):
        betas = (settings.beta1, settings.beta2)
        made = torch.optim.Adam if rule == "adam" else torch.optim.AdamW
        reference = made(groups, lr=0.05, betas=betas)
    else:
        reference = torch.optim.SGD(groups, lr=0.05, momentum=settings.momentum)
    flat = FlatParameters(mine)
    optimizer = make_optimizer(flat, settings)
    for turn in range(20):
        x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(turn))
        for model, zero in ((mine, flat.grads.zero_), (theirs, reference.zero_grad)):
            zero()
            (model(x) ** 2).sum().backward()
        with torch.no_grad():
            optimizer.update(0.05)
        reference.step()
    for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
        close(p.detach(), q.detach())


class Shapes(torch.nn.Module):
    """Wide, tall and square matrices, two of one shape, and what is not a matrix under decay."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Embedding(30, 6)
        self.net = Sequential(
            Linear(6, 9), Tanh(), Linear(9, 9), Tanh(), Linear(9, 9), Tanh(), Linear(9, 3, False)
        )

    def forward(self, ids: Tensor) -> Tensor:
        y: Tensor = self.net(self.table(ids))
        return y


def muon_and_torchs(decay: float, dtype: torch.dtype, steps: int) -> tuple[Shapes, Shapes]:
    """Two nets of the same start, one trained by our rule, one by torch's two."""
    torch.manual_seed(0)
    mine = Shapes().to(dtype)
    theirs = copy.deepcopy(mine)
    rate = 0.05
    settings = TrainingSettings(optimizer="muon", weight_decay=decay)
    flat = FlatParameters(mine)
    optimizer = make_optimizer(flat, settings)
    weights = [m.weight for m in theirs.modules() if isinstance(m, Linear)]
    rest = [p for p in theirs.parameters() if all(p is not w for w in weights)]
    references: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            weights, lr=rate, weight_decay=decay, momentum=0.95, nesterov=True, ns_steps=5,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(
            rest, lr=rate, weight_decay=0.0, betas=(settings.beta1, settings.beta2)
        ),
    ]  # fmt: skip
    for turn in range(steps):
        generator = torch.Generator().manual_seed(turn)
        ids = torch.randint(0, 30, (60,), generator=generator)
        goal = torch.randn(60, 3, dtype=dtype, generator=generator)
        for model in (mine, theirs):
            for p in model.parameters():
                if p.grad is not None:
                    p.grad.zero_()
            ((model(ids) - goal) ** 2).sum().backward()
        with torch.no_grad():
            optimizer.update(rate)
        for reference in references:
            reference.step()
    return mine, theirs


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_muon_equals_torchs(decay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    # torch's Newton-Schulz runs in bfloat16, whatever it is given, and so is off by a few
    # hundredths. Here both are kept from lowering the precision: then both are the same sums.
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    mine, theirs = muon_and_torchs(decay, torch.float64, 20)
    for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
        close(p, q, 1e-9)


def test_muon_is_near_torchs_as_it_is() -> None:
    # bfloat16 rounds to 1 / 256, and five iterations make what is small 3.4445^5, about 500, times
    # larger: in directions that a gradient hardly has, torch's update is rounding
    # error. So single numbers differ; the step as a whole must not. One step, for after it the
    # paths part, each with the gradients of its own place.
    start, _ = muon_and_torchs(0.1, torch.float32, 0)
    mine, theirs = muon_and_torchs(0.1, torch.float32, 1)
    for begin, p, q in zip(*(m.parameters() for m in (start, mine, theirs)), strict=True):
        moved, theirs_moved = ((x - begin).detach().flatten() for x in (p, q))
        assert float(torch.cosine_similarity(moved, theirs_moved, 0)) > 0.97
        assert float(moved.norm() / theirs_moved.norm()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 5, 40), (2, 40, 5), (1, 1, 7), (1, 12, 1)])
def test_orthogonal_brings_singular_values_near_one(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "BFLOAT16", False)
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 100
    y = orthogonal(x)
    values = torch.linalg.svdvals(y)
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3
    # The directions stay: u and v of x make y as diagonal as they make x.
    u, _, vh = torch.linalg.svd(x, full_matrices=False)
    made = u.transpose(1, 2) @ y @ vh.transpose(1, 2)
    close(made, torch.diag_embed(made.diagonal(dim1=1, dim2=2)), 1e-9)
    assert not orthogonal(torch.zeros(1, 3, 4)).any()


@pytest.mark.parametrize("fast", [False, True])
def test_orthogonal_is_exact_where_bfloat16_is_slow(
    fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.randn(2, 6, 9, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(products, "BFLOAT16", False)
    exact = orthogonal(x.double())
    monkeypatch.setattr(products, "BFLOAT16", fast)
    made = orthogonal(x)
    assert made.dtype is torch.float32
    off = float((made - exact).abs().max())
    assert (1e-3 < off < 0.1) if fast else off < 1e-5


def torch_rates(make: Callable[[torch.optim.Optimizer], Any], steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def test_one_cycle_is_torchs() -> None:
    rates = torch_rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, 0.5, total_steps=101, pct_start=0.3, cycle_momentum=False
        ),
        100,
    )
    s = TrainingSettings(steps=101, learning_rate=0.5, peak_at=0.3)
    assert [learning_rate(s, i) for i in range(100)] == pytest.approx(rates)


def test_cosine_is_torchs() -> None:
    rates = torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 80), 80)
    s = TrainingSettings(steps=80, learning_rate=0.5, schedule="cosine")
    assert [learning_rate(s, i) for i in range(80)] == pytest.approx(rates)


@pytest.mark.parametrize(("cycle", "mult"), [(10, 1), (7, 2), (5, 3), (200, 2), (1, 1)])
def test_warm_restarts_are_torchs(cycle: int, mult: int) -> None:
    rates = torch_rates(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, cycle, mult), 100
    )
    restarts: dict[str, Any] = {"schedule": "warm-restarts", "cycle": cycle, "cycle_mult": mult}
    s = TrainingSettings(steps=100, learning_rate=0.5, **restarts)
    assert [learning_rate(s, i) for i in range(100)] == pytest.approx(rates)
    # A warm-up puts the whole off.
    s = TrainingSettings(steps=109, learning_rate=0.5, warmup=9, **restarts)
    assert [learning_rate(s, i) for i in range(9, 109)] == pytest.approx(rates)
    assert learning_rate(s, 0) == pytest.approx(0.05)


@given(st.integers(1, 500), st.integers(0, 20), st.integers(1, 5))
@settings(max_examples=25)
def test_a_cycle_that_is_left_open_fills_the_steps_with_three(
    steps: int, warmup: int, mult: int
) -> None:
    s = TrainingSettings(
        steps=steps + warmup, warmup=warmup, learning_rate=1, schedule="warm-restarts",
        cycle_mult=mult,
    )  # fmt: skip
    assert unfinished_cycle(s) is None
    parts = 1 + mult + mult**2
    for i in range(steps):
        # The share that is done of the cycle in which update i lies, in whole numbers.
        begin, length = 0, steps
        while i * parts >= begin + length:
            begin, length = begin + length, length * mult
        done = (i * parts - begin) / length
        share = 0.5 + 0.5 * math.cos(math.pi * done)
        assert learning_rate(s, i + warmup) == pytest.approx(share)
    assert begin + length == steps * parts or steps < parts


@pytest.mark.parametrize(
    ("steps", "warmup", "cycle", "mult", "found"),
    [
        (70, 0, 10, 2, None), (30, 0, 10, 2, None), (71, 0, 10, 2, (70, 150)),
        (9, 0, 10, 2, (0, 10)), (69, 0, 10, 2, (30, 70)), (35, 5, 10, 2, None),
        (50, 0, 10, 1, None), (55, 0, 10, 1, (50, 60)), (12, 5, 10, 1, (0, 15)),
        (70, 0, 0, 2, None),
    ],
)  # fmt: skip
def test_a_cycle_that_training_cuts_off_is_known(
    steps: int, warmup: int, cycle: int, mult: int, found: tuple[int, int] | None
) -> None:
    s = TrainingSettings(
        steps=steps, warmup=warmup, schedule="warm-restarts", cycle=cycle, cycle_mult=mult
    )
    assert unfinished_cycle(s) == found
    assert unfinished_cycle(TrainingSettings()) is None


def test_step_is_the_lectures_and_warm_up_rises() -> None:
    s = TrainingSettings(steps=100, learning_rate=0.1, schedule="step", decay_at=0.5, warmup=9)
    rates = [learning_rate(s, i) for i in range(100)]
    assert rates[:10] == pytest.approx([0.01 * i for i in range(1, 11)])
    assert rates[10:50] == pytest.approx([0.1] * 40)
    assert rates[50:] == pytest.approx([0.01] * 50)
    constant = TrainingSettings(steps=5, learning_rate=0.1, schedule="constant")
    assert [learning_rate(constant, i) for i in range(5)] == [0.1] * 5


def test_settings_that_nothing_reads_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"momentum": 0.9}, {"optimizer": "sgd", "beta1": 0.5}, {"warmup": 5}, {"decay_at": 0.7},
        {"schedule": "cosine", "peak_at": 0.5}, {"steps": -1}, {"learning_rate": 0.0},
        {"learning_rate": math.nan}, {"batch_size": -3}, {"threads": 10**6}, {"accumulate": 0},
        {"optimizer": "muon", "momentum": 0.9}, {"optimizer": "sgd", "beta2": 0.5},
        {"cycle": 5}, {"schedule": "cosine", "cycle_mult": 3}, {"rates": ("x",)},
        {"schedule": "warm-restarts", "cycle_mult": 0},
    ]  # fmt: skip
    for changes in wrong:
        with pytest.raises(SettingsError):
            TrainingSettings(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"compile": True, "gradients": "hand"}, "works only with gradients from autograd"),
        ({"accumulate": 2, "batches": "parallel"}, 'batches="parallel"'),
        ({"accumulate": 33, "batch_size": 32}, "more parts than it has rows"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        TrainingSettings(**changes)
    assert caught.value.hint
    for name in changes:  # each by itself is well
        TrainingSettings(**{name: changes[name]})


class Line(torch.nn.Module):
    """y = a x + b by least squares: as far from language as the trainer cares."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Linear(1, 1)
        for p in self.parameters():
            torch.nn.init.constant_(p, 0.0)

    def loss(self, batch: Any) -> Tensor:
        return self.loss_vjp(batch)[0]

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        x, y = batch
        found, backward = self.line.vjp(x)
        error = found - y
        return (error * error).mean(), lambda: void(backward(2 * error / error.numel()))


def void(value: object) -> None:
    """Forget a value."""


class Points:
    """Noisy points of a line, a function of the cursor alone."""

    per_epoch = 10

    def __init__(self) -> None:
        self.cursor = 0

    def __next__(self) -> tuple[Tensor, Tensor]:
        x = torch.randn(16, 1, generator=torch.Generator().manual_seed(self.cursor))
        self.cursor += 1
        return x, 3 * x - 1


def trainer(**changes: Any) -> tuple[Trainer, list[Record], list[int]]:
    records: list[Record] = []
    kept: list[int] = []
    model = Line()
    base: dict[str, Any] = {"steps": 60, "learning_rate": 0.3, "weight_decay": 0.0, "patience": 0}
    settings = TrainingSettings(**{**base, **changes})

    def evaluate() -> Evaluation:
        weight, bias = float(model.line.weight.detach()), float(model.line.bias.detach())  # type: ignore[union-attr]
        return Evaluation({"dev": (weight - 3) ** 2 + (bias + 1) ** 2})

    made = Trainer(
        model, Points(), settings, evaluate,
        on_record=records.append, on_best=lambda: kept.append(made.step),
    )  # fmt: skip
    return made, records, kept


@pytest.mark.parametrize("gradients", ["hand", "autograd"])
def test_the_trainer_fits_a_line(gradients: str) -> None:
    made, records, kept = trainer(gradients=gradients, steps=300)
    assert made.run() == "finished"
    assert records[-1].losses["dev"] < 1e-4
    assert records[0].step == 0
    assert records[0].batch is None
    assert 0 not in kept
    assert [r.step for r in records] == list(range(0, 301, 15))


def test_early_stopping_waits_for_its_patience() -> None:
    made, records, _ = trainer(patience=2, learning_rate=1e-9, steps=1000)
    made.evaluate = lambda: Evaluation({"dev": 1.0})
    assert made.run() == "early"
    assert [r.best for r in records] == [False, True, False, False]


@pytest.mark.parametrize(("cycle", "ends"), [(10, 30), (0, 15), (25, 25)])
def test_early_stopping_waits_for_the_end_of_a_cycle(cycle: int, ends: int) -> None:
    made, _, _ = trainer(
        patience=2, steps=105, evaluate_every=4, schedule="warm-restarts", cycle=cycle
    )
    made.evaluate = lambda: Evaluation({"dev": 1.0})
    assert made.run() == "early"  # at the first end of a cycle after step 12
    assert made.step == ends


def test_a_request_to_stop_ends_after_the_step_and_keeps_the_state() -> None:
    made, _, _ = trainer()
    saved: list[int] = []
    made.on_checkpoint = lambda: saved.append(made.step)
    with stopped_at(7):
        assert made.run() == "interrupted"
    assert saved[-1] == made.step == 7


class Clock:
    """A clock that moves on by so much in every update of a trainer."""

    def __init__(self, made: Trainer, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, update = 1000.0, made.update

        def timed() -> float:
            self.now += seconds
            return update()

        made.update = timed  # type: ignore[method-assign]
        monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: self.now))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1 / 1024, [1, 104, 207, 300]), (1 / 32, [*range(1, 301, 4), 300]), (1.0, [*range(1, 301)])],
)
def test_progress_is_told_ten_times_a_second_and_at_the_end(
    seconds: float, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, _ = trainer(steps=300, evaluate_every=1000)
    seen: list[Progress] = []
    made.on_progress = seen.append
    Clock(made, seconds, monkeypatch)
    made.run()
    assert [progress.step for progress in seen] == told
    assert {progress.steps for progress in seen} == {300}
    assert seen[0].seconds == pytest.approx(seconds)
    assert seen[-1].seconds == pytest.approx(300 * seconds)
    assert seen[0].rate == made.schedule(1)
    assert seen[0].loss is not None
    assert seen[-1].loss is not None


def test_the_last_progress_is_told_wherever_training_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With no time in between: once, on both sides of each evaluation, and at the end.
    for changes, ending, steps in (
        ({"evaluate_every": 3}, "interrupted", [1, 3, 3, 6, 6, 7]),
        ({"patience": 1, "evaluate_every": 2, "learning_rate": 1e-9}, "early", [1, 2, 2, 4, 4]),
    ):
        made, _, _ = trainer(**changes)
        if ending == "early":
            made.evaluate = lambda: Evaluation({"dev": 1.0})
        seen: list[int] = []
        made.on_progress = lambda progress, seen=seen: seen.append(progress.step)  # type: ignore[misc]
        with stopped_at(7):
            Clock(made, 0.0, monkeypatch)
            assert made.run() == ending
        assert seen == steps


def test_a_figure_that_should_be_high_decides() -> None:
    figures = iter([0.9, 0.2, math.nan, 0.3, 0.3, 0.1, 0.5, 0.4, 0.4, 0.4, 0.4])
    made, records, kept = trainer(patience=3, steps=1000, evaluate_every=10)
    made.decides = Measure("hits", "%", best="highest")
    made.best = made.decides.worst
    # The loss on dev falls all the time and has no say.
    losses = iter(range(100, 0, -1))
    made.evaluate = lambda: Evaluation({"dev": next(losses)}, {"dev": {"hits": next(figures)}})
    assert made.run() == "early"
    assert kept == [10, 30, 60]
    assert made.best == 0.5
    assert [record.step for record in records if record.best] == kept
    assert records[-1].measures == {"dev": {"hits": 0.4}}
    assert records[-1].losses == {"dev": 91}
    assert math.isnan(records[2].measures["dev"]["hits"])


def test_the_deciding_measure_is_given_to_the_trainer() -> None:
    made = Trainer(
        Line(), Points(), TrainingSettings(), Evaluation,
        decides=Measure("hits", "%", best="highest"),
    )  # fmt: skip
    assert made.best == -math.inf
    again = Trainer(Line(), Points(), TrainingSettings(), Evaluation)
    assert again.best == math.inf
    again.load_state(*made.state())
    assert again.best == -math.inf
    values = json.loads(json.dumps(made.state()[1], allow_nan=False))
    again.load_state(made.state()[0], values)
    assert again.best == -math.inf


def test_a_split_without_the_deciding_measure_is_a_mistake() -> None:
    made, _, _ = trainer()
    made.decides = Measure("hits", "%", best="highest")
    with pytest.raises(ValueError, match="hits was not measured on dev"):
        made.run()


def test_without_dev_the_last_is_the_best() -> None:
    made, records, kept = trainer(patience=1)
    made.evaluate = lambda: Evaluation({"train": 1.0})
    assert made.run() == "finished"
    assert kept == [record.step for record in records][1:]


def test_an_infinite_loss_on_a_split_is_an_error() -> None:
    made, _, _ = trainer()
    made.evaluate = lambda: Evaluation({"train": 1.0, "dev": math.inf})
    with pytest.raises(DivergedError, match="The dev loss is inf"):
        made.run()


def test_a_loss_that_is_no_number_is_an_error_that_says_what_to_do() -> None:
    made, _, _ = trainer(learning_rate=1e6, optimizer="sgd", schedule="constant")
    with pytest.raises(TrainingError, match="diverged") as caught:
        made.run()
    assert "`learning_rate`" in caught.value.hint


def test_clipping_shortens_long_gradients_only() -> None:
    for clip, length in ((0.5, 0.5), (1e6, None)):
        made, _, _ = trainer(clip=clip)
        norms: list[float] = []

        def spy(rate: float, made: Trainer = made, norms: list[float] = norms) -> None:
            norms.append(float(made.flat.grads.norm()))

        made.optimizer.update = spy  # type: ignore[method-assign]
        made.update()
        if length:
            assert norms[0] == pytest.approx(length)
        else:
            assert norms[0] > 0.5


@pytest.mark.parametrize("stop_at", [1, 17, 40])
def test_a_state_that_is_loaded_goes_on_bit_for_bit(stop_at: int) -> None:
    whole, whole_records, _ = trainer(checkpoint_every=1)
    whole.run()
    first, first_records, _ = trainer()
    with stopped_at(stop_at):
        assert first.run() == "interrupted"
    second, second_records, _ = trainer()
    second.load_state(*first.state())
    assert second.run() == "finished"
    assert torch.equal(second.flat.values, whole.flat.values)

    def figures(records: list[Record]) -> list[Record]:
        return [replace(record, seconds=0) for record in records]

    assert figures(first_records + second_records) == figures(whole_records)


def test_a_foreign_state_is_refused() -> None:
    made, _, _ = trainer()
    arrays, values = made.state()
    with pytest.raises(RunError, match="does not match"):
        made.load_state({}, values)
    less = {name: value for name, value in values.items() if name != "cursor"}
    with pytest.raises(RunError, match="cursor: is missing"):
        made.load_state(arrays, less)
    for array in ("optimizer.mean", "rng.cpu", "weights.line.bias"):
        with pytest.raises(RunError, match="does not match"):
            made.load_state({**arrays, array: arrays[array][:-1]}, values)
    with pytest.raises(RunError, match="layout 3"):
        made.load_state(arrays, {**values, "layout": 3})


def test_devices() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="no cuda device"):
            choose_device("cuda")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has to be told")
def test_glibc_can_be_told_to_keep_memory() -> None:
    libc = platform.libc_ver()[0]
    assert keep_freed_memory() == (libc == "glibc")


def test_other_systems_need_no_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
