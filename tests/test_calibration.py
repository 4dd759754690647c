"""The measurement before training: it chooses what is faster, and leaves no trace."""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info

import hornbook
from hornbook.compute.products import BFLOAT16
from hornbook.compute.threads import threads
from hornbook.errors import TrainingError
from hornbook.runs import Event, Listener, Run
from hornbook.runs.events import Calibrated, nobody
from hornbook.text.batches import Batches, make_batches
from hornbook.text.models.network import Network
from hornbook.training import TrainingSettings, calibration, race
from hornbook.training import candidates as offers
from hornbook.training.calibration import SPREAD, Calibration, calibrate, time_steps
from hornbook.training.candidates import BATCHES, COST, SHARE
from hornbook.training.race import in_words
from hornbook.training.trainer import Trainer
from hornbook.training.turns import clock_for
from tests.some_names import write_names
from tests.stopping import stopped_at
from tests.test_models import build, world
from tests.test_runs import SMALL, figures, same_end

FROM_STEPS = round(3 * COST / SHARE)  # threads, gradients and precision are open
OPEN = TrainingSettings(steps=FROM_STEPS, learning_rate=0.01, device="cpu")
CHOICE = ("threads", "precision", "gradients")


def parts(variant: str = "mlp dropout", mode: str = "lines") -> tuple[Network, Batches]:
    tokenizer, stream = world(mode)
    model = build(variant, tokenizer.vocabulary)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=8, seed=3,
        parallel=variant == "gru",
    )  # fmt: skip
    return model, batches


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A quiet machine that says it has four threads; what it was set to since."""
    now = [4]
    monkeypatch.setattr(calibration, "is_busy", lambda threads: False)
    monkeypatch.setattr(calibration, "free_processors", lambda most: most)
    monkeypatch.setattr(torch, "get_num_threads", lambda: now[-1])
    monkeypatch.setattr(torch, "set_num_threads", now.append)
    return now


Costs = dict[str | int, float]


def pretend(
    monkeypatch: pytest.MonkeyPatch,
    costs: Costs,
    *,
    bfloat16: bool = True,
    busy: tuple[bool, bool] = (False, False),
) -> list[TrainingSettings]:
    """A clock that moves on only while a step is computed, as far as its settings cost.

    The processor has units for bfloat16 or not, and is busy with other work or not.

    Gives the settings that were timed, in order.
    """
    now, timed = [0.0], []

    def stepper(objective: Any, sample: Any, how: TrainingSettings) -> Any:
        def run() -> None:
            timed.append(how)
            for name in CHOICE:
                now[0] += costs.get(getattr(how, name), 1.0) * len(sample) / BATCHES

        return run

    for module in (calibration, race):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(race, "clock_for", lambda threads, device: lambda: now[0])
    monkeypatch.setattr(race, "stepper", stepper)
    monkeypatch.setattr(offers, "has_fast_bfloat16", lambda device: bfloat16)
    told = itertools.cycle(busy)
    monkeypatch.setattr(calibration, "is_busy", lambda threads: next(told))
    return timed


def chosen(found: Calibration) -> tuple[Any, ...]:
    return tuple(getattr(found.settings, name) for name in CHOICE)


# --- it leaves no trace ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "mode"), [("mlp dropout", "lines"), ("mlp", "lines"), ("gru", "text")]
)
def test_nothing_of_the_training_is_touched(variant: str, mode: str, four: list[int]) -> None:
    model, batches = parts(variant, mode)
    for _ in range(2):
        next(batches)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    places = [p.data_ptr() for p in model.parameters()]
    random, numbers = torch.get_rng_state(), batches.batch(2)
    found = calibrate(model, batches, OPEN)
    assert len(found.tried) == (4 if BFLOAT16 else 3)
    assert all(milliseconds > 0 for _, milliseconds in found.tried)
    assert batches.cursor == 2
    assert (next(batches).inputs == numbers.inputs).all()
    assert torch.equal(torch.get_rng_state(), random)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    assert all(p.grad is None for p in model.parameters())
    assert [p.data_ptr() for p in model.parameters()] == places
    assert model.carried() == {}
    assert {1, 4} <= set(four)  # both were tried
    assert torch.get_num_threads() == 4


def test_a_measurement_that_fails_leaves_none_either(four: list[int]) -> None:
    model, _ = parts("mlp")
    _, stream = world()
    # BatchNorm cannot train on a batch of one.
    batches = make_batches(stream, "window", block_size=model.block_size, batch_size=1, seed=0)
    random = torch.get_rng_state()
    with pytest.raises(TrainingError, match="batch of one"):
        calibrate(model, batches, OPEN)
    assert torch.get_num_threads() == 4
    assert torch.equal(torch.get_rng_state(), random)
    assert batches.cursor == 0


# --- what is fixed, and what is too short ------------------------------------------------------


@pytest.mark.parametrize(
    "fixed",
    [
        {"threads": 3},
        {"precision": "float32"},
        {"precision": "bfloat16"},
        {"gradients": "hand"},
        {"gradients": "autograd"},
        {"threads": 2, "gradients": "autograd"},
        {"threads": 1, "precision": "bfloat16", "gradients": "autograd"},
    ],
)
def test_what_is_fixed_is_never_changed(
    fixed: dict[str, Any], four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever is not fixed would rather be another thing.
    costs: Costs = {1: 0.1, "bfloat16": 0.1, "autograd": 0.1}
    timed = pretend(monkeypatch, costs)
    found = calibrate(*parts(), replace(OPEN, **fixed))
    wanted = {"threads": 1, "precision": "bfloat16", "gradients": "autograd"} | fixed
    assert chosen(found) == tuple(wanted.values())
    assert all(getattr(how, name) == value for how in timed for name, value in fixed.items())
    assert bool(timed) == (len(fixed) < 3)


@pytest.mark.parametrize("changes", [{"steps": FROM_STEPS - 1}, {"compile": True}])
def test_short_and_compiled_trainings_are_not_measured(
    changes: dict[str, Any], four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = pretend(monkeypatch, {})
    model, batches = parts()
    found = calibrate(model, batches, replace(OPEN, **changes))
    assert timed == []
    assert found.tried == ()
    assert batches.cursor == 0
    path = "autograd" if changes.get("compile") else "hand"
    assert chosen(found) == (4, "float32", path)


def test_a_machine_of_one_thread_has_none_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    timed = pretend(monkeypatch, {})
    found = calibrate(*parts(), OPEN)
    assert {how.threads for how in timed} == {1}
    assert found.settings.threads == 1


class OnlyLoss(torch.nn.Module):
    """An objective without gradients of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.line = torch.nn.Linear(1, 1)

    def loss(self, batch: Any) -> torch.Tensor:
        return self.line(torch.ones(1)).square().mean()  # type: ignore[no-any-return]


def test_only_ways_that_can_be_used_are_tried(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = pretend(monkeypatch, {"hand": 0.1})
    found = calibrate(OnlyLoss(), parts()[1], OPEN)
    assert {how.gradients for how in timed} == {"autograd"}
    assert found.settings.gradients == "autograd"
    assert found.refused == (
        ("hand", "OnlyLoss has no method loss_vjp"),
        ("compiled", "there are no kernels for nets of this kind"),
    )
    assert calibrate(*parts(), OPEN).refused == ()
    (refused, _) = calibrate(*parts(), replace(OPEN, compile=True)).refused
    assert refused[0] == "hand"


def test_an_objective_without_a_backward_pass_is_really_measured(four: list[int]) -> None:
    found = calibrate(OnlyLoss(), parts()[1], OPEN)
    assert [words for words, _ in found.tried][-1].endswith("by autograd")


def test_words_name_the_way() -> None:
    some = replace(OPEN, threads=1, precision="float32", gradients="hand")
    assert in_words(some) == "1 thread, float32, by hand"
    other = replace(OPEN, threads=2, precision="bfloat16", gradients="autograd")
    assert in_words(other) == "2 threads, bfloat16, by autograd"


# --- the choice --------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("gradients", ["hand", "autograd"])
def test_the_faster_is_taken(
    threads: int, precision: str, gradients: str, four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {threads: 0.5, precision: 0.5, gradients: 0.5})
    found = calibrate(*parts(), OPEN)
    assert chosen(found) == (threads, precision, gradients)
    best = min(milliseconds for _, milliseconds in found.tried)
    assert dict(found.tried)[in_words(found.settings)] == pytest.approx(best)
    # A step, not a round of two batches: 1.5 s in two.
    assert best == pytest.approx(750)
    assert found.seconds > 0


def test_a_hair_is_not_worth_a_change(four: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {"bfloat16": 0.95, "autograd": 0.95})  # of 3 each: 1.7 %
    assert chosen(calibrate(*parts(), replace(OPEN, threads=4))) == (4, "float32", "hand")


def test_two_threads_must_bring_more_than_a_little(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of 3 in all: four threads save a tenth, which is not worth the waits of a busy machine.
    pretend(monkeypatch, {1: 1.0, 4: 0.7})
    assert chosen(calibrate(*parts(), OPEN))[0] == 1
    pretend(monkeypatch, {1: 1.0, 4: 0.4})
    assert chosen(calibrate(*parts(), OPEN))[0] == 4


@pytest.mark.parametrize(
    ("costs", "threads"),
    [
        ({1: 1.0, 2: 0.5, 4: 0.2}, 4),
        ({1: 1.0, 2: 0.9, 4: 0.0}, 1),  # two bring too little, so four are not tried
        ({1: 1.0, 2: 0.5, 4: 0.45}, 2),
    ],
)
def test_threads_share_compiled_steps_where_that_pays(
    costs: Costs, threads: int, four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = pretend(monkeypatch, {"float32": 0.0, "compiled": 0.0, **costs}, bfloat16=False)
    monkeypatch.setattr(race, "wait_for", lambda *given: "")
    how = replace(OPEN, gradients="compiled", precision="float32")
    assert chosen(calibrate(*parts("bow"), how))[0] == 1  # its steps are too small
    monkeypatch.setattr(offers, "WORTH_SHARING", 1)
    assert not timed
    assert chosen(calibrate(*parts("bow"), how)) == (threads, "float32", "compiled")
    assert (4 in {one.threads for one in timed}) == (costs[2] < 0.85)


def shared_net(monkeypatch: pytest.MonkeyPatch) -> tuple[Network, Batches]:
    """One whose compiled steps may be tried, and shared by threads."""
    monkeypatch.setattr(race, "wait_for", lambda *given: "")
    monkeypatch.setattr(offers, "compiling", lambda *given: (True, ""))
    monkeypatch.setattr(offers, "WORTH_SHARING", 1)
    return parts("bow")


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize(("hand", "far"), [(1.2, False), (1.6, None), (2.2, True)])
def test_where_compiled_steps_are_far_ahead_nothing_else_is_tried(
    hand: float, far: bool | None, bfloat16: bool, four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far is a quarter more, or twice as much where bfloat16 could make up for that."""
    net = shared_net(monkeypatch)
    costs: Costs = {"hand": hand, "compiled": 1.0, "autograd": 9.0, "float32": 0.0, 2: 0.0, 4: 0.0}
    timed = pretend(monkeypatch, costs, bfloat16=bfloat16)
    found = calibrate(*net, OPEN)
    assert chosen(found) == (2, "float32", "compiled")
    assert any(how.gradients == "autograd" for how in timed) != (
        not bfloat16 if far is None else far
    )


def test_of_a_small_net_steps_by_hand_are_timed_on_one_thread_first(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four would take a quarter of that at best: no more is asked where this is not enough."""
    net = shared_net(monkeypatch)
    costs: Costs = {"compiled": 1.0, "float32": 0.0, 1: 0.0, 2: 0.0, 4: 0.0}

    def by_hand(cost: float) -> set[int]:
        timed = pretend(monkeypatch, {**costs, "hand": cost}, bfloat16=False)
        assert chosen(calibrate(*net, OPEN))[1:] == ("float32", "compiled")
        return {how.threads for how in timed if how.gradients == "hand"}

    assert by_hand(5.5) == {1}
    assert by_hand(4.5) == {1, 4}
    monkeypatch.setattr(race, "SMALL", 0)
    assert by_hand(5.5) == {4}


def test_compiled_steps_are_compared_by_as_many_threads_as_the_others(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one thread they may lose to gradients by hand on several, and by two win."""
    net = shared_net(monkeypatch)
    pretend(monkeypatch, {"compiled": 1.0, "hand": 2.0, "float32": 0.0, 1: 2.5, 2: 0.0, 4: 0.0},
            bfloat16=False)  # fmt: skip
    found = calibrate(*net, OPEN)
    assert chosen(found) == (2, "float32", "compiled")
    told = dict(found.tried)
    assert told["1 thread, float32, by compiled steps"] > told["4 threads, float32, by hand"]


def test_so_they_are_on_many_processors(four: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand on four, compiled steps lose by one and by two, and win by four."""
    net = shared_net(monkeypatch)
    costs: Costs = {"compiled": 1.0, "hand": 1.2, "autograd": 2.0, "float32": 0.0}
    pretend(monkeypatch, {**costs, 1: 3.0, 2: 1.0, 4: 0.1},
            bfloat16=False)  # fmt: skip
    assert chosen(calibrate(*net, OPEN)) == (4, "float32", "compiled")


def test_compiled_steps_of_one_thread_may_win_where_those_of_two_do_not(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = shared_net(monkeypatch)
    pretend(monkeypatch, {"compiled": 0.9, "float32": 0.0, 1: 0.0, 2: 0.5, 4: 0.0}, bfloat16=False)
    assert chosen(calibrate(*net, OPEN)) == (1, "float32", "compiled")
    pretend(monkeypatch, {"compiled": 1.2, "float32": 0.0, 1: 0.0, 2: 0.5, 4: 0.0}, bfloat16=False)
    assert chosen(calibrate(*net, OPEN))[2] == "hand"


def test_that_two_threads_win_is_not_said_of_one(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are a little faster than gradients by hand on one, but not worth it: one is slower."""

    def found(hand: float) -> Calibration:
        costs: Costs = {"hand": hand, "compiled": 1.0, "float32": 0.0, 1: 0.1, 2: 0.0, 4: 9.0}
        pretend(monkeypatch, {**costs, "autograd": 9.0}, bfloat16=False)
        # On four threads, of which each other way is tried, gradients by hand lose.
        return calibrate(*net, replace(OPEN, steps=10 * OPEN.steps))

    net = shared_net(monkeypatch)
    monkeypatch.setattr(race, "FAR", 100.0)  # that they are ahead of four says too little
    assert chosen(found(0.96)) == (1, "float32", "hand")
    assert chosen(found(1.2)) == (1, "float32", "compiled")


def test_that_four_threads_win_is_not_said_of_one_either(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two save too little beside one, and both lose to gradients by hand on four."""
    net = shared_net(monkeypatch)
    pretend(monkeypatch, {"compiled": 1.0, "hand": 1.2, "autograd": 9.0, "float32": 0.0, 1: 0.5,
                          2: 0.45, 4: 0.0}, bfloat16=False)  # fmt: skip
    assert chosen(calibrate(*net, replace(OPEN, steps=10 * OPEN.steps)))[1:] == (
        "float32", "compiled"
    )  # fmt: skip
    assert chosen(calibrate(*net, replace(OPEN, steps=10 * OPEN.steps)))[0] == 4


def test_in_a_given_time_no_more_is_tried_than_a_part_of_it_allows(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of steps of a second: 16 for a pair, beside some that tell whether there is time for one."""
    net = shared_net(monkeypatch)
    costs: Costs = {"compiled": 1.0, "hand": 1.4, "autograd": 0.1, "float32": 0.0}
    costs |= {1: 0.0, 2: 0.0, 4: 0.0}
    timed = pretend(monkeypatch, costs, bfloat16=False)
    found = calibrate(*net, OPEN, limit=2.0)
    assert (found.too_short, found.cut, found.tried) == (True, True, ())
    assert len(timed) == 1
    found = calibrate(*net, OPEN, limit=1.4 * COST)
    assert chosen(found) == (2, "float32", "compiled")  # of what was seen the fastest
    assert (found.too_short, found.cut) == (False, True)
    assert "autograd" not in {how.gradients for how in timed}
    found = calibrate(*net, OPEN, limit=100.0 * COST)
    assert not found.cut


def test_compiling_is_told_apart_and_takes_no_time_from_the_rest(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = shared_net(monkeypatch)
    costs: Costs = {"compiled": 0.5, "float32": 0.0, 1: 0.0, 2: 0.0, 4: 0.0}
    pretend(monkeypatch, costs, bfloat16=False)
    clock, made = [0.0], race.stepper
    before = vars(race)["time"].perf_counter

    def slow_to_compile(objective: Any, sample: Any, how: TrainingSettings) -> Any:
        clock[0] += 1000.0 * (how.gradients == "compiled")
        return made(objective, sample, how)

    there = SimpleNamespace(perf_counter=lambda: before() + clock[0])
    for module in (calibration, race):
        monkeypatch.setattr(module, "time", there)
    monkeypatch.setattr(race, "stepper", slow_to_compile)
    monkeypatch.setattr(race, "wait_for", lambda *given: "a while")
    told: list[str] = []
    found = calibrate(*net, replace(OPEN, threads=1), tell=told.append, limit=900.0)
    assert (told, found.cut, found.compiling) == (["a while"], False, 1000.0)
    assert 1000 < found.seconds < 1900
    assert chosen(found) == (1, "float32", "compiled")


def test_a_large_net_is_timed_by_few_compiled_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty of a GPT's, each an eighth of a second, took more than half of a training."""
    sizes = []

    def stepper(objective: Any, sample: Any, how: TrainingSettings) -> Any:
        sizes.append(len(sample))
        return lambda: None

    monkeypatch.setattr(calibration, "stepper", stepper)
    how = replace(OPEN, threads=1, precision="float32", gradients="compiled")
    time_steps(*parts(), how, 0.0)
    monkeypatch.setattr(race, "WORK", 1)
    time_steps(*parts(), how, 0.0)
    assert sizes == [race.CALL // SPREAD * SPREAD, SPREAD]


def test_they_do_not_on_a_busy_machine(four: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    timed = pretend(monkeypatch, {"compiled": 0.0, 4: 0.0, 2: 0.0}, busy=(True, False))
    monkeypatch.setattr(offers, "WORTH_SHARING", 1)
    how = replace(OPEN, gradients="compiled", precision="float32")
    assert chosen(calibrate(*parts("bow"), how))[0] == 1
    assert not timed


def test_what_is_far_slower_has_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = pretend(monkeypatch, {"hand": 4.5})  # 6.5 against 3
    found = calibrate(*parts(), replace(OPEN, threads=1, precision="float32"))
    assert found.settings.gradients == "autograd"
    assert [how.gradients for how in timed].count("hand") == 2  # to warm up, and the first round
    assert [how.gradients for how in timed].count("autograd") == 2  # and then it is alone


def test_what_is_slower_by_far_and_by_long_does_not_even_warm_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timed = pretend(monkeypatch, {"hand": 10.0})
    found = calibrate(*parts(), replace(OPEN, threads=1, precision="float32"))
    assert found.settings.gradients == "autograd"
    assert [how.gradients for how in timed].count("hand") == 1
    assert dict(found.tried)["1 thread, float32, by hand"] == pytest.approx(6000)


def test_one_thread_has_a_clock_of_its_own() -> None:
    assert (clock_for(1, "cpu") is time.thread_time) == (sys.platform != "win32")
    assert clock_for(2, "cpu") is time.perf_counter
    assert clock_for(1, "cuda") is time.perf_counter


def test_it_takes_at_most_three_in_a_hundred_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in (500, 1000, 1600, 5000):
        timed = pretend(monkeypatch, {})
        calibrate(*parts(), replace(OPEN, steps=steps))
        assert len(timed) * BATCHES <= 0.03 * steps


def test_bfloat16_is_not_tried_without_units_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        timed = pretend(monkeypatch, {"bfloat16": 0.1}, bfloat16=there)
        found = calibrate(*parts(), OPEN)
        assert any(how.precision == "bfloat16" for how in timed) == there
        assert (found.settings.precision == "bfloat16") == there


@pytest.mark.parametrize(
    ("busy", "quiet"), [((False, False), True), ((True, False), False), ((False, True), False)]
)
def test_it_knows_whether_the_machine_was_busy(
    busy: tuple[bool, bool], quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {}, busy=busy)
    assert calibrate(*parts(), OPEN).quiet == quiet


def test_on_a_busy_machine_one_thread_is_taken_untried(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = pretend(monkeypatch, {1: 10.0}, busy=(True, False))
    found = calibrate(*parts(), OPEN)
    assert found.settings.threads == 1
    assert {how.threads for how in timed} == {1}


def test_so_it_is_where_there_is_no_time_to_measure(
    four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "free_processors", lambda most: 1)
    monkeypatch.setattr(offers, "has_fast_bfloat16", lambda device: True)  # or fewer questions
    short = replace(OPEN, steps=FROM_STEPS - 1)
    assert chosen(calibrate(*parts(), short)) == (1, "float32", "hand")
    assert calibrate(*parts(), replace(short, threads=3)).settings.threads == 3


@pytest.mark.parametrize("number", [1, 2])
def test_numpys_library_has_as_many_threads_as_torch(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def update(trainer: Trainer) -> None:
        # SciPy's own, which other tests may have loaded since, multiplies nothing here.
        loaded = [one for one in threadpool_info() if "scipy" not in one["filepath"]]
        blas = [one for one in loaded if one["user_api"] == "blas"]
        seen.extend([torch.get_num_threads(), *(one["num_threads"] for one in blas)])

    monkeypatch.setattr(Trainer, "update", update)
    with threads(3):
        time_steps(*parts(), replace(OPEN, threads=number, gradients="hand"), 0.0)
        assert torch.get_num_threads() == 3
    assert len(seen) > 1
    assert set(seen) == {number}


# --- in a run ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 1000, 2))


def test_a_run_keeps_its_choice_and_goes_on_with_it(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = TrainingSettings(
        steps=30, batch_size=32, evaluate_every=10, threads=1, precision="bfloat16",
        gradients="autograd",
    )  # fmt: skip
    times: list[Calibration] = []

    def found(
        objective: Any, batches: Any, settings: TrainingSettings, *others: Any
    ) -> Calibration:
        times.append(Calibration(fast if len(times) < 2 else settings, (("it", 1.0),), 3e6,
                                 compiling=2e6))  # fmt: skip
        return times[-1]

    monkeypatch.setattr(calibration, "calibrate", found)
    told: list[Calibration] = []

    def listener(event: Event) -> None:
        if isinstance(event, Calibrated):
            told.append(event.calibration)

    open_ = replace(fast, threads=0, precision="auto", gradients="auto")

    def run(name: str, listen: Listener = nobody) -> Run:
        monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / f"{name}-cache"))  # each is measured
        return hornbook.train(
            names, out=tmp_path / name, settings=SMALL, training=open_, listen=listen,
            baseline=False,
        )  # fmt: skip

    whole = run("whole")
    with stopped_at(14):
        stopped = run("stopped", listener)
    assert [one.settings for one in told] == [times[1].settings]
    assert whole.record.training == fast
    assert stopped.summary.ending == "interrupted"
    ended = hornbook.resume(stopped.path)
    assert len(times) == 2  # not measured again
    same_end(ended.path, whole.path)
    # The time that it took is part of the run's, once, a resume or not; compiling stands apart.
    for one in (whole, ended):
        assert 1e6 < one.summary.seconds < 2e6
        assert one.summary.compiling == 2e6
    assert figures(whole.path)[0]["step"] == 0


def test_a_real_choice_leaves_nothing_open_and_the_callers_threads(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    before = torch.get_num_threads()
    training = {
        "steps": FROM_STEPS // 3,
        "batch_size": 32,
        "patience": 0,
        "gradients": "hand",
        "precision": "float32",
    }
    torch.set_num_threads(2)  # of one there would be none to choose
    try:
        with stopped_at(3):
            run = hornbook.train(
                names, out=tmp_path / "run", settings=SMALL, training=training, baseline=False
            )
        # One net's choice of a single thread must not be the next one's whole machine.
        assert torch.get_num_threads() == 2
        other = {**training, "threads": 1, "steps": 2}
        hornbook.train(names, out=tmp_path / "b", settings=SMALL, training=other, baseline=False)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    made = Run(run.path).record.training
    assert made is not None
    assert made.threads >= 1
    assert made.precision in ("float32", "bfloat16")
    assert made.gradients in ("hand", "autograd")
    assert made.device != "auto"
    assert run.record.calibration_seconds > 0
