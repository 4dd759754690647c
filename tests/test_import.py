"""Models of others as runs: what they can do, what is recorded, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import hornbook
from hornbook.errors import (
    DataError,
    DownloadError,
    MissingPackageError,
    RunError,
    SettingsError,
)
from hornbook.extras import how_to_install
from hornbook.interchange import published
from hornbook.interchange.importing import import_model
from hornbook.runs import Run, strip
from hornbook.runs.ancestor import open_ancestor
from hornbook.runs.calls import calls_of
from hornbook.runs.events import Event, Noted
from hornbook.sources.downloads import Remote
from hornbook.text.models import family
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
    write_models,
)

QUICK: dict[str, Any] = {
    "steps": 2, "batch_size": 2, "threads": 1, "precision": "float32", "gradients": "hand",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


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
    for ask in (run.quality, run.bigrams):
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
    for shown in (told, page):  # nothing was measured: that says nothing of problems
        assert "Not looked for: problems." in shown
        assert "No problems found" not in shown
    assert "evaluate it on a file (--data)" in told
    measured = json.loads(typed(capsys, "inspect", str(run.path), "--json", "--no-page")[1])
    assert (measured["measured"], measured["findings"]) == ([], [])


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


def test_adapters_are_trained_at_a_rate_of_their_own(run: Run, text: Path, tmp_path: Path) -> None:
    tuned = hornbook.train(
        text, init_from=run.path, settings={"lora_rank": 2}, training={**QUICK, "steps": 1},
        out=tmp_path / "tuned", baseline=False, mode="text",
    )  # fmt: skip
    assert tuned.record.training is not None
    assert tuned.record.training.learning_rate == family("gpt").adapting["learning_rate"] > 5e-5
    assert tuned.record.training.optimizer == "adamw"
    assert "learning_rate" not in str(calls_of(tuned)[0].settings)
    again = hornbook.train(  # merged: all of it is trained
        text, init_from=tuned.path, training={**QUICK, "steps": 1}, out=tmp_path / "again",
        baseline=False, mode="text",
    )  # fmt: skip
    assert again.record.training is not None
    assert again.record.training.learning_rate == 5e-5


@pytest.mark.parametrize("shape", ["gpt2", "llama"])
def test_fine_tuning_may_see_fewer_positions(
    shape: str, folder: Path, text: Path, tmp_path: Path
) -> None:
    whole = import_model(folder / shape, out=tmp_path / "whole", tokens="bytes")
    short = import_model(folder / shape, out=tmp_path / "short", tokens="bytes", block_size=5)
    heard: list[Event] = []
    how: dict[str, Any] = {
        "init_from": whole.path, "training": {**QUICK, "steps": 0}, "baseline": False,
        "mode": "text",
    }  # fmt: skip
    tuned = hornbook.train(
        text, settings={"block_size": 5}, out=tmp_path / "tuned", listen=heard.append, **how
    )
    ids = np.arange(10).reshape(2, 5)
    np.testing.assert_array_equal(tuned.model.next_logits(ids), short.model.next_logits(ids))
    told = [event.message for event in heard if isinstance(event, Noted)]
    before: int = whole.settings.as_dict()["block_size"]
    assert f"`block_size` is 5 here and {before} there: the first are taken." in told[0]
    assert "'block_size': 5" in str(calls_of(tuned)[0].settings)
    with pytest.raises(SettingsError, match=f"Set `block_size` to at most {before}"):
        hornbook.train(text, settings={"block_size": before + 1}, out=tmp_path / "no", **how)


def test_tokens_of_a_file_are_taken_over(folder: Path, text: Path, tmp_path: Path) -> None:
    pytest.importorskip("tiktoken")
    run = import_model(folder / "llama.gguf", out=tmp_path / "run")
    assert run.data.tokenizer.vocab_size == 258
    lines = tmp_path / "lines.txt"
    lines.write_text("to be\nnot to be\n" * 30, encoding="utf-8")
    heard: list[Event] = []
    tuned = hornbook.train(
        lines, init_from=run.path, training=QUICK, out=tmp_path / "tuned", baseline=False,
        listen=heard.append,
    )  # fmt: skip
    told = [event.message for event in heard if isinstance(event, Noted)]
    assert "258 of 258 tokens keep their learned weights." in told[0]
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
    from hornbook.interchange.hugging_face.weights import SafetensorsWeights

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
    from hornbook.interchange.gguf.weights import GGUFWeights

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


def test_quantised_tensors_need_gguf_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)  # as if it were not installed
    data = gguf_bytes({"general.architecture": "llama"}, {"t": np.zeros((1, 32), np.float32)})
    at = data.index(struct.pack("<QIQ", 1, 0, 0))  # the rows, the type, the place
    path = tmp_path / "a.gguf"
    path.write_bytes(data[: at + 8] + struct.pack("<I", 8) + data[at + 12 :])  # Q8_0
    with pytest.raises(MissingPackageError, match="requires gguf, which is not") as caught:
        import_model(path, out=tmp_path / "run")
    assert how_to_install("gguf") in caught.value.hint


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


def test_a_model_where_a_run_is_wanted_is_to_be_imported_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in (folder / "gpt2", folder / "gpt2" / "model.safetensors", "gpt2-medium"):
        status, _, told = typed(capsys, "score", str(given), "to be")
        assert status == 1
        assert f"{given} is a model of another format, not a run." in told
        assert f"hornbook import {given}" in told


def test_it_is_listed_as_imported(run: Run) -> None:
    rows = hornbook.list_runs(run.path.parent)
    assert [row.status for row in rows if row.path == run.path] == ["imported"]


@pytest.mark.parametrize("at", ["write_tensors", "write_summary"])
def test_a_killed_import_is_told_and_taken_over(at: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    kill = (
        "import os, signal, sys\n"
        "from hornbook.runs import RunDirectory\n"
        "from hornbook.interchange.importing import import_model\n"
        f"RunDirectory.{at} = lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL)\n"
        "import_model(sys.argv[1], out=sys.argv[2], tokens='bytes')\n"
    )
    made = subprocess.run([sys.executable, "-c", kill, folder / "gpt2", out], check=False)
    assert made.returncode == -signal.SIGKILL
    (row,) = hornbook.list_runs(out)
    assert (row.status, row.note) == ("stopped", "import it again")
    if at == "write_tensors":
        for ask in (lambda: Run(out).score("to be"), lambda: open_ancestor(out)):
            with pytest.raises(RunError, match="stopped before its model was imported"):
                ask()
    (out / f".hornbook-{'0' * 16}.part").write_bytes(b"half of it")
    again = import_model(folder / "gpt2", out=out, tokens="bytes")
    assert sorted(path.name for path in out.iterdir()) == [
        "model.safetensors", "run.json", "summary.json", "tokenizer.json",
    ]  # fmt: skip
    assert again.score("to be").nats_per_token > 0
