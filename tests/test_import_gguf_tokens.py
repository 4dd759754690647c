"""Tokens that a GGUF file has itself: those of SentencePiece, and those of a run of ours."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError
from hornbook.interchange.gguf.pieces import model_of_pieces
from hornbook.interchange.importing import import_model
from hornbook.interchange.tokens import tokens_of_gguf
from tests.some_models import LLAMA, llama_gguf
from tests.test_export_huggingface import SHAPES, made
from tests.test_models import LINES

sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

TEXTS = (
    "to be, or not to be", " two  blanks ", "", "née 行 🦆", "a\nb\tc", "<s> </s> <unk> <|x|>",
    "▁under", "x<|x|>y", "to<0x41>be", "\0\x7f",
)  # fmt: skip


def learned(**options: Any) -> bytes:
    """A small model of SentencePiece."""
    found = io.BytesIO()
    lines = ("to be or not to be that is the question", "whether tis nobler in the mind",
             "the slings and arrows of outrageous fortune", "née Dupont")  # fmt: skip
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20), model_writer=found, minloglevel=2, num_threads=1,
        **{"model_type": "bpe", "vocab_size": 310, "byte_fallback": True,
           "normalization_rule_name": "identity", "remove_extra_whitespaces": False,
           "user_defined_symbols": ["<|x|>"], **options},
    )  # fmt: skip
    return found.getvalue()


def said_of(model: bytes, **changes: Any) -> dict[str, Any]:
    """What llama.cpp's converter writes of a model of SentencePiece."""
    sp = sentencepiece.SentencePieceProcessor(model_proto=model)
    places = range(sp.vocab_size())
    kinds = ((sp.is_unknown, 2), (sp.is_control, 3), (sp.is_unused, 5), (sp.is_byte, 6))
    types = [next((n for asks, n in kinds if asks(i)), 1) for i in places]
    values = {
        "model": "llama",
        "tokens": [sp.id_to_piece(i) for i in places],
        "scores": np.array([sp.get_score(i) for i in places], np.float32),
        "token_type": np.array([4 if sp.id_to_piece(i) == "<|x|>" else types[i] for i in places]),
        "bos_token_id": sp.bos_id(), "eos_token_id": sp.eos_id(), "unknown_token_id": sp.unk_id(),
    } | changes  # fmt: skip
    return {f"tokenizer.ggml.{name}": value for name, value in values.items()}


@pytest.mark.parametrize(
    "options",
    [{}, {"add_dummy_prefix": False}, {"byte_fallback": False, "vocab_size": 60}, {"bos_id": -1}],
)
def test_ids_are_those_of_the_model_that_it_was_made_of(options: dict[str, Any]) -> None:
    model = learned(**options)
    prefix = options.get("add_dummy_prefix", True)
    found = tokens_of_gguf("a.gguf", said_of(model, add_space_prefix=prefix))
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    assert found.vocab_size == theirs.vocab_size()
    for text in TEXTS:
        assert found.encode(text).tolist() == theirs.encode(text), text
    sp = sentencepiece.SentencePieceProcessor(
        model_proto=model_of_pieces("a", said_of(model, add_space_prefix=prefix))
    )
    for name in ("unk_id", "bos_id", "eos_id"):
        assert getattr(sp, name)() == getattr(theirs, name)()


def test_a_llama_brings_them_along(tmp_path: Path) -> None:
    model = learned(vocab_size=258 + 50, user_defined_symbols=[])
    values = said_of(model)
    values |= {name: v.tolist() for name, v in values.items() if isinstance(v, np.ndarray)}
    size = len(values["tokenizer.ggml.tokens"])
    data = llama_gguf(
        changes={"tokenizer.ggml.pre": None, "tokenizer.ggml.merges": None, **values}, tokens=size
    )
    (tmp_path / "a.gguf").write_bytes(data)
    run = import_model(tmp_path / "a.gguf", out=tmp_path / "run")
    assert run.data.tokenizer.kind == "sentencepiece"
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    assert run.data.tokenizer.encode("to be").tolist() == theirs.encode("to be")
    assert hornbook.Run(run.path).score("to be, or not").nats_per_token > 0
    assert run.model.vocabulary.size == size
    assert LLAMA["vocab_size"] != size


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no scores": ({"scores": None}, "not as many tokenizer.ggml.scores"),
    "few types": ({"token_type": np.array([1])}, "not as many tokenizer.ggml.token_type"),
    "a type": ({"token_type": np.array([2, 9, 1])}, "one is of type 9"),
    "no unknown": ({"token_type": np.array([1, 1, 1])}, "none, or more than one, stands for"),
    "two unknown": ({"token_type": np.array([2, 2, 1])}, "none, or more than one, stands for"),
    "unigram": ({"scores": np.array([0, -1.5, -2])}, "those of a Unigram model"),
    "infinite": ({"scores": np.array([0, -np.inf, -2])}, "a number that is not finite"),
    "no number": ({"scores": np.array([0, np.nan, -2])}, "a number that is not finite"),
    "twice": ({"tokens": ["<unk>", "a", "a"]}, "an empty one, or one twice"),
    "empty": ({"tokens": ["<unk>", "a", ""]}, "an empty one, or one twice"),
    "none": ({"tokens": 3}, "it has none"),
    "a table": ({"precompiled_charsmap": np.array([1])}, "a table of their own"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_whole_model_is_refused(what: str) -> None:
    changes, message = BAD[what]
    values = {
        "model": "llama", "tokens": ["<unk>", "a", "b"], "scores": np.array([0.0, -1, -2]),
        "token_type": np.array([2, 1, 1]),
    }  # fmt: skip
    said = {f"tokenizer.ggml.{name}": value for name, value in (values | changes).items()}
    with pytest.raises(DataError, match=message):
        tokens_of_gguf("a.gguf", said)


# --- runs of ours ------------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", ["characters", "bytes", "bpe"])
@pytest.mark.parametrize("shape", ["gpt2", "llama without gain, tied"])
def test_a_run_comes_back_as_it_was_though_tokens_were_added(
    shape: str, tokens: str, tmp_path: Path
) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed")
    more = {"vocab_size": 262, "pattern": "gpt2"} if tokens == "bpe" else {}
    run = made(tmp_path, SHAPES[shape], "\n".join(LINES), mode="text", tokens=tokens, **more)
    out = hornbook.export(run, to="gguf", out=str(tmp_path / "net.gguf"))
    assert out.figures["added"]
    back = import_model(out.path, out=tmp_path / "back")
    for name in ("tied", "n_kv_head", "n_hidden", "rotary_base", "norm_eps", "block_size"):
        assert getattr(back.settings, name) == getattr(run.settings, name), name
    assert back.data.tokenizer == run.data.tokenizer
    ids = np.arange(8)[None] % run.model.vocabulary.size
    np.testing.assert_allclose(back.model.next_logits(ids), run.model.next_logits(ids), atol=1e-6)
