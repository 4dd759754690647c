"""Several runs trained together: each as it would be alone, and none hanging on another."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DivergedError, HornbookError, RunError, TrainingError
from hornbook.experiments.together import RunPlan, make_together
from hornbook.extras import how_to_install
from hornbook.kernels import kept, machine_code
from hornbook.runs import Run
from hornbook.runs.events import Began, Ended, Evaluated, Event, Noted
from hornbook.runs.prepare import Prepared, prepare
from hornbook.runs.together import One, train_together, why_apart
from hornbook.training.many_steps import ManySteps
from hornbook.training.side_by_side import Member
from tests.no_numba import without_numba
from tests.some_names import write_names

pytest.importorskip("numba", reason="Numba is not installed")

NET: dict[str, Any] = {"block_size": 3, "n_embd": 4, "n_hidden": (12,), "dropout": 0.1}
HOW: dict[str, Any] = {
    "steps": 40, "evaluate_every": 10, "batch_size": 16, "threads": 1, "precision": "float32",
    "gradients": "hand",
}  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    file = write_names(tmp_path_factory.mktemp("together") / "names.txt", slice(0, 200))
    return prepare(file, None, {})


def trials(folder: Path, count: int = 3, **how: Any) -> list[RunPlan]:
    """Two seeds, and rates that rise."""
    return [
        RunPlan(
            folder / f"{i}", NET, {**HOW, "seed": i % 2, "learning_rate": 0.01 * (i + 1), **how}
        )
        for i in range(count)
    ]


def alone(names: Prepared, out: Path, **how: Any) -> Run:
    return hornbook.train(
        names, model="mlp", out=out, settings=NET, training={**HOW, **how}, baseline=False
    )


def records(run: Run) -> list[Any]:
    """What is known at each evaluation, but for the time."""
    return [(one.step, one.learning_rate, one.best) for one in run.directory.read_metrics()]


def dev(run: Run) -> list[float]:
    return [one.losses["dev"] for one in run.directory.read_metrics()]


def test_each_comes_out_as_alone(names: Prepared, tmp_path: Path) -> None:
    told: list[tuple[int, Event]] = []
    made = make_together(
        names, "mlp", trials(tmp_path), listen=lambda at, event: told.append((at, event))
    )
    for at, (one, trial) in enumerate(zip(made, trials(tmp_path), strict=True)):
        assert isinstance(one, Run)
        other = alone(names, tmp_path / f"alone{at}", **trial.training)
        assert records(one) == records(other)
        assert dev(one) == pytest.approx(dev(other), rel=1e-5)
        assert one.record.training == other.record.training
        assert one.summary.losses == pytest.approx(other.summary.losses, rel=1e-5)
        own, theirs = one.model.arrays(), other.model.arrays()
        for name, array in own.items():
            np.testing.assert_allclose(array, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)
        kinds = [type(event) for number, event in told if number == at]
        assert (kinds.count(Began), kinds.count(Evaluated), kinds.count(Ended)) == (1, 5, 1)
        # It goes on by the usual trainer.
        longer = hornbook.resume(one.path, steps=50)
        assert longer.summary.steps == 50


def test_one_that_diverges_leaves_the_others_alone(names: Prepared, tmp_path: Path) -> None:
    wrong = {"optimizer": "sgd", "learning_rate": 1e6, "weight_decay": 1000.0}
    few = trials(tmp_path, 2)
    few.insert(1, RunPlan(tmp_path / "wrong", NET, {**HOW, **wrong}))
    first, failed, last = make_together(names, "mlp", few)
    assert isinstance(failed, DivergedError)
    with pytest.raises(DivergedError) as other:
        alone(names, tmp_path / "alone", **wrong)
    assert str(failed) == str(other.value)
    for one in (first, last):
        assert isinstance(one, Run)
        assert one.summary.ending == "finished"


def test_each_ends_early_by_itself(names: Prepared, tmp_path: Path) -> None:
    how = {"patience": 1, "learning_rate": 0.9, "evaluate_every": 4}
    few = [*trials(tmp_path, 1), RunPlan(tmp_path / "early", NET, {**HOW, **how})]
    whole, early = make_together(names, "mlp", few)
    assert isinstance(early, Run)
    assert isinstance(whole, Run)
    other = alone(names, tmp_path / "alone", **how)
    assert (early.summary.ending, early.summary.steps) == ("early", other.summary.steps)
    assert records(early) == records(other)
    assert whole.summary.ending == "finished"


def test_stopped_they_go_on_to_the_same_bits(names: Prepared, tmp_path: Path) -> None:
    whole = make_together(names, "mlp", trials(tmp_path / "whole"))
    seen: list[int] = []

    def stop(at: int, event: Event) -> None:
        if isinstance(event, Evaluated):
            seen.append(at)
            if len(seen) == 5:
                signal.raise_signal(signal.SIGINT)

    few = trials(tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        make_together(names, "mlp", few, listen=stop, threads=2)
    done = [Run(one.path).summary.steps or 0 for one in few]
    assert min(done) < 40
    told: list[Event] = []
    again = make_together(names, "mlp", few, listen=lambda at, event: told.append(event))
    assert all(event.resumed for event in told if isinstance(event, Began))
    for one, other in zip(again, whole, strict=True):
        assert isinstance(one, Run)
        assert isinstance(other, Run)
        assert records(one) == records(other)
        assert dev(one) == dev(other)
        for name, array in one.model.arrays().items():
            np.testing.assert_array_equal(array, other.model.arrays()[name], err_msg=name)


def test_one_by_itself_goes_on_by_compiled_steps_to_the_same_bits(
    names: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"gradients": "auto"}
    (whole,) = make_together(names, "mlp", trials(tmp_path / "whole", 1, **how))
    turn = Member.turn

    def stopping(member: Member) -> bool:
        more = turn(member)
        member.trainer.stop = member.trainer.step >= 20
        return more

    with monkeypatch.context() as patch:
        patch.setattr(Member, "turn", stopping)
        with pytest.raises(KeyboardInterrupt):
            make_together(names, "mlp", trials(tmp_path / "stopped", 1, **how))
    resumed = hornbook.resume(tmp_path / "stopped" / "0")
    assert isinstance(whole, Run)
    assert resumed.record.training is not None
    assert resumed.record.training.gradients == "compiled"
    for name, array in whole.model.arrays().items():
        np.testing.assert_array_equal(array, resumed.model.arrays()[name], err_msg=name)


def test_what_is_done_is_taken_and_another_run_refused(names: Prepared, tmp_path: Path) -> None:
    made = make_together(names, "mlp", trials(tmp_path))
    told: list[Event] = []
    again = make_together(
        names, "mlp", trials(tmp_path), listen=lambda at, event: told.append(event)
    )
    assert not told
    assert [one.record.id for one in again if isinstance(one, Run)] == [
        one.record.id for one in made if isinstance(one, Run)
    ]
    with pytest.raises(RunError, match="learning_rate"):
        make_together(names, "mlp", trials(tmp_path, learning_rate=0.5))


def test_what_has_no_kernels_is_made_by_itself(names: Prepared, tmp_path: Path) -> None:
    few = [*trials(tmp_path, 1), *trials(tmp_path / "parts", 1, accumulate=2)]
    told: dict[int, list[str]] = {0: [], 1: []}

    def hear(at: int, event: Event) -> None:
        if isinstance(event, Noted):
            told[at].append(event.message)

    for one in make_together(names, "mlp", few, listen=hear):
        assert isinstance(one, Run)
        assert one.summary.steps == 40
    assert any("together" in message for message in told[0])
    assert any("by itself: `accumulate` splits the batches" in one for one in told[1])


def test_a_listeners_refusal_ends_one_training(names: Prepared, tmp_path: Path) -> None:
    """As a sweep does with a run that is hopeless."""

    def hopeless(at: int, event: Event) -> None:
        if at == 1 and isinstance(event, Evaluated) and event.record.step == 20:
            raise TrainingError("It is hopeless.")

    first, pruned, last = make_together(names, "mlp", trials(tmp_path), listen=hopeless)
    assert isinstance(pruned, HornbookError)
    assert str(pruned).startswith("It is hopeless.")
    assert isinstance(first, Run)
    assert isinstance(last, Run)
    assert Run(tmp_path / "1").directory.checkpoint.exists()

    def broken(at: int, event: Event) -> None:
        if isinstance(event, Evaluated):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_together(names, "mlp", trials(tmp_path / "broken"), listen=broken)


@pytest.mark.parametrize(
    ("family", "settings", "training", "why"),
    [
        ("mlp", {}, {"batch_size": 128}, None),
        ("mlp", {}, {"batch_size": 512}, None),
        ("mlp", {}, {"batch_size": 1024}, None),
        ("mlp", {"n_hidden": (2048, 2048)}, {}, "large"),
        ("wavenet", {"form": "tree"}, {"batch_size": 32}, None),
        ("wavenet", {}, {}, None),
        ("bow", {}, {}, None),
        ("rnn", {"join": "added"}, {}, "no kernel for AddedRNN"),
        ("gru", {}, {"batch_size": 32}, None),
        ("lstm", {"n_hidden": 2048}, {}, "large"),
        ("gpt", {}, {}, None),
        ("gpt", {"lora_rank": 2}, {}, "frozen"),
        ("ngram", {}, {}, "not trained step by step"),
        ("mlp", {}, {"optimizer": "muon"}, None),
        ("mlp", {}, {"accumulate": 2}, "`accumulate`"),
    ],
)
def test_which_can_be_trained_together(
    names: Prepared, tmp_path: Path, family: str, settings: Any, training: Any, why: str | None
) -> None:
    found = why_apart(names, family, One(tmp_path / "run", settings, training))
    assert (found is None) if why is None else (found is not None and why in found)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("task", "family", "text"),
    [
        ("ratings", "dot", "user,item,rating\n{0},{1},{2}"),
        ("tables", "linear", "a,b,c\n{0},{1},{2}"),
        ("pairs", "seq2seq", "a,b\n{0} {1},{1} {0}"),
    ],
)
def test_nets_of_other_tasks_are_trained_by_themselves(
    tmp_path: Path, task: str, family: str, text: str
) -> None:
    file = tmp_path / "rows.csv"
    head, row = text.split("\n")
    rows = [row.format(n % 20, n // 20 + 30, n % 5 + 1) for n in range(200)]
    file.write_text("\n".join([head, *rows]) + "\n")
    options = {"target": "c"} if task == "tables" else {}
    found = why_apart(prepare(file, task, options), family, One(tmp_path / "run", {}, {}))
    assert found == "there are no kernels for nets of this kind"


def test_without_numba_the_reason_says_what_to_install(
    names: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else stands in the way: what is of no use is not advised."""
    without_numba(monkeypatch)
    assert how_to_install("numba") in (
        why_apart(names, "mlp", One(tmp_path / "run", NET, {})) or ""
    )
    added = One(tmp_path / "run", {"join": "added"}, {})
    assert "no kernel" in (why_apart(names, "rnn", added) or "")


def test_nets_of_rows_come_out_as_alone(names: Prepared, tmp_path: Path) -> None:
    """Their batches have other lengths each time, and all of an epoch's are measured."""
    net = {"n_embd": 8, "n_hidden": 16}
    how = {**HOW, "batch_size": 8}
    plans = [RunPlan(tmp_path / f"{seed}", net, {**how, "seed": seed}) for seed in range(2)]
    for one, plan in zip(make_together(names, "gru", plans), plans, strict=True):
        assert isinstance(one, Run)
        assert one.record.together
        other = hornbook.train(
            names, model="gru", out=tmp_path / f"alone{plan.path.name}", settings=net,
            training=plan.training, baseline=False,
        )  # fmt: skip
        assert dev(one) == pytest.approx(dev(other), rel=1e-5)
        own, theirs = one.model.arrays(), other.model.arrays()
        for name, array in own.items():
            np.testing.assert_allclose(array, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)
        assert hornbook.resume(one.path, steps=50).summary.steps == 50


def test_nothing_to_make_is_nothing(names: Prepared) -> None:
    assert train_together(names, "mlp", []) == []


def test_a_sweep_of_them_finds_what_it_finds_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="Optuna is not installed")
    monkeypatch.chdir(tmp_path)
    file = write_names(tmp_path / "names.txt", slice(0, 200))
    how: dict[str, Any] = {
        "model": "mlp", "over": {"n_embd": "3..5", "learning_rate": "0.005..0.02"}, "trials": 3,
        "settings": {"block_size": 3, "n_hidden": (12,)}, "training": HOW,
    }  # fmt: skip
    found = hornbook.sweep(str(file), **how, out="all")
    alone = hornbook.sweep(str(file), **how, out="alone", together=False)
    assert [one.together for one in found.trials] == [True] * 3
    assert [dict(one.values) for one in found.trials] == [dict(one.values) for one in alone.trials]
    for one, other in zip(found.trials, alone.trials, strict=True):
        assert [at for at, _ in one.curve] == [at for at, _ in other.curve]
        for (_, mine), (_, theirs) in zip(one.curve, other.curve, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-5)


def test_they_wait_for_the_compiler_before_their_turns(
    names: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    loaded: list[ManySteps] = []

    def stopped(steps: ManySteps) -> float:
        loaded.append(steps)
        if len(loaded) == 2:
            signal.raise_signal(signal.SIGINT)
        return 0.0

    plans = [One(one.path, one.settings, one.training) for one in trials(tmp_path, 2)]
    with monkeypatch.context() as patch:
        patch.setattr(machine_code, "are_kept", lambda names: False)
        patch.setattr(ManySteps, "load", stopped)
        with pytest.raises(KeyboardInterrupt):
            train_together(names, "mlp", plans, listen=lambda at, event: told.append(event))
    assert [one.message for one in told if isinstance(one, Noted)].count(kept.WAIT) == 1
    assert not [one for one in told if isinstance(one, Evaluated)]
    assert hornbook.resume(tmp_path / "0").summary.ending == "finished"
