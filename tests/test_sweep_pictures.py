"""What is drawn and concluded from trials, which are made up here: importance, tables, pictures."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
import pytest
from matplotlib.text import Text

from hornbook.experiments.sweep import pictures
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.page import importance_table, page_of, trials_table
from hornbook.experiments.sweep.record import Look
from hornbook.experiments.sweep.results import importance_of
from hornbook.experiments.sweep.rows import Trial, best_of, in_order, trials_csv
from hornbook.experiments.sweep.sampler import Sampler, read_params
from hornbook.experiments.sweep.space import Setting, Space
from hornbook.plots.drawing import drawing
from hornbook.ranges import Choices, Range
from hornbook.training.measures import LOSS, Measure

SPACE = Space((
    Setting("n_embd", "settings", Range(4, 64, log=True), whole=True),
    Setting("learning_rate", "training", Range(1e-4, 1e-1, log=True), whole=False),
    Setting("norm", "settings", Choices(("batch", "none")), whole=False),
    Setting("n_hidden", "settings", Choices(((64,), (64, 32))), whole=False),
))  # fmt: skip
USUAL = {"n_embd": 16, "learning_rate": 0.01, "norm": "batch", "n_hidden": (64, 32)}


def reached(values: dict[str, Any]) -> float:
    """A made-up loss, in which the learning rate is nearly all that matters; best at 0.003."""
    far: float = math.log10(values["learning_rate"] / 0.003)
    extra = 0.01 if values["norm"] == "none" else 0.0
    return 2 + far * far + extra


def loss_of(trial: optuna.trial.FrozenTrial) -> float:
    """What a trial reached."""
    return reached(read_params(SPACE, trial.params))


def searched(count: int, seed: int = 1, usual: dict[str, Any] | None = None) -> optuna.Study:
    """A study of the made-up loss."""
    sampler = Sampler(SPACE, USUAL if usual is None else usual, seed)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=sampler)
    for _ in range(count):
        trial = study.ask(fixed_distributions=sampler.ranges)
        study.tell(trial, reached(read_params(SPACE, trial.params)))
    return study


def test_the_first_trial_is_the_recommended_one_and_later_ones_are_better_than_chance() -> None:
    study = searched(40)
    drawn = [read_params(SPACE, one.params) for one in study.trials]
    assert drawn[0] == USUAL
    assert len({tuple(one.values()) for one in drawn}) == 40
    losses = [reached(one) for one in drawn]
    chance = np.random.default_rng(0)
    rates = 10 ** chance.uniform(-4, -1, 10_000)
    expected = np.mean([reached({"learning_rate": rate, "norm": "batch"}) for rate in rates])
    assert np.mean(losses[1:10]) == pytest.approx(expected, abs=0.5)
    later = [loss_of(one) for seed in (1, 2, 3) for one in searched(40, seed).trials[20:]]
    # At random it would be all of it; ten seeds of Optuna's own estimator lose a third of it.
    assert np.mean(later) - 2 < 0.6 * (expected - 2)
    again = searched(40)
    assert [one.params for one in again.trials] == [one.params for one in study.trials]
    assert searched(3, seed=2).trials[1].params != study.trials[1].params


def test_what_is_recommended_counts_as_far_as_it_lies_in_the_ranges() -> None:
    first = read_params(SPACE, searched(1, usual={"norm": "none"}).trials[0].params)
    assert first["norm"] == "none"
    assert first["n_embd"] != 16


def test_the_setting_that_matters_is_found_and_few_trials_tell_nothing() -> None:
    found = importance_of(searched(40))
    assert next(iter(found)) == "learning_rate"
    assert found["learning_rate"] > 0.5
    assert sum(found.values()) == pytest.approx(1)
    assert importance_of(searched(19)) == {}


def made_up(best: Literal["lowest", "highest"] = "lowest", count: int = 12) -> Sweep:
    """A sweep of made-up trials, of which one is far off, one was pruned and one refused."""
    drawn = random.Random(3)
    sign = 1 if best == "lowest" else -1
    trials = []
    for number in range(count):
        values = {
            "n_embd": drawn.randint(4, 64), "learning_rate": 10 ** drawn.uniform(-4, -1),
            "norm": drawn.choice(["batch", "none"]), "n_hidden": drawn.choice([(64,), (64, 32)]),
        } if number else USUAL  # fmt: skip
        dev = sign * (reached(values) + (50 if number == 3 else 0))
        curve = tuple((at, dev + sign * 3 / at) for at in range(1, 21))
        trials.append(Trial(number, "finished", values, dev, 1.5, 1000, 20, curve=curve))
    pruned = Trial(
        count, "pruned", trials[2].values, sign * 6, 0.5, 1000, 5, curve=trials[2].curve[:5]
    )
    refused = Trial(count + 1, "refused", trials[4].values, why="It does not fit.")
    measure = LOSS if best == "lowest" else Measure("accuracy", "", "highest")
    first = best_of(trials, measure)
    assert first is not None
    return Sweep(
        Path("runs/x-mlp-sweep"), "x", "mlp", measure, SPACE.written(), USUAL,
        (*trials, pruned, refused), first, None, {"learning_rate": 0.9, "norm": 0.1},
        (Look(first.number, 14, sign * 2.2),), 60.0,
    )  # fmt: skip


@pytest.mark.parametrize("best", ["lowest", "highest"])
def test_the_best_comes_first_and_what_is_not_finished_last(
    best: Literal["lowest", "highest"],
) -> None:
    found = made_up(best)
    ordered = in_order(found.trials, found.measure)
    devs = [one.dev for one in ordered if one.finished]
    assert devs == sorted((one or 0 for one in devs), reverse=best == "highest")
    assert ordered[0] == found.best
    assert [one.state for one in ordered[-2:]] == ["pruned", "refused"]
    table = trials_table(found, 5)
    assert (len(table.rows), table.beyond) == (5, 9)
    assert any("recommended settings" in row for row in trials_table(found).rows)
    assert trials_csv(found.trials, list(found.over)).count("\n") == 15
    assert best_of([], found.measure) is None


@pytest.mark.parametrize("best", ["lowest", "highest"])
def test_pictures_show_every_trial(best: Literal["lowest", "highest"]) -> None:
    found = made_up(best)
    with drawing():
        (course,) = pictures.course(found).axes
        panels = pictures.slices(found).axes
        (lines,) = pictures.parallel(found).axes
        (curves,) = pictures.curves(found).axes
    # Finished and pruned, the far one at the edge, as a triangle of its own.
    assert sum(np.asarray(one.get_offsets()).shape[0] for one in course.collections) == 13
    assert [axes.get_xlabel() for axes in panels] == list(found.over)
    assert panels[0].get_xscale() == "log"
    assert [text.get_text() for text in panels[2].get_xticklabels()] == ["batch", "none"]
    low, high = course.get_ylim()
    assert high - low < 15  # the one that is 50 off does not squeeze the others
    assert len([line for line in lines.lines if len(np.asarray(line.get_xdata())) == 5]) == 12
    assert len(curves.lines) == 13


def test_one_trial_alone_has_no_fractions_of_trials_beside_it() -> None:
    found = made_up()
    one = replace(found.trials[0], curve=found.trials[0].curve[:1])
    with drawing():
        for picture in (pictures.course, pictures.curves):
            (axes,) = picture(replace(found, trials=(one,), best=one)).axes
            assert all(float(tick).is_integer() for tick in axes.get_xticks())


def apart(texts: Sequence[Text]) -> bool:
    """Whether no text runs into another."""
    boxes = [one.get_window_extent() for one in texts if one.get_text()]
    return not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_letters_beside_axes_do_not_run_into_each_other() -> None:
    sizes = ("128x128x128x128", "256x256x256x256", "512x512x512x512", "32x32x32x32")
    over = {
        "learning_rate": "1e-3..1e-1:log", "embedding_dropout": "0..0.5", "n_layer": "1..60",
        "reconstruction_weight": "0..1", "n_hidden": ",".join(sizes),
    }  # fmt: skip
    trials = [
        Trial(at, "finished", dict(zip(over, (rate, 0.1 * at, layers, 0.2 * at, size),
                                       strict=True)), 2.0 + at, 1.0, 100, 20)
        for at, (rate, layers, size) in enumerate(
            zip((0.003, 0.0043, 0.0061, 0.0066), (1, 2, 3, 60), sizes, strict=True))
    ]  # fmt: skip
    found = replace(made_up(), over=over, trials=tuple(trials), best=trials[0])
    with drawing():
        for figure in (pictures.slices(found), pictures.parallel(found)):
            figure.draw_without_rendering()
            for axes in figure.axes:
                assert apart(axes.get_xticklabels())
                assert apart(axes.texts)


def test_a_page_says_what_was_found_and_what_that_does_not_tell(unpainted: None) -> None:
    found = made_up()
    html = page_of(found).html()
    for told in ("12 finished, 1 pruned, 1 refused", "partly luck", "by which nothing was chosen"):
        assert told in html
    weights = importance_table(found)
    assert weights is not None
    assert weights.rows == (("learning_rate", "90%"), ("norm", "10%"))
    assert found.recommended == found.trials[0]
