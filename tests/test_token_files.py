"""A `tokenizer.json` gives the ids of its own library, whichever of two runs it, or is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Regex, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as HuggingFace

from hornbook.errors import DataError, UnknownTokenError
from hornbook.tokenizers.byte_pair_learning import sign_of_byte
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.contract import Texts, Tokenizer
from hornbook.tokenizers.hugging_face import HuggingFaceTokenizer
from hornbook.tokenizers.token_files import read_token_file

LINES = ["the first of them, the second", "abc bc  ab: def f(x):", "it's 3.14 née"] * 9
TEXTS = ("the second  def f(x):\n  x", "abc ab bc xabc", "[TOOL] it's <s> née 12", "", "  ", "行")


def byte_pairs(**model: Any) -> HuggingFace:
    """Byte pairs as GPT-2's are, the special token last."""
    made = HuggingFace(models.BPE(**model))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    signs = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        LINES, trainers.BpeTrainer(vocab_size=290, show_progress=False, initial_alphabet=signs)
    )
    made.add_special_tokens(["<s>"])
    return made


def read(value: Any, folder: Path, text: str = "ab") -> Tokenizer:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return read_token_file(str(path), Texts([text], (), True))


def ids_are_equal(ours: Tokenizer, theirs: HuggingFace) -> None:
    theirs.encode_special_tokens = True
    for text in TEXTS:
        found = theirs.encode(text, add_special_tokens=False).ids
        assert ours.encode(text).tolist() == found
        assert ours.decode(found) == ours.as_read(text)


def test_byte_pairs_and_special_tokens_need_no_library(tmp_path: Path) -> None:
    made = byte_pairs()
    found = read(json.loads(made.to_str()), tmp_path)
    assert isinstance(found, BytePairTokenizer)
    ids_are_equal(found, made)


@pytest.mark.parametrize(
    "token",
    ["def f", "  ", AddedToken("abc", single_word=True), AddedToken("[TOOL]", rstrip=True)],
)
def test_added_tokens_that_are_text_are_found_in_it(token: Any, tmp_path: Path) -> None:
    made = byte_pairs()
    made.add_tokens([token])
    ids_are_equal(read(json.loads(made.to_str()), tmp_path), made)


def test_a_pattern_of_what_stands_between_is_the_librarys(tmp_path: Path) -> None:
    made = byte_pairs()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(" |c"), "isolated", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    found = read(json.loads(made.to_str()), tmp_path)
    assert isinstance(found, HuggingFaceTokenizer)
    ids_are_equal(found, made)


@pytest.mark.parametrize(
    "merges", [[("b", "c"), ("a", "b"), ("ab", "c")], [("a", "b"), ("ab", "c"), ("a", "b")]]
)
def test_pairs_that_ids_do_not_tell_are_the_librarys(
    merges: list[tuple[str, str]], tmp_path: Path
) -> None:
    signs = sorted(sign_of_byte().values())
    vocab = {sign: at for at, sign in enumerate([*signs, *dict.fromkeys(a + b for a, b in merges)])}
    made = HuggingFace(models.BPE(vocab, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    ids_are_equal(read(json.loads(made.to_str()), tmp_path), made)


def test_marked_ends_of_words_are_refused(tmp_path: Path) -> None:
    value = json.loads(byte_pairs().to_str())
    value["model"]["end_of_word_suffix"] = "</w>"
    with pytest.raises(DataError, match="marks the ends of words"):
        read(value, tmp_path)


def test_bytes_that_a_file_calls_special_stand_for_what_is_unknown(tmp_path: Path) -> None:
    made = HuggingFace(models.BPE(unk_token="<unk>", byte_fallback=True))
    special = ["<unk>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    made.train_from_iterator(
        LINES, trainers.BpeTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    )
    found = read(json.loads(made.to_str()), tmp_path)
    assert found.unknown is None
    ids_are_equal(found, made)


def test_pairs_are_not_dropped_at_random(tmp_path: Path) -> None:
    whole, dropping = byte_pairs(), byte_pairs(dropout=0.9)
    for made in (whole, dropping):
        made.normalizer = normalizers.NFC()
    ids_are_equal(read(json.loads(dropping.to_str()), tmp_path), whole)


WORDS = {"hello": 0, "a": 1, "b": 2}


def words(**change: Any) -> Any:
    made = HuggingFace(models.WordLevel(WORDS, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return json.loads(made.to_str()) | change


def test_a_damaged_file_makes_no_noise(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for charsmap in ("AAAA", "BAAAAAAAAAAA"):  # the library panics: when it reads, when it cuts
        broken = words(normalizer={"type": "Precompiled", "precompiled_charsmap": charsmap})
        with pytest.raises(DataError, match="that can be used: "):
            read(broken, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_what_has_no_token_is_named_where_nothing_stands_for_it(tmp_path: Path) -> None:
    found = read(words(), tmp_path, "hello a")
    assert found.encode("a hello").tolist() == [1, 0]
    with pytest.raises(UnknownTokenError, match="fails on the text"):
        found.encode("zebra")
    with pytest.raises(DataError, match=r"has no token for what is unknown: .* fails on the text"):
        read(words(), tmp_path, "zebra")


def test_what_cannot_be_undone_is_refused_however_few_letters_there_are(tmp_path: Path) -> None:
    made = HuggingFace(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation(), pre_tokenizers.Metaspace()]
    )
    made.train_from_iterator(
        ["it's ab"], trainers.BpeTrainer(special_tokens=["<unk>"], show_progress=False)
    )
    with pytest.raises(DataError, match="cannot be undone"):
        read(json.loads(made.to_str()), tmp_path)


def test_an_empty_last_rank_is_no_token(tmp_path: Path) -> None:
    """As in the ranks of Whisper."""
    path = tmp_path / "ranks.tiktoken"
    lines = [f"{base64.b64encode(bytes([byte])).decode()} {byte}\n" for byte in range(256)]
    path.write_text("".join([*lines, "= 256\n"]), encoding="utf-8")
    found = read_token_file(str(path), Texts(["ab"], (), True), "gpt2")
    assert isinstance(found, BytePairTokenizer)
    assert (len(found.tokens), found.boundary) == (256, 256)
