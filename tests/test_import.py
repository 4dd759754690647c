"""Models of others as runs: what they can do, what is recorded, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import hornbook
from hornbook.errors import DataError, DownloadError, HornbookError, RunError, SettingsError
from hornbook.interchange import published
from hornbook.interchange.importing import import_model
from hornbook.runs import Run, strip
from hornbook.runs.calls import calls_of
from hornbook.runs.events import Event, Noted
from hornbook.sources.downloads import Remote
from hornbook.text.models.gpt import GPT
from hornbook.text.models.presets import GPT2_PRESETS
from tests.command import typed
from tests.some_models import (
    GPT2,
    LLAMA,
    byte_tokens,
    gguf_bytes,
    gpt2_weights,
    llama_gguf,
    llama_weights,
    write_model,
)

QUICK: dict[str, Any] = {
    "steps": 2, "batch_size": 2, "threads": 1, "precision": "float32", "gradients": "hand",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 and a Llama in Hugging Face's layout, and the same Llama as GGUF."""
    made = tmp_path_factory.mktemp("models")
    write_model(made / "gpt2", GPT2, gpt2_weights())
    write_model(made / "llama", LLAMA, llama_weights())
    (made / "llama.gguf").write_bytes(llama_gguf())
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return import_model(folder / "gpt2", out=folder / "run", tokens="bytes")


@pytest.fixture(scope="module")
def text(folder: Path) -> Path:
    path = folder / "text.txt"
    path.write_text("to be, or not to be: that is the question.\n" * 20, encoding="utf-8")
    return path


# --- what an imported run is -------------------------------------------------------------------


def test_its_record_says_where_it_came_from(run: Run, folder: Path) -> None:
    start = run.record.start
    file = folder / "gpt2" / "model.safetensors"
    assert start.kind == "import"
    assert start.imported is not None
    assert start.imported.source == str(folder / "gpt2")
    assert start.imported.form == "safetensors"
    sums = {"model.safetensors": hashlib.sha256(file.read_bytes()).hexdigest()}
    assert start.imported.files == sums
    assert run.summary.ended
    assert (
        run.summary.parameters
        == run.model.n_parameters
        == sum(tensor.numel() for tensor in gpt2_weights().values())
    )
    assert not run.has_data
    (call,) = calls_of(run)
    assert (call.verb, call.given) == ("import_model", (str(folder / "gpt2"),))
    assert call.settings == {"tokens": "bytes"}


def test_it_samples_scores_and_is_measured_on_files(run: Run, text: Path) -> None:
    (sample,) = run.sample(n=1, prefix="to be", longest=40, seed=2)
    assert sample.text.startswith("to be")
    assert run.score("to be").nats_per_token > 0
    assert run.evaluate(data=text)["text"].tokens == len(text.read_bytes())
    with pytest.raises(RunError, match="was imported: the text") as caught:
        run.evaluate()
    assert "data=FILE" in caught.value.hint
    for ask in (run.quality, run.pairs):
        with pytest.raises(RunError, match="imported"):
            ask()
    assert "its text is not kept" in repr(run.data)


def test_it_is_inspected(run: Run, capsys: pytest.CaptureFixture[str], unpainted: None) -> None:
    status, out, _ = typed(capsys, "inspect", str(run.path), "--text", "to be")
    assert status == 0
    told = " ".join(out.split())
    assert "It was imported from gpt2" in told
    assert "how it was trained was not recorded" in told
    assert "Made by: hornbook import" in told
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Attention" in page


def test_it_is_fine_tuned_with_its_own_tokens(run: Run, text: Path, tmp_path: Path) -> None:
    heard: list[Event] = []
    tuned = hornbook.train(
        text, init_from=run.path, training=QUICK, out=tmp_path / "tuned", baseline=False,
        listen=heard.append, mode="text",
    )  # fmt: skip
    assert tuned.settings == run.settings
    assert tuned.record.options["tokens"] == "bytes"
    start = tuned.record.start
    assert start.ancestor is not None
    assert start.ancestor.imported
    assert (start.ancestor.id, start.ancestor.steps) == (run.record.id, 0)
    assert tuned.record.training is not None
    assert tuned.record.training.learning_rate == 5e-5  # and not what suits a net from a seed
    told = [event.message for event in heard if isinstance(event, Noted)]
    assert "256 of 256 tokens keep their learned weights" in told[0]
    losses = [one.evaluate(data=text)["text"].nats_per_token for one in (tuned, run)]
    assert losses[0] < losses[1]
    # What is trained on from it is treated alike, and its own call says the same.
    again = hornbook.train(
        text, init_from=tuned.path, training={**QUICK, "steps": 1}, out=tmp_path / "again",
        baseline=False, mode="text",
    )  # fmt: skip
    assert again.record.start.ancestor is not None
    assert again.record.start.ancestor.imported
    assert "learning_rate" not in str(calls_of(again)[0].settings)
    with pytest.raises(RunError, match="was imported: there is no training to resume"):
        hornbook.resume(run.path, steps=10)


def test_tokens_of_a_file_are_taken_over(folder: Path, text: Path, tmp_path: Path) -> None:
    pytest.importorskip("tiktoken")
    run = import_model(folder / "llama.gguf", out=tmp_path / "run")
    assert run.data.tokenizer.vocab_size == 258
    lines = tmp_path / "lines.txt"
    lines.write_text("to be\nnot to be\n" * 30, encoding="utf-8")
    tuned = hornbook.train(
        lines, init_from=run.path, training=QUICK, out=tmp_path / "tuned", baseline=False
    )
    # The same tokens, of which the special one is now the boundary of lines.
    assert tuned.data.tokenizer.boundary == 257
    assert tuned.data.tokenizer.encode("to be").tolist() == [256, 32, 98, 101]
    assert tuned.record.options["tokens"] == str(run.path / "tokenizer.json")
    with pytest.raises(SettingsError, match=r"The tokens of .* are bpe, and those of this data"):
        hornbook.train(lines, init_from=run.path, tokens="characters", training=QUICK)
    chars = hornbook.train(lines, model="bigram", training=QUICK, out=tmp_path / "chars")
    with pytest.raises(SettingsError, match="holds the characters of the text of a run"):
        hornbook.train(lines, model="bigram", tokens=str(chars.path / "tokenizer.json"))


def test_a_stripped_one_tells_no_folder(run: Run, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    strip(tmp_path / "run")
    assert str(folder) not in (tmp_path / "run" / "run.json").read_text()
    imported = Run(tmp_path / "run").record.start.imported
    assert imported is not None
    assert imported.source == "gpt2"


def test_weights_are_copied_one_at_a_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hornbook.interchange.safetensors_weights import SafetensorsWeights

    read, whole = [0], sum(t.numel() for t in llama_weights().values())
    alive: list[int] = []
    take = SafetensorsWeights.tensor

    def counted(self: SafetensorsWeights, name: str) -> torch.Tensor:
        read[0] += 1
        found = take(self, name)
        alive.append(found.numel())
        return found

    monkeypatch.setattr(SafetensorsWeights, "tensor", counted)
    import_model(folder / "llama", out=tmp_path / "run", tokens="bytes")
    assert read[0] == 2 * len(llama_weights())  # for the checksum, and for the file
    assert max(alive) == 256 * 24 < whole / 2


# --- layouts -----------------------------------------------------------------------------------


def same_weights(one: Run, two: Run, tokens: int = 256) -> None:
    pairs = zip(one.model.state_dict().values(), two.model.state_dict().values(), strict=True)
    for mine, other in pairs:
        assert torch.equal(mine[:tokens] if len(mine) > tokens else mine, other)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(kind: torch.dtype, tmp_path: Path) -> None:
    weights = {name: t.to(kind) for name, t in gpt2_weights().items()}
    run = import_model(
        write_model(tmp_path / "model", GPT2, weights), out=tmp_path / "run", tokens="bytes"
    )
    assert torch.equal(
        next(iter(run.model.parameters())), weights["transformer.wte.weight"].float()
    )


def test_masks_and_a_second_head_are_left_out(run: Run, tmp_path: Path) -> None:
    weights = gpt2_weights()
    weights["lm_head.weight"] = weights["transformer.wte.weight"].clone()
    weights["transformer.h.0.attn.bias"] = torch.ones(1, 1, 16, 16)
    weights["transformer.h.1.attn.masked_bias"] = torch.tensor(-1e4)
    model = write_model(tmp_path / "model", GPT2, weights)
    same_weights(import_model(model, out=tmp_path / "run", tokens="bytes"), run)
    weights["lm_head.weight"] += 1
    write_model(model, GPT2, weights)
    with pytest.raises(DataError, match=r"lm_head\.weight is the same as transformer\.wte"):
        import_model(model, out=tmp_path / "other", tokens="bytes")


def test_a_shorter_context_takes_the_first_positions(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    short = import_model(folder / "gpt2", out=tmp_path / "run", tokens="bytes", block_size=8)
    ids = np.arange(8)[None]
    close = np.abs(short.model.next_logits(ids) - run.model.next_logits(ids)).max()
    assert close < 1e-5
    assert short.model.block_size == 8
    assert calls_of(short)[0].settings["block_size"] == 8
    with pytest.raises(SettingsError, match="the model's context is 16"):
        import_model(folder / "gpt2", out=tmp_path / "long", tokens="bytes", block_size=17)


@pytest.mark.parametrize("kind", ["<f4", "<f2", "<f8"])
def test_gguf_is_the_same_model(kind: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "llama.gguf"
    path.write_bytes(llama_gguf(kind))
    config = {**LLAMA, "vocab_size": 258}
    weights = llama_weights(config)
    if kind == "<f2":
        weights = {name: t.half() for name, t in weights.items()}
    write_model(tmp_path / "llama", config, weights)
    run = import_model(path, out=tmp_path / "one", tokens="bytes")
    same_weights(run, import_model(tmp_path / "llama", out=tmp_path / "two", tokens="bytes"))
    assert run.settings == Run(tmp_path / "two").settings
    assert run.record.start.imported is not None
    assert run.record.start.imported.form == "gguf"


def test_gguf_of_gpt2(run: Run, tmp_path: Path) -> None:
    theirs = {
        "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm",
        "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
        "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    }  # fmt: skip
    tensors = {}
    for name, tensor in gpt2_weights().items():
        own, _, kind = name.removeprefix("transformer.").rpartition(".")
        begin = ""
        if own.startswith("h."):
            _, at, own = own.split(".", 2)
            begin = f"blk.{at}."
        turned = tensor.t() if own.startswith(("attn", "mlp")) and tensor.dim() == 2 else tensor
        tensors[f"{begin}{theirs[own]}.{kind}"] = turned.contiguous().numpy()
    values = {
        "general.architecture": "gpt2", "gpt2.context_length": 16, "gpt2.embedding_length": 8,
        "gpt2.block_count": 2, "gpt2.attention.head_count": 2, "gpt2.feed_forward_length": 32,
        "gpt2.attention.layer_norm_epsilon": 1e-5,
    }  # fmt: skip
    (tmp_path / "gpt2.gguf").write_bytes(gguf_bytes(values, tensors))
    other = import_model(tmp_path, out=tmp_path / "run", tokens="bytes")  # the one in the folder
    same_weights(other, run)
    assert other.settings == run.settings


def test_quantised_tensors_are_what_gguf_makes_of_them(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    from hornbook.interchange.gguf_weights import GGUFWeights

    array = np.random.default_rng(0).normal(size=(4, 256)).astype(np.float32)
    for kind in ("Q8_0", "Q4_0", "Q5_1", "BF16"):
        quantised = gguf.quants.quantize(array, gguf.GGMLQuantizationType[kind])
        writer = gguf.GGUFWriter(str(tmp_path / "one.gguf"), "llama")
        writer.add_tensor("t", quantised, raw_dtype=gguf.GGMLQuantizationType[kind])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        weights = GGUFWeights(tmp_path / "one.gguf")
        assert weights.shapes == {"t": (4, 256)}
        expected = gguf.quants.dequantize(quantised, gguf.GGMLQuantizationType[kind])
        assert np.array_equal(weights.tensor("t").numpy(), expected)
        weights.close()


def test_rows_without_a_token_are_left_out(tmp_path: Path) -> None:
    config = {**GPT2, "vocab_size": 260}
    heard: list[Event] = []
    run = import_model(
        write_model(tmp_path / "model", config, gpt2_weights(config)), out=tmp_path / "run",
        tokens="bytes", listen=heard.append,
    )  # fmt: skip
    assert run.model.vocabulary.size == 256
    (told,) = [event.message for event in heard if isinstance(event, Noted)]
    assert "260 rows for 256 tokens; the last 4" in told


@pytest.mark.parametrize("how", ["tokenizer.json", "vocab.json"])
def test_tokens_come_along(how: str, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("tiktoken")
    values = byte_tokens()
    vocab = {token: at for at, token in enumerate(values["tokenizer.ggml.tokens"])}
    config = {**GPT2, "vocab_size": 258}
    model = write_model(tmp_path / "model", config, gpt2_weights(config))
    if how == "vocab.json":
        (model / how).write_text(json.dumps(vocab), encoding="utf-8")
        (model / "merges.txt").write_text("#version: 0.2\nt o\n", encoding="utf-8")
    else:
        kept = {
            "added_tokens": [{"id": 257, "content": "<|endoftext|>", "special": True}],
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
            "model": {"type": "BPE", "vocab": vocab, "merges": ["t o"]},
        }
        (model / how).write_text(json.dumps(kept), encoding="utf-8")
    run = import_model(model, out=tmp_path / "run")
    assert run.data.tokenizer.encode("to be").tolist() == [256, 32, 98, 101]


def test_gpt2s_own_tokens_need_no_file(tmp_path: Path) -> None:
    config = {**GPT2, "vocab_size": 50_257, "n_layer": 1, "n_embd": 2}
    model = write_model(tmp_path / "model", config, gpt2_weights(config))
    run = import_model(model, out=tmp_path / "run")
    assert run.record.options["tokens"] == "gpt2"
    assert run.data.tokenizer.vocab_size == 50_257


# --- by name -----------------------------------------------------------------------------------


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """GPT-2 at an address where nobody answers, and a cache of one's own."""
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    remote = Remote("the model gpt2", "http://127.0.0.1:9/model", "gpt2.safetensors")
    monkeypatch.setitem(published.PUBLISHED, "gpt2", remote)
    return remote


def test_without_a_network_it_says_what_to_do(offline: Remote, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="Cannot download the model gpt2") as caught:
        import_model("gpt2", out=tmp_path / "run")
    assert "or download http://127.0.0.1:9/model yourself and save it as" in caught.value.hint
    assert str(tmp_path / "cache" / "gpt2.safetensors") in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_what_is_no_gpt2_is_refused_by_its_shapes(offline: Remote, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    save_file(gpt2_weights(), tmp_path / "cache" / "gpt2.safetensors")
    with pytest.raises(DataError, match=r"transformer\.h\.2\.\S+, .* and \d+ more are missing"):
        import_model("gpt2", out=tmp_path / "run")


def test_names_are_those_of_presets() -> None:
    assert list(published.PUBLISHED) == list(GPT2_PRESETS)
    assert all(len(remote.sha256 or "0" * 64) == 64 for remote in published.PUBLISHED.values())


# --- what is refused ---------------------------------------------------------------------------


def change(**values: Any) -> Callable[[Path], None]:
    """Change what config.json says."""

    def doing(model: Path) -> None:
        path = model / "config.json"
        held = json.loads(path.read_text())
        path.write_text(json.dumps({**held, **values}))

    return doing


def reweigh(name: str, tensor: torch.Tensor | None) -> Callable[[Path], None]:
    """Put another tensor in the place of one, or none."""

    def doing(model: Path) -> None:
        path = model / "model.safetensors"
        held = {**load_file(path), name: tensor}
        save_file({n: t for n, t in held.items() if t is not None}, path)

    return doing


def written(name: str, data: bytes) -> Callable[[Path], None]:
    """Put something in the place of a file."""
    return lambda model: void((model / name).write_bytes(data))


def void(_: object) -> None:
    """Nothing."""


def only_pickled(model: Path) -> None:
    """As older models are."""
    (model / "model.safetensors").rename(model / "pytorch_model.bin")


LN = "transformer.h.1.ln_2.bias"
HUGE = struct.pack("<Q", 2**60) + b"{}"
BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "pickled": (only_pickled, r"pytorch_model\.bin is a pickled file, which can run any program"),
    "no config": (lambda m: (m / "config.json").unlink(), "has no config.json"),
    "no weights": (lambda m: (m / "model.safetensors").unlink(), "has no model.safetensors"),
    "no tokens": (lambda m: None, "has no tokens: there is no tokenizer.json"),
    "other model": (change(model_type="t5"), "its model_type is 't5'; those that fit"),
    "no type": (change(model_type=None), "its model_type is null"),
    "sigmoid": (change(activation_function="sigmoid"), "activation_function is 'sigmoid', and"),
    "untied": (change(tie_word_embeddings=False), "tie_word_embeddings is false, and the family"),
    "unscaled": (change(scale_attn_weights=False), "scale_attn_weights is false"),
    "text for number": (change(n_embd="8"), "n_embd must be an integer; it is '8'"),
    "true for number": (change(n_layer=True), "n_layer must be an integer; it is true"),
    "none at all": (change(n_layer=0), "n_layer must be from 1 to"),
    "too many": (change(n_layer=10**6), "`n_layer` must be from 0 to 256"),
    "uneven": (change(n_head=3), "`n_embd` must be a multiple of `n_head`"),
    "too large": (change(n_embd=16_384, n_head=1, n_layer=200), "parameters; the maximum is"),
    "other shape": (change(n_positions=17), r"wpe\.weight has shape \(16, 8\); by its settings"),
    "fewer tokens": (change(vocab_size=255), "knows 255 tokens, and its tokens are 256"),
    "config cut": (written("config.json", b'{"model_type": '), "config.json cannot be .* not JSON"),
    "config a list": (written("config.json", b"[]"), "must be a JSON object, not list"),
    "config deep": (written("config.json", b'{"a":' * 10**5), "nested too deeply"),
    "config no text": (written("config.json", b"\xff\xfe{"), "it is not JSON"),
    "config too long": (written("config.json", b" " * (2**24 + 1)), "the maximum is 16,777,216"),
    "missing": (reweigh(LN, None), rf"{LN} is missing"),
    "one too many": (reweigh("transformer.x", torch.ones(1)), "transformer.x is not part of"),
    "integers": (reweigh(LN, torch.ones(8).int()), f"{LN} is of type I32; weights must be"),
    "not finite": (reweigh(LN, torch.full((8,), torch.nan)), f"{LN} holds numbers that are not"),
    "empty": (written("model.safetensors", b""), "should have 0 bytes"),
    "long header": (written("model.safetensors", HUGE), "its header should have 1,152,921,504"),
    "no header": (written("model.safetensors", b"\x02" + b"\0" * 7 + b"[]"), "not a whole safe"),
}
UNTOLD = {"no tokens"}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_refused_and_named(what: str, folder: Path, tmp_path: Path) -> None:
    model, (doing, message) = tmp_path / "model", BAD[what]
    shutil.copytree(folder / "gpt2", model)
    doing(model)
    with pytest.raises(HornbookError, match=message):
        import_model(model, out=tmp_path / "run", tokens=None if what in UNTOLD else "bytes")
    assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu', and the family gpt has 'silu' only"),
        ({"attention_bias": True}, "attention_bias is true, and the family gpt has false only"),
        ({"head_dim": 8}, "head_dim is 8, and the family gpt has 4 only"),
        ({"num_key_value_heads": 4}, "`n_head` must be a multiple of `n_kv_head`, 4"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "rope_type is 'llama3'"),
        ({"rope_scaling": {"type": "linear"}}, "type is 'linear'"),
        ({"rope_scaling": 3}, "rope_scaling must be an object or null"),
        ({"rope_theta": "x"}, "rope_theta must be a number; it is 'x'"),
        ({"intermediate_size": None}, "it has no intermediate_size"),
        ({"tie_word_embeddings": True}, "lm_head.weight is the same as model.embed_tokens"),
    ],
)
def test_other_llamas_are_refused(
    values: dict[str, Any], message: str, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "llama", tmp_path / "model")
    change(**values)(tmp_path / "model")
    with pytest.raises(DataError, match=message):
        import_model(tmp_path / "model", out=tmp_path / "run", tokens="bytes")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({}, "`weight_map` must name a file for each tensor"),
        ({"weight_map": {"a": 1}}, "`weight_map` must name a file"),
        ({"weight_map": {"a": "../a.safetensors"}}, "'../a.safetensors' is not the name of a file"),
        ({"weight_map": {"a": "/etc/passwd"}}, "'/etc/passwd' is not the name of a file"),
        ({"weight_map": {"a": "b.safetensors"}}, "b.safetensors of 1 files is missing"),
        ({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}, "is also in one"),
    ],
)
def test_a_damaged_index_is_refused(index: Any, message: str, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "gpt2", tmp_path / "model")
    shutil.copy(tmp_path / "model" / "model.safetensors", tmp_path / "model" / "one.safetensors")
    (tmp_path / "model" / "model.safetensors").rename(tmp_path / "model" / "two.safetensors")
    (tmp_path / "model" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(DataError, match=message):
        import_model(tmp_path / "model", out=tmp_path / "run", tokens="bytes")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pt", b"PK\x03\x04", "a.pt is a pickled file"),
        ("a.bin", b"anything", "a.bin is a pickled file"),
        ("a.txt", b"hello", "is neither a safetensors file nor a GGUF file"),
        ("a.gguf", b"", "is neither"),
        ("gone", None, "Cannot read .*gone: No such file"),
    ],
)
def test_other_files_are_refused(
    name: str, data: bytes | None, message: str, tmp_path: Path
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message):
        import_model(tmp_path / name, out=tmp_path / "run")


def test_tokens_that_need_a_text_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="are learned from a text, and an imported"):
        import_model(folder / "gpt2", out=tmp_path / "run", tokens="words")
    with pytest.raises(SettingsError, match="`overwrite` has no effect without `out`"):
        import_model(folder / "gpt2", tokens="bytes", overwrite=True)


# --- hostile files -----------------------------------------------------------------------------


def says(name: str, value: Any) -> bytes:
    """A GGUF file that says something else of its model; None: nothing."""
    return llama_gguf(changes={name: value})


GGUF_BAD: dict[str, tuple[bytes, str]] = {
    "version": (gguf_bytes({}, {}, version=1), "of GGUF version 1; versions 2 and 3"),
    "big-endian": (gguf_bytes({}, {}, version=3 << 24), "big-endian machines"),
    "cut": (llama_gguf()[:40], r"should have [\d,]+ bytes, and [\d,]+ are left"),
    "cut in tensors": (llama_gguf()[:-4000], r"should end at byte [\d,]+, and the file has"),
    "values": (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**62), "should have 4,611,686,018,427,387,904"),
    "tensors": (b"GGUF" + struct.pack("<IQQ", 3, 2**40, 0), "tensors; the maximum is 65,536"),
    "a long name": (
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**50), "the name of a value has 1,125,899,906"
    ),
    "a long list": (
        b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 4, 2**61), r"'a' should have"
    ),
    "texts": (
        b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 8, 2**61), r"'a' should have"
    ),
    "lists in lists": (
        b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 9, 1), "'a' is of type 9, which"
    ),
    "no UTF-8": (b"GGUF" + struct.pack("<IQQQ2s", 3, 0, 1, 2, b"\xff\xff"), "is not UTF-8"),
    "twice": (
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * struct.pack("<Q1sIB", 1, b"a", 7, 1),
        "'a' is there twice",
    ),
    "dimensions": (
        b"GGUF" + struct.pack("<IQQQ1sI", 3, 1, 0, 1, b"t", 2**31), "dimensions; it must have 1"
    ),
    "an empty tensor": (
        b"GGUF" + struct.pack("<IQQQ1sIQIQ", 3, 1, 0, 1, b"t", 1, 0, 0, 0), "'t' is empty"
    ),
    "a huge tensor": (
        b"GGUF" + struct.pack("<IQQQ1sIQIQ", 3, 1, 0, 1, b"t", 1, 2**63, 0, 2**63),
        "t should end at byte",
    ),
    "architecture": (says("general.architecture", "bert"), "its architecture is 'bert'"),
    "scaled": (
        says("llama.rope.scaling.type", "yarn"), "llama.rope.scaling.type is 'yarn'"
    ),
    "no length": (says("llama.context_length", None), "it has no llama.context_length"),
    "text for number": (
        says("llama.block_count", "2"), "llama.block_count must be an integer; it is '2'"
    ),
    "other tokens": (
        says("tokenizer.ggml.model", "llama"), "they are of kind 'llama', split as"
    ),
    "other split": (says("tokenizer.ggml.pre", "tekken"), "split as 'tekken'"),
    "token twice": (says("tokenizer.ggml.tokens", ["a", "a"]), "has a token twice"),
    "few types": (says("tokenizer.ggml.token_type", [1]), "258 tokens, and types of 1"),
    "merges": (
        says("tokenizer.ggml.merges", ["t x"]), r"The tokens in .*a\.gguf cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", GGUF_BAD)
def test_damaged_gguf_is_refused_and_named(what: str, tmp_path: Path) -> None:
    data, message = GGUF_BAD[what]
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(HornbookError, match=message):
        import_model(tmp_path / "a.gguf", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


SAFE = (st.integers(0, 10**6), st.integers(0, 255))


@pytest.mark.parametrize("form", ["gguf", "safetensors", "config"])
@given(st.lists(st.tuples(*SAFE), max_size=4), st.integers(0, 10**6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_is_more_than_an_error(
    form: str,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[int, int]],
    cut: int,
) -> None:
    place = tmp_path_factory.mktemp("damaged")
    model = shutil.copytree(folder / "gpt2", place / "model")
    name = {"gguf": "a.gguf", "config": "config.json"}.get(form, "model.safetensors")
    path = model / name
    if form == "gguf":
        path.write_bytes(llama_gguf())
    data = bytearray(path.read_bytes())
    header = min(len(data), 7000 if form == "gguf" else 3000)  # where damage can mislead
    for at, byte in changes:
        data[at % header] = byte
    path.write_bytes(data[: len(data) - cut % (len(data) + 1)] if cut % 3 == 0 else data)
    try:
        run = import_model(path if form == "gguf" else model, out=place / "run", tokens="bytes")
    except HornbookError:
        assert not (place / "run").exists()
    else:
        assert isinstance(run.model, GPT)


# --- the command -------------------------------------------------------------------------------


def test_the_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    status, out, err = typed(capsys, "import", str(folder / "gpt2"), "--tokens", "bytes")
    assert status == 0
    assert "gpt2: gpt, 3,936 parameters, 2 layers of 2 heads, n_embd 8, context 16" in (
        " ".join(out.split())
    )
    assert "hornbook train DATA --init-from runs/gpt2-gpt" in err
    status, out, _ = typed(
        capsys, "import", str(folder / "llama"), "--tokens", "bytes", "--out", "llama", "--json"
    )
    assert status == 0
    facts = json.loads(out)
    assert facts["run"] == "llama"
    assert facts["settings"]["n_kv_head"] == 2
    assert facts["imported"]["form"] == "safetensors"
    status, _, err = typed(capsys, "train", "--resume", "llama", "--steps", "9")
    assert status == 1
    assert "hornbook train DATA --init-from llama" in err
