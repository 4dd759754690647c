"""The net for labels: gradients by hand, rows of unequal lengths, what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import RunError, SettingsError
from hornbook.pairs.gradient_case import made_up
from hornbook.pairs.models.classify import Classify, ClassifySettings
from hornbook.pairs.task import PairsTask
from tests.referee import close, gradients, normal

SMALL = {"n_layer": 1, "n_embd": 8}
BODIES: dict[str, dict[str, Any]] = {
    "recurrent": {}, "transformer": {"body": "transformer", "n_head": 2}
}  # fmt: skip


def made(**settings: Any) -> tuple[Classify, Any]:
    """A net in float64 none of whose weights is as it starts, and a batch."""
    how = ClassifySettings.from_dict({**SMALL, **settings})
    model, batch = PairsTask().gradient_case("classify", how, torch.Generator().manual_seed(1), 2)
    model.double().eval()
    with torch.no_grad():
        for at, p in enumerate(model.parameters()):
            p.add_(normal(*p.shape, seed=at) / 4)
    return model, batch


@pytest.mark.parametrize("settings", [
    {}, {"n_layer": 2}, {"pool": "attention"}, BODIES["transformer"],
    {**BODIES["transformer"], "pool": "attention"},
    {**BODIES["transformer"], "n_layer": 2, "norm": "layer", "feed_forward": "swiglu"},
    {**BODIES["transformer"], "norm": "none"}, {**BODIES["transformer"], "causal": True},
    {"n_layer": 0},
    {"n_layer": 0, "body": "transformer"},
])  # fmt: skip
def test_gradients_by_hand_are_autograds(settings: dict[str, Any]) -> None:
    model, batch = made(**settings)
    assert len(set(batch.sources.lengths.tolist())) > 1
    parameters: list[torch.Tensor] = list(model.parameters())
    theirs = gradients(lambda: model.loss(batch), parameters, by_hand=None)
    mine = gradients(
        lambda: model.loss(batch), parameters, by_hand=lambda: model.loss_vjp(batch)[1]()
    )
    for one, other in zip(mine, theirs, strict=True):
        close(one, other)
    assert all(float(one.abs().max()) > 0 for one in mine)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("pool", ["mean", "attention"])
def test_a_text_alone_gets_what_it_gets_among_others(pool: str, body: str) -> None:
    model, _ = made(pool=pool, **BODIES[body])
    sources = made_up(5, labels=True).sources("train")
    together = model.scores(sources)
    alone = np.concatenate([model.scores([one]) for one in sources])
    np.testing.assert_allclose(together, alone, rtol=1e-10)
    assert np.ptp(together, 0).min() > 0.01


def test_the_loss_is_minus_the_logarithm_of_the_probability() -> None:
    model, batch = made()
    rows = [
        ids[:length] for ids, length in zip(batch.sources.ids, batch.sources.lengths, strict=True)
    ]
    found = model.log_probabilities(rows)[np.arange(len(rows)), batch.targets]
    assert model.loss(batch).item() == pytest.approx(-found.mean())


def test_the_temperature_is_kept_with_the_weights() -> None:
    model, _ = made()
    sources = made_up(5, labels=True).sources("dev")
    model.temperature = 2.5
    arrays = model.arrays()
    other, _ = made(dropout=0.5)
    other.load_arrays(arrays)
    np.testing.assert_array_equal(
        other.log_probabilities(sources), model.log_probabilities(sources)
    )
    del arrays["temperature"]
    with pytest.raises(RunError, match="temperature"):
        other.load_arrays(arrays)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SettingsError, match="even multiple of `n_head`"):
        ClassifySettings(body="transformer", n_embd=20, n_head=4)
    with pytest.raises(SettingsError, match="n_layer"):
        ClassifySettings(body="transformer", n_layer=0, widen=2.0)
    with pytest.raises(SettingsError, match="requires `body="):
        ClassifySettings(n_head=4)
