"""Every kind of token goes through everything that a run can do."""

from __future__ import annotations

import base64
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public
from tokenizers import Tokenizer as HuggingFace
from tokenizers import models, pre_tokenizers, trainers

import hornbook
from hornbook.errors import DataError, SettingsError, UnknownTokenError
from hornbook.inspection.inspect import inspect
from hornbook.rendering import figure
from hornbook.sources.source import Source
from hornbook.text.data import TextOptions
from hornbook.text.loading import load_text
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.prompt import prompt_to_go_on
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.text.stream import encode_lines
from hornbook.tokenizers import kinds
from hornbook.tokenizers.byte_pair_encoders import Encoder, by_tiktoken, by_tokenizers
from hornbook.tokenizers.byte_pair_learning import learn_byte_pairs
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.kinds import KINDS, learn_tokenizer, read_tokenizer
from hornbook.tokenizers.settings import TokenSettings
from hornbook.tokenizers.splitting import PATTERNS
from tests.chunk_tokenizer import Chunks
from tests.token_files_made import FILES, token_file

LINES = (
    "anna bell",
    "née hana",
    "👩‍🚀 anna",
    "be bé",
    "anna hann",
    "bella é",
    "e anna be",
    "hana",
) * 4
TEXT = "To be, née, or not to be:\n👩‍🚀 that is the question.\n" * 12
WAYS = [*KINDS, Chunks.kind, "ranks.tiktoken", *FILES]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The settings of a kind, with the kind that only tests have, and a file of ranks."""
    monkeypatch.setitem(kinds.KINDS, Chunks.kind, Chunks)
    monkeypatch.chdir(tmp_path)
    ranks = [*(bytes([byte]) for byte in range(256)), b"an", b"ann", b" b"]
    (tmp_path / "ranks.tiktoken").write_text(
        "".join(f"{base64.b64encode(one).decode()} {at}\n" for at, one in enumerate(ranks))
    )
    if request.param in FILES:
        (tmp_path / request.param).write_bytes(token_file(request.param))
    more: dict[Any, dict[str, Any]] = {
        "bpe": {"vocab_size": 280},
        "ranks.tiktoken": {"pattern": "gpt4"},
    }
    return {"tokens": request.param, **more.get(request.param, {})}


def written(mode: str, folder: Path) -> Path:
    path = folder / f"{mode}.txt"
    path.write_text("\n".join(LINES) + "\n" if mode == "lines" else TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_every_kind_goes_through_everything(mode: str, way: Any, tmp_path: Path) -> None:
    data = written(mode, tmp_path)
    shared = {"mode": mode, "split": "60/20/20", **way}
    counts = hornbook.train(data, model="ngram", out=tmp_path / "counts", **shared)
    net = hornbook.train(
        data, model="gru", out=tmp_path / "net", baseline=False,
        settings={"n_embd": 4, "n_hidden": 6},
        training={"steps": 2, "batch_size": 4, "gradients": "hand", "threads": 1}, **shared,
    )  # fmt: skip
    tokenizer: Tokenizer = net.data.tokenizer
    net = hornbook.resume(net.path, steps=3)
    assert net.data.tokenizer == tokenizer
    both = hornbook.mix([counts.path, net.path], out=tmp_path / "both")
    for run in (counts, net, both):
        for split, loss in run.evaluate().items():
            if "," not in split:
                texts = run.data.splits[split]
                whole = "".join(f"{text}\n" for text in texts) if mode == "lines" else texts[0]
                known = tokenizer.unknown is None
                assert not known or (loss.characters, loss.bytes) == (
                    len(whole), len(whole.encode())
                )  # fmt: skip
            assert loss.bits_per_byte == pytest.approx(loss.total / loss.bytes / math.log(2))
        some = run.data.splits.train[0][:12]
        assert tokenizer.as_read(some) == some or some.endswith(" ")
        score = run.score(some)
        assert score.nats_per_character == score.total / score.characters
        for one in run.sample(n=6, prefix="an", seed=1, longest=12):
            assert one.text.startswith("an")
            assert mode == "text" or "\n" not in one.text
        pieces = list(run.sample(n=1, longest=9).pieces())
        assert pieces[-1].sample is not None
        assert "".join(piece.text for piece in pieces) == pieces[-1].sample.text
    assert tokenizer.unit in net.task.introduce(net)
    dev = counts.evaluate()["dev"]
    said = counts.task.in_words(dev.nats_per_token, counts, "dev")
    assert tokenizer.unit == "character" or f"{figure(dev.bits_per_byte)} bits per byte" in said
    if mode == "lines" and tokenizer.kind in ("chunks", "words"):  # pictures take their time
        for view in inspect(net, text="anna be", prefix="an").views:
            if not view.why_not:
                view.draw()


def made(tokens: str, texts: Texts, **settings: Any) -> Tokenizer:
    return learn_tokenizer(texts, TokenSettings(tokens=tokens, **settings))


every = pytest.mark.parametrize("kind", list(KINDS))
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@every
@given(texts=st.lists(anything, min_size=1, max_size=4), boundary=st.booleans())
@settings(max_examples=40)
def test_every_kind_keeps_the_contract(kind: str, texts: list[str], boundary: bool) -> None:
    learned = {"vocab_size": 270} if kind == "bpe" else {"min_count": 1} if kind == "words" else {}
    tokenizer = made(kind, Texts(texts, (), boundary), **learned)
    ids, lengths = tokenizer.encode_many(texts)
    assert ids.dtype == tokenizer.vocabulary.dtype
    labels = {tokenizer.label(token) for token in range(tokenizer.vocab_size)}
    assert len(labels) == tokenizer.vocab_size == len(set(tokenizer.spelled))
    assert read_tokenizer(json.loads(json.dumps(tokenizer.as_dict()))) == tokenizer
    for text, part in zip(texts, np.split(ids, np.cumsum(lengths)[:-1]), strict=True):
        assert part.tolist() == tokenizer.encode(text).tolist()
        assert tokenizer.boundary not in part.tolist()
        assert tokenizer.decode(part) == text
        assert b"".join(tokenizer.written(text)) == text.encode()
        counted = tokenizer.count_characters(part), tokenizer.count_bytes(part)
        assert counted == (len(text), len(text.encode()))
        assert not tokenizer.silent & set(part.tolist()) - ({10} if "\n" in text else set())


@every
@given(lines=st.lists(anything.map(lambda text: f"{text}.".replace("\n", " ")), max_size=4))
@settings(max_examples=20)
def test_lines_at_once_are_those_of_each_with_a_boundary(kind: str, lines: list[str]) -> None:
    learned = {"vocab_size": 270} if kind == "bpe" else {"min_count": 1} if kind == "words" else {}
    tokenizer = made(kind, Texts([*lines, "a line"], (), True), **learned)
    ids = tokenizer.encode_ended("".join([f"{line}\n" for line in lines]))
    assert ids.dtype == tokenizer.vocabulary.dtype
    each = [[*tokenizer.encode(line).tolist(), tokenizer.boundary] for line in lines]
    assert ids.tolist() == [token for one in each for token in one]


@every
def test_lines_at_once_name_the_line_that_cannot_be_written(kind: str) -> None:
    learned = {"vocab_size": 270} if kind == "bpe" else {}
    tokenizer = made(kind, Texts(["a line", "another"], (), True), **learned)
    with pytest.raises(UnknownTokenError, match=r"of 'a\\ud800 line'"):
        tokenizer.encode_ended("another\na\ud800 line\n")
    bare = made(kind, Texts(["a line\n"], (), False), **learned)
    with pytest.raises(ValueError, match="need a tokenizer with a boundary"):
        bare.encode_ended("a line\n")


@given(data=st.data())
@settings(max_examples=60)
def test_bytes_are_held_back_until_they_are_a_character(data: st.DataObject) -> None:
    tokenizer = made("bytes", Texts(["a"], (), False))
    ids = data.draw(st.lists(st.integers(0, 255), max_size=12))
    decoder = tokenizer.decoder()
    assert "".join(map(decoder.push, ids)) + decoder.end() == tokenizer.decode(ids)
    whole = tokenizer.decoder()
    assert [whole.push(byte) for byte in "行".encode()] == ["", "", "行"]


# As tiktoken has it, word for word.
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
    r"\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
# As Meta's and OpenAI's programs have them.
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
# As Qwen's programs have them.
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LEARNED = "the theme of these themes: it's 12345 of 1234, IT'S 🙂🙂 née\n\n  née 行行 12\r\n" * 3


@pytest.mark.parametrize("pattern", list(PATTERNS))
@given(
    text=st.one_of(
        anything, st.text(st.sampled_from("the m's12\n\r\u00a0🙂é\u0301行"), max_size=60)
    )
)
@settings(max_examples=150)
def test_tiktoken_and_tokenizers_give_the_same_ids(pattern: str, text: str) -> None:
    by_one, by_other, published = encoders(pattern)
    assert by_one(text).tolist() == by_other(text).tolist() == published(text).tolist()


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
@given(texts=st.lists(st.text(st.sampled_from("the m's12\n\0\r!  🙂é"), max_size=20), max_size=6))
@settings(max_examples=100)
def test_texts_that_are_encoded_at_once_are_encoded_each_by_itself(
    pattern: str, texts: list[str]
) -> None:
    for encoder in encoders(pattern)[:2]:
        ids, lengths = encoder.many(texts)
        each = [encoder(text).tolist() for text in texts]
        assert lengths.tolist() == list(map(len, each))
        assert ids.tolist() == [token for found in each for token in found]


@cache
def encoders(pattern: Any) -> tuple[Encoder, ...]:
    tokens, ours = learn_byte_pairs([LEARNED], 330, PATTERNS[pattern]), PATTERNS[pattern]
    published = {
        "gpt2": openai_public.r50k_pat_str, "gpt4": CL100K, "llama3": LLAMA3, "o200k": O200K,
        "qwen": QWEN, "qwen3.5": QWEN35,
    }[pattern]  # fmt: skip
    return by_tiktoken(tokens, ours), by_tokenizers(tokens, ours), by_tiktoken(tokens, published)


def test_byte_pairs_are_learned_from_train_alone() -> None:
    one = made("bpe", Texts(["banana"] * 9, ["cocoa"] * 99, True), vocab_size=400)
    assert one == made("bpe", Texts(["banana"] * 9, [], True), vocab_size=400)
    assert one.pieces[256:] == (b"an", b"ana", b"anana", b"banana", b"") or (
        one.pieces[-2:] == (b"banana", b"")
    )
    assert one.encode("<|endoftext|>").size > 1  # nobody types a boundary


def test_a_grapheme_is_what_a_reader_sees() -> None:
    tokenizer = made("graphemes", Texts(["👩‍👩‍👧 e\u0301 नमस्ते"], (), True))
    assert len(tokenizer.encode("👩‍👩‍👧e\u0301")) == 2
    with pytest.raises(UnknownTokenError, match=r"grapheme 'e' \(character 6 of"):
        tokenizer.encode("👩‍👩‍👧e")


def test_words_that_are_rare_or_new_are_one() -> None:
    tokenizer = made("words", Texts(["To be, or not to be"], (), True), lowercase=True)
    ids = tokenizer.encode("BE or be be")
    assert ids.tolist() == [1, 1, 0, 0]
    assert tokenizer.decode(ids) == "�� be be"
    assert (tokenizer.count_unknown(ids), tokenizer.count_characters(ids)) == (2, 6)


def test_text_that_is_all_unknown_is_refused(tmp_path: Path) -> None:
    names = [f"name{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}" for n in range(100)]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="All of train is unknown to these tokens"):
        load_text(Source(str(tmp_path / "names.txt")), TextOptions(tokens="words"))
    known = load_text(Source(str(tmp_path / "names.txt")), TextOptions(tokens="words", min_count=1))
    assert known.tokenizer.vocab_size > 80


def test_a_prefix_within_a_token_can_become_that_token() -> None:
    tokenizer = made("words", Texts(["Hello world"] * 2, (), True))
    counts = NGram(NGramSettings(order=2, smoothing="add"), tokenizer.vocabulary)
    counts.fit(encode_lines(("Hello world",) * 9, tokenizer))
    made_of = {one.text for one in sample(counts, tokenizer, SamplingSettings(prefix="Hel"),
                                          longest=9)}  # fmt: skip
    assert all(text.startswith("Hello") for text in made_of)
    pairs = BytePairTokenizer(
        (*(bytes([byte]) for byte in range(256)), b"He", b"lo", b"Hello", "né".encode()),
        "gpt2", ("<|endoftext|>",), True, False,
    )  # fmt: skip
    asked = {text: prompt_to_go_on(pairs, text) for text in ("Hel", "Hey", "xn", "Hello")}
    assert [(one.text, one.tail) for one in asked.values()] == [
        ("", b"Hel"), ("Hey", b""), ("x", b"n"), ("Hello", b"")
    ]  # fmt: skip


def test_runs_of_other_tokens_are_not_mixed(tmp_path: Path) -> None:
    data = written("lines", tmp_path)
    paths = [
        hornbook.train(data, model="ngram", out=tmp_path / tokens, tokens=tokens).path
        for tokens in ("characters", "bytes")
    ]
    with pytest.raises(SettingsError, match="do not predict the same tokens"):
        hornbook.mix(paths)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"tokens": "bite"}, "must be one of characters, graphemes, bytes"),
        ({"tokens": "bytes", "vocab_size": 300}, "`vocab_size` has no effect"),
        ({"tokens": "bpe", "lowercase": True}, "`lowercase` has no effect"),
    ],
)
def test_settings_that_do_not_fit_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        learn_tokenizer(Texts(["ab"], (), True), TokenSettings(**asked))


RANKS = [f"{base64.b64encode(bytes([byte])).decode()} {byte}" for byte in range(256)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n".join(RANKS[1:]), "has holes: rank 0 is missing"),
        ("\n".join([*RANKS, "YQ== 256"]), "some occur twice"),
        ("not ranks", "line 1 is not a token and its rank"),
        ('{"model": {"type": "WordPiece"}}', "its model has no vocabulary"),
        ('{"a": 1}', "it has no model"),
        ("[1, 2]", "it has no model"),
        ('{"model": {"type": "BPE"', "is not a whole `tokenizer.json`"),
        ("", "is empty"),
        ("GGUF\x03", "is a whole model in GGUF"),
        ("\n".join([*RANKS, "YWE= 255"]), "has rank 255 twice, the second time in line 257"),
        ("\n".join([*RANKS, "YWE= x"]), "is damaged: line 257"),
        ("\n".join(RANKS), "of no vocabulary that is known here"),
        ('{"model": {"type": "BPE"}}', "split a text in a way"),
    ],
)
def test_a_file_that_is_none_of_tokens_is_refused(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        made(
            str(path),
            Texts(["ab"], (), True),
            **({"pattern": "gpt4"} if "twice" in message else {}),
        )


def test_a_tokenizer_of_hugging_face_gives_its_own_ids(tmp_path: Path) -> None:
    theirs = HuggingFace(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    theirs.train_from_iterator([LEARNED], trainer)
    theirs.add_special_tokens(["<|endoftext|>"])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = made(str(tmp_path / "tokenizer.json"), Texts([LEARNED], (), True))
    assert ours.encode(LEARNED).tolist() == theirs.encode(LEARNED).ids
    assert ours.boundary == theirs.token_to_id("<|endoftext|>")
    value = json.loads((tmp_path / "tokenizer.json").read_text())
    value["model"]["merges"].reverse()
    (tmp_path / "tokenizer.json").write_text(json.dumps(value))
    ours = made(str(tmp_path / "tokenizer.json"), Texts([LEARNED], (), True))
    assert ours.kind == "tokenizers"  # ids alone do not say in which order pairs are joined
    theirs = HuggingFace.from_file(str(tmp_path / "tokenizer.json"))
    assert ours.encode(LEARNED).tolist() == theirs.encode(LEARNED).ids
    value["model"]["merges"].append(["Q", "Q"])
    (tmp_path / "tokenizer.json").write_text(json.dumps(value))
    with pytest.raises(DataError, match="out of vocabulary"):
        made(str(tmp_path / "tokenizer.json"), Texts([LEARNED], (), True))


def test_gpt2_comes_with_the_package() -> None:
    lines, text = (made("gpt2", Texts(["ab"], (), boundary)) for boundary in (True, False))
    assert (lines.vocabulary.size, lines.boundary, text.boundary) == (50_257, 50_256, None)
    for ours in (lines, text):  # ids as OpenAI's encoder of GPT-2 gives them
        assert ours.encode("Hello, world!").tolist() == [15496, 11, 995, 0]
        assert ours.decode([15496, 11, 995, 0]) == "Hello, world!"
