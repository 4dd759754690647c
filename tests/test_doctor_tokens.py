"""The doctor counts in the tokens that are asked for, and proposes those that suit the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.sources.source import Source
from hornbook.text.corpus import Corpus, load_corpus
from hornbook.text.data import TextOptions
from hornbook.text.doctor import tokens
from hornbook.text.doctor.examine import CorpusReport, examine
from hornbook.text.loading import load_text
from tests.command import typed

FAMILY = "👨‍👩‍👧"


def read(folder: Path, text: str, mode: str = "lines") -> Corpus:
    path = folder / "data.txt"
    path.write_text(text, encoding="utf-8")
    return load_corpus(path, mode="lines" if mode == "lines" else "text")


def names(report: CorpusReport) -> set[str]:
    return {one.name for one in report.findings}


@pytest.mark.parametrize("kind", ["bytes", "graphemes", "words", "bpe"])
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_splits_are_counted_in_the_tokens_asked_for(kind: str, mode: str, tmp_path: Path) -> None:
    corpus = read(tmp_path, f"née {FAMILY} ab\nanna bell\n" * 40, mode)
    options = TextOptions(tokens=kind, mode="lines" if mode == "lines" else "text")
    found = examine(corpus, options)
    trained = load_text(Source(tmp_path / "data.txt"), options)
    assert {name: one.predictions for name, one in found.splits.items()} == trained.sizes
    assert f"vocabulary {trained.shape.size:,}" in found.tokens


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        (f"a {FAMILY} b", True),
        ("नमस्ते दुनिया", True),
        ("q\u0301 x\u0308 a", True),  # no composed form has them
        ("ne\u0301e", False),  # é has one, and another check tells of it
        ("née anna", False),
        ("行行", False),
    ],
)
def test_graphemes_are_proposed_where_code_points_tear(
    line: str, proposed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examine(read(tmp_path, f"{line}\nanna bell\n" * 40), TextOptions())
    assert ("torn-graphemes" in names(found)) == proposed
    _, _, told = typed(capsys, "doctor", str(tmp_path / "data.txt"))
    assert ("--tokens graphemes" in told) == proposed
    again = examine(read(tmp_path, f"{line}\nanna bell\n" * 40), TextOptions(tokens="graphemes"))
    assert "torn-graphemes" not in names(again)


def test_byte_pairs_are_named_for_long_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LONG", 5_000)
    monkeypatch.setattr(tokens, "SIZE", 300)
    text = "".join(f"the theme of these {n} themes, and that of the others\n" for n in range(200))
    found = examine(read(tmp_path, text, "text"), TextOptions(mode="text"))
    told = next(one.detail for one in found.findings if one.name == "byte-pairs")
    assert "bytes long on average" in told
    assert "byte-pairs" not in names(examine(read(tmp_path, text[:4_000], "text"), TextOptions()))
    assert "byte-pairs" not in names(examine(read(tmp_path, text), TextOptions()))


def test_of_other_tokens_nothing_is_said_of_a_vocabulary_of_characters(tmp_path: Path) -> None:
    corpus = read(tmp_path, "NÉE ANNA BELL Q x\u200dy\nnée anna bell\n" * 4)
    of_characters = {"letter-case", "rare-characters", "joiners"}
    assert of_characters <= names(examine(corpus, TextOptions()))
    assert names(examine(corpus, TextOptions(tokens="graphemes"))) & of_characters == {
        "letter-case", "rare-characters",
    }  # fmt: skip
    for kind in ("bytes", "words"):
        assert not names(examine(corpus, TextOptions(tokens=kind))) & of_characters
