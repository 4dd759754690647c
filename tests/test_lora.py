"""LoRA: the layer against autograd and differences, and runs whose adapters stand apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.errors import SettingsError
from hornbook.lessons.gradcheck import check_family
from hornbook.nn import Linear, LoRALinear, SelfAttention
from hornbook.nn.lora import is_adapter, only_adapters
from hornbook.runs import Run
from hornbook.runs.events import Began, Event, Noted
from hornbook.tensor_files import read_tensors
from hornbook.text.models.gpt import GPTSettings
from tests.referee import close, finite_difference, hand_equals_autograd, normal
from tests.some_names import write_names
from tests.stopping import stopped_at

SHAPE: dict[str, Any] = {"n_embd": 16, "n_layer": 2, "n_head": 2, "block_size": 8, "dropout": 0.0}
HOW: dict[str, Any] = {
    "steps": 6, "evaluate_every": 2, "batch_size": 8, "threads": 1, "precision": "float32",
    "gradients": "hand", "optimizer": "adamw",
}  # fmt: skip


def layer(**more: Any) -> LoRALinear:
    """One whose B has learned something."""
    torch.manual_seed(0)
    made = LoRALinear(5, 4, rank=2, alpha=3.0, **more)
    made.double()
    assert made.lora_b is not None
    torch.nn.init.normal_(made.lora_b)
    return made


@pytest.mark.parametrize("shape", [(7, 5), (2, 3, 5)])
@pytest.mark.parametrize("more", [{}, {"bias": False}, {"dropout": 0.5}])
def test_gradients_are_autograd_s(shape: tuple[int, ...], more: dict[str, Any]) -> None:
    hand_equals_autograd(layer(**more), normal(*shape))


def test_gradients_are_finite_differences() -> None:
    made, x, dy = layer(), normal(6, 5), normal(6, 4, seed=1)

    def loss() -> float:
        return float((made(x) * dy).sum())

    with torch.no_grad():
        dx = made.vjp(x)[1](dy)
        close(dx, finite_difference(loss, x), 1e-7)
        for p in made.parameters():
            assert p.grad is not None
            close(p.grad, finite_difference(loss, p.data), 1e-7)


def test_it_computes_what_its_formula_says() -> None:
    made, x = layer(), normal(6, 5)
    assert made.lora_a is not None
    assert made.lora_b is not None
    change = 3.0 / 2 * made.lora_b @ made.lora_a
    wanted = torch.nn.functional.linear(x, made.weight + change, made.bias)
    close(made(x), wanted)
    with torch.inference_mode():
        close(made(x), wanted)
        close(made(x[:, None]).squeeze(1), made(x))


def test_it_begins_as_the_layer_that_it_adapts() -> None:
    torch.manual_seed(1)
    plain = Linear(5, 4)
    torch.manual_seed(1)
    made, x = LoRALinear(5, 4, rank=2, alpha=1.0), torch.randn(3, 5)
    assert torch.equal(made(x), plain(x))
    assert [name for name, _ in made.named_parameters()] == ["weight", "bias", "lora_a", "lora_b"]


def test_merged_it_is_a_plain_layer() -> None:
    made, x = layer(dropout=0.5).eval(), normal(6, 5)
    before = made(x)
    made.merge()
    close(made(x), before, 1e-14)
    assert list(made.state_dict()) == ["weight", "bias"]
    hand_equals_autograd(made, x)
    assert type(made) is Linear


def test_what_is_frozen_is_not_computed() -> None:
    made, x = layer(), normal(6, 5)
    for name in ("weight", "bias"):
        made.get_parameter(name).requires_grad_(False)
    with torch.no_grad():
        made.vjp(x)[1](normal(6, 4))
    assert {name for name, p in made.named_parameters() if p.grad is not None} == {
        "lora_a", "lora_b"
    }  # fmt: skip


@pytest.mark.parametrize("layers", ["attention", "all"])
def test_a_whole_net_in_gradcheck(layers: Any) -> None:
    settings = GPTSettings(
        n_embd=8, n_layer=1, n_head=2, block_size=8, lora_rank=2, lora_layers=layers
    )
    found = check_family("gpt", settings)
    assert found.right
    adapters = {one.name for one in found.parameters if is_adapter(one.name)}
    assert len(adapters) == (4 if layers == "attention" else 8)


def test_attention_takes_other_linear_layers() -> None:
    made = SelfAttention(6, 2, linear=lambda *given, **named: layer_of(*given, **named))
    hand_equals_autograd(made, normal(2, 4, 6))


def layer_of(*given: Any, **named: Any) -> LoRALinear:
    made = LoRALinear(*given, rank=1, alpha=1.0, **named)
    assert made.lora_b is not None
    torch.nn.init.normal_(made.lora_b)
    return made


def test_settings_that_need_adapters_are_refused_without() -> None:
    with pytest.raises(SettingsError, match="lora_alpha"):
        GPTSettings(lora_alpha=4.0)
    with pytest.raises(SettingsError, match="lora_rank"):
        GPTSettings(n_layer=0, lora_rank=2)


def test_adapters_beside_nothing_learned_are_refused(tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(40))
    for ask in (hornbook.train, hornbook.find_rate):
        with pytest.raises(SettingsError, match="`lora_rank` adds to weights that were learned"):
            ask(names, model="gpt", settings={**SHAPE, "lora_rank": 2})
    assert not (tmp_path / "runs").exists()


def test_rates_freeze_all_but_adapters_unless_they_say_otherwise() -> None:
    found = only_adapters(("*.bias=0.5",))
    assert found == ("*.bias=0.5", "*.lora_a=1", "*.lora_b=1", "*=0")
    assert only_adapters(found) == found


# Runs


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without adapters."""
    folder = tmp_path_factory.mktemp("base")
    return hornbook.train(
        write_names(folder / "names.txt", slice(400)), model="gpt", settings=SHAPE, training=HOW,
        baseline=False, out=folder / "run",
    )  # fmt: skip


def tuned(base: Run, out: Path, training: Any = None, **more: Any) -> Run:
    """A run that begins with the weights of another."""
    return hornbook.train(
        base.path.parent / "names.txt", init_from=base.path, baseline=False, out=out,
        training={**HOW, "learning_rate": 0.02, **(training or {})}, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def adapted(base: Run) -> Run:
    return tuned(base, base.path.parent / "adapted", settings={"lora_rank": 2})


def test_only_adapters_learn_and_they_stand_apart(base: Run, adapted: Run) -> None:
    before = base.directory.read_weights(base.record)
    own = read_tensors(adapted.directory.model)[0]
    assert own
    assert all(map(is_adapter, own))
    assert any(array.any() for name, array in own.items() if name.endswith("lora_b"))
    apart = adapted.directory.read_frozen(adapted.record)
    assert apart.keys() == before.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(apart[name], array)
    kept = read_tensors(adapted.directory.checkpoint)[0]
    assert {name.partition(".")[2] for name in kept if name.startswith("weights.")} == own.keys()
    assert adapted.summary.losses["dev"] < base.summary.losses["dev"]
    assert adapted.record.training is not None
    assert adapted.record.training.rates[-1] == "*=0"


def test_in_use_adapters_are_merged(base: Run, adapted: Run) -> None:
    model = adapted.model
    assert model.arrays().keys() == base.model.arrays().keys()
    assert model.settings.lora_rank == 0
    arrays = adapted.directory.read_weights(adapted.record)
    apart = adapted.task.build("gpt", adapted.settings, adapted.data.shape)
    apart.load_arrays(arrays)
    ids = np.arange(8)[None] % adapted.data.tokenizer.vocab_size
    np.testing.assert_allclose(model.next_logits(ids), apart.next_logits(ids), atol=1e-5)
    found = adapted.evaluate()["dev"].nats_per_token
    assert found == pytest.approx(adapted.summary.losses["dev"], abs=1e-5)
    assert len(list(adapted.sample(n=3))) == 3


def test_exports_hold_what_the_adapters_learned(adapted: Run, tmp_path: Path) -> None:
    made = hornbook.export(adapted, to="html", out=str(tmp_path / "page.html"))
    assert made.path.stat().st_size > 1000
    assert "lora" not in made.path.read_text(encoding="utf-8").lower()


def test_a_stopped_run_ends_as_one_that_was_not(base: Run, adapted: Run, tmp_path: Path) -> None:
    with stopped_at(3):
        tuned(base, tmp_path / "run", settings={"lora_rank": 2})
    again = hornbook.resume(tmp_path / "run")
    for name in ("model", "checkpoint", "frozen"):
        one, other = (read_tensors(getattr(run.directory, name))[0] for run in (adapted, again))
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)
    longer = hornbook.resume(tmp_path / "run", steps=8)
    assert longer.summary.steps == 8


def test_a_run_that_begins_with_it_has_its_weights_merged(adapted: Run, tmp_path: Path) -> None:
    plain = tuned(adapted, tmp_path / "plain", training={"steps": 0})
    assert plain.settings.as_dict()["lora_rank"] == 0
    assert not plain.directory.frozen.exists()
    merged = adapted.model.arrays()
    for name, array in plain.directory.read_weights(plain.record).items():
        np.testing.assert_array_equal(array, merged[name])
    again = tuned(adapted, tmp_path / "again", settings={"lora_rank": 3})
    apart = again.directory.read_frozen(again.record)
    for name, array in merged.items():
        np.testing.assert_array_equal(apart[name], array)


def test_rates_may_let_more_learn(base: Run, tmp_path: Path) -> None:
    run = tuned(base, tmp_path / "run", training={"rates": ["*.0.weight=0.1"]},
                settings={"lora_rank": 2})  # fmt: skip
    before, after = (one.directory.read_weights(one.record) for one in (base, run))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"net.layers.0.weight"}


def test_adapters_wider_than_the_net_are_refused(base: Run, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be at most `n_embd`, 16"):
        tuned(base, tmp_path / "run", settings={"lora_rank": 17})
    assert not (tmp_path / "run").exists()


def test_how_many_numbers_learn_is_told(base: Run, tmp_path: Path) -> None:
    told: list[Event] = []
    run = tuned(base, tmp_path / "run", {"steps": 0}, settings={"lora_rank": 2},
                listen=told.append)  # fmt: skip
    (began,) = [event for event in told if isinstance(event, Began)]
    adapters = read_tensors(run.directory.model)[0].values()
    assert began.parameters is not None
    assert began.parameters - began.frozen == sum(array.size for array in adapters)


def test_rows_of_new_tokens_are_frozen_and_that_is_said(base: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("anna\n7\u00e97\nemil\n" * 20, encoding="utf-8")
    for at, (rates, frozen) in enumerate([
        ([], ["net.layers.0.weight", "net.layers.6.weight"]),
        (["net.layers.0.weight=1"], ["net.layers.6.weight"]),
        (["net.layers.0.weight=1", "net.layers.6.weight=1"], []),
    ]):  # fmt: skip
        told: list[Event] = []
        hornbook.train(
            other, init_from=base.path, baseline=False, out=tmp_path / f"run{at}",
            training={**HOW, "steps": 0, "rates": rates}, settings={"lora_rank": 2},
            listen=told.append,
        )  # fmt: skip
        (said,) = [event.message for event in told if isinstance(event, Noted)]
        assert "2 new ones start untrained (7 é)" in said
        if frozen:
            assert f"Frozen, so untrained for new tokens: {', '.join(frozen)}." in said
            assert " ".join(f"{name}=1" for name in frozen) in said
        else:
            assert "rozen" not in said
