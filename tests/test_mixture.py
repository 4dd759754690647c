"""Mixtures: products and averages of probabilities, their weights, and the run of one."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import hornbook
from hornbook.cli.mix import explained
from hornbook.errors import RunError, SettingsError
from hornbook.runs import Run
from hornbook.text.losses import mean_loss
from hornbook.text.models import family
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.mixture import Mixture, MixtureSettings, Pooling
from hornbook.text.models.pooling import (
    best_exponents,
    best_exponents_with_end,
    best_weights,
    log_mean,
    log_product,
    log_product_with_end,
    log_softmax,
    product_loss,
)
from hornbook.text.scores import score
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from tests.test_models import LINES, TEXT

MEMBERS: dict[str, dict[str, Any]] = {
    "ngram": {"order": 3},
    "mlp": {"block_size": 4, "n_embd": 4, "n_hidden": [8]},
    "gru": {"n_embd": 4, "n_hidden": 6, "dropout": 0.0, "embedding_dropout": 0.0},
}


def mixture(
    mode: str, names: tuple[str, ...] = tuple(MEMBERS), how: Pooling = "average"
) -> tuple[Mixture, Any, Stream]:
    if mode == "lines":
        tokenizer = CharTokenizer.fit(LINES, boundary=True)
        stream = encode_lines(LINES, tokenizer)
    else:
        tokenizer = CharTokenizer.fit([TEXT], boundary=False)
        stream = encode_text(TEXT, tokenizer)
    settings = MixtureSettings(names, tuple(json.dumps(MEMBERS[name]) for name in names), how)
    model = Mixture(settings, tokenizer.vocabulary)
    for member in model.members:
        if hasattr(member, "fit"):
            member.fit(stream)
        if hasattr(member, "eval"):
            member.eval()
    model.weights = np.arange(1.0, len(names) + 1) / sum(range(1, len(names) + 1))
    return model, tokenizer, stream


hows = pytest.mark.parametrize("how", ["product", "average"])


def stepped(model: LanguageModel, ids: Any) -> Any:
    """ln p of what follows at each place, one token at a time."""
    state, found = None, []
    for token in ids:
        logits, state = model.step(np.array([token]), state)
        row = logits[0].astype(np.float64)
        found.append(row - row.max() - math.log(np.exp(row - row.max()).sum()))
    return np.stack(found)


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_its_probabilities_are_the_weighted_mean_of_the_members(mode: str) -> None:
    model, tokenizer, _ = mixture(mode)
    ids = tokenizer.encode("isabella" if mode == "lines" else "to be, or")
    whole = np.exp(stepped(model, ids))
    np.testing.assert_allclose(whole.sum(1), 1, atol=1e-9)
    parts = [np.exp(stepped(member, ids)) for member in model.members]
    np.testing.assert_allclose(whole, np.tensordot(model.weights, parts, 1), atol=1e-6)


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_a_product_has_the_normalised_powers_of_the_members(mode: str) -> None:
    model, tokenizer, _ = mixture(mode, how="product")
    model.weights = np.array([0.7, 0.0, 0.6])
    ids = tokenizer.encode("isabella" if mode == "lines" else "to be, or")
    parts = [np.exp(stepped(member, ids)) for member in model.members]
    expected = parts[0] ** 0.7 * parts[2] ** 0.6
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(np.exp(stepped(model, ids)), expected, atol=1e-6)


def test_a_member_without_a_say_cannot_rule_anything_out() -> None:
    sure = np.array([[0.0, -np.inf, -np.inf]])
    even = np.zeros((1, 3))
    np.testing.assert_allclose(
        np.exp(log_product([sure, even], np.array([0.0, 1.0]))), [[1 / 3] * 3]
    )
    np.testing.assert_allclose(np.exp(log_product([sure, even], np.array([0.1, 1.0]))), [[1, 0, 0]])
    nothing = np.full((1, 3), -np.inf)  # counts without smoothing after what they never saw
    assert np.isneginf(log_product([nothing, even], np.ones(2))).all()
    half = np.log(0.5)
    mean = log_mean(np.stack([log_softmax(nothing), log_softmax(even)]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(mean, [[half - np.log(3)] * 3])


@hows
def test_every_member_reads_a_prompt_at_once(how: Pooling) -> None:
    model, tokenizer, _ = mixture("lines", how=how)
    ids = np.concatenate([[tokenizer.start], tokenizer.encode("isabella")])
    expected = stepped(model, ids)
    logits, state = model.start(ids[:6])
    np.testing.assert_allclose(logits[0], expected[5], atol=1e-5)
    logits, _ = model.step(ids[[6, 6]], model.select(state, np.array([0, 0])))
    np.testing.assert_allclose(logits, [expected[6]] * 2, atol=1e-5)


@hows
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_measuring_it_is_what_stepping_through_costs(mode: str, how: Pooling) -> None:
    model, tokenizer, stream = mixture(mode, how=how)
    if mode == "lines":
        costs = [score(model, tokenizer, line).total for line in LINES]
        assert sum(costs) / len(stream) == pytest.approx(mean_loss(model, stream), abs=1e-5)
    else:
        found = score(model, tokenizer, TEXT).nats_per_token
        assert found == pytest.approx(mean_loss(model, stream), abs=1e-5)


def test_a_text_longer_than_a_row_keeps_each_members_context() -> None:
    model, tokenizer, _ = mixture("text", ("ngram", "mlp"))
    model.reading = replace(model.reading, block_size=16, row_size=16, measured_lead=8)
    stream = encode_text(TEXT, tokenizer)
    assert model.measured_lead >= 4
    # Members of windows see the same contexts however the text is cut.
    assert mean_loss(model, stream) == pytest.approx(
        score(model, tokenizer, TEXT).nats_per_token, abs=1e-6
    )


def test_the_weights_are_the_best_there_are() -> None:
    rng = np.random.default_rng(0)
    losses = rng.exponential(1.0, (3, 400)) + np.array([[0.5], [0.0], [0.2]])

    def mean(free: Any) -> float:
        w = np.exp(np.append(free, 0.0))
        return float(-np.log((w / w.sum()) @ np.exp(-losses)).mean())

    found = minimize(mean, np.zeros(2), tol=1e-10)
    w = np.exp(np.append(found.x, 0.0))
    weights = best_weights(losses)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights, w / w.sum(), atol=2e-4)
    # One that is always worse is left out; one that thinks everything impossible too.
    assert best_weights(np.stack([losses[0], losses[0] + 5]))[1] < 1e-3
    assert best_weights(np.stack([losses[0], np.full(400, np.inf)]))[1] == pytest.approx(0)


def test_the_exponents_are_the_best_there_are() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3, 200, 5)).astype(np.float32)
    logits[2] *= 0.1  # knows little, and is shy
    targets = np.array([rng.choice(5, p=np.exp(row)) for row in log_softmax(logits[0] + logits[1])])

    def mean(exponents: Any) -> float:
        logp = log_product(list(logits), np.asarray(exponents))
        return float(-logp[np.arange(200), targets].mean())

    found = minimize(mean, np.ones(3), bounds=[(0, 10)] * 3, tol=1e-12)
    exponents = best_exponents(logits, targets)
    np.testing.assert_allclose(exponents, found.x, atol=2e-3)
    # There it is as certain as it may be: its entropy is its loss.
    logp = log_product(list(logits), exponents)
    assert -(np.exp(logp) * logp).sum(1).mean() == pytest.approx(mean(exponents), abs=1e-6)


def test_exponents_stay_within_their_limits() -> None:
    targets = np.arange(6) % 3
    right, wrong = np.eye(3)[targets], -np.eye(3)[targets]
    assert best_exponents(np.stack([right, wrong]), targets).tolist() == [10.0, 0.0]
    # Two that say the same share what one would have; one that finds nothing possible has no say.
    some = np.where(np.arange(6)[:, None] == 0, wrong, right)
    alone = best_exponents(some[None], targets)
    assert best_exponents(np.stack([some, some]), targets).sum() == pytest.approx(alone.sum(), 1e-3)
    assert best_exponents(np.stack([some, np.full((6, 3), -np.inf)]), targets)[0] == pytest.approx(
        alone[0], 1e-3
    )


def test_the_end_has_exponents_of_its_own() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3, 5, 6))  # not normalised
    logits[1, 2, 3] = 50.0  # sure of the end
    exponents, end = np.array([[0.7, 0.2, 0.0], [0.1, 1.5, 0.3]]), 3
    found = np.exp(log_product_with_end(list(logits), exponents, end))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    ends = np.prod(p[:, :, end] ** exponents[1][:, None], axis=0)
    goes_on = np.prod((1 - p[:, :, end]) ** exponents[1][:, None], axis=0)
    tokens = np.prod(p ** exponents[0][:, None, None], axis=0)
    tokens[:, end] = 0
    expected = tokens / tokens.sum(1, keepdims=True) * (goes_on / (ends + goes_on))[:, None]
    expected[:, end] = ends / (ends + goes_on)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(found.sum(1), 1)
    # One that is sure of the end, and the only one with a say, ends it.
    sure = np.where(np.arange(6) == end, 0.0, -np.inf)[None]
    alone = np.array([[1.0], [1.0]])
    np.testing.assert_array_equal(np.exp(log_product_with_end([sure], alone, end)), np.exp(sure))


def test_each_part_of_a_product_gets_what_is_best_for_it() -> None:
    rng = np.random.default_rng(1)
    end, n = 0, 400
    knows_tokens, knows_the_end = np.zeros((n, 4)), np.zeros((n, 4))
    ends = rng.random(n) < 0.3
    targets = np.where(ends, end, rng.integers(1, 4, n))
    knows_the_end[:, end] = np.where(ends, 4.0, -4.0)
    knows_tokens[np.arange(n), targets] += np.where(ends, 0.0, 3.0)
    logits = np.stack([knows_tokens, knows_the_end]) + rng.normal(0, 2, (2, n, 4))
    found = best_exponents_with_end(logits, targets, end)

    def mean(exponents: Any) -> float:
        logp = log_product_with_end(list(logits), np.reshape(exponents, (2, 2)), end)
        return float(-logp[np.arange(n), targets].mean())

    for _ in range(20):  # none near it is better
        assert mean(np.maximum(0, found + rng.normal(0, 0.05, (2, 2)))) >= mean(found) - 1e-9
    assert found[0, 0] > 2 * found[0, 1]  # of tokens
    assert found[1, 1] > 2 * found[1, 0]  # of the end
    assert mean(found) < float(-log_product(list(logits), best_exponents(logits, targets))[
        np.arange(n), targets
    ].mean())  # fmt: skip
    assert best_exponents_with_end(logits[:, ends], targets[ends], end).shape == (2, 2)


def test_a_mixture_of_before_the_end_had_its_own_still_loads() -> None:
    model, _, stream = mixture("lines", how="product")
    model.fit(stream)
    assert model.weights.shape == (2, len(MEMBERS))
    arrays = {**model.arrays(), "weights": np.array([0.5, 0.2, 0.4])}
    again, _, _ = mixture("lines", how="product")
    again.load_arrays(arrays)
    assert again.weights.shape == (3,)
    model, _, stream = mixture("text", how="product")
    model.fit(stream)
    assert model.weights.shape == (len(MEMBERS),)
    with pytest.raises(RunError, match="do not match"):
        model.load_arrays({**model.arrays(), "weights": np.ones((2, len(MEMBERS)))})


def test_counts_of_single_tokens_can_be_mixed() -> None:
    settings = MixtureSettings(("ngram", "ngram"), ('{"order": 1}', '{"order": 2}'), "product")
    tokenizer = CharTokenizer.fit(LINES, boundary=True)
    stream = encode_lines(LINES, tokenizer)
    model = Mixture(settings, tokenizer.vocabulary)
    for member in model.members:
        member.fit(stream)  # type: ignore[attr-defined]
    model.fit(stream)
    costs = [score(model, tokenizer, line).total for line in LINES]
    assert sum(costs) / len(stream) == pytest.approx(mean_loss(model, stream), abs=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_the_best_exponents_are_found_from_the_limits_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4, 60, 4))
    logits[0] *= 3  # too sure of itself
    logits[2] = logits[1] + rng.normal(0, 0.01, (60, 4))  # nearly the same
    targets = np.array([rng.choice(4, p=np.exp(row)) for row in log_softmax(logits[0] / 3)])
    found = best_exponents(logits, targets)
    loss, slope, _ = product_loss(logits, targets, found)
    # No other step within the limits goes down: the loss is convex, so this is the best there is.
    assert np.abs(found - np.clip(found - slope, 0, 10)).max() < 1e-5
    assert loss <= min(product_loss(logits, targets, one)[0] for one in np.eye(4))


@hows
def test_fit_makes_it_no_worse_than_any_member(how: Pooling) -> None:
    model, _, stream = mixture("lines", how=how)
    model.fit(stream)
    assert mean_loss(model, stream) <= min(mean_loss(m, stream) for m in model.members) + 1e-6


@hows
def test_arrays_bring_it_back(how: Pooling) -> None:
    model, _, stream = mixture("lines", how=how)
    other = Mixture(model.settings, model.vocabulary)
    other.load_arrays(model.arrays())
    assert mean_loss(model, stream) == mean_loss(other, stream)
    assert other.n_parameters == model.n_parameters
    with pytest.raises(RunError, match="do not match"):
        other.load_arrays({**model.arrays(), "weights": np.ones(5)})


def test_select_takes_the_places_asked_for() -> None:
    model, tokenizer, _ = mixture("lines")
    state: Any = None
    picked: Any = None
    for token in tokenizer.encode("mia"):
        _, state = model.step(np.array([token, 1, token]), state)
        _, picked = model.step(np.array([token, token]), picked)
    logits, _ = model.step(np.array([2, 2]), model.select(state, np.array([2, 0])))
    expected, _ = model.step(np.array([2, 2]), picked)
    np.testing.assert_allclose(logits, expected, atol=1e-6)


# --- runs ---------------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Run, Run]:
    data = tmp_path / "names.txt"
    data.write_text("\n".join(LINES[:10] * 12) + "\n")
    net = hornbook.train(
        data,
        model="mlp",
        settings=family("mlp").load().Settings(block_size=3, n_embd=4, n_hidden=(8,)),
        training={"steps": 40, "batch_size": 32},
        out=tmp_path / "net",
    )
    return net, hornbook.train(data, model="ngram", out=tmp_path / "counts")


@hows
def test_a_mixed_run_is_complete_in_itself(
    runs: tuple[Run, Run], how: Pooling, tmp_path: Path
) -> None:
    made = hornbook.mix([run.path for run in runs], how=how, out=tmp_path / "mixed")
    dev = made.summary.losses["dev"]
    assert dev <= min(run.summary.losses["dev"] for run in runs) + 1e-6
    total = sum(member.weight for member in made.summary.members)
    assert total == pytest.approx(1) if how == "average" else total > 0.5
    for run in runs:
        for file in sorted(run.path.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
    opened = Run(made.path)
    assert opened.evaluate()["dev"].nats_per_token == pytest.approx(dev)
    assert len(list(opened.sample(n=3))) == 3
    assert opened.score("emma").nats_per_token > 0
    with pytest.raises(RunError, match="is a mixture"):
        hornbook.resume(made.path)


def test_what_cannot_be_mixed_is_refused(runs: tuple[Run, Run], tmp_path: Path) -> None:
    net, counts = runs
    with pytest.raises(SettingsError, match="two runs"):
        hornbook.mix([net.path])
    with pytest.raises(SettingsError, match="given twice"):
        hornbook.mix([net.path, net.path])
    other = hornbook.train(
        tmp_path / "names.txt", model="ngram", out=tmp_path / "other",
        split="70/20/10",
    )  # fmt: skip
    with pytest.raises(SettingsError, match="not trained on the same data"):
        hornbook.mix([net.path, other.path])
    made = hornbook.mix([net.path, counts.path], out=tmp_path / "mixed")
    with pytest.raises(SettingsError, match="itself a mixture"):
        hornbook.mix([made.path, net.path])
    with pytest.raises(RunError, match="already contains a run"):
        hornbook.mix([net.path, counts.path], out=made.path)
    with pytest.raises(SettingsError, match="not trained"):
        hornbook.train(tmp_path / "names.txt", model="mixture")
    with pytest.raises(SettingsError, match="two models"):
        MixtureSettings(("ngram",), ("{}",))


@pytest.mark.parametrize("trouble", ["infinite", "not a number"])
def test_a_run_whose_loss_is_no_number_is_refused_before_anything_is_written(
    trouble: str, tmp_path: Path
) -> None:
    good = hornbook.train("names", model="ngram", out=tmp_path / "good")
    if trouble == "infinite":
        settings = {"smoothing": "mle"}
        bad = hornbook.train("names", model="ngram", out=tmp_path / "bad", settings=settings)
        said = 'It counts without smoothing: train it again with `smoothing="kneser-ney"`.'
    else:
        how = {"steps": 2, "batch_size": 8}
        bad = hornbook.train(
            "names", model="bigram", out=tmp_path / "bad", training=how, baseline=False
        )
        arrays = {name: np.full_like(array, np.nan) for name, array in bad.model.arrays().items()}
        bad.directory.write_tensors(bad.directory.model, arrays, bad.record)
        said = "holds numbers that are not finite"
    with pytest.raises((SettingsError, RunError)) as error:
        hornbook.mix([good.path, bad.path], out=tmp_path / "mixture")
    assert str(bad.path) in str(error.value)
    assert said in str(error.value)
    assert not (tmp_path / "mixture").exists()


@pytest.mark.parametrize("power", ["exponent", "weight"])
def test_the_columns_of_a_mixture_are_explained(power: str) -> None:
    assert explained(power, ending=False).startswith(f"{power}: ")
    assert "of the end" not in explained(power, ending=False)
    assert f"of the end: its {power} for the end of an example" in explained(power, ending=True)
