"""Files for llama.cpp: what they hold, and that an import of them computes the same.

Beside llama.cpp itself they are held by benchmarks/gguf_beside_llama_cpp.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import RunError, SettingsError
from hornbook.interchange.gguf.rows import unlikely_row, vectors, weight_of
from hornbook.interchange.gguf.tokens import gguf_tokens
from hornbook.interchange.gguf.weights import GGUFWeights
from hornbook.tokenizers.characters import CharTokenizer
from tests.test_export_huggingface import CHINESE, GPT2, SHAPES, conditioned, made
from tests.test_models import LINES, TEXT

pytest.importorskip("gguf", reason="gguf is not installed")
NORMAL, CONTROL, BYTE = 1, 3, 6


def written(run: hornbook.Run, out: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """What the file of a run says, and the shapes of its tensors."""
    weights = GGUFWeights(hornbook.export(run, to="gguf", out=str(out)).path)
    values, shapes = dict(weights.values), dict(weights.shapes)
    weights.close()
    return values, shapes


@pytest.mark.parametrize("shape", ["gpt2", "llama", "llama without gain, tied"])
def test_an_import_computes_the_same_of_the_same_tokens(shape: str, tmp_path: Path) -> None:
    mode = "lines" if shape == "gpt2" else "text"
    options: dict[str, Any] = {"mode": mode, "tokens": "bpe", "vocab_size": 270, "pattern": "gpt2"}
    run = made(tmp_path, SHAPES[shape], **options)
    values, _ = written(run, tmp_path / "net.gguf")
    assert values["tokenizer.ggml.model"] == "gpt2"
    size, added = run.model.vocabulary.size, int(mode == "text")
    assert len(values["tokenizer.ggml.tokens"]) == size + added  # the end of a text
    back = hornbook.import_model(tmp_path / "net.gguf", out=tmp_path / "back")
    for text in (TEXT, CHINESE, "  x "):
        ours, theirs = run.data.tokenizer.encode(text), back.data.tokenizer.encode(text)
        np.testing.assert_array_equal(theirs, ours)
    ids = np.random.default_rng(0).integers(0, size, (2, 12))
    theirs, ours = (one.model.next_logits(ids) for one in (back, run))
    np.testing.assert_allclose(theirs[..., :size], ours, atol=1e-6)


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_characters_are_tokens_of_the_kind_llama(mode: str, tmp_path: Path) -> None:
    run = made(tmp_path, GPT2, CHINESE + "a b c\n" * 9, mode=mode)
    values, shapes = written(run, tmp_path / "net.gguf")
    tokenizer, names = run.data.tokenizer, values["tokenizer.ggml.tokens"]
    types = values["tokenizer.ggml.token_type"]
    assert values["tokenizer.ggml.model"] == "llama"
    for token, character in enumerate(tokenizer.spelled):
        if character:
            assert names[token] == character.replace(" ", "▁")
            assert types[token] == NORMAL
    end = values["tokenizer.ggml.eos_token_id"]
    assert (end == tokenizer.boundary) if mode == "lines" else (end == tokenizer.vocab_size)
    assert types[end] == CONTROL
    assert values["tokenizer.ggml.add_bos_token"] is (mode == "lines")
    assert values["tokenizer.ggml.add_space_prefix"] is False
    assert len(set(names)) == len(names) == len(types)
    assert sorted(n for n, t in zip(names, types, strict=True) if t == BYTE) == sorted(
        f"<0x{byte:02X}>" for byte in range(256)
    )
    for name in ("token_embd.weight", "output.weight"):
        assert shapes[name] == (len(names), 16)


def test_a_zero_byte_has_one_token_for_c_ends_a_text_there() -> None:
    tokens = gguf_tokens(CharTokenizer(("\0", "a"), has_boundary=False))
    assert tokens.names[:3] == ["<0x00>", "a", "</s>"]
    assert tokens.types[:3] == [BYTE, NORMAL, CONTROL]
    assert len(set(tokens.names)) == len(tokens.names) == 2 + 1 + 255


def test_bytes_are_bytes_and_the_blank_is_as_llama_cpp_writes_it(tmp_path: Path) -> None:
    run = made(tmp_path, GPT2, "\n".join(LINES), tokens="bytes")
    values, shapes = written(run, tmp_path / "net.gguf")
    names = values["tokenizer.ggml.tokens"]
    assert [names[i] for i in (0, 32, 255)] == ["<0x00>", "▁", "<0xFF>"]
    assert values["tokenizer.ggml.eos_token_id"] == 256 == len(names) - 1
    assert "output.weight" not in shapes  # nothing was added: the head is still the embedding


def test_added_tokens_are_far_below_what_is_expected(tmp_path: Path) -> None:
    run = made(tmp_path, GPT2, TEXT * 4, mode="text")
    found = unlikely_row(run, run.model)
    assert found.found
    assert found.share < 1e-5
    rows = list(np.random.default_rng(1).integers(0, run.model.vocabulary.size, (8, 12)))
    hidden = vectors(run.model, rows)
    greatest = (hidden @ weight_of(run.model).T).max(axis=1)
    assert (hidden @ found.row < greatest - 1).all()


@pytest.mark.parametrize("shape", ["gpt2", "llama without gain, tied"])
def test_values_that_are_given_go_into_a_table(shape: str, tmp_path: Path) -> None:
    run, given = conditioned(tmp_path, SHAPES[shape]), ["sex=F", "country=Malta"]
    hornbook.export(run, to="gguf", out=str(tmp_path / "net.gguf"), condition=given)
    back = hornbook.import_model(tmp_path / "net.gguf", out=tmp_path / "back")
    size = run.model.vocabulary.size
    ids = np.random.default_rng(0).integers(0, size, (2, 12))
    added = run.model.vocabulary.added(run.data.conditions.read(given)[None])[0]
    theirs, ours = back.model.next_logits(ids)[..., :size], run.model.next_logits(ids + added)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_what_the_format_has_not_is_refused(tmp_path: Path) -> None:
    run = made(tmp_path, {**GPT2, "feed_forward": "relu"})
    with pytest.raises(
        SettingsError, match="feed_forward relu, and GPT-2 has feed_forward gelu_tan"
    ):
        hornbook.export(run, to="gguf", out=str(tmp_path / "net.gguf"))
    (tmp_path / "blank").mkdir()
    run = made(tmp_path / "blank", GPT2, "a▁b\n" * 30)
    with pytest.raises(SettingsError, match="reads as a blank"):
        hornbook.export(run, to="gguf", out=str(tmp_path / "net.gguf"))
    (tmp_path / "words").mkdir()
    run = made(tmp_path / "words", GPT2, TEXT, tokens="words")
    with pytest.raises(SettingsError, match=r"tokens \(words; .* cannot be written for llama.cpp"):
        hornbook.export(run, to="gguf", out=str(tmp_path / "net.gguf"))
    assert not (tmp_path / "net.gguf").exists()


def test_a_file_of_others_is_not_replaced_and_nothing_is_left_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tmp_path, GPT2)
    out = tmp_path / "net.gguf"
    out.write_bytes(b"GGUF of somebody")
    with pytest.raises(RunError, match="did not write it"):
        hornbook.export(run, to="gguf", out=str(out))
    assert out.read_bytes() == b"GGUF of somebody"
    out.unlink()
    hornbook.export(run, to="gguf", out=str(out))
    before = out.read_bytes()

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gguf.GGUFWriter.write_tensor_data", full)
    with pytest.raises(RunError, match="No space left"):
        hornbook.export(run, to="gguf", out=str(out))
    assert out.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data.txt", "net.gguf", "run"]
