"""`hornbook tokenize`: which tokens a text is cut into."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import hornbook
from hornbook.lessons.byte_pair_steps import steps
from hornbook.text.corpus import Splits
from hornbook.text.cut_text import cut_text
from hornbook.text.tokenization import tokenization
from hornbook.text.views import token_picture
from hornbook.text.views.token_picture import placed
from hornbook.text.vocabulary_sizes import vocabulary_sizes
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.kinds import learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings
from tests.command import typed

TEXT = "To be, née, or not to be:\n👩‍🚀 that is the question.\n" * 12


def file_of(text: str, folder: Path) -> str:
    path = folder / "data.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("kind", "per_character", "per_byte"),
    [("characters", 1.0, 10 / 11), ("bytes", 1.1, 1.0), ("words", 0.5, 5 / 11)],
)
def test_tokens_are_counted_per_character_and_per_byte(
    kind: str, per_character: float, per_byte: float
) -> None:
    splits = Splits("lines", ("née ab", "ab"), (), ())  # 10 characters with the ends, 11 bytes
    settings = TokenSettings(tokens=kind, min_count=1 if kind == "words" else 2)
    tokenizer = learn_tokenizer(Texts(splits.train, (), True), settings)
    found = tokenization(tokenizer, splits)
    train = found.splits["train"]
    assert train.per_character == pytest.approx(per_character)
    assert train.per_byte == pytest.approx(per_byte)


def test_what_is_in_the_vocabulary_and_never_in_train_is_listed() -> None:
    splits = Splits("lines", ("banana",) * 9, (), ())
    tokenizer = learn_tokenizer(
        Texts(splits.train, (), True), TokenSettings(tokens="bpe", vocab_size=400)
    )
    found = tokenization(tokenizer, splits)
    assert [one.label for one in found.frequent] == ["banana"]
    assert found.never == len(found.glitches) == len(tokenizer.pieces) - 256 - 2
    assert {"an"} <= {one.label for one in found.glitches} <= {"an", "ana", "anan", "anana", "nana",
                                                               "na", "ba", "ban"}  # fmt: skip
    assert found.never_bytes == 256
    held_out = Splits("lines", ("ab",), ("abz",), ())
    found = tokenization(
        learn_tokenizer(Texts(held_out.train, held_out.dev, True), TokenSettings()), held_out
    )
    assert [one.label for one in found.glitches] == ["z"]


def test_more_byte_pairs_make_shorter_texts_as_far_as_there_are_pairs() -> None:
    splits = Splits("text", (TEXT * 3,), (TEXT,), ())
    sizes = list(vocabulary_sizes(splits, (256, 260, 280, 4096)))
    assert [one.size for one in sizes] == [256, 260, 280]
    shorter = [one.tokens_per_byte for one in sizes]
    assert shorter[0] == 1
    assert shorter == sorted(shorter, reverse=True)
    assert shorter[2] < 0.7
    for one in sizes:  # the beginning of a larger vocabulary is a smaller one
        if one.size > 256:
            settings = TokenSettings(tokens="bpe", vocab_size=one.size)
            alone = learn_tokenizer(Texts(splits.train, (), False), settings)
            assert one.tokens_per_byte == len(alone.encode(TEXT)) / len(TEXT.encode())


def test_merges_are_shown_one_after_the_other() -> None:
    found = list(steps("low low lower", 9))
    assert [(one.first, one.second, one.times) for one in found[:3]] == [
        ("l", "o", 3), ("lo", "w", 3), ("␣", "low", 2)
    ]  # fmt: skip
    assert found[1].line == ("low", "␣", "low", "␣", "low", "e", "r")
    assert len(found) < 9  # there are no more pairs


def test_a_line_of_the_picture_ends_where_the_next_token_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token_picture, "has_shapes", lambda shown: True)  # whatever fonts there are
    assert placed(["abc", "de", "⏎", "f", "行行"], across=6) == [
        (0, 0, 3), (0, 3, 2), (0, 5, 1), (1, 0, 1), (1, 1, 4)
    ]  # fmt: skip


def test_a_text_is_its_tokens() -> None:
    tokenizer = learn_tokenizer(Texts((TEXT,), (), False), TokenSettings(tokens="bytes"))
    cut = cut_text(tokenizer, "né")
    assert cut.ids == (110, 195, 169)
    assert b"".join(cut.pieces) == "né".encode()
    assert (cut.per_character, cut.per_byte) == (1.5, 1.0)


@pytest.mark.parametrize("more", [[], ["--text", "née or née"]])
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_data_and_runs_are_shown(
    mode: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = file_of(TEXT, tmp_path)
    how = ["--mode", mode, "--tokens", "bpe", "--vocab-size", "280"]
    status, out, _ = typed(capsys, "tokenize", data, *how, *more)
    assert status == 0
    assert "<F0 9F 91 A9 E2>|<80 8D>|🚀" in out or more
    assert ("never in train" in out) == ("rarest" in out) == (not more)
    run = hornbook.train(data, model="ngram", out=tmp_path / "run", tokens="bpe", vocab_size=280,
                         mode=mode)  # fmt: skip
    _, of_data, _ = typed(capsys, "tokenize", data, *how, *more, "--json")
    _, of_run, _ = typed(capsys, "tokenize", str(run.path), *more, "--json")
    one, other = json.loads(of_data), json.loads(of_run)
    assert {**one, "source": ""} == {**other, "source": ""}
    assert ("sizes" in one) == (not more)
    assert one["text"]["tokens_per_byte"] < 1


@pytest.mark.parametrize("name", ["page.html", "picture.png", "picture.svg"])
def test_a_page_or_a_picture_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    words = ["tokenize", file_of(TEXT, tmp_path), "--mode", "lines", "--out", str(out)]
    status, _, told = typed(capsys, *words)
    assert (status, f"Saved to {out}" in told) == (0, True)
    data, kind = out.read_bytes(), out.suffix.removeprefix(".")
    assert data.startswith({"html": b"<!doctype", "png": b"\x89PNG", "svg": b"<?xml"}[kind])
    assert kind != "html" or "Words in their tokens" in data.decode()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to show the tokens of"),
        (["--text", "ab", "--steps", "2", "--tokens", "words"], "learns byte pairs"),
        (["--text", "ab", "--steps", "2", "--out", "a.png"], "--out has no effect"),
        (["--text", "ab", "--out", "a.gif"], "must end in .html or .png or .svg"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = typed(capsys, "tokenize", *words)
    assert (status, out) == (1, "")
    assert message in err


def test_merges_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = typed(capsys, "tokenize", "--text", "low low lower", "--steps", "2")
    assert status == 0
    assert "low|␣|low|␣|low|e|r" in out
    _, out, _ = typed(capsys, "tokenize", "--text", "low low", "--steps", "2", "--json")
    assert [one["token"] for one in json.loads(out)] == ["lo", "low"]


def test_the_page_of_tokens_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[1] / "docs" / "tokens.md").read_text(encoding="utf-8")
    command, *lines = page.split("```\n")[1].splitlines()
    _, out, _ = typed(capsys, *shlex.split(command)[1:])
    assert out.splitlines() == lines


def test_a_run_without_its_text_still_has_its_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = hornbook.train(file_of(TEXT, tmp_path), model="ngram", out=tmp_path / "run", mode="text")
    assert typed(capsys, "strip", str(run.path))[0] == 0
    status, out, _ = typed(capsys, "tokenize", str(run.path), "--text", "to be")
    assert (status, "t|o| |b|e" in out) == (0, True)
    status, _, err = typed(capsys, "tokenize", str(run.path))
    assert (status, "no longer has it" in err) == (1, True)


def test_a_run_of_another_kind_has_no_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "plays.txt"
    data.write_text("king queen\nman woman\n" * 50, encoding="utf-8")
    run = hornbook.train(data, model="ppmi", out=tmp_path / "run")
    status, _, err = typed(capsys, "tokenize", str(run.path))
    assert (status, "run of another kind" in err) == (1, True)
