"""Published models by name: their exact sizes, what is said, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import hornbook
from hornbook.errors import HornbookError, SettingsError
from hornbook.runs.events import Event, Noted
from hornbook.tasks import named_preset, presets, task_named
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.tokenizers.contract import Vocabulary
from tests.command import typed

# As transformers counts them (`GPT2LMHeadModel(GPT2Config(...)).num_parameters()`).
PARAMETERS = {
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
}
SMALL = {"n_layer": 1, "n_head": 2, "n_embd": 4, "block_size": 8}
TEXT = "to be, or not to be: that is the question.\n" * 20


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_exact(name: str) -> None:
    found, task = named_preset(name), task_named("text")
    shape = task.typical_with(found.preset.options)
    bare = task.refuse_too_large(found.family, found.settings(), shape)
    assert bare.n_parameters == PARAMETERS[name]
    assert f"{PARAMETERS[name]:,} parameters" in found.preset.summary


def test_weights_begin_as_gpt2s() -> None:
    settings = GPTSettings.from_dict(
        {**named_preset("gpt2").preset.settings, "n_layer": 8, "n_head": 2, "n_embd": 128}
    )
    model = GPT(settings, Vocabulary(500, 0, 0), torch.Generator().manual_seed(1))
    for name, p in model.named_parameters():
        own = p.detach()
        if "bias" in name:
            assert not own.any(), name
        elif own.dim() == 1:
            assert torch.equal(own, torch.ones_like(own)), name
        else:
            last = name.endswith(("projection.weight", "layers.3.weight"))
            std = 0.02 / 4 if last else 0.02  # of the last of a part by sqrt(2 · 8)
            assert float(own.std()) == pytest.approx(std, rel=0.05), name
    untied = GPTSettings(init_std=0.02, n_layer=1, zero_init=False)
    alone = GPT(untied, Vocabulary(500, 0, 0), torch.Generator().manual_seed(1))
    assert {round(float(p.detach().std()), 3) for p in alone.parameters() if len(p) == 500} == {
        0.02
    }


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_settings_beside_a_preset_win_and_are_said(text: Path, tmp_path: Path) -> None:
    heard: list[Event] = []
    run = hornbook.train(
        text, preset="gpt2", settings=SMALL, training={"steps": 0}, tokens="bytes",
        out=tmp_path / "run", listen=heard.append,
    )  # fmt: skip
    settings = run.settings.as_dict()
    assert settings == {**GPTSettings().as_dict(), **named_preset("gpt2").preset.settings, **SMALL}
    assert run.record.options["tokens"] == "bytes"
    (told,) = [event.message for event in heard if isinstance(event, Noted)]
    assert "`n_layer` is 1 in place of 12" in told
    assert "`tokens` is bytes in place of gpt2" in told
    assert "`dropout`" not in told


def test_the_command(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, told = typed(
        capsys, "train", str(text), "--preset", "gpt2", "--steps", "0", "--n-layer", "1",
        "--n-embd", "8", "--n-head", "2", "--block-size", "16",
    )  # fmt: skip
    assert status == 0
    assert "--n-layer is 1 in place of 12" in " ".join(told.split())
    run = hornbook.Run(next((tmp_path / "runs").iterdir()))
    assert run.path.name.startswith("text-gpt2-")
    assert run.data.tokenizer.vocab_size == 50_257
    assert run.record.training is not None
    assert (run.record.training.optimizer, run.record.training.learning_rate) == ("adamw", 6e-4)
    assert typed(capsys, "train", "--preset", "gpt2", "--help")[0] == 0


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"preset": "gtp2"}, "Unknown preset 'gtp2'"),
        ({"preset": 2}, "Unknown preset 2"),
        ({"preset": "gpt2", "model": "mlp"}, "the preset gpt2 is of the family gpt"),
        ({"preset": "gpt2", "init_from": "runs/any"}, "`preset` has no effect with `init_from`"),
        ({"preset": "gpt2", "settings": {"n_heads": 2}}, "no setting n_heads"),
    ],
)
def test_what_does_not_fit_is_refused(text: Path, how: dict[str, object], message: str) -> None:
    with pytest.raises(HornbookError, match=message):
        hornbook.train(text, **how)  # type: ignore[arg-type]


def test_models_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "models")
    assert status == 0
    assert all(name in out for name in presets())
    listed = json.loads(typed(capsys, "models", "--json")[1])
    assert list(listed["gpt"]["presets"]) == list(PARAMETERS)
    status, out, _ = typed(
        capsys, "models", "gpt", "--shapes", "--preset", "gpt2", "--n-layer", "1", "--block-size",
        "8", "--n-embd", "12", "--json",
    )  # fmt: skip
    assert json.loads(out)["layers"][0]["parameters"] == 50_257 * 12
    status, _, err = typed(capsys, "models", "gpt", "--preset", "gpt2")
    assert status == 1
    assert "requires --shapes" in err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_kv_head": 3}, "multiple of `n_kv_head`, 3"),
        ({"n_hidden": 10, "widen": 2.0}, "`widen` has no effect here: it requires `n_hidden` of 0"),
        ({"feed_forward": "none", "n_hidden": 10}, "`n_hidden` has no effect"),
        ({"position": "learned", "rotary_base": 500.0}, "`rotary_base` has no effect"),
        ({"norm": "layer", "norm_gain": True}, "`norm_gain` has no effect"),
        ({"norm": "none", "norm_eps": 0.1}, "`norm_eps` has no effect"),
        ({"init_std": 0.02, "output_gain": 1.0}, "`output_gain` has no effect"),
        ({"n_layer": 0, "n_kv_head": 2}, "`n_kv_head` has no effect"),
    ],
)
def test_settings_without_effect_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        GPTSettings.from_dict(settings)
