"""Names of runs: what was chosen is in them, short, and fit for a file's name anywhere."""

from __future__ import annotations

import re

import pytest

from hornbook.runs.naming import LONGEST, name_of
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.models.mlp import MLPSettings
from hornbook.training.settings import TrainingSettings

USUAL = TrainingSettings().as_dict()


def trained(**chosen: object) -> str:
    return name_of("my", "mlp", ({**USUAL, **chosen}, USUAL))


def test_nothing_chosen_is_data_and_family() -> None:
    assert trained() == "my-mlp"


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"steps": 200}, "steps200"),
        ({"learning_rate": 0.01}, "learning_rate0.01"),
        ({"schedule": "cosine"}, "schedule-cosine"),
        ({"watch": True}, "watch"),
        ({"batch_size": 64, "seed": 7}, "batch64-seed7"),
        ({"source_column": "body", "label_column": "Größe"}, "source-body-label-Gr-e"),
        ({"target_column": "答"}, "target"),
        ({"rates": ["net.layers.0.*=0.1"]}, "rates-net.layers.0.-0.1"),
    ],
)
def test_what_was_chosen_is_told(chosen: dict[str, object], told: str) -> None:
    assert trained(**chosen) == f"my-mlp-{told}"


def test_settings_of_a_family_are_told() -> None:
    usual = MLPSettings().as_dict()
    chosen = MLPSettings(n_hidden=(200, 100), norm="layer").as_dict()
    assert name_of("my", "mlp", (chosen, usual)) == "my-mlp-hidden200x100-norm-layer"
    without = GPTSettings(residual=False).as_dict()
    assert name_of("my", "gpt", (without, GPTSettings().as_dict())) == "my-gpt-no-residual"


def test_how_it_is_computed_is_not() -> None:
    assert trained(threads=2, device="cpu", gradients="hand", evaluate_every=5) == "my-mlp"


def test_a_name_stays_short_and_safe() -> None:
    usual = MLPSettings().as_dict()
    many = {**usual, "n_hidden": [100] * 40, "activation": "tanh", "init": "../..\\ \0é\n"}
    name = name_of("my", "mlp", (many, usual), ({**USUAL, "steps": 1}, USUAL))
    assert name == "my-mlp-activation-tanh-init-steps1"  # the list of 40 has no room
    assert re.fullmatch(r"[A-Za-z0-9._+-]+", name)
    assert len(name) <= len("my-mlp-") + LONGEST


def test_it_says_where_the_weights_come_from() -> None:
    assert name_of("my", "gru", start="runs/names gru/") == "my-gru-from-runs-names-gru"
