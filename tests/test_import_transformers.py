"""Imported models are what transformers makes of the same files: logits, samples, gradients."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.interchange.architectures.gpt_names import gpt_names
from hornbook.interchange.importing import import_model
from hornbook.runs import Run
from hornbook.text.batch import Batch
from hornbook.text.models.gpt import GPT
from tests.referee import close

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

V, T = 256, 12  # tokens, all of them bytes; context
GPT2: dict[str, Any] = {"n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": T}
LLAMA: dict[str, Any] = {
    "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 6,
    "max_position_embeddings": T,
}  # fmt: skip
SHARED = {"num_key_value_heads": 2, "rope_parameters": {"rope_theta": 500.0}}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2", GPT2),
    "gpt2, other shapes": (
        "GPT2",
        {**GPT2, "n_inner": 10, "activation_function": "gelu", "layer_norm_epsilon": 1e-3},
    ),
    "gpt2, odd sizes": (
        "GPT2",
        {**GPT2, "n_head": 3, "n_embd": 15, "n_inner": 7, "activation_function": "relu"},
    ),
    "llama, odd sizes": (
        "Llama",
        {
            **LLAMA,
            "hidden_size": 10,
            "num_attention_heads": 5,
            "num_key_value_heads": 1,
            "intermediate_size": 7,
            "rope_parameters": {"rope_theta": 2.0},
        },
    ),
    "llama, shared heads": ("Llama", {**LLAMA, **SHARED, "rms_norm_eps": 1e-3}),
    "llama, tied": ("Llama", {**LLAMA, "tie_word_embeddings": True}),
}
each = pytest.mark.parametrize("name", MODELS)


def made(name: str, **changes: Any) -> Any:
    """A model of theirs with random weights, far from where it would begin."""
    kind, settings = MODELS[name]
    config = getattr(transformers, f"{kind}Config")(
        **{"vocab_size": V, "initializer_range": 0.5, "bos_token_id": 0, "eos_token_id": None}
        | settings
        | changes,
    )
    torch.manual_seed(3)
    ends = {"GPT2": "GPT2LMHeadModel"}.get(kind, f"{kind}ForCausalLM")
    model = getattr(transformers, ends)(config).eval()
    with torch.no_grad():
        for p in model.parameters():  # gains and biases too
            p += 0.2 * torch.randn(p.shape)
    return model


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Run]]:
    """Each model of theirs, and the run of what it saved."""
    folder, found = tmp_path_factory.mktemp("transformers"), {}
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    for at, name in enumerate(MODELS):
        theirs = made(name)
        theirs.save_pretrained(folder / str(at))
        run = import_model(folder / str(at), out=folder / f"run{at}", tokens="bytes")
        found[name] = (theirs, run)
    return found


@each
def test_logits_are_theirs(name: str, pairs: dict[str, tuple[Any, Run]]) -> None:
    theirs, run = pairs[name]
    ids = torch.randint(0, V, (3, T), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        expected = theirs(ids).logits
        assert float((run.model(ids) - expected).abs().max()) < 1e-4
    assert float(expected.abs().max()) > 1
    assert run.model.n_parameters == theirs.num_parameters()


@each
def test_greedy_samples_are_theirs(name: str, pairs: dict[str, tuple[Any, Run]]) -> None:
    theirs, run = pairs[name]
    prompt = torch.tensor([list(b"to be")])
    ours = list(greedy(run.model, prompt, T))
    for cache in (True, False):
        with torch.no_grad():
            whole = theirs.generate(
                prompt, max_length=T, min_length=T, do_sample=False, use_cache=cache,
                pad_token_id=0,
            )  # fmt: skip
        assert ours == whole[0].tolist()
    (sample,) = run.sample(n=1, prefix="to be", temperature=0, longest=T)
    assert run.data.tokenizer.encode(sample.text).tolist()[:5] == list(b"to be")
    assert sample.text == run.data.tokenizer.decode(ours)


def greedy(model: GPT, prompt: Tensor, length: int) -> list[int]:
    """The likeliest token, again and again, one at a time through the cache."""
    ids = prompt[0].tolist()
    logits, state = model.start(prompt.numpy())
    while len(ids) < length:
        ids.append(int(logits[0].argmax()))
        logits, state = model.step(torch.tensor(ids[-1:]).numpy(), state)
    return ids


def test_past_the_context_gpt2_begins_a_row_again_with_half_of_it(
    pairs: dict[str, tuple[Any, Run]],
) -> None:
    theirs, run = pairs["gpt2"]
    ids, begun = list(b"to be"), 0
    with torch.no_grad():
        while len(ids) < 3 * T:
            if len(ids) - begun > T:  # as BlockMemory: the last half, and what is new
                begun = len(ids) - 1 - T // 2
            ids.append(int(theirs(torch.tensor([ids[begun:]])).logits[0, -1].argmax()))
    assert greedy(run.model, torch.tensor([list(b"to be")]), 3 * T) == ids


def test_past_the_context_llama_looks_through_a_window_as_mistral(
    pairs: dict[str, tuple[Any, Run]],
) -> None:
    # The same layers; each position sees the last T only, in both.
    theirs, run = pairs["llama, shared heads"]
    settings = {**theirs.config.to_dict(), "sliding_window": T, "max_position_embeddings": 4 * T}
    settings.pop("model_type")
    config = transformers.MistralConfig(**settings, attn_implementation="eager")
    window = transformers.MistralForCausalLM(config).eval()
    window.load_state_dict(theirs.state_dict())
    prompt = torch.tensor([list(b"to be")])
    ids = prompt[0].tolist()
    with torch.no_grad():
        while len(ids) < 3 * T:
            ids.append(int(window(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    assert greedy(run.model, prompt, 3 * T) == ids


@each
def test_gradients_by_hand_are_their_autograds(
    name: str, pairs: dict[str, tuple[Any, Run]]
) -> None:
    _, run = pairs[name]
    theirs = in_float64(made(name).double())
    model = run.model.__class__(run.settings, run.data.shape)
    model.load_state_dict(run.model.state_dict())
    model.double()
    ids = torch.randint(0, V, (2, T + 1), generator=torch.Generator().manual_seed(6))
    logits = theirs(ids[:, :-1]).logits
    expected = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    expected.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        loss, backward = model.loss_vjp(Batch(ids[:, :-1].numpy(), ids[:, 1:].numpy()))
        backward()
    close(loss, expected)
    own = dict(model.named_parameters())
    for ours, pieces in recipe_of(run, model).items():
        grads = [turn(dict(theirs.named_parameters())[piece].grad) for piece, turn in pieces]
        mine = own[ours].grad if ours in own else None
        if mine is not None:  # a tied layer has one parameter under two names
            close(mine, torch.cat(grads), 1e-9)
    assert all(p.grad is not None for p in own.values())


def in_float64(theirs: Any) -> Any:
    """Their model, whose norms and angles would be float32 whatever the rest is."""
    for module in theirs.modules():
        kind = type(module).__name__
        if kind == "LlamaRMSNorm":
            module.forward = partial(
                F.rms_norm, normalized_shape=module.weight.shape, weight=module.weight,
                eps=module.variance_epsilon,
            )  # fmt: skip
        elif kind == "LlamaRotaryEmbedding":
            config = theirs.config
            size, base = config.head_dim, config.rope_parameters["rope_theta"]
            rates = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
            angles = torch.outer(torch.arange(T, dtype=torch.float64), rates).repeat(1, 2)[None]
            module.forward = lambda x, position_ids, a=angles: (a.cos(), a.sin())
    return theirs


def recipe_of(run: Run, model: GPT) -> dict[str, list[tuple[str, Any]]]:
    """What each of our parameters is made of, as importing has it."""
    from hornbook.interchange.architectures.recipe import layout_of
    from hornbook.interchange.importing import ARCHITECTURES
    from hornbook.interchange.sources import find_model

    imported = run.record.start.imported
    assert imported is not None
    held = find_model(imported.source)
    architecture = ARCHITECTURES[str(held.config.values["model_type"])]
    recipe = architecture.recipe(
        layout_of(held.weights, architecture.root), held.config, model.settings, gpt_names(model), V
    )
    held.weights.close()
    return {name: [(p.name, p.turn) for p in pieces] for name, pieces in recipe.parts.items()}


def test_files_in_shards_and_without_a_prefix_are_the_same(
    pairs: dict[str, tuple[Any, Run]], tmp_path: Path
) -> None:
    theirs, run = pairs["gpt2"]
    theirs.save_pretrained(tmp_path / "shards", max_shard_size="8KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    theirs.transformer.save_pretrained(tmp_path / "bare")  # GPT2Model: no `transformer.`
    for name in ("shards", "bare"):
        other = import_model(tmp_path / name, out=tmp_path / f"run-{name}", tokens="bytes")
        for one, two in zip(
            other.model.state_dict().values(), run.model.state_dict().values(), strict=True
        ):
            assert torch.equal(one, two)
    index = tmp_path / "shards" / "model.safetensors.index.json"
    named = json.loads(index.read_text())["weight_map"]
    (tmp_path / "shards" / named["transformer.wpe.weight"]).unlink()
    with pytest.raises(
        Exception, match=r"is incomplete: model-.*safetensors is missing, of \d files"
    ):
        import_model(tmp_path / "shards", out=tmp_path / "none", tokens="bytes")
    assert not (tmp_path / "none").exists()
