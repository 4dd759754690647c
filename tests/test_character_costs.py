"""The cost of a character under a model of tokens that are several."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.cli.output import tinted
from hornbook.cli.questions import darkened
from hornbook.reports import Shaded
from hornbook.text.character_costs import CharacterCosts, characters_of
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.contract import Texts
from hornbook.tokenizers.kinds import learn_tokenizer
from hornbook.tokenizers.settings import TokenSettings
from tests.command import typed

LINES = "the then he\nthey née\nthen the théme\n" * 20
PAIRS = BytePairTokenizer(
    (*(bytes([byte]) for byte in range(256)), b"th", b"the", b"then", b"an", "né".encode()),
    "gpt2", ("<|endoftext|>",), True, False,
)  # fmt: skip


def logits_of(chances: dict[bytes, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.full(PAIRS.vocab_size, -np.inf)
    for piece, chance in chances.items():
        found[PAIRS.pieces.index(piece)] = math.log(chance) + 3.0  # not normalised
    return found


def test_a_character_costs_the_tokens_that_go_on_with_it() -> None:
    chances = {b"the": 0.2, b"then": 0.1, b"th": 0.05, b"t": 0.15, b"an": 0.5}
    found = CharacterCosts(PAIRS).of_token(logits_of(chances), PAIRS.pieces.index(b"the"))
    beginnings = [1.0, 0.5, 0.35, 0.3, 0.2]  # and the last: that it ends there
    wanted = [math.log(a / b) for a, b in pairwise(beginnings)]
    assert found == pytest.approx([wanted[0], wanted[1], wanted[2] + wanted[3]])
    assert sum(found) == pytest.approx(-math.log(0.2))


def test_what_cannot_come_costs_more_than_any_number() -> None:
    costs = CharacterCosts(PAIRS)
    never = costs.of_token(logits_of({b"an": 1.0}), PAIRS.pieces.index(b"the"))
    assert never == [math.inf, 0.0, 0.0]
    ended = costs.of_token(logits_of({b"then": 1.0}), PAIRS.pieces.index(b"the"))
    assert ended == [0.0, 0.0, math.inf]
    assert costs.of_token(logits_of({b"an": 1.0}), PAIRS.vocab_size - 1) == [math.inf]
    nothing = logits_of({})  # after what was never counted, without smoothing
    assert costs.of_token(nothing, PAIRS.pieces.index(b"the")) == [math.inf, 0.0, 0.0]
    assert costs.of_token(nothing, PAIRS.vocab_size - 1) == [math.inf]


def test_after_what_never_came_each_character_costs_what_its_token_does(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("anna\nemma\n" * 20)
    run: Any = hornbook.train(
        tmp_path / "names.txt", model="ngram", settings={"smoothing": "mle"}, out=tmp_path / "run"
    )
    found = run.score("aemn")
    assert math.isinf(found.total)
    assert [one.nats for one in found.by_character] == list(found.nats)


def test_bytes_are_summed_to_characters() -> None:
    found = list(characters_of([b"n\xc3", b"\xa9e", b""], [[1, 2], [4, 8], [16]]))
    assert [(one.text, one.nats, one.token) for one in found] == [
        ("n", 1, 0), ("é", 6, 0), ("e", 8, 1), ("", 16, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["characters", "graphemes", "bytes", "words", "bpe"])
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_characters_cost_together_what_the_tokens_cost(
    kind: str, mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.txt").write_text(LINES, encoding="utf-8")
    how: dict[str, Any] = {"vocab_size": 270} if kind == "bpe" else {}
    run = hornbook.train(tmp_path / "data.txt", model="ngram", out=tmp_path / "run", tokens=kind,
                         mode=mode, **how)  # fmt: skip
    text = "they thé thenée" if kind == "words" else "they thenée"
    found = run.score(text)
    ends = [""] if mode == "lines" else []
    shown = [one.text for one in found.by_character]
    assert shown == ([*text, *ends] if kind != "words" else shown)
    assert "".join(shown) == text
    assert sum(one.nats for one in found.by_character) == pytest.approx(found.total)
    exact = kind in ("characters", "graphemes", "bytes")
    assert found.estimated == (not exact)
    if kind == "characters":
        assert [one.nats for one in found.by_character] == pytest.approx(list(found.nats))
    _, out, _ = typed(capsys, "score", str(run.path), text)
    assert ("An estimate" in out) == ("of token" in out) == found.estimated


def test_an_unknown_word_is_one_cost() -> None:
    tokenizer = learn_tokenizer(Texts(("the the he",), (), True), TokenSettings(tokens="words"))
    costs = CharacterCosts(tokenizer)
    assert tokenizer.unknown is not None
    assert len(costs.of_token(np.zeros(tokenizer.vocab_size), tokenizer.unknown)) == 1


def test_dearer_parts_are_darker() -> None:
    given = Shaded("by token ", (("a", 0.0), ("\x1b", 1.0)))
    made = tinted(darkened(given), given.title)
    assert made.plain == "by token a\\x1b"
    assert [str(span.style) for span in made.spans] == ["black on #ffffff", "black on #ff9e4d"]
