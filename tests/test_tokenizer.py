from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import RunError, UnknownTokenError
from hornbook.records import JSONObject
from hornbook.tokenizers import ids as ids_module
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer, Vocabulary
from hornbook.tokenizers.kinds import read_tokenizer

texts = st.text(st.characters(exclude_categories=["Cs"]))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@given(texts, st.booleans())
def test_any_text_comes_back_as_it_went(text: str, boundary: bool) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=boundary)
    ids = tokenizer.encode(text)
    assert ids.shape == (len(text),)
    assert tokenizer.decode(ids) == text


@given(texts)
def test_ids_follow_the_sorted_characters(text: str) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=False)
    characters = sorted(set(text))
    assert tokenizer.vocab_size == len(characters)
    assert tokenizer.encode(text).tolist() == [characters.index(character) for character in text]


@given(texts)
def test_nothing_in_the_data_is_the_boundary(text: str) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=True)
    ids = tokenizer.encode(text).tolist()
    assert 0 not in ids
    assert tokenizer.vocab_size == len(set(text)) + 1
    assert tokenizer.decode([0, *ids, 0]) == text


def test_a_name_is_the_lectures_numbers() -> None:
    tokenizer = CharTokenizer.fit([LETTERS], boundary=True)
    assert tokenizer.encode("emma").tolist() == [5, 13, 13, 1]
    assert tokenizer.vocabulary == Vocabulary(size=27, boundary=0, start=0)


def test_a_context_is_filled_with_the_boundary_or_a_line_feed() -> None:
    assert CharTokenizer.fit(["b\na\t"], boundary=True).start == 0
    assert CharTokenizer.fit(["b\na\t"], boundary=False).start == 1  # tab, line feed, a, b
    assert CharTokenizer.fit(["ba"], boundary=False).start == 0


def test_a_full_stop_in_the_data_is_a_character_of_its_own() -> None:
    tokenizer = CharTokenizer.fit(["st.john"], boundary=True)
    stop = int(tokenizer.encode(".")[0])
    assert stop != 0
    assert (tokenizer.label(stop), tokenizer.label(0)) == (".", "·")


@given(texts)
def test_every_id_has_a_label_of_its_own(text: str) -> None:
    tokenizer = CharTokenizer.fit([text + ".·¶∎"], boundary=True)
    labels = [tokenizer.label(token) for token in range(tokenizer.vocab_size)]
    assert len(set(labels)) == len(labels)


def test_labels_show_what_leaves_no_ink() -> None:
    tokenizer = CharTokenizer.fit(["a 行\n\t\u00a0\u200d😀"], boundary=False)
    labels = {tokenizer.characters[i]: tokenizer.label(i) for i in range(tokenizer.vocab_size)}
    assert labels == {
        "a": "a",
        "行": "行",
        "😀": "😀",
        " ": "space",
        "\n": "line feed",
        "\t": "tab",
        "\u00a0": "no-break space",
        "\u200d": "U+200D",
    }


def test_an_emoji_of_several_code_points_is_as_many_characters() -> None:
    astronaut = "👩\u200d🚀"
    tokenizer = CharTokenizer.fit([astronaut], boundary=True)
    assert tokenizer.encode(astronaut).tolist() == [2, 1, 3]
    assert tokenizer.decode([2, 1, 3]) == astronaut


def test_an_unknown_character_is_named_with_its_place_and_the_nearest() -> None:
    tokenizer = CharTokenizer.fit(["Ebenezer", LETTERS], boundary=True)
    with pytest.raises(UnknownTokenError, match=r"'É' \(position 4 of 'renÉ'\)") as caught:
        tokenizer.encode("renÉ")
    assert caught.value.hint.startswith("The closest characters in it: 'E' 'e'")


@pytest.mark.parametrize(
    ("character", "known", "nearest"),
    [
        ("é", LETTERS, "e"),
        ("E", LETTERS, "e"),
        ("ｅ", LETTERS, "e"),
        ("ё", "абвгдежз", "е"),
        ("—", "abc–,", "–"),
        ("٣", "abc3", "3"),
    ],
)
def test_the_nearest_character_is_the_one_a_person_would_take(
    character: str, known: str, nearest: str
) -> None:
    assert CharTokenizer.fit([known], boundary=True).nearest(character)[0] == nearest


@given(known=texts.filter(bool), text=texts)
def test_a_text_is_encoded_or_its_first_unknown_character_named(known: str, text: str) -> None:
    tokenizer = CharTokenizer.fit([known], boundary=True)
    strange = [place for place, character in enumerate(text, start=1) if character not in known]
    if not strange:
        assert tokenizer.decode(tokenizer.encode(text)) == text
        return
    with pytest.raises(UnknownTokenError, match=rf"\(position {strange[0]} of ") as caught:
        tokenizer.encode(text)
    assert f"{ord(text[strange[0] - 1]):04X}" in caught.value.message or (
        repr(text[strange[0] - 1]) in caught.value.message
    )


def test_an_unseen_character_is_named_by_its_number() -> None:
    tokenizer = CharTokenizer.fit([LETTERS], boundary=True)
    with pytest.raises(UnknownTokenError, match=r"U\+200B \(zero width space\) \(position 2 of"):
        tokenizer.encode("a\u200bb")


@given(texts, st.booleans())
def test_a_tokenizer_survives_json(text: str, boundary: bool) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=boundary)
    assert read_tokenizer(json.loads(json.dumps(tokenizer.as_dict()))) == tokenizer


def test_its_json_is_what_it_always_was() -> None:
    lines: JSONObject = {"kind": "characters", "boundary": True, "characters": ["a", "b"]}
    assert CharTokenizer.fit(["ba"], boundary=True).as_dict() == lines
    text = CharTokenizer.fit(["ba\n"], boundary=False)
    assert text.as_dict() == {**lines, "boundary": False, "characters": ["\n", "a", "b"]}
    older: JSONObject = {"kind": "characters", "boundary": True, "symbols": ["a", "b"]}
    assert CharTokenizer.from_dict(older).as_dict() == lines
    assert (text.boundary, text.start) == (None, 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "it has no kind"),
        ([], "it has no kind"),
        ({"characters": []}, "it has no kind"),
        ({"kind": 1}, "it has no kind"),
        ({"kind": "runes"}, "unknown kind, 'runes'; known kinds: characters"),
    ],
)
def test_a_tokenizer_of_no_known_kind_is_refused(value: Any, message: str) -> None:
    with pytest.raises(RunError, match=message):
        read_tokenizer(value)


@given(texts, st.booleans())
def test_a_text_is_decoded_token_by_token_as_at_once(text: str, boundary: bool) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=boundary)
    decoder = tokenizer.decoder()
    ids = [*[0] * boundary, *tokenizer.encode(text).tolist(), *[0] * boundary]
    assert "".join([decoder.push(token) for token in ids]) + decoder.end() == text


@given(texts, st.booleans())
def test_characters_and_bytes_are_the_files(text: str, boundary: bool) -> None:
    tokenizer = CharTokenizer.fit([text], boundary=boundary)
    ids = np.concatenate([tokenizer.encode(text), [0] * boundary]).astype(np.uint16)
    line = text + "\n" * boundary  # a boundary stands for the end of a line
    assert tokenizer.count_characters(ids) == len(line)
    assert tokenizer.count_bytes(ids) == len(line.encode())


def test_ids_are_counted_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids_module, "PIECE", 3)
    tokenizer = CharTokenizer.fit(["aé行😀"], boundary=False)
    ids = tokenizer.encode("a😀行éa😀é")
    assert (tokenizer.count_characters(ids), tokenizer.count_bytes(ids)) == (
        7,
        1 + 4 + 3 + 2 + 1 + 4 + 2,
    )
    assert tokenizer.count_bytes(ids[:6].reshape(2, 3)) == 15
    assert tokenizer.count_bytes(ids[:0]) == 0


@given(st.lists(texts), st.booleans())
def test_many_texts_are_encoded_as_one_by_one(many: list[str], boundary: bool) -> None:
    tokenizer = CharTokenizer.fit(many, boundary=boundary)
    for ids, lengths in (tokenizer.encode_many(many), Tokenizer.encode_many(tokenizer, many)):
        assert ids.dtype == tokenizer.vocabulary.dtype
        assert lengths.tolist() == [len(text) for text in many]
        parts = np.split(ids, np.cumsum(lengths))[: len(many)]
        assert [tokenizer.decode(part) for part in parts] == many


def test_of_many_texts_the_one_that_cannot_be_written_is_named() -> None:
    tokenizer = CharTokenizer.fit(["ab"], boundary=True)
    with pytest.raises(UnknownTokenError, match=r"'c' \(position 2 of 'bc'\)"):
        tokenizer.encode_many(["ab", "bc", "cc"])


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(256, np.uint8), (257, np.uint16), (65_536, np.uint16), (65_537, np.uint32)],
)
def test_ids_are_kept_in_the_smallest_type(size: int, dtype: type) -> None:
    assert Vocabulary(size, None, 0).dtype is dtype


def test_ids_are_written_into_any_array_that_holds_them() -> None:
    tokenizer = CharTokenizer.fit(["ab"], boundary=True)
    for encode_into in (tokenizer.encode_into, partial(Tokenizer.encode_into, tokenizer)):
        out = np.zeros(3, dtype=np.uint8)
        encode_into(out, "aba")
        assert out.tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "byte pairs"},
        {"kind": None},
        {"boundary": 1},
        {"boundary": None},
        {"characters": None},
        {"characters": "abc"},
        {"characters": ["a", "bc"]},
        {"characters": ["a", ""]},
        {"characters": ["a", 7]},
        {"characters": ["a", ["b"]]},
        {"characters": ["b", "a"]},
        {"characters": ["a", "a"]},
    ],
)
def test_a_damaged_description_is_a_run_error(change: dict[str, Any]) -> None:
    sound = CharTokenizer.fit(["abc"], boundary=True).as_dict()
    with pytest.raises(RunError, match=rf"tokenizer( file)? is damaged: {next(iter(change))}"):
        CharTokenizer.from_dict({**sound, **change})


@pytest.mark.parametrize("missing", ["kind", "boundary", "characters"])
def test_a_description_with_a_part_missing_is_a_run_error(missing: str) -> None:
    sound = CharTokenizer.fit(["abc"], boundary=True).as_dict()
    with pytest.raises(RunError, match="tokenizer"):
        CharTokenizer.from_dict({name: sound[name] for name in sound if name != missing})
