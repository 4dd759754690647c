"""Byte pairs of a `tokenizer.json` taken apart: out to GGUF and to a page, and in again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError, SettingsError
from hornbook.interchange.gguf.tokens import gguf_tokens
from hornbook.interchange.gguf.weights import GGUFWeights
from hornbook.interchange.html.tokens import described_tokenizer
from hornbook.interchange.tokens import NONE, OWN_TOKENS, tokens_of_gguf
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.merges import merges_of
from hornbook.tokenizers.token_files import of_json_file
from tests.merges_made import SPLITS, fuzzed, library, merges_file
from tests.test_export_huggingface import SHAPES, made
from tests.test_models import TEXT
from tests.token_files_made import token_file

pytest.importorskip("gguf", reason="gguf is not installed")
NORMAL, CONTROL, DEFINED, UNUSED = 1, 3, 4, 5


def read(data: bytes) -> HuggingFaceTokenizer:
    found = of_json_file("tokenizer.json", data, NONE)
    assert isinstance(found, HuggingFaceTokenizer)
    return found


def altered(split: str, change: Callable[[dict[str, Any]], Any]) -> HuggingFaceTokenizer:
    value = json.loads(merges_file(split))
    change(value)
    return HuggingFaceTokenizer(False, True, json.dumps(value))


@pytest.mark.parametrize("split", SPLITS)
def test_gguf_has_all_of_them(split: str) -> None:
    data = merges_file(split)
    tokens = gguf_tokens(read(data))
    assert (tokens.kind, tokens.split, tokens.more) == ("gpt2", split, 0)
    assert tokens.end == tokens.names.index("<|endoftext|>")
    kinds = dict(zip(tokens.names, tokens.types, strict=True))
    assert (kinds["<pad>"], kinds["<tool>"], kinds["be"]) == (CONTROL, DEFINED, NORMAL)
    back = tokens_of_gguf("net.gguf", {
        "tokenizer.ggml.model": tokens.kind,
        "tokenizer.ggml.pre": tokens.split,
        "tokenizer.ggml.tokens": list(tokens.names),
        "tokenizer.ggml.token_type": np.array(tokens.types),
        "tokenizer.ggml.merges": list(tokens.merges),
    })  # fmt: skip
    theirs = library(data)
    texts = fuzzed(300)
    wanted = [one.ids for one in theirs.encode_batch(texts, add_special_tokens=False)]
    assert [back.encode(text).tolist() for text in texts] == wanted


def test_a_net_with_them_goes_out_and_in(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(merges_file("smollm"))
    run = made(tmp_path, SHAPES["llama"], mode="text", tokens=str(tmp_path / "t.json"))
    weights = GGUFWeights(hornbook.export(run, to="gguf", out=str(tmp_path / "n.gguf")).path)
    values = dict(weights.values)
    weights.close()
    assert values["tokenizer.ggml.pre"] == "smollm"
    assert values["tokenizer.ggml.eos_token_id"] == 0
    assert values.pop(OWN_TOKENS)
    back = hornbook.import_model(tmp_path / "n.gguf", out=tmp_path / "back")
    plain = tokens_of_gguf("n.gguf", values)
    for text in (TEXT, *fuzzed(20)):
        ids = run.data.tokenizer.encode(text).tolist()
        assert back.data.tokenizer.encode(text).tolist() == plain.encode(text).tolist() == ids
    ids = np.random.default_rng(0).integers(0, run.model.vocabulary.size, (2, 12))
    np.testing.assert_allclose(back.model.next_logits(ids), run.model.next_logits(ids), atol=1e-6)


def test_a_boundary_that_the_file_has_not_and_ids_without_a_token() -> None:
    value = json.loads(merges_file("gpt-2"))
    value["added_tokens"] = []
    for name in ("<|endoftext|>", "<pad>"):
        del value["model"]["vocab"][name]
    tokens = gguf_tokens(HuggingFaceTokenizer(True, True, json.dumps(value)))
    assert tokens.types[:2] == [UNUSED, UNUSED]
    assert len(set(tokens.names)) == len(tokens.names)
    assert (tokens.names[tokens.end], tokens.begins, tokens.more) == ("<|endoftext|>", True, 0)
    tokens = gguf_tokens(HuggingFaceTokenizer(False, True, json.dumps(value)))
    assert (tokens.names[tokens.end], tokens.begins, tokens.more) == ("</s>", False, 1)


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("change a text", lambda v: v.update(normalizer={"type": "NFC"})),
        ("in a way that is not known", lambda v: v["pre_tokenizer"].update(add_prefix_space=True)),
        ("256 bytes are missing", lambda v: v["model"]["vocab"].pop("!")),
        ("joined twice", lambda v: v["model"]["merges"].append(v["model"]["merges"][0])),
        ("around it", lambda v: v["added_tokens"][-1].update(rstrip=True)),
        ("before others", lambda v: v["added_tokens"][-1].update(normalized=False)),
        ("can overlap", lambda v: v["added_tokens"][-1].update(content="l>x")),
    ],
)  # fmt: skip
def test_what_the_tables_do_not_say_is_refused(told: str, change: Callable[[Any], Any]) -> None:
    tokenizer = altered("gpt-2", change)
    with pytest.raises(DataError, match=told):
        merges_of(tokenizer)


def test_what_llama_cpp_would_cut_otherwise_is_refused() -> None:
    other = altered("gpt-2", lambda v: v["model"].update(ignore_merges=True))
    with pytest.raises(SettingsError, match=r"cannot be written for llama\.cpp: with the pattern"):
        gguf_tokens(other)
    assert described_tokenizer(other)["whole"] is True  # a page can
    digits = {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True,
         "trim_offsets": True}]}  # fmt: skip
    other = altered("gpt-2", lambda v: v.update(pre_tokenizer=digits))
    with pytest.raises(SettingsError, match="no name that is known"):
        gguf_tokens(other)
    for name in ("bert.json", "t5.json", "llama.json"):
        for write in (gguf_tokens, described_tokenizer):
            with pytest.raises(SettingsError, match=r"cannot"):
                write(read(token_file(name)))


def test_what_a_pattern_does_not_find_is_a_part_too() -> None:
    value = json.loads(merges_file("llama-bpe"))
    names = [name for name in value["model"]["vocab"] if len(name) == 1]
    value["model"].update(vocab={name: at for at, name in enumerate(names)}, merges=[])
    value.update(added_tokens=[], pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": r"\p{N}|a|o "}, "behavior": "Isolated",
         "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False,
         "trim_offsets": True}]})  # fmt: skip
    data = json.dumps(value).encode()
    found, theirs = of_json_file("tokenizer.json", data, NONE), library(data)
    assert found.kind == "bpe"
    for text in (TEXT, "no numbers", *fuzzed(50)):
        assert found.encode(text).tolist() == theirs.encode(text).ids
