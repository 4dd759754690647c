"""What cannot be imported: other models, damaged files, hostile ones."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from hornbook.errors import (
    DataError,
    HornbookError,
    SettingsError,
)
from hornbook.interchange.importing import import_model
from hornbook.text.models.gpt import GPT
from tests.some_models import (
    gguf_bytes,
    llama_gguf,
    write_models,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


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
    "no epsilon": (change(layer_norm_epsilon=0), "layer_norm_epsilon must be above 0; it is 0.0"),
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
        ({"rope_scaling": {"rope_type": None, "type": "linear"}}, "type is 'linear'"),
        (
            {"rope_parameters": {"rope_theta": 500.0}, "rope_scaling": {"type": "linear"}},
            "type is 'linear'",
        ),
        ({"rope_parameters": {"rope_theta": 7.0}}, "it has several rope_theta, 500.0 and 7.0"),
        ({"rope_theta": 0}, "`rotary_base` must be above 1"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5, and the family gpt has"),
        ({"rms_norm_eps": 0.0}, "rms_norm_eps must be above 0; it is 0.0"),
        ({"rms_norm_eps": 10**400}, "`norm_eps` must be from 0 to 1; it is inf"),
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
        ({"weight_map": {"a": "b.safetensors"}}, "b.safetensors is missing, of 1 files"),
        ({"weight_map": {f"{i}": f"{i:02}" for i in range(9)}}, "00, 01, 02, 03 and 5 more are"),
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


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "hornbook.json"])
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_what_never_ends_is_not_read(what: str, name: str, folder: Path, tmp_path: Path) -> None:
    model = shutil.copytree(folder / "gpt2", tmp_path / "model")
    (model / name).unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(model / name)
    else:
        (model / name).symlink_to("/dev/zero")
    for source in (model, model / name):
        with pytest.raises(HornbookError, match=r"has no (model|config|tokens)|neither a file nor"):
            import_model(source, out=tmp_path / "run")


def test_tokens_without_end_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hornbook.tokenizers.token_files.LARGEST", 2**12)
    with pytest.raises(DataError, match=r"/dev/zero is larger than 4,096 bytes"):
        import_model(folder / "gpt2", out=tmp_path / "run", tokens="/dev/zero")


def test_no_file_has_such_a_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be the name of a file"):
        import_model("a\0b", out=tmp_path / "run")


def with_holes() -> bytes:
    """The beginning of a GGUF file with a list as long as a file without end could have."""
    return b"GGUF" + struct.pack("<IQQQ1sIIQ", 3, 0, 1, 1, b"a", 9, 0, 2**36)


def test_a_header_with_holes_makes_no_room_for_them(tmp_path: Path) -> None:
    with (tmp_path / "a.gguf").open("wb") as file:
        file.write(with_holes())
        file.truncate(2**37)  # of which the disk has a few bytes
    with pytest.raises(DataError, match="its header has more than 268,435,456 bytes"):
        import_model(tmp_path / "a.gguf", out=tmp_path / "run")


def says(name: str, value: Any) -> bytes:
    """A GGUF file that says something else of its model; None: nothing."""
    return llama_gguf(changes={name: value})


def overlapping() -> bytes:
    """A GGUF file of which one tensor begins within another."""
    data = llama_gguf()
    at = data.index(b"output_norm.weight") + len(b"output_norm.weight") + 16
    return data[:at] + struct.pack("<Q", 4) + data[at + 8 :]


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
    "scaled by a factor": (
        says("llama.rope.scaling.factor", 4.0), "llama.rope.scaling.factor is 4.0"
    ),
    "scaled as once": (says("llama.rope.scale_linear", 2.0), "llama.rope.scale_linear is 2.0"),
    "no epsilon": (
        says("llama.attention.layer_norm_rms_epsilon", 0.0), "epsilon must be above 0; it is 0.0"
    ),
    "within another": (
        overlapping(), "output_norm.weight begins within another tensor"
    ),
    "types a text": (says("tokenizer.ggml.token_type", "x"), "258 tokens, and types of 1"),
    "no length": (says("llama.context_length", None), "it has no llama.context_length"),
    "text for number": (
        says("llama.block_count", "2"), "llama.block_count must be an integer; it is '2'"
    ),
    "other tokens": (
        says("tokenizer.ggml.model", "t5"), "they are of kind 't5', split as"
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
