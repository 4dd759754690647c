"""The learning-rate finder: what it leaves behind (nothing), what it sees, what it says."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy.signal import lfilter

import hornbook
from hornbook.errors import DivergedError, SettingsError, TrainingError
from hornbook.inspection.rate import chart_of_rate, draw_rate
from hornbook.plots.saving import rendered
from hornbook.text.batches import make_batches
from hornbook.text.models.network import Network
from hornbook.training import TrainingSettings
from hornbook.training.finder import FinderSettings, Found, find_rate, suggest
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer
from tests.test_models import VARIANTS, build, world

OPTIMIZERS: list[dict[str, Any]] = [
    {"optimizer": "adamw"}, {"optimizer": "muon"}, {"optimizer": "sgd", "momentum": 0.9},
]  # fmt: skip


def trainer(variant: str, mode: str = "lines", **changes: Any) -> Trainer:
    """A trainer that has made some updates already, so that all its memories are filled."""
    tokenizer, stream = world(mode)
    torch.manual_seed(3)
    model = build(variant, tokenizer.vocabulary)
    parallel = mode == "text" and model.carries
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=8, seed=1, lead=model.lead,
        parallel=parallel,
    )  # fmt: skip
    made = Trainer(model, batches, TrainingSettings(**{"gradients": "hand", **changes}), Evaluation)
    model.train()
    for _ in range(3):
        made.update()
    return made


def fingerprint(made: Trainer) -> str:
    """A digest of everything in a trainer that the next updates depend on."""
    model = made.module
    assert isinstance(model, Network)
    tensors = {
        **dict(model.named_parameters()),
        **{f"buffer {name}": b for name, b in model.named_buffers()},
        **{f"grad {name}": p.grad for name, p in model.named_parameters() if p.grad is not None},
        **{f"optimizer {name}": t for name, t in made.optimizer.state().items()},
        **{f"carried {name}": t for name, t in model.carried().items()},
        "random": torch.get_rng_state(),
    }
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].detach().numpy().tobytes())
    counted = (made.step, made.batches.cursor, made.optimizer.count, made.rate, made.loss_sum)
    found.update(repr((*counted, made.loss_count, made.recorded, made.best)).encode())
    modes = [part.training for part in model.modules()]
    return found.hexdigest() + repr(modes)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_net_is_left_as_it_was(variant: str) -> None:
    place = list(VARIANTS).index(variant)
    mode = "text" if place % 2 else "lines"
    made = trainer(variant, mode, **OPTIMIZERS[place % 3])
    made.module.eval()  # a mode of the user's own comes back too
    before = fingerprint(made)
    found = find_rate(made, FinderSettings(points=25))
    assert len(found.losses) >= 2
    assert fingerprint(made) == before
    # And training goes on as if nothing had been.
    fresh = trainer(variant, mode, **OPTIMIZERS[place % 3])
    for one in (made, fresh):
        torch.manual_seed(4)
        one.module.train()
        for _ in range(2):
            one.update()
    assert torch.equal(made.flat.values, fresh.flat.values)


def breaking(made: Trainer, after: int, error: BaseException | None) -> None:
    """Let the loss be not a number, or an error come up, in the middle."""
    real: Callable[[Any], float] = made.way.loss_and_gradients
    turns = iter(range(10_000))

    def broken(batch: Any) -> float:
        loss = real(batch)
        if next(turns) < after:
            return loss
        if error is not None:
            raise error
        made.flat.grads.fill_(math.nan)
        return math.nan

    made.way.loss_and_gradients = broken  # type: ignore[method-assign]


FAMILY_OF_EACH = {family: variant for variant, (family, _) in reversed(VARIANTS.items())}


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), TrainingError("broken")])
@pytest.mark.parametrize("family", FAMILY_OF_EACH)
def test_what_breaks_in_the_middle_leaves_no_trace(
    family: str, error: BaseException | None
) -> None:
    made = trainer(FAMILY_OF_EACH[family], "text")
    before = fingerprint(made)
    breaking(made, 7, error)
    if error is None:
        found = find_rate(made)
        assert len(found.rates) == len(found.losses) == len(found.smoothed) == 7
        assert found.suggestion is None
        assert "after only 7 updates" in found.reason
    else:
        with pytest.raises(type(error)):
            find_rate(made)
    assert fingerprint(made) == before


def test_rates_that_blow_up_the_weights_leave_no_trace() -> None:
    made = trainer("mlp plain", optimizer="sgd")
    before = fingerprint(made)
    found = find_rate(made, FinderSettings(low=1e3, high=1e6, points=40))
    assert len(found.losses) < 40
    assert fingerprint(made) == before


def test_a_first_loss_that_is_no_number_is_an_error() -> None:
    made = trainer("mlp")
    breaking(made, 0, None)
    with pytest.raises(DivergedError):
        find_rate(made)


def test_the_trial_is_training_with_rising_rates() -> None:
    made, again = trainer("gru"), trainer("gru")
    seen: list[tuple[int, int]] = []
    finder = FinderSettings(low=1e-4, high=1e-2, points=20)
    found = find_rate(made, finder, on_progress=lambda *done: seen.append(done))
    assert seen == [(i + 1, 20) for i in range(20)]
    assert found.rates == pytest.approx([1e-4 * 100 ** (i / 19) for i in range(20)])
    for rate, loss in zip(found.rates, found.losses, strict=True):
        again.schedule = lambda step, rate=rate: rate  # type: ignore[misc]
        assert again.update() == loss
    weights = 0.9 ** np.arange(20)
    for i in range(20):  # the mean that gives the newest loss 1, the one before 0.9, …
        mean = np.average(found.losses[i::-1], weights=weights[: i + 1])
        assert found.smoothed[i] == pytest.approx(mean)


def curve(losses: Any, whole: bool = True) -> tuple[float | None, str]:
    """What is said of losses at rates from 1e-7 to 10."""
    losses = [float(loss) for loss in losses]
    smoothed = lfilter([0.1], [1, -0.9], losses) / (1 - 0.9 ** np.arange(1, len(losses) + 1))
    rates = np.geomspace(1e-7, 10, 200)[: len(losses)].tolist()
    return suggest(rates, losses, smoothed.tolist(), whole=whole)


EXPONENTS = np.linspace(-7, 1, 200)
# A loss that falls as a sigmoid around 1e-3 and soars after 1.
BATHTUB = 3.3 - 1.3 / (1 + np.exp(-4 * (EXPONENTS + 3))) + np.exp(6 * np.minimum(EXPONENTS, 0.4))


def test_a_bathtub_gives_the_rate_near_the_foot_of_its_wall() -> None:
    found, reason = curve(BATHTUB)
    assert found is not None
    assert 3e-3 < found < 3e-2  # nine tenths at 3.6e-3; the smoothing comes after it
    assert "90%" in reason
    noise = np.random.default_rng(0).normal(0, 0.05, 200)
    noisy, _ = curve(BATHTUB + noise)
    assert noisy == pytest.approx(found, rel=0.5)


@given(st.integers(0, 10_000), st.floats(0, 2), st.integers(21, 200), st.booleans())
@settings(max_examples=25)
def test_chance_alone_is_no_fall(seed: int, noise: float, n: int, whole: bool) -> None:
    losses = 3.3 + np.random.default_rng(seed).normal(0, noise, n)
    found, reason = curve(losses, whole)
    assert found is None
    assert "never falls clearly" in reason


@pytest.mark.parametrize(
    ("losses", "whole", "says"),
    [
        ([3.0] * 8, False, "after only 8 updates"),
        (np.linspace(3, 9, 100), False, "`batch_size`"),
        ([0.0] * 200, False, "never falls clearly"),
        (
            np.linspace(3, 2.99, 200),
            True,
            "It does not rise either, up to the highest learning rate, 10",
        ),
        (
            3.3 - 1.3 / (1 + np.exp(-4 * EXPONENTS)),
            True,
            "still falling at the highest learning rate, 10",
        ),
        (np.concatenate([np.geomspace(3, 1, 12), np.ones(80), np.full(50, 9)]), False, "`low`"),
    ],
)
def test_a_curve_that_does_not_tell_is_said_to(losses: Any, whole: bool, says: str) -> None:
    found, reason = curve(losses, whole)
    assert found is None
    assert says in reason


def test_settings() -> None:
    assert FinderSettings(low=1e-3, high=1, points=20).rates()[::19] == pytest.approx([1e-3, 1])
    wrong: list[dict[str, Any]] = [
        {"low": 1.0, "high": 1.0}, {"low": 0.0}, {"points": 19}, {"high": math.inf},
    ]  # fmt: skip
    for changes in wrong:
        with pytest.raises(SettingsError):
            FinderSettings(**changes)


def seen(losses: Any, suggestion: float | None) -> Found:
    values = tuple(float(loss) for loss in losses)
    rates = tuple(np.geomspace(1e-7, 10, 200)[: len(values)].tolist())
    return Found(rates, values, values, suggestion, "because")


@pytest.mark.parametrize(
    "found",
    [
        seen(BATHTUB, 1e-3), seen(BATHTUB, None), seen([3.0], None), seen([3.0, 1e30], None),
        seen([0.0, 0.0], None),
    ],
)  # fmt: skip
def test_pictures_of_any_curve(found: Found, tmp_path: Path) -> None:
    draw_rate(found, tmp_path / "rate.png", "net on $data$_with^signs")
    for name in ("one.svg", "two.svg"):
        draw_rate(found, tmp_path / name, "net on $data$_with^signs")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert imread(tmp_path / "rate.png")[..., :3].std() > 0.02
    chart = chart_of_rate(found, width=60, height=9).splitlines()
    assert len(chart) == 11
    assert any("•" in line for line in chart)
    assert any("│" in line for line in chart) == (found.suggestion is not None)


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [(1e-7, 10, {"1e−04", "1e−03", "1e+00"}), (0.1, 0.5, {"0.2", "0.3", "0.4"})],
)
def test_the_rates_can_be_read_on_the_axis(
    low: float, high: float, some: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr("hornbook.inspection.rate.save", lambda figure, path: drawn.append(figure))
    rates = tuple(np.geomspace(low, high, 30).tolist())
    draw_rate(Found(rates, rates, rates, None, ""), Path("r.png"), "on \U00012000.txt")
    rendered(drawn[0], "png")  # no warning of a missing glyph, which would be an error
    (axes,) = drawn[0].axes
    ticks = [*axes.get_xticklabels(), *axes.get_xticklabels(minor=True)]
    labels = {tick.get_text() for tick in ticks}
    assert some <= labels
    assert not any("$" in label for label in labels)
    assert axes.get_title() == "on \U00012000.txt"


def test_the_chart_puts_losses_where_they_belong() -> None:
    found = Found((1.0, 10.0, 100.0), (3.0, 2.0, 3.0), (3.0, 2.0, 3.0), None, "")
    assert chart_of_rate(found, width=9, height=4).splitlines() == [
        "     3.5 ┤         ",
        "         ┤•       •",
        "         ┤         ",
        "       2 ┤    •    ",
        "         └┴───┴───┴",
        "          1   10  100",
    ]


def test_from_data_to_a_rate(tmp_path: Path) -> None:
    before = set(Path.cwd().iterdir())
    training = {"batch_size": 64, "steps": 100}  # so few that nothing is calibrated
    found = hornbook.find_rate(
        "names", model="bigram", training=training, finder=FinderSettings(points=150)
    )
    assert found.suggestion is not None
    assert 0.01 < found.suggestion < 1  # the family's own is 0.1
    assert json.loads(json.dumps(found.as_dict()))["suggestion"] == found.suggestion
    assert set(Path.cwd().iterdir()) == before
    with pytest.raises(SettingsError, match="no learning rate"):
        hornbook.find_rate("names", model="ngram")
    with pytest.raises(SettingsError, match="must be GPTSettings, not FinderSettings"):
        hornbook.find_rate("names", model="gpt", settings=FinderSettings())


def test_one_update_is_told_as_one() -> None:
    rate, why = suggest([0.1], [3.0], [3.0], whole=False)
    assert rate is None
    assert "after only 1 update, too few" in why
