"""Another optimizer than the recommended one: what is recommended for that one does not stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import hornbook
from hornbook.errors import SettingsError
from hornbook.runs.calls import calls_of
from hornbook.tasks import tasks
from hornbook.training.settings import ANOTHERS, TrainingSettings
from tests.command import typed

TINY = {"n_embd": 2, "n_hidden": (3,), "block_size": 2}
SHORT: dict[str, Any] = {"steps": 2, "batch_size": 4}


def test_each_optimizer_says_what_it_sets_back() -> None:
    assert set(ANOTHERS) == set(get_args(get_type_hints(TrainingSettings)["optimizer"]))


@pytest.mark.parametrize("name", ANOTHERS)
def test_what_any_family_recommends_goes_with_each_optimizer(name: str) -> None:
    nets = [line for task in tasks().values() for line in task.families.values() if line.trained]
    for line in nets:
        for own in ({}, line.fine_tuning, *(one.training for one in line.presets.values())):
            suited = TrainingSettings.from_dict({**line.training, **own})
            chosen = suited.with_own({"optimizer": name})
            assert chosen.optimizer == name
            if name == "adam":
                assert chosen.weight_decay == 0, "in the gradients that of AdamW would be too much"


def test_what_is_given_stays() -> None:
    suited = TrainingSettings(weight_decay=0.5, beta2=0.95)
    assert suited.with_own({"optimizer": "adam", "weight_decay": 0.1}).weight_decay == 0.1
    assert suited.with_own({"weight_decay": 0.1}).weight_decay == 0.1
    assert suited.with_own({"optimizer": "adamw"}) == suited
    adam = TrainingSettings(optimizer="adam", weight_decay=0.1)
    assert adam.with_own({"optimizer": "adam", "steps": 3}).weight_decay == 0.1
    with pytest.raises(SettingsError, match="an `optimizer` other than sgd"):
        suited.with_own({"optimizer": "sgd", "beta2": 0.95})


def test_a_run_says_what_was_chosen(tmp_path: Path) -> None:
    def told(**given: Any) -> Any:
        run = hornbook.train("names", model="mlp", settings=TINY, training={**SHORT, **given},
                             out=tmp_path / "run", overwrite=True, baseline=False)  # fmt: skip
        again: Any = calls_of(run)[0].settings["training"]
        return run.record.training, {k: v for k, v in again.items() if k not in SHORT}

    training, again = told(optimizer="adam")
    assert training.weight_decay == 0
    assert again == {"optimizer": "adam"}, "the command that made it, and no more"
    training, again = told(optimizer="adam", weight_decay=0.5)
    assert training.weight_decay == 0.5, "as the family recommends it, but asked for"
    assert again == {"optimizer": "adam", "weight_decay": 0.5}


def test_so_does_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["train", "names", "--n-hidden", "3", "--steps", "2", "--no-baseline", "--optimizer"]
    assert typed(capsys, *line, "adam")[0] == 0
    run = hornbook.Run(tmp_path / "runs" / "names-mlp-hidden3-steps2-optimizer-adam")
    assert run.record.training is not None
    assert run.record.training.weight_decay == 0
    status, _, err = typed(capsys, *line, "adm")
    assert status != 0
    assert "must be one of adam, adamw, muon, sgd" in err
    preset = ["--preset", "gpt2", "--n-layer", "1", "--n-head", "1", "--n-embd", "4"]
    status, _, err = typed(
        capsys, "train", "names", *preset, "--steps", "0", "--no-baseline", "--optimizer=sgd"
    )
    assert status == 0, err


def test_a_rate_is_handed_on_with_what_was_typed_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, err = typed(capsys, "rate", "names", "--steps", "40", "--optimizer", "adam")
    again = [line for line in (out + err).splitlines() if "hornbook train" in line]
    assert len(again) == 1
    assert "--optimizer adam --learning-rate" in again[0]
