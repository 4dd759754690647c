"""Every verb that runs a model can be told where, and says what there is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import hornbook
from hornbook.errors import SettingsError
from hornbook.runs import Run
from hornbook.text.asked import QUESTIONS
from tests.command import typed
from tests.some_names import write_names

HOW = {"steps": 2, "threads": 1, "precision": "float32", "gradients": "hand"}
VERBS = {
    "sample": ["sample", "net"],
    "score": ["score", "net", "anna"],
    "evaluate": ["evaluate", "net"],
    "quality": ["quality", "net", "-n", "20"],
    "bigrams": ["bigrams", "net"],
    "novelty": ["novelty", "net", "-n", "20"],
    "inspect": ["inspect", "net", "--no-page"],
    "mix": ["mix", "net", "counts"],
    "train": ["train", "names.txt", "--model", "bigram"],
    "rate": ["rate", "names.txt", "--model", "bigram"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("devices")
    names = write_names(folder / "names.txt", slice(0, 200))
    hornbook.train(names, model="bigram", out=folder / "net", training=HOW, baseline=False)
    hornbook.train(names, model="ngram", out=folder / "counts")
    return folder


def test_every_question_is_held() -> None:
    assert set(QUESTIONS) <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_runs_its_model_where_it_is_told(
    verb: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    words = VERBS[verb]
    status, _, err = typed(capsys, *words, "--device", "gpu")
    assert status == 2
    assert "there is no device gpu; use --device cuda" in err
    for missing, there in (("mps", torch.backends.mps.is_available()),
                           ("cuda", torch.cuda.is_available())):  # fmt: skip
        if not there:
            status, _, err = typed(capsys, *words, "--device", missing)
            assert status == 1
            assert f"This machine has no {missing} device." in err
            assert "Available: " in err


def test_the_model_is_put_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of the check may have no other device: that of shapes alone stands for it."""
    meta = torch.device("meta")
    monkeypatch.setattr("hornbook.compute.device.choose_device", lambda name: meta)
    assert Run(folder / "net", "cuda").model.anchor.device == meta
    assert Run(folder / "net").model.anchor.device.type == "cpu"
    with pytest.raises(SettingsError, match="ngram runs on the CPU only"):
        _ = Run(folder / "counts", "cuda").model
    monkeypatch.undo()
    mixture = hornbook.mix([folder / "net", folder / "counts"], out=folder / "mixture")
    monkeypatch.setattr("hornbook.compute.device.choose_device", lambda name: meta)
    moved: Any = Run(mixture.path, "cuda").model
    assert moved.members[0].anchor.device == meta


@pytest.mark.parametrize(("name", "meant"), [("gpu", "cuda"), ("metal", "mps"), ("cpuu", "cpu")])
def test_a_name_that_is_not_one_is_answered_with_what_was_meant(
    folder: Path, name: str, meant: str
) -> None:
    with pytest.raises(SettingsError, match="`device` must be one of") as caught:
        _ = Run(folder / "net", name).model
    assert caught.value.hint == f"Did you mean {meant}?"
    with pytest.raises(SettingsError, match="`device` must be one of") as caught:
        hornbook.TrainingSettings.from_dict({"device": name})
    assert caught.value.hint == f"Did you mean {meant}?"
